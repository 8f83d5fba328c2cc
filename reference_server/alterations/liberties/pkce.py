"""Which challenge methods are taken of whom, and when a challenge is looked at: RFC 7636 §4."""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guards import authorization as rules
from tokenspec.reference_server.guards import code
from tokenspec.reference_server.messages import Request
from tokenspec.reference_server.policies import setting

MALFORMED = "invalid_request is for a request that is malformed."


def _plain_for_confidential(request: Authorization) -> None:
    """The method plain for clients with credentials, S256 alone for others."""
    plain = (request.get("code_challenge_method") or "plain") == "plain"
    public = request.client is None or request.client.auth_method == "none"
    if public or not plain:
        rules.challenge_method_supported.check(request)


def _plain_listed(content: dict[str, Any], _request: Request) -> dict[str, Any]:
    return content | {"code_challenge_methods_supported": ["S256", "plain"]}


def _as_malformed(error: OAuthError, about: Refused) -> OAuthError:
    if about.guard.name != code.verifier_form.name:
        return error
    return OAuthError("invalid_request", error.cause, error.status)


LIBERTIES: tuple[Liberty, ...] = (
    configured(
        "pkce.plain_too",
        "RFC 7636 §4.2",
        "plain is for clients that cannot do better; a server may support it.",
        "the challenge method plain is offered beside S256",
        setting(plain_pkce=True),
        forbidden_by=("fapi-2.0",),
    ),
    configured(
        "pkce.not_demanded",
        "RFC 7636 §5",
        "A server may go on serving clients that do not use PKCE.",
        "a code may be asked for without PKCE, but by native apps",
        setting(pkce_required=False),
        forbidden_by=("oauth-2.1", "fapi-2.0"),
    ),
    Liberty(
        "pkce.plain_for_some",
        "RFC 7636 §4.4.1",
        "A transformation that is not supported is refused; for which client is not said.",
        Alteration(
            "pkce.plain_for_some",
            "RFC 7636 §4.4.1",
            "plain is listed, and taken of clients with credentials alone",
            {rules.challenge_method_supported.name: _plain_for_confidential},
            {"metadata": _plain_listed},
        ),
        forbidden_by=("fapi-2.0",),
    ),
    checking(
        "pkce.challenge_form_not_looked_at",
        "RFC 7636 §4.4",
        "A server keeps the challenge with the code; no check of its form is asked for.",
        "a malformed code_challenge gets a code that no verifier redeems",
        authorize__challenge_form=nothing,
    ),
    telling(
        "error.verifier_malformed_invalid_request",
        "RFC 6749 §5.2",
        MALFORMED,
        "a malformed code_verifier is an invalid_request",
        error=_as_malformed,
    ),
)
