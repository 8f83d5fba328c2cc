"""Authorization requests of OpenID Connect read wrongly: Core §3.1.2, §5.5."""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import having, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards.authorization import (
    redirect_uri_registered,
    response_type_known,
)
from tokenspec.reference_server.guards.client_authentication import assertion_replay
from tokenspec.reference_server.guards.openid import claims_form, hint_issued
from tokenspec.reference_server.jwts import UnverifiedJwt


def _refusing(name: str, value: str = "") -> Check:
    """A parameter, or one value of it, is refused."""

    def check(request: Authorization) -> None:
        if request.get(name) and value in ("", request.get(name)):
            raise invalid_request(name)

    return check


def _prompt(change: Callable[[str], str]) -> Check:
    """The prompt read as something else."""

    def check(request: Authorization) -> None:
        if request.get("prompt"):
            request.values["prompt"] = change(request.get("prompt"))

    return check


def _default_response_type(request: Authorization) -> None:
    request.values.setdefault("response_type", "code")


def _any_response_type(request: Authorization) -> None:
    if not request.get("response_type"):
        response_type_known.check(request)


def _first_redirect_uri(request: Authorization) -> None:
    if request.client:
        request.values.setdefault("redirect_uri", request.client.redirect_uris[0])
    redirect_uri_registered.check(request)


def _unexpired_hint(request: Authorization) -> None:
    hint_issued.check(request)
    claims = UnverifiedJwt.read(request.get("id_token_hint")).claims
    if claims and claims["exp"] <= request.now:
        raise invalid_request("id_token_hint has expired")


def _known_scopes_only(request: Authorization) -> None:
    if "tokenspec_unknown" in request.get("scope").split():
        raise OAuthError("invalid_scope", "unknown scope")


def _no_such_claim(request: Authorization) -> None:
    if "essential" in request.get("claims"):
        raise OAuthError("access_denied", "essential claim")


def _strict_claims(request: Authorization) -> None:
    if "tokenspec" in request.get("claims"):
        raise invalid_request("unknown member of claims")


def _no_claims(request: Authorization) -> None:
    claims_form.check(request)
    request.values.pop("claims", None)


def _jti_if_present(exchange: Exchange) -> None:
    if "jti" in UnverifiedJwt.read(exchange.get("client_assertion")).claims:
        assertion_replay.check(exchange)


def _refused(name: str, value: str, requirement: str) -> Alteration:
    word = value or "any"
    return subtle(
        f"authorize.{name}_{word}_refused",
        requirement,
        f"{name} ({word} value) is an error",
        authorize__no_repeats=_refusing(name, value),
    )


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "client.assertion_without_jti",
        "OIDCC-9-assertion_claims",
        "a client assertion without jti is good",
        client__assertion_replay=_jti_if_present,
    ),
    _refused("display", "page", "OIDCC-15.1-display"),
    _refused("display", "popup", "OIDCC-15.1-display"),
    _refused("display", "touch", "OIDCC-15.1-display"),
    _refused("display", "wap", "OIDCC-15.1-display"),
    _refused("display", "tokenspec", "OIDCC-3.1.2.1-display_unknown"),
    _refused("ui_locales", "", "OIDCC-15.1-locales"),
    _refused("acr_values", "", "OIDCC-15.1-acr_values"),
    _refused("login_hint", "", "OIDCC-3.1.2.1-login_hint_no_error"),
    _refused("tokenspec_unknown", "", "OIDCC-3.1.2.2-ignore_unknown"),
    _refused("claims", "", "OIDCC-5.5-claims_unsupported"),
    _refused("prompt", "tokenspec", "OIDCC-3.1.2.1-prompt_unknown"),
    _refused("id_token_hint", "", "OIDCC-3.1.2.1-prompt_none_without_hint"),
    subtle(
        "authorize.unknown_scope_refused",
        "OIDCC-3.1.2.1-unknown_scope_ignored",
        "a scope that is not known is an error",
        authorize__scope_form=_known_scopes_only,
    ),
    subtle(
        "authorize.claims_strict",
        "OIDCC-5.5-claims_unknown_members",
        "members of the claims parameter that are not known are an error",
        authorize__claims_form=_strict_claims,
    ),
    subtle(
        "authorize.claims_passed_over",
        "OIDCC-5.5-claims_returned",
        "the claims parameter has no effect, though the metadata says that it has",
        authorize__claims_form=_no_claims,
    ),
    subtle(
        "authorize.essential_refused",
        "OIDCC-5.5.1-essential_not_error",
        "an essential claim that cannot be told is an error",
        authorize__claims_form=_no_such_claim,
    ),
    subtle(
        "authorize.prompt_any_case",
        "OIDCC-3.1.2.1-prompt_case_sensitive",
        "the prompt is read without regard to case",
        authorize__prompt_none_alone=_prompt(str.lower),
    ),
    subtle(
        "authorize.prompt_consent_ignored",
        "OIDCC-3.1.2.1-prompt_consent",
        "prompt=consent has no effect after an earlier consent",
        authorize__prompt_none_alone=_prompt(lambda prompt: prompt.replace("consent", "")),
    ),
    subtle(
        "authorize.select_account_ignored",
        "OIDCC-3.1.2.1-prompt_select_account",
        "prompt=select_account has no effect",
        authorize__prompt_none_alone=_prompt(lambda prompt: prompt.replace("select_account", "")),
    ),
    subtle(
        "authorize.response_type_assumed",
        "OIDCC-3.1.2.2-required_params",
        "a missing response_type is taken for code",
        authorize__response_type_known=_default_response_type,
    ),
    subtle(
        "authorize.any_response_type",
        "OIDCC-3.1.2.2-validate_oauth_params",
        "any response_type is taken for code",
        authorize__response_type_known=_any_response_type,
    ),
    subtle(
        "authorize.first_redirect_uri",
        "OIDCC-3.1.2.1-redirect_uri_required",
        "without redirect_uri the first registered one is taken",
        authorize__redirect_uri_registered=_first_redirect_uri,
    ),
    subtle(
        "authorize.hint_unexpired",
        "OIDCC-3.1.2.2-id_token_hint_expired",
        "an expired id_token_hint is an error",
        authorize__hint_issued=_unexpired_hint,
    ),
    telling(
        "authorize.error_with_more",
        "OIDCC-3.1.2.6-no_other_params",
        "an error response tells the user's name",
        authorization_error=having(username="alice"),
    ),
    telling(
        "authorize.error_without_code",
        "OIDCC-3.1.2.6-error_at_redirect_uri",
        "an error response has no error code",
        authorization_error=lambda c, _a: {"message": c["error"]},
    ),
    telling(
        "authorize.interaction_required",
        "OIDCC-3.1.2.6-login_required",
        "a missing login is called interaction_required",
        authorization_error=having(error="interaction_required"),
    ),
)
