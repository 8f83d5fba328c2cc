"""How long refresh tokens live, when they are replaced and what a replay ends: RFC 9700 §4.14.2."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.shared import json_counts, json_declared
from tokenspec.reference_server.alterations.stores import end_grants_alike
from tokenspec.reference_server.endpoints.issuing import Issued
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import refresh
from tokenspec.reference_server.guards import request as shape
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.policies import setting

DISCRETION = "RFC 6749 §1.5"
OWN_AFFAIR = "Refresh tokens are issued at the discretion of the server."
ROTATION = "RFC 9700 §4.14.2"
KEPT = "refresh tokens kept"
AGAIN = "refresh again"


def _newest_alone(kept: int, kind: str = "refresh") -> Callable[[dict[str, Any], Issued], Any]:
    """So many tokens of a kind live for a user and client; older ones end."""

    def alter(body: dict[str, Any], about: Issued) -> dict[str, Any]:
        grant = about.grant
        own = [
            token
            for token in about.core.store.living_tokens()
            if token.kind == kind
            and (token.grant.sub, token.grant.client_id) == (grant.sub, grant.client_id)
        ]
        for token in own[:-kept]:
            about.core.store.retire_token(token.value)
        return body

    return alter


def _replay_ends_all(exchange: Exchange) -> None:
    """A replaced refresh token that comes back ends all that the user let the client have."""
    token = exchange.refresh_token
    if token and not token.active and not refresh.in_overlap(exchange, token):
        end_grants_alike(exchange.core.store, token.grant)
    refresh.active.check(exchange)


def _scope_of_the_grant(issue: Issue, exchange: Exchange) -> Issue:
    if not exchange.refreshing:
        return issue
    return replace(issue, grant=issue.refresh_grant, id_token="openid" in issue.refresh_grant.scope)


def _scope_overlooked(_exchange: Exchange) -> None:
    """Whatever scope is asked for: what was granted is granted again, and told."""


def _kept_by_confidential(exchange: Exchange) -> None:
    if exchange.public:
        refresh.consumed_once.check(exchange)


def _replaced_for_public(issue: Issue, exchange: Exchange) -> Issue:
    if exchange.refreshing and not exchange.public:
        return replace(issue, refresh_token=False)
    return issue


def _told_again(answer: Response, exchange: Exchange) -> Response:
    """The refresh token that was used stands in the answer where no other does."""
    body = json.loads(answer.body)
    if not exchange.refreshing or "refresh_token" in body:
        return answer
    told = body | {"refresh_token": exchange.get("refresh_token")}
    return replace(answer, body=json.dumps(told).encode())


def _not_rotating(name: str, summary: str, **tells: Any) -> Liberty:
    return Liberty(
        name,
        "RFC 9700 §2.2.2",
        "Rotation, or a key, is a must for the refresh tokens of public clients alone.",
        Alteration(
            name,
            "RFC 9700 §2.2.2",
            summary,
            {refresh.consumed_once.name: _kept_by_confidential},
            {"issue": _replaced_for_public, **tells},
        ),
        group=AGAIN,
    )


def _ends_access_tokens(body: dict[str, Any], about: Issued) -> dict[str, Any]:
    """A refresh ends the access tokens that its grant had before."""
    for token in about.core.store.living_tokens() if about.refreshed else ():
        same = token.grant.family == about.grant.family
        if same and token.kind == "access" and token.value != body["access_token"]:
            about.core.store.retire_token(token.value)
    return body


def _none_at_all(issue: Issue, _exchange: Exchange) -> Issue:
    return replace(issue, refresh_token=False)


def _grant_unlisted(content: dict[str, Any], _request: Request) -> dict[str, Any]:
    scopes = [word for word in content["scopes_supported"] if word != "offline_access"]
    return content | {"grant_types_supported": ["authorization_code"], "scopes_supported": scopes}


LIBERTIES: tuple[Liberty, ...] = (
    telling(
        "refresh.ten_for_a_user_and_client",
        DISCRETION,
        OWN_AFFAIR,
        "the ten newest refresh tokens of a user and client live",
        group=KEPT,
        token_response=_newest_alone(10),
    ),
    Liberty(
        "refresh.one_for_a_user_and_client",
        DISCRETION,
        OWN_AFFAIR,
        Alteration(
            "refresh.one_for_a_user_and_client",
            DISCRETION,
            "a new refresh token ends the older ones of its user and client",
            tells={"token_response": _newest_alone(1)},
        ),
        group=KEPT,
        states={"refresh-token-lifetime": False},  # a newer one ends it before its time is over
    ),
    telling(
        "access_token.ten_for_a_user_and_client",
        "RFC 6749 §1.4",
        "What an access token stands for, and for how long, is enforced by the server.",
        "the ten newest access tokens of a user and client live",
        token_response=_newest_alone(10, "access"),
    ),
    checking(
        "refresh.replay_ends_all_of_the_client",
        ROTATION,
        "The server cannot tell who was attacked, and revokes; how much else, is not limited.",
        "a replaced refresh token that comes back ends all grants of its user and client",
        refresh__active=_replay_ends_all,
    ),
    Liberty(
        "refresh.scope_ignored",
        "RFC 6749 §3.3",
        "The server may ignore the scope that is asked for, and tells what it grants.",
        Alteration(
            "refresh.scope_ignored",
            "RFC 6749 §3.3",
            "a refresh grants all that was granted before, whatever scope it names, and tells it",
            {refresh.scope_not_wider.name: _scope_overlooked},
            {"issue": _scope_of_the_grant},
        ),
    ),
    _not_rotating(
        "refresh.no_rotation_with_credentials",
        "the refresh token of a client with credentials is used again and again",
    ),
    _not_rotating(
        "refresh.told_again_with_credentials",
        "the refresh token of a client with credentials stays, and each refresh tells it again",
        token_answer=_told_again,
    ),
    telling(
        "refresh.ends_access_tokens_before",
        "RFC 6749 §1.4",
        "What an access token stands for, and for how long, is enforced by the server.",
        "a refresh ends the access tokens that came before it",
        token_response=_ends_access_tokens,
    ),
    configured(
        "refresh.without_offline_access",
        "OpenID Connect Core §11",
        "Refresh tokens may be granted for other reasons than offline_access.",
        "a refresh token comes with every code",
        setting(refresh_requires_offline_access=False),
    ),
    Liberty(
        "refresh.none",
        "RFC 6749 §5.1",
        "A refresh token in the answer is optional.",
        Alteration(
            "refresh.none",
            "RFC 6749 §5.1",
            "no refresh token is issued, and the metadata does not list the grant",
            tells={"issue": _none_at_all, "metadata": _grant_unlisted},
        ),
        states={"refresh": False},
        takes_away=True,
    ),
    Liberty(
        "token.json_too",
        "RFC 6749 §4.1.3",
        "That parameters come as a form binds the client; what else a server reads is not said.",
        Alteration(
            "token.json_too",
            "RFC 6749 §4.1.3",
            "a token request may be JSON as well",
            {shape.form_encoded.name: json_declared},
            {"parameters": json_counts},
        ),
    ),
)
