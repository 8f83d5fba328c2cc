"""How long a session lasts and what ends it: OpenID Connect Core §3.1.2.1, §3.1.2.3, §3.1.2.4.

What a logout is answered with, and what ends with it: OpenID Connect RP-Initiated Logout 1.0.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.liberties.model import Liberty, checking, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore, end_grants
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.interaction import Asked, Decision
from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import logout, refresh
from tokenspec.reference_server.guards.openid import hinted_subjects
from tokenspec.reference_server.store import SignIn, Store

SIGN_IN = "OpenID Connect Core §3.1.2.3"
OWN_WAY = "How a user is authenticated, and kept so, is beyond the scope of the specification."
CONSENT = "OpenID Connect Core §3.1.2.4"
SHORT = 600  # seconds
LOGOUT = "OpenID Connect RP-Initiated Logout 1.0"


class Sessions(AroundStore):
    """A store that knows the newest session of each user, and can forget all of them."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._lock = threading.Lock()
        self._newest: dict[str, SignIn] = {}
        self._ended: set[str] = set()

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Remember a session, and that it is its user's newest."""
        with self._lock:
            self._newest[sign_in.username] = sign_in
            self._ended.discard(sign_in.username)
        self._store.put_sign_in(sign_in)

    def newest(self, sign_in: SignIn) -> SignIn:
        """The newest session of the same user."""
        return self._newest.get(sign_in.username, sign_in)

    def end(self, username: str) -> None:
        """End every session of a user."""
        with self._lock:
            self._ended.add(username)

    def lives(self, sign_in: SignIn) -> bool:
        """Whether the sessions of the user have not been ended."""
        return sign_in.username not in self._ended


def _one_for_a_user(sign_in: SignIn | None, core: Core) -> SignIn | None:
    store: Any = core.store
    return sign_in if sign_in and store.newest(sign_in) == sign_in else None


def _last_anywhere(sign_in: SignIn | None, core: Core) -> SignIn | None:
    store: Any = core.store
    return sign_in and replace(sign_in, auth_time=store.newest(sign_in).auth_time)


def _not_ended(sign_in: SignIn | None, core: Core) -> SignIn | None:
    store: Any = core.store
    return sign_in if sign_in and store.lives(sign_in) else None


def _replay_ends_session(exchange: Exchange) -> None:
    """A replaced refresh token that comes back ends the sessions of its user too."""
    token, store = exchange.refresh_token, exchange.core.store
    if token and not token.active and not refresh.in_overlap(exchange, token):
        user = exchange.core.config.subject(token.grant.sub)
        ending: Any = store
        ending.end(user.username if user else "")
    refresh.active.check(exchange)


def _short(sign_in: SignIn | None, core: Core) -> SignIn | None:
    return sign_in if sign_in and core.now() - sign_in.auth_time <= SHORT else None


def _signs_in_anew(asked: Asked, _request: Authorization) -> Asked:
    if asked.silent or asked.fresh:
        return asked
    return replace(asked, prompt=asked.prompt | {"login"})


def _known_before(decision: Decision, asked: Asked) -> Decision:
    """Consent, where nothing asks for it anew, was given by an administrator."""
    told = decision.error.error if decision.error else decision.page
    needless = told in {"consent", "consent_required"} and "consent" not in asked.prompt
    return Decision() if needless else decision


def _stored(name: str, by: str, permission: str, summary: str, **more: Any) -> Liberty:
    return Liberty(name, by, permission, Alteration(name, by, summary, store=Sessions, **more))


def _nobody_to_sign_out(_asked: Authorization) -> None:
    raise invalid_request("nobody is signed in")


def _unfit_address_passed_over(asked: Authorization) -> None:
    """What is not registered is not used, and the user signed out all the same."""
    client = logout.hinted_client(asked)
    known = client.post_logout_redirect_uris if client else ()
    if asked.get("post_logout_redirect_uri") not in known:
        asked.values.pop("post_logout_redirect_uri", None)


def _own_page(address: str, asked: Authorization) -> str:
    return address or f"{asked.core.config.issuer}/signed-out"


def _grants_end(address: str, asked: Authorization) -> str:
    """Every grant of the user whom an ID token of this server names."""
    subjects = hinted_subjects(asked) if logout.hinted_client(asked) else set()
    end_grants(asked.core.store, lambda grant: grant.sub in subjects)
    return address


LIBERTIES: tuple[Liberty, ...] = (
    _stored(
        "session.one_for_a_user",
        SIGN_IN,
        OWN_WAY,
        "a login ends the other sessions of its user",
        tells={"session": _one_for_a_user},
    ),
    _stored(
        "session.last_login_anywhere",
        "OpenID Connect Core §3.1.2.1",
        "max_age counts from the last time the user was actively authenticated, wherever.",
        "auth_time is that of the user's last login in any session",
        tells={"session": _last_anywhere},
    ),
    _stored(
        "refresh.replay_ends_sessions",
        "RFC 9700 §4.14.2",
        "The server cannot tell who was attacked, and revokes; how much else, is not limited.",
        "a replaced refresh token that comes back ends the sessions of its user",
        guards={refresh.active.name: _replay_ends_session},
        tells={"session": _not_ended},
    ),
    telling(
        "session.ten_minutes",
        SIGN_IN,
        OWN_WAY,
        "a session lasts ten minutes",
        session=_short,
    ),
    telling(
        "consent.given_before",
        CONSENT,
        "Consent may be established by other means, such as an administrator's before.",
        "the user is asked for consent where the request wants it, and never else",
        group="consent",
        decision=_known_before,
    ),
    telling(
        "login.each_time",
        SIGN_IN,
        OWN_WAY,
        "the user signs in for each request that may show a page",
        asked=_signs_in_anew,
    ),
    checking(
        "logout.session_needed",
        f"{LOGOUT} §4",
        "What cannot be validated is not acted on, and an error page may be shown.",
        "a logout without a session is an error",
        logout__address_registered=_nobody_to_sign_out,
    ),
    checking(
        "logout.unfit_address_passed_over",
        f"{LOGOUT} §4",
        "Information that is not valid is not used; the logout may go on.",
        "a logout with an address that is not registered ends on a page",
        logout__address_registered=_unfit_address_passed_over,
    ),
    telling(
        "logout.own_address",
        f"{LOGOUT} §3",
        "Without an address of the client, where a logout ends is left open.",
        "a logout leads on to a page of the server at another address",
        signed_out=_own_page,
    ),
    telling(
        "logout.ends_grants",
        "RFC 9700 §4.14.2",
        "Refresh tokens may end at a logout.",
        "with a logout every grant of the user ends",
        signed_out=_grants_end,
    ),
)
