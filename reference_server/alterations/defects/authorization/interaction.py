"""Users that are not asked, or not asked again, and codes that should be others."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID

from tokenspec.reference_server.alterations.building import left_out, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.shared import first_registered
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.codes import grantable
from tokenspec.reference_server.endpoints.interaction import Asked, Decision
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guards.openid import hinted_subjects
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.store import SignIn


def _with_pages(asked: Asked, _request: Authorization) -> Asked:
    return replace(asked, silent=False)


def _session_ignored(decision: Decision, asked: Asked) -> Decision:
    if "none" not in asked.prompt:
        return decision
    return Decision(error=OAuthError("login_required", "always"))


def _login_kept(asked: Asked, _request: Authorization) -> Asked:
    return replace(asked, prompt=asked.prompt - {"login"})


def _never_aged(asked: Asked, _request: Authorization) -> Asked:
    return replace(asked, aged=False)


def _consent_for_login(asked: Asked, _request: Authorization) -> Asked:
    """Whose login is too old is asked for consent in its place."""
    return replace(asked, aged=False, prompt=asked.prompt | {"consent"}) if asked.aged else asked


def _unproven_trusted(asked: Asked, request: Authorization) -> Asked:
    wanted = set(request.get("prompt").split())
    return asked if "consent" in wanted else replace(asked, prompt=asked.prompt - {"consent"})


def _somebody(known: SignIn | None, core: Core) -> SignIn | None:
    return known or SignIn("", core.config.users[0].username, int(core.now()))


def _offline_for_all(_scope: tuple[str, ...], request: Authorization) -> tuple[str, ...]:
    known = request.core.config.scopes
    asked = (word for word in request.get("scope").split() if word in known)
    return tuple(dict.fromkeys(asked))


def _scope_any_case(_scope: tuple[str, ...], request: Authorization) -> tuple[str, ...]:
    return grantable(request, request.get("scope").lower().split())


def _uuid(value: str, _request: Authorization) -> str:
    return str(UUID(bytes=hashlib.sha256(value.encode()).digest()[:16], version=4))


def _with_challenge(value: str, request: Authorization) -> str:
    return f"{value}.{base64url(request.get('code_challenge').encode())}"


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "authorize.silent",
        "OIDCC-3.1.2.1-prompt_none_no_ui",
        "prompt=none never shows a page",
        asked=_with_pages,
    ),
    left_out(
        "authorize.silent_session",
        "AUTH0-Remarks-silent_new_token",
        "prompt=none succeeds while the session lives",
        decision=_session_ignored,
    ),
    left_out(
        "authorize.prompt_login",
        "OIDCC-3.1.2.3-prompt_login_reauthenticates",
        "prompt=login makes the user sign in again",
        asked=_login_kept,
    ),
    left_out(
        "authorize.max_age",
        "OIDCC-3.1.2.1-max_age_reauth",
        "max_age makes a user whose login is older sign in again",
        asked=_never_aged,
    ),
    telling(
        "authorize.max_age_consent",
        "OIDCC-3.1.2.1-max_age_reauth",
        "max_age makes a user whose login is older consent again, and not sign in",
        asked=_consent_for_login,
    ),
    left_out(
        "authorize.unproven_asked",
        "RFC8252-8.6-no_automatic_processing",
        "a client that any program could be is not approved without the user",
        asked=_unproven_trusted,
    ),
    left_out(
        "authorize.user_identified",
        "RFC6749-3.1-authenticates_owner",
        "nothing is granted to a browser nobody has signed in to",
        session=_somebody,
    ),
    left_out(
        "authorize.claimed_sub",
        "OIDCC-3.1.2.2-sub_mismatch",
        "no code is issued for another user than the one whose sub the claims parameter names",
        subjects=lambda _subjects, request: hinted_subjects(request),
    ),
    left_out(
        "authorize.redirect_uri_named",
        "OAUTH21-2.3.2-redirect_uri_needed_if_many",
        "a client with several redirect URIs has to name one",
        destination=first_registered,
    ),
    left_out(
        "offline_access.api_allows",
        "AUTH0-Remarks-offline_access_disabled",
        "no offline access to an API that does not allow it",
        granted_scope=_offline_for_all,
    ),
    left_out(
        "authorize.scope_case",
        "RFC6749-3.3-case_sensitive",
        "words of scope differ in the case of their letters",
        granted_scope=_scope_any_case,
    ),
    left_out(
        "code.syntax",
        "RFC6749-A.11-code_syntax",
        "it is printable ASCII",
        code_value=lambda value, _request: f"c\u00f6de-{value}",
    ),
    left_out(
        "code.random",
        "RFC6749-10.10-guess_probability",
        "one code does not tell the next",
        code_value=lambda value, _request: f"{'a' * 40}{value[:3]}",
    ),
    left_out(
        "code.room_for_128_bits",
        "RFC6749-10.10-guess_probability",
        "a code is not to be guessed",
        code_value=lambda value, _request: str(int.from_bytes(value.encode()) % 10**8),
    ),
    telling(
        "code.uuid",
        "RFC6749-10.10-guess_probability",
        "a code is a UUID, of which 122 bits are random",
        code_value=_uuid,
    ),
    left_out(
        "code.room_for_160_bits",
        "RFC6749-10.10-guess_probability_recommended",
        "a code has more random bits than it must have",
        code_value=lambda value, _request: value[:24],
    ),
    left_out(
        "authorize.challenge_hidden",
        "RFC7636-4.4-challenge_not_exposed",
        "a code does not tell its challenge",
        code_value=_with_challenge,
    ),
)
