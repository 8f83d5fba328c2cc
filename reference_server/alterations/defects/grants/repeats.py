"""Repeated parameters of which one value counts: RFC 6749 §3.1, §3.2.

Frameworks give the first value, or the last; who looks for repetition looks where it hurt once.
"""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check

OF_AUTHORIZATION = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method",
)  # fmt: skip
OF_TOKEN = (
    "grant_type", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token",
)  # fmt: skip


def _authorization(overlooked: str, *, last: bool = False) -> Check:
    """The check of an authorization request, which looks at every parameter but one."""

    def check(request: Authorization) -> None:
        pairs = [pair for pair in request.parameters if pair[0] != "resource"]
        names = [name for name, _ in pairs if name != overlooked]
        if len(names) != len(set(names)):
            raise invalid_request("repeated parameter")
        if last and overlooked in dict(pairs):
            request.values[overlooked] = dict(pairs)[overlooked]

    return check


def _token(overlooked: str, *, last: bool = False) -> Check:
    """The same of a token request."""

    def check(exchange: Exchange) -> None:
        names = [name for name, _ in exchange.parameters if name != overlooked]
        if len(names) != len(set(names)):
            raise invalid_request("repeated parameter")
        if last and overlooked in exchange.values:
            exchange.values[overlooked] = dict(exchange.parameters)[overlooked]

    return check


DEFECTS: tuple[Alteration, ...] = (
    *(
        subtle(
            f"authorize.first_{name}_counts",
            "RFC6749-3.1-duplicate_param",
            f"of two {name} in an authorization request the first counts",
            authorize__no_repeats=_authorization(name),
        )
        for name in OF_AUTHORIZATION
    ),
    subtle(
        "authorize.last_code_challenge_counts",
        "RFC6749-3.1-duplicate_param",
        "of two code_challenge in an authorization request the last counts",
        authorize__no_repeats=_authorization("code_challenge", last=True),
    ),
    *(
        subtle(
            f"request.first_{name}_counts",
            "RFC6749-3.2-duplicate_param",
            f"of two {name} in a token request the first counts",
            request__no_repeats=_token(name),
        )
        for name in OF_TOKEN
    ),
    *(
        subtle(
            f"request.last_{name}_counts",
            "RFC6749-3.2-duplicate_param",
            f"of two {name} in a token request the last counts",
            request__no_repeats=_token(name, last=True),
        )
        for name in ("code_verifier", "redirect_uri", "refresh_token")
    ),
)
