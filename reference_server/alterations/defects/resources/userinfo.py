"""Userinfo opened by what is no good access token, or told wrongly: RFC 6750, OIDC Core §5.3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import (
    having,
    left_out,
    making,
    subtle,
    telling,
)
from tokenspec.reference_server.alterations.lookups import token_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.issuing import Issued, new_token
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards.resource import invalid_token
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.messages import Response
from tokenspec.reference_server.store import Grant

R_VALID = "RFC6749-7-resource_validates_token"


def _also_for(find: Callable[[Exchange], Grant | None]) -> Check:
    """The check of an access token by a server that takes something else for one as well."""

    def check(exchange: Exchange) -> None:
        token = exchange.shown_token
        if token and token.active and token.expires_at > exchange.now:
            return
        grant = find(exchange)
        if exchange.access_token and grant is None:
            raise invalid_token("unknown, expired or revoked")
        if grant:
            issued = Issued(exchange.core, grant)
            exchange.access_token = new_token(exchange.core, "access", issued, exchange.now)

    return check


def _of_refresh_token(exchange: Exchange) -> Grant | None:
    token = exchange.core.store.token(exchange.access_token)
    return token.grant if token and token.kind == "refresh" else None


def _of_code(exchange: Exchange) -> Grant | None:
    code = exchange.core.store.code(exchange.access_token)
    return code.grant if code else None


def _of_id_token(exchange: Exchange) -> Grant | None:
    claims = UnverifiedJwt.read(exchange.access_token).claims
    if "nonce" not in claims:
        return None
    return Grant("", str(claims["aud"]), str(claims["sub"]), ("openid",), "", 0, "")


def _of_expired(exchange: Exchange) -> Grant | None:
    token = exchange.shown_token
    return token.grant if token and token.active else None


def _of_revoked(exchange: Exchange) -> Grant | None:
    token = exchange.shown_token
    return token.grant if token and token.expires_at > exchange.now else None


def _of_beginning(exchange: Exchange) -> Grant | None:
    """A token looked up by its first characters alone."""
    shown = exchange.access_token
    token = token_of(exchange.core.store, _begins(shown)) if shown else None
    return token.grant if token and token.kind == "access" else None


def _of_any_case(exchange: Exchange) -> Grant | None:
    """A token looked up as a database does that does not tell capital letters from small."""
    shown = exchange.access_token.lower()
    return _of_value(exchange, lambda value: value.lower() == shown)


def _of_less(exchange: Exchange) -> Grant | None:
    """A token of which the first characters count, as in a column that is too short."""
    shown = exchange.access_token
    return _of_value(exchange, shown.startswith)


def _of_value(exchange: Exchange, fits: Callable[[str], bool]) -> Grant | None:
    token = token_of(exchange.core.store, fits) if exchange.access_token else None
    good = token and token.kind == "access" and token.active and token.expires_at > exchange.now
    return token.grant if token and good else None


def _opened_by(name: str, requirement: str, summary: str, find: Any) -> Alteration:
    check = {"resource__token_active": _also_for(find)}
    return subtle(f"resource.{name}", requirement, summary, **check)


def _challenge(
    name: str, requirement: str, summary: str, change: Callable[[str], str]
) -> Alteration:
    """What is made of a challenge; a line break parts it into two headers."""

    def alter(values: tuple[str, ...], _about: object) -> tuple[str, ...]:
        return tuple(line for value in values for line in change(value).split("\n"))

    return telling(f"challenge.{name}", requirement, summary, challenge=alter)


def _only_by(method: str) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.request.method != method:
            raise OAuthError("invalid_request", f"method {exchange.request.method}", 405)

    return check


def _begins(shown: str) -> Callable[[str], bool]:
    half = shown[: len(shown) // 2]
    return lambda value: bool(half) and value.startswith(half)


def _nobody(told: dict[str, Any], _exchange: Exchange) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "sub"} or {"name": ""}


def _declared_as_text(answer: Response, _exchange: Exchange) -> Response:
    return replace(answer, headers=(("Content-Type", "text/plain"),))


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "userinfo.same_subject",
        "OIDCC-5.3.2-sub_same",
        "userinfo tells the subject of the ID token",
        userinfo=having(sub="somebody-else"),
    ),
    left_out(
        "userinfo.scope_claims",
        "OIDCC-5.4-scope_claims",
        "userinfo tells what the scope asks for",
        userinfo=lambda told, _exchange: {"sub": told["sub"]},
    ),
    left_out(
        "userinfo.json",
        "OIDCC-5.3.2-json",
        "userinfo is declared as JSON",
        userinfo_answer=_declared_as_text,
    ),
    left_out("userinfo.sub", "OIDCC-5.3.2-sub", "userinfo tells sub", userinfo=_nobody),
    _opened_by("refresh_token", R_VALID, "a refresh token opens userinfo", _of_refresh_token),
    _opened_by("code", R_VALID, "an authorization code opens userinfo", _of_code),
    _opened_by("id_token", "RFC9068-4-rs_checks_typ", "an ID token opens userinfo", _of_id_token),
    _opened_by(
        "expired", "RFC6750-5.2-lifetime_limited", "an expired token opens userinfo", _of_expired
    ),
    _opened_by(
        "revoked",
        "RFC7009-2-access_tokens",
        "a revoked access token opens userinfo",
        _of_revoked,
    ),
    _opened_by(
        "first_half",
        "RFC6749-10.3-access_token_unguessable",
        "half an access token opens userinfo",
        _of_beginning,
    ),
    _opened_by(
        "any_case",
        R_VALID,
        "access tokens are found whatever the case of their letters",
        _of_any_case,
    ),
    _opened_by("with_more", R_VALID, "access tokens are found where more stands behind", _of_less),
    subtle(
        "userinfo.get_only",
        "OIDCC-5.3-get_and_post",
        "userinfo does not work with POST",
        resource__one_place=_only_by("GET"),
    ),
    subtle(
        "userinfo.post_only",
        "OIDCC-5.3-get_and_post",
        "userinfo does not work with GET",
        resource__one_place=_only_by("POST"),
    ),
    _challenge(
        "error_left_out",
        "RFC6750-3-error_included",
        "a challenge does not say what is wrong with the token",
        lambda value: value.split(", error")[0],
    ),
    _challenge(
        "other_error",
        "RFC6750-3.1-invalid_token_401",
        "an unfit token is called invalid_grant",
        lambda value: value.replace("invalid_token", "invalid_grant"),
    ),
    _challenge(
        "other_scheme",
        "RFC6750-3-scheme_bearer",
        "the scheme of a challenge is OAuth",
        lambda value: value.replace("Bearer", "OAuth", 1),
    ),
    _challenge(
        "bearer_alone",
        "RFC9449-7.1-challenge_401",
        "who shows a bad proof is challenged for Bearer alone",
        lambda value: value.replace("DPoP", "Bearer", 1),
    ),
    _challenge(
        "no_known_algorithm",
        "RFC9449-7.1-challenge_algs",
        "a challenge for DPoP does not list an algorithm that is taken",
        lambda value: value.replace("ES256 ", ""),
    ),
    _challenge(
        "error_in_bearer",
        "RFC9449-7.2-error_in_matching_challenge",
        "the error stands in the challenge for Bearer, though DPoP was used",
        lambda value: value.replace("DPoP", "Bearer", 1) + ', DPoP algs="ES256"',
    ),
    _challenge(
        "error_in_second",
        "RFC9449-7.2-no_error_without_credentials",
        "a second challenge tells an error even to who showed nothing",
        lambda value: value + '\nDPoP error="invalid_token", algs="ES256"',
    ),
    _challenge(
        "nonce_untold",
        "RFC9449-9-rs_nonce_401",
        "a challenge does not say that a nonce is wanted",
        lambda value: value.replace("use_dpop_nonce", "invalid_dpop_proof"),
    ),
    _challenge(
        "bare",
        "RFC6750-3-auth_param_required",
        "a challenge has no parameter",
        lambda value: value.split(" ")[0],
    ),
    _challenge(
        "twice",
        "RFC6750-3-no_repeated_params",
        "a parameter of a challenge comes twice",
        lambda value: f"{value}, {value.split(' ', 1)[1]}",
    ),
    _challenge(
        "quotes",
        "RFC6750-3-charset",
        "a description in a challenge holds quotation marks",
        lambda value: value + r', error_description="the \"token\""',
    ),
    telling(
        "userinfo.other_case",
        "OIDCC-5.3.2-sub_same",
        "userinfo tells sub in other letters",
        userinfo=making(lambda c, _a: {"sub": c.get("sub", "").upper()}),
    ),
    telling(
        "userinfo.null",
        "OIDCC-5.3.2-no_null_claims",
        "userinfo tells what it does not know as null",
        userinfo=having(phone_number=None),
    ),
    telling(
        "userinfo.empty",
        "OIDCC-13.3-no_null",
        "userinfo tells what it does not know as an empty text",
        userinfo=having(nickname=""),
    ),
    telling(
        "userinfo.address_text",
        "OIDCC-5.1-claim_types",
        "userinfo tells the address as a text",
        userinfo=having(address="1 Client Street"),
    ),
    telling(
        "userinfo.expires_late",
        "RFC6750-5.3-short_lived",
        "an access token lives for a day",
        token_response=having(expires_in=24 * 3600),
    ),
    telling(
        "access_token.characters",
        "RFC6750-2.1-token_syntax",
        "an access token holds characters that no header takes",
        token_response=making(lambda c, _a: {"access_token": f"{c['access_token']}|1"}),
    ),
    telling(
        "token_type.own",
        "OIDCC-3.1.3.3-token_type_bearer",
        "the token type is one of the server's own",
        token_response=having(token_type="JWT"),
    ),
)
