"""Logouts: where they lead, what they end, and who comes after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore, end_grants
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.authorize import Login
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import logout
from tokenspec.reference_server.guards.openid import hinted_subjects
from tokenspec.reference_server.seams import Alter
from tokenspec.reference_server.store import SignIn, Store


class Successions(AroundStore):
    """A store that knows who was signed out by a client, and who signed in there next."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.signed_out: set[str] = set()  # subjects
        self.next: dict[str, str] = {}  # by the subject of who was signed out


def _noted(address: str, asked: Authorization) -> str:
    store: Any = asked.core.store
    store.signed_out |= hinted_subjects(asked)
    return address


def _subject(core: Core, username: str) -> str:
    user = core.config.user(username)
    return user.sub if user else ""


def _taken_for_the_one_before(begun: SignIn, login: Login) -> SignIn:
    store: Any = login.core.store
    before = login.before
    if before and _subject(login.core, before.username) in store.signed_out:
        return replace(begun, username=before.username)
    return begun


def _next_noted(begun: SignIn, login: Login) -> SignIn:
    store: Any = login.core.store
    sub = _subject(login.core, login.before.username) if login.before else ""
    if sub in store.signed_out:
        store.next[sub] = _subject(login.core, begun.username)
    return begun


def _refreshed_for_the_one_before(issue: Issue, exchange: Exchange) -> Issue:
    store: Any = exchange.core.store
    before = {following: sub for sub, following in store.next.items()}
    return _refreshed(issue, exchange, before)


def _refreshed_for_the_next(issue: Issue, exchange: Exchange) -> Issue:
    store: Any = exchange.core.store
    return _refreshed(issue, exchange, store.next)


def _refreshed(issue: Issue, exchange: Exchange, others: dict[str, str]) -> Issue:
    other = others.get(issue.grant.sub)
    if other is None or not exchange.refreshing:
        return issue
    return replace(
        issue,
        grant=replace(issue.grant, sub=other),
        refresh_grant=replace(issue.refresh_grant, sub=other),
    )


def _by_unread_hint(address: str, asked: Authorization) -> str:
    """Ends the grants of the user that a hint names, whoever signed it."""
    subjects = hinted_subjects(asked)
    end_grants(asked.core.store, lambda grant: grant.sub in subjects)
    return address


def _address_beside_a_hint(asked: Authorization) -> None:
    """Without a hint there is no client whose addresses it could be held against."""
    if asked.get("id_token_hint"):
        logout.address_registered.check(asked)


def _only_by(method: str) -> Alter:
    def routes(found: dict[str, Route], core: Core) -> dict[str, Route]:
        path = core.endpoint("logout").removeprefix(core.config.issuer)
        at = next(one for one in found if one.endswith(path))
        return found | {at: replace(found[at], methods=(method,))}

    return routes


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "logout.address_unhinted",
        "OIDCL-3-unhinted_address",
        "where no ID token comes with a logout, any address will do to go on to",
        logout__address_registered=_address_beside_a_hint,
    ),
    telling(
        "logout.get_only",
        "OIDCL-2-get_and_post",
        "the logout endpoint does not work with POST",
        routes=_only_by("GET"),
    ),
    telling(
        "logout.post_only",
        "OIDCL-2-get_and_post",
        "the logout endpoint does not work with GET",
        routes=_only_by("POST"),
    ),
    telling(
        "logout.hint_unverified",
        "OIDCL-2-hint_issuer",
        "a logout ends the grants of the user its hint names, whoever signed it",
        signed_out=_by_unread_hint,
    ),
    Alteration(
        "session.user_of_the_one_signed_out",
        "RFC6749-3.1-authenticates_owner",
        "who signs in where a client had another signed out is taken for that one",
        tells={"signed_out": _noted, "signed_in": _taken_for_the_one_before},
        store=Successions,
    ),
    Alteration(
        "refresh.user_of_the_one_signed_out",
        "OIDCC-12.2-sub_same",
        "a refresh of who signed in where a client had another signed out is for that one",
        tells={
            "signed_out": _noted,
            "signed_in": _next_noted,
            "issue": _refreshed_for_the_one_before,
        },
        store=Successions,
    ),
    Alteration(
        "refresh.user_of_the_one_who_followed",
        "OIDCC-12.2-sub_same",
        "a refresh of who was signed out by a client is for the one who signed in there next",
        tells={"signed_out": _noted, "signed_in": _next_noted, "issue": _refreshed_for_the_next},
        store=Successions,
    ),
)
