"""When a user is asked, and what is refused at once: OpenID Connect Core §3.1.2."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.liberties.model import checking, telling
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.interaction import Asked, Decision
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.guards import authorization as rules

PROMPTS = {"none", "login", "consent", "select_account"}
DISPLAYS = {"", "page", "popup", "touch", "wap"}


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


LIBERTIES = (
    telling(
        "consent.always",
        "OpenID Connect Core §3.1.2.4",
        "The server obtains an authorization decision; how often it asks is its own affair.",
        "the user is asked for consent each time",
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
)
