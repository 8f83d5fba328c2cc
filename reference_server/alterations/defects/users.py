"""One user taken for another, and what ends for one ending for all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import left_out, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore, end_grants
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.authorize import Login
from tokenspec.reference_server.endpoints.interaction import Asked
from tokenspec.reference_server.endpoints.managing import Ends, Managed
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import code, refresh
from tokenspec.reference_server.guards.openid import hinted_subjects
from tokenspec.reference_server.store import Grant, SignIn, Store


class LastSignIn(AroundStore):
    """A store that knows who signed in last, in whatever browser."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.last: SignIn | None = None

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Remember a session, and that it is the newest of all."""
        self.last = sign_in
        self._store.put_sign_in(sign_in)


def _last_of_all(sign_in: SignIn | None, core: Core) -> SignIn | None:
    store: Any = core.store
    return sign_in and store.last


def _hint_for_nothing(subjects: set[str], request: Authorization) -> set[str]:
    return subjects - hinted_subjects(request)


def _unknown_only(subjects: set[str], request: Authorization) -> set[str]:
    """Whoever has an account here is let pass."""
    return {sub for sub in subjects if request.core.config.subject(sub) is None}


def _hinted(asked: Asked, request: Authorization) -> Asked:
    """Whom id_token_hint names is signed in, in whatever browser."""
    sub = next(iter(hinted_subjects(request)), "")
    user = request.core.config.subject(sub)
    return _as(asked, user.username if user else "")


def _login_hinted(asked: Asked, request: Authorization) -> Asked:
    """The same of login_hint, where somebody is signed in."""
    user = request.core.config.user(request.get("login_hint"))
    return _as(asked, user.username if user else "")


def _as(asked: Asked, username: str) -> Asked:
    if asked.sign_in is None or not username:
        return asked
    return replace(asked, sign_in=replace(asked.sign_in, username=username))


def _of_client(grant: Grant, exchange: Exchange) -> bool:
    return grant.client_id == (exchange.client.client_id if exchange.client else "")


def _user_of_last_code(issue: Issue, exchange: Exchange) -> Issue:
    """Tokens for the user of the code that the client got last."""
    codes = (one.grant for one in exchange.core.store.codes() if _of_client(one.grant, exchange))
    last = next(codes, issue.grant)
    return issue if exchange.refreshing else _for(issue, last)


def _user_of_last_token(issue: Issue, exchange: Exchange) -> Issue:
    """A refresh for the user of the token that the client got last."""
    tokens = reversed(exchange.core.store.tokens())
    grants = (one.grant for one in tokens if _of_client(one.grant, exchange))
    return _for(issue, next(grants, issue.grant)) if exchange.refreshing else issue


def _user_of_first_token(issue: Issue, exchange: Exchange) -> Issue:
    """A refresh for the user of the token that the client got first."""
    grants = (one.grant for one in exchange.core.store.tokens())
    first = next((grant for grant in grants if _of_client(grant, exchange)), issue.grant)
    return _for(issue, first) if exchange.refreshing else issue


def _user_kept(begun: SignIn, login: Login) -> SignIn:
    return replace(begun, username=login.before.username) if login.before else begun


def _for(issue: Issue, other: Grant) -> Issue:
    grant, refresh_grant = issue.grant, issue.refresh_grant
    return replace(
        issue,
        grant=replace(grant, sub=other.sub),
        refresh_grant=replace(refresh_grant, sub=other.sub),
    )


def _last_told(told: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    tokens = exchange.core.store.tokens()
    return told | {"sub": tokens[-1].grant.sub} if tokens else told


def _end_all(exchange: Exchange) -> None:
    """Every grant of the client, whoever gave it."""
    end_grants(exchange.core.store, lambda grant: _of_client(grant, exchange))


def _revoked_for_all(ends: Ends, managed: Managed) -> Ends:
    if ends is not Ends.NOTHING:
        _end_all(managed.exchange)
    return ends


def _code_ends_all(exchange: Exchange) -> None:
    shown = exchange.code
    if shown and shown.used and code.verifies(shown, exchange):
        _end_all(exchange)
    code.unused.check(exchange)


def _refresh_token_ends_all(exchange: Exchange) -> None:
    token = exchange.refresh_token
    if token and not token.active and not refresh.in_overlap(exchange, token):
        _end_all(exchange)
    refresh.active.check(exchange)


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "authorize.hinted_sub",
        "OIDCC-3.1.2.2-sub_mismatch",
        "no code is issued for another user than the one of id_token_hint",
        subjects=_hint_for_nothing,
    ),
    telling(
        "authorize.other_users_pass",
        "OIDCC-3.1.2.2-sub_mismatch",
        "of the user that is asked for it is seen only that there is one",
        subjects=_unknown_only,
    ),
    telling(
        "authorize.hint_signs_in",
        "OIDCC-3.1.2.3-prompt_none_must_error",
        "whom id_token_hint names is taken for signed in, in any browser with a session",
        asked=_hinted,
    ),
    telling(
        "authorize.login_hint_signs_in",
        "RFC6749-3.1-authenticates_owner",
        "whom login_hint names is taken for signed in, in any browser with a session",
        asked=_login_hinted,
    ),
    telling(
        "session.user_kept",
        "RFC6749-3.1-authenticates_owner",
        "who signs in where another was signed in is taken for that one",
        signed_in=_user_kept,
    ),
    Alteration(
        "session.last_of_all",
        "RFC6749-3.1-authenticates_owner",
        "every browser with a session is taken for that of the user who signed in last",
        tells={"session": _last_of_all},
        store=LastSignIn,
    ),
    telling(
        "code.user_of_the_last",
        "OIDCC-5.7-iss_sub_stable",
        "a code buys tokens of the user whose code the client got last",
        issue=_user_of_last_code,
    ),
    telling(
        "refresh.user_of_the_last",
        "OIDCC-12.2-sub_same",
        "a refresh gives tokens of the user whose token the client got last",
        issue=_user_of_last_token,
    ),
    telling(
        "refresh.user_of_the_first",
        "OIDCC-12.2-sub_same",
        "a refresh gives tokens of the user whose token the client got first",
        issue=_user_of_first_token,
    ),
    telling(
        "userinfo.user_of_the_last",
        "OIDCC-5.3.2-sub_same",
        "userinfo tells of the user who was given a token last",
        userinfo=_last_told,
    ),
    telling(
        "revocation.ends_all",
        "RFC7009-2.1-other_grants_live",
        "with a revoked token every grant of its client ends, whoever gave it",
        ends=_revoked_for_all,
    ),
    subtle(
        "code.replay_ends_all",
        "RFC6749-4.1.2-code_reuse_spares_others",
        "a code used twice ends every grant of its client, whoever gave it",
        code__unused=_code_ends_all,
    ),
    subtle(
        "refresh.replay_ends_all",
        "RFC9700-4.14.2-rotation_replay_spares_others",
        "a replaced refresh token that comes back ends every grant of its client, whoever gave it",
        refresh__active=_refresh_token_ends_all,
    ),
)
