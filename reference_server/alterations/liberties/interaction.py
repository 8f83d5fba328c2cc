"""When a user is asked, and what is refused at once: OpenID Connect Core §3.1.2."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.liberties.model import Liberty, checking, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.interaction import Asked, Decision
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import authorization as rules
from tokenspec.reference_server.guards.openid import hint_issued, hinted_subjects

PROMPTS = {"none", "login", "consent", "select_account"}
DISPLAYS = {"", "page", "popup", "touch", "wap"}
KNOWN = {
    "response_type", "client_id", "redirect_uri", "scope", "state", "response_mode", "nonce",
    "code_challenge", "code_challenge_method", "prompt", "max_age", "display", "claims",
    "id_token_hint", "login_hint", "acr_values", "ui_locales", "audience", "dpop_jkt", "request",
    "request_uri", "registration", "id_token", "claims_locales",
}  # fmt: skip
KNOWN_AT_TOKEN = {
    "grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier",
    "refresh_token", "scope", "client_assertion", "client_assertion_type", "token",
    "token_type_hint", "audience", "resource",
}  # fmt: skip


def _asked_anew(asked: Asked, _request: Authorization) -> Asked:
    if asked.silent or asked.fresh:
        return asked
    return replace(asked, prompt=asked.prompt | {"consent"})


def _interaction_required(decision: Decision, _asked: Asked) -> Decision:
    if decision.error is None:
        return decision
    return Decision(error=OAuthError("interaction_required", decision.error.cause))


def _known_prompts(request: Authorization) -> None:
    rules.prompt_none_alone.check(request)
    if set(request.get("prompt").split()) - PROMPTS:
        raise invalid_request("unknown prompt")


def _known_displays(request: Authorization) -> None:
    rules.prompt_none_alone.check(request)
    if request.get("display") not in DISPLAYS:
        raise invalid_request("unknown display")


def _repeated_address(request: Authorization) -> None:
    """A redirect_uri that comes twice is none: the user is told."""
    names = [name for name, _ in request.parameters]
    if names.count("redirect_uri") > 1 or names.count("client_id") > 1:
        raise invalid_request("repeated redirect_uri or client_id")
    rules.client_known.check(request)


def _address_needed(request: Authorization) -> None:
    rules.client_known.check(request)
    if not request.get("redirect_uri"):
        raise invalid_request("no redirect_uri")


def _known_twice(request: Authorization) -> None:
    """Parameters that no specification here has may come twice: they are ignored."""
    known = [name for name, _ in request.parameters if name in KNOWN]
    if len(known) != len(set(known)):
        raise invalid_request("repeated parameter")


def _token_known_twice(exchange: Exchange) -> None:
    known = [name for name, _ in exchange.parameters if name in KNOWN_AT_TOKEN]
    if len(known) != len(set(known)):
        raise invalid_request("repeated parameter")


def _scope_of_any_form(_request: Authorization) -> None:
    """A word that could not be one is passed over, as an unknown one is."""


def _hint_of_any_issuer(_request: Authorization) -> None:
    """A hint that was not issued here is no error, and no hint."""


def _validated_alone(subjects: set[str], request: Authorization) -> set[str]:
    try:
        hint_issued.check(request)
    except OAuthError:
        return subjects - hinted_subjects(request)
    return subjects


LIBERTIES = (
    telling(
        "consent.always",
        "OpenID Connect Core §3.1.2.4",
        "The server obtains an authorization decision; how often it asks is left to it.",
        "the user is asked for consent each time",
        group="consent",
        asked=_asked_anew,
    ),
    telling(
        "silent.interaction_required",
        "OpenID Connect Core §3.1.2.6",
        "The code interaction_required is there for any page that would have to be shown.",
        "a silent request that cannot be granted gets interaction_required, whatever the reason",
        decision=_interaction_required,
    ),
    checking(
        "authorize.unknown_prompt_refused",
        "OpenID Connect Core §3.1.2.1",
        "An unknown prompt may be answered with an error.",
        "a value of prompt that is not known is refused",
        authorize__prompt_none_alone=_known_prompts,
    ),
    checking(
        "authorize.unknown_display_refused",
        "OpenID Connect Core §3.1.2.1",
        "An unknown display may be answered with an error.",
        "a value of display that is not known is refused",
        authorize__prompt_none_alone=_known_displays,
    ),
    checking(
        "authorize.repeated_address_told_to_the_user",
        "RFC 6749 §4.1.2.1",
        "A redirect_uri that is missing, invalid or does not match is told to the user.",
        "a request with two redirect_uri, or two client_id, gets an error page",
        authorize__client_known=_repeated_address,
    ),
    checking(
        "authorize.address_always_needed",
        "OpenID Connect Core §3.1.2.1",
        "redirect_uri is required.",
        "a request without redirect_uri gets an error page, though only one is registered",
        authorize__client_known=_address_needed,
    ),
    checking(
        "authorize.unknown_parameters_twice",
        "RFC 6749 §3.1",
        "Parameters that are not recognized are ignored.",
        "a parameter that is not known may come twice in an authorization request",
        authorize__no_repeats=_known_twice,
    ),
    checking(
        "token.unknown_parameters_twice",
        "RFC 6749 §3.2",
        "Parameters that are not recognized are ignored.",
        "a parameter that is not known may come twice in a token request",
        request__no_repeats=_token_known_twice,
    ),
    checking(
        "authorize.malformed_scope_passed_over",
        "RFC 6749 §3.3",
        "The server may ignore the scope that is asked for, in part or in full.",
        "a malformed word of scope is passed over",
        authorize__scope_form=_scope_of_any_form,
    ),
    Liberty(
        "authorize.unfit_hint_passed_over",
        "OpenID Connect Core §3.1.2.2",
        "The server validates that it issued the hint; what it does if not is left open.",
        Alteration(
            "authorize.unfit_hint_passed_over",
            "OpenID Connect Core §3.1.2.2",
            "an id_token_hint that was not issued here counts for nothing",
            {hint_issued.name: _hint_of_any_issuer},
            {"subjects": _validated_alone},
        ),
    ),
)
