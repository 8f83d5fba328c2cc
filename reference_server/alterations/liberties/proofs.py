"""What is done with DPoP proofs and nonces: RFC 9449 §4.3, §8, §11.1; and how clocks tick."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.building import lacking, nothing
from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration, Clock
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import authorization as rules
from tokenspec.reference_server.guards import binding, dpop
from tokenspec.reference_server.policies import setting
from tokenspec.reference_server.seams import Alter


def _access_token_unbound(issue: Issue, _exchange: Exchange) -> Issue:
    return replace(issue, jkt="")


def _exact_type(exchange: Exchange) -> None:
    if exchange.dpop and exchange.dpop.header.get("typ") != "dpop+jwt":
        raise invalid_dpop_proof("typ")


def _at_token_alone(exchange: Exchange) -> None:
    if exchange.endpoint == "token":
        dpop.jti_unseen.check(exchange)


def _address_alone(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("htu") if exchange.dpop else None
    if isinstance(shown, str) and set("?#") & set(shown):
        raise invalid_dpop_proof("htu with a query or a fragment")
    dpop.htu.check(exchange)


def _whole_seconds(clock: Clock) -> Clock:
    return lambda: float(int(clock()))


def _no_proof(_proof: object, _request: object) -> None:
    """The header DPoP is one that the server does not know."""


def _unknown(name: str) -> Liberty:
    return Liberty(
        name,
        "RFC 9449 §5",
        "A server may issue tokens that are not bound, and says so by the token type Bearer.",
        Alteration(
            name,
            "RFC 9449 §5",
            "the server knows no DPoP, and does not list algorithms for proofs",
            tells={
                "dpop_proof": _no_proof,
                "metadata": lacking("dpop_signing_alg_values_supported"),
                "challenge": _bearer_alone,
            },
        ),
        states={"dpop": False, "dpop-nonce": False, "dpop-bound": False, "dpop-jkt": False},
        forbidden_by=("fapi-2.0",),
        takes_away=True,
    )


def _bearer_alone(values: tuple[str, ...], about: Refused) -> tuple[str, ...]:
    bare = f'Bearer realm="{about.exchange.core.config.issuer}"'
    return tuple(value if value.lower().startswith("bearer") else bare for value in values)


def _at(endpoint: str) -> Alter:
    return lambda demanded, exchange: bool(demanded and exchange.endpoint == endpoint)


def _of_public(demanded: bool, exchange: Exchange) -> bool:  # noqa: FBT001 - a seam's value
    return demanded and (exchange.endpoint != "token" or exchange.public)


def _never_ahead(exchange: Exchange) -> None:
    issued = exchange.dpop.claims.get("iat") if exchange.dpop else None
    if isinstance(issued, int | float) and issued > exchange.now + 1:
        raise invalid_dpop_proof("iat ahead of the clock")


def _as_grant(error: OAuthError, about: Refused) -> OAuthError:
    wrong_key = about.guard.name in (binding.code_key.name, binding.code_proof_present.name)
    return OAuthError("invalid_grant", error.cause, error.status) if wrong_key else error


def _as_proof(error: OAuthError, about: Refused) -> OAuthError:
    wrong_key = about.guard.name in (binding.refresh_key.name, binding.refresh_proof_present.name)
    return OAuthError("invalid_dpop_proof", error.cause, error.status) if wrong_key else error


def _overlooked(request: Authorization) -> None:
    """RFC 9449 §10.1: not where it was pushed, as a server has to support it there."""
    rules.challenge_form.check(request)
    if not request.pushing and request.pushed is None:
        request.values.pop("dpop_jkt", None)


LIBERTIES = (
    checking(
        "dpop.proofs_not_remembered",
        "RFC 9449 §11.1",
        "To store what was seen of proofs is one way to limit their reuse.",
        "a proof may come again while its time is right",
        dpop__jti_unseen=nothing,
    ),
    checking(
        "dpop.proofs_remembered_at_the_token_endpoint",
        "RFC 9449 §11.1",
        "A server that demands a proof may store what it has seen of it; none has to.",
        "userinfo does not remember proofs",
        dpop__jti_unseen=_at_token_alone,
    ),
    checking(
        "dpop.htu_has_no_query",
        "RFC 9449 §4.2",
        "htu is the address of the request without query and fragment.",
        "a proof whose htu has a query or a fragment is refused",
        dpop__htu=_address_alone,
    ),
    checking(
        "dpop.type_compared_exactly",
        "RFC 9449 §4.3",
        "typ has the value dpop+jwt; other spellings of the media type need not be known.",
        "typ of a proof is compared letter by letter",
        dpop__typ=_exact_type,
    ),
    telling(
        "dpop.nonce_only_when_demanded",
        "RFC 9449 §8",
        "The server may supply a new nonce at any time.",
        "a success brings no nonce, a demand does",
        nonce_headers=lambda headers, about: headers if about.demanded else (),
    ),
    Liberty(
        "clock.whole_seconds",
        "RFC 7519 §2",
        "A NumericDate counts seconds; that it may have a fraction is a permission.",
        Alteration(
            "clock.whole_seconds",
            "RFC 7519 §2",
            "the server knows whole seconds alone",
            clock=_whole_seconds,
        ),
    ),
    configured(
        "dpop.window_of_five_minutes",
        "RFC 9449 §11.1",
        "A proof is accepted for a brief period, of seconds or minutes.",
        "a proof is taken for five minutes",
        setting(dpop_iat_window=300),
        group="window",
    ),
    configured(
        "dpop.window_of_half_a_minute",
        "RFC 9449 §11.1",
        "A proof is accepted for a brief period, of seconds or minutes.",
        "a proof is taken for half a minute",
        setting(dpop_iat_window=30),
        group="window",
    ),
    Liberty(
        "clock.ahead",
        "RFC 7519 §4.1.4",
        "A small leeway, of no more than a few minutes, is for clocks that do not agree.",
        Alteration(
            "clock.ahead",
            "RFC 7519 §4.1.4",
            "the clock of the server is two seconds ahead",
            clock=lambda clock: lambda: clock() + 2,
        ),
        group="clock",
    ),
    _unknown("dpop.not_known"),
    telling(
        "dpop.nonce_at_the_token_endpoint_alone",
        "RFC 9449 §8",
        "A server may ask for nonces; each decides for itself.",
        "the token endpoint asks for nonces, userinfo does not",
        group="nonces",
        nonce_demanded=_at("token"),
    ),
    Liberty(
        "dpop.nonce_at_userinfo_alone",
        "RFC 9449 §9",
        "A resource may ask for nonces of its own.",
        Alteration(
            "dpop.nonce_at_userinfo_alone",
            "RFC 9449 §9",
            "userinfo asks for nonces, the token endpoint does not",
            tells={"nonce_demanded": _at("userinfo")},
        ),
        group="nonces",
        states={"dpop-nonce": False},
    ),
    telling(
        "dpop.nonce_of_public_clients_alone",
        "RFC 9449 §8",
        "A server may ask for nonces; of which client is not said.",
        "the token endpoint asks public clients for nonces, and no others",
        group="nonces",
        nonce_demanded=_of_public,
    ),
    checking(
        "dpop.never_ahead",
        "RFC 9449 §11.1",
        "Proofs from the near future may be accepted, to accommodate unlike clocks.",
        "a proof that is dated ahead is refused",
        dpop__not_in_the_future=_never_ahead,
    ),
    telling(
        "error.another_key_invalid_grant",
        "RFC 9449 §10",
        "A request whose key is not the one of dpop_jkt is rejected; by which code is not said.",
        "a code that is bound to another key is an invalid_grant",
        error=_as_grant,
    ),
    telling(
        "error.refresh_key_invalid_dpop_proof",
        "RFC 9449 §5",
        "The binding is validated when the refresh token is used; by which code is not said.",
        "a refresh token that is bound to another key is an invalid_dpop_proof",
        error=_as_proof,
    ),
    Liberty(
        "dpop.jkt_overlooked",
        "RFC 9449 §10",
        "Use of dpop_jkt is optional; parameters that are not known are ignored.",
        Alteration(
            "dpop.jkt_overlooked",
            "RFC 9449 §10",
            "the parameter dpop_jkt is not known, but where it is pushed",
            {rules.challenge_form.name: _overlooked},
        ),
        states={"dpop-jkt": False},
    ),
    Liberty(
        "dpop.access_token_unbound",
        "RFC 9449 §5",
        "A server may issue access tokens that are not bound, with the token_type Bearer.",
        Alteration(
            "dpop.access_token_unbound",
            "RFC 9449 §5",
            "a proof binds refresh tokens of public clients, and access tokens to nothing",
            tells={"issue": _access_token_unbound},
        ),
        states={"dpop-bound": False},
        takes_away=True,
        forbidden_by=("fapi-2.0",),
    ),
)
