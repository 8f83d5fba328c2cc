"""Token responses that lack a member, or have it wrong: RFC 6749 §5.1, RFC 9449 §5."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import (
    having,
    lacking,
    left_out,
    less,
    making,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.callback import Answered
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.messages import Headers, Refusal, Response
from tokenspec.reference_server.seams import Alter

DAY = 24  # in lifetimes of an hour


def _html(applies: bool) -> Alter:  # noqa: FBT001 - to a refusal, or to a success
    def alter(headers: Headers, refusal: Refusal | None) -> Headers:
        if (refusal is not None) is not applies:
            return headers
        return (("Content-Type", "text/html"), *less(headers, "Content-Type"))

    return alter


def _without(name: str) -> Alter:
    return lambda headers, _refusal: less(headers, name)


def _twice(text: str, _refusal: Refusal | None) -> str:
    """Every member of a JSON object comes twice."""
    return f"{text[:-1]}, {text[1:]}" if text.startswith("{") and len(text) > len("{}") else text


def _wide(answer: Response, _exchange: Exchange) -> Response:
    return replace(answer, body=answer.body.decode().encode("utf-16"))


def _with_scope(_body: object, about: Answered) -> dict[str, str]:
    return {} if about.error else {"scope": f"{about.request.get('scope')} phone".strip()}


def _created(answer: Response, _exchange: Exchange) -> Response:
    return replace(answer, status=201)


def _lifetime(change: Any) -> Alter:
    return making(lambda body, _about: {"expires_in": change(body["expires_in"])})


def _issuing(change: Any) -> Alter:
    """Other fields of what a token request brings, made by `change(issue, exchange)`."""

    def alter(issue: Issue, exchange: Exchange) -> Issue:
        return replace(issue, **change(issue, exchange))

    return alter


def _requested_scope(issue: Issue, exchange: Exchange) -> dict[str, Any]:
    asked = tuple(exchange.get("scope").split())
    if exchange.refreshing or not asked:
        return {}
    widened = replace(issue.grant, scope=asked)
    return {"grant": widened, "refresh_grant": widened, **_brought(widened.scope, exchange)}


def _narrowed_in_word(issue: Issue, exchange: Exchange) -> Issue:
    return replace(issue, grant=issue.refresh_grant) if exchange.refreshing else issue


def _asked_scope_told(answer: Response, exchange: Exchange) -> Response:
    if not exchange.get("scope"):
        return answer
    told = json.loads(answer.body) | {"scope": exchange.get("scope")}
    return replace(answer, body=json.dumps(told).encode())


def _brought(scope: tuple[str, ...], exchange: Exchange) -> dict[str, Any]:
    always = not exchange.core.policy.refresh_requires_offline_access
    return {"id_token": "openid" in scope, "refresh_token": always or "offline_access" in scope}


def _first_word(issue: Issue, exchange: Exchange) -> dict[str, Any]:
    if not exchange.refreshing or exchange.get("scope"):
        return {}
    first = issue.refresh_grant.scope[:1]
    return {"grant": replace(issue.grant, scope=first), "id_token": "openid" in first}


def _first_key(issue: Issue, exchange: Exchange) -> dict[str, Any]:
    """The key that the first bound token of the grant belongs to."""
    family = issue.grant.family
    bound = (t.jkt for t in exchange.core.store.tokens() if t.grant.family == family and t.jkt)
    first = next(bound, "")
    return {"jkt": first} if exchange.jkt and first else {}


def _with_refresh_token(_issue: Issue, exchange: Exchange) -> dict[str, Any]:
    return {} if exchange.refreshing else {"refresh_token": True}


def _without_refresh_token(_issue: Issue, exchange: Exchange) -> dict[str, Any]:
    asked = exchange.core.policy.refresh_requires_offline_access
    return {"refresh_token": False} if asked and not exchange.refreshing else {}


def _replaced_at_refresh(_issue: Issue, exchange: Exchange) -> dict[str, Any]:
    return {"refresh_token": True} if exchange.refreshing else {}


def _id_token_of_first(issue: Issue, _exchange: Exchange) -> dict[str, Any]:
    return {"id_token": issue.id_token and issue.grant.scope[:1] == ("openid",)}


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "response.no_store",
        "RFC6749-5.1-cache_control_no_store",
        "a token response forbids caching",
        json_headers=_without("Cache-Control"),
    ),
    left_out(
        "response.pragma",
        "RFC6749-5.1-pragma_no_cache",
        "a token response says so for old caches too",
        json_headers=_without("Pragma"),
    ),
    left_out(
        "response.json",
        "RFC6749-5.1-json_media_type",
        "a success is declared as JSON",
        json_headers=_html(applies=False),
    ),
    left_out(
        "error.json",
        "RFC6749-5.2-json_media_type",
        "an error is declared as JSON",
        json_headers=_html(applies=True),
    ),
    left_out(
        "response.members_once",
        "RFC6749-3.2-duplicate_response_member",
        "no member of a response comes twice",
        json_text=_twice,
    ),
    left_out(
        "response.utf8",
        "RFC8259-8.1-utf8",
        "a token response is encoded in UTF-8",
        token_answer=_wide,
    ),
    left_out(
        "response.no_mark",
        "RFC8259-8.1-no_bom",
        "no byte order mark stands before a JSON text",
        json_text=lambda text, _refusal: f"\ufeff{text}",
    ),
    left_out(
        "response.json_alone",
        "RFC8259-2-one_value",
        "nothing stands behind a JSON text",
        token_answer=lambda answer, _about: replace(answer, body=answer.body + b"<!-- 1 ms -->"),
    ),
    left_out(
        "response.status_200",
        "RFC6749-5.1-status_200",
        "a success has status 200",
        token_answer=_created,
    ),
    left_out(
        "response.access_token",
        "RFC6749-5.1-access_token",
        "access_token is a text",
        token_response=having(access_token=12345),
    ),
    left_out(
        "response.token_type",
        "RFC6749-5.1-token_type",
        "token_type is there",
        token_response=lacking("token_type"),
    ),
    left_out(
        "response.expires_in",
        "RFC6749-5.1-expires_in",
        "expires_in is there",
        token_response=lacking("expires_in"),
    ),
    left_out(
        "response.expires_in_number",
        "RFC6749-5.1-json_types",
        "expires_in is a number",
        token_response=_lifetime(str),
    ),
    left_out(
        "response.expires_in_digits",
        "RFC6749-A.14-expires_in_syntax",
        "expires_in is not negative",
        token_response=_lifetime(lambda seconds: -seconds),
    ),
    left_out(
        "dpop.short_lived",
        "RFC9449-11.2-long_lived_without_nonce",
        "a bound access token lives for an hour at most",
        token_response=_lifetime(lambda seconds: seconds * DAY),
    ),
    left_out(
        "response.scope",
        "RFC6749-5.1-scope_if_different",
        "the scope granted is told",
        token_response=lacking("scope"),
    ),
    telling(
        "scope.more_than_asked",
        "RFC9700-2.3-least_privilege",
        "everybody gets the scope phone, and is told so",
        granted_scope=lambda scope, _request: (*scope, "phone"),
    ),
    telling(
        "response.scope_in_callback",
        "RFC6749-5.1-scope_if_different",
        "everybody gets the scope phone, and is told so in the callback alone",
        granted_scope=lambda scope, _request: (*scope, "phone"),
        authorization_response=making(_with_scope),
        token_response=lacking("scope"),
    ),
    left_out(
        "token.scope_settled",
        "OIDCC-11-offline_consent_obtained",
        "a code exchange grants the scope consented to, whatever the request says",
        issue=_issuing(_requested_scope),
    ),
    telling(
        "refresh.narrowed_in_word",
        "RFC6749-3.3-scope_returned_if_different",
        "a refresh for less tells less, and its access token holds all that was granted",
        issue=_narrowed_in_word,
        token_answer=_asked_scope_told,
    ),
    left_out(
        "refresh.scope_whole",
        "RFC6749-6-scope_omitted_is_original",
        "a refresh without scope is one of all that was granted",
        issue=_issuing(_first_word),
    ),
    left_out(
        "refresh.scope_same",
        "RFC6749-6-new_refresh_same_scope",
        "a new refresh token has the scope of the one it replaces",
        issue=_issuing(lambda issue, _exchange: {"refresh_grant": issue.grant}),
    ),
    left_out(
        "token.scope_order",
        "RFC6749-3.3-order_irrelevant",
        "the order of scope means nothing",
        issue=_issuing(_id_token_of_first),
    ),
    left_out(
        "id_token.present",
        "OIDCC-3.1.3.3-id_token_member",
        "the scope openid brings an ID token",
        issue=_issuing(lambda _issue, _exchange: {"id_token": False}),
    ),
    left_out(
        "id_token.only_with_openid",
        "OIDCC-3.1.3.2-code_from_oidc_request",
        "no ID token without the scope openid",
        issue=_issuing(lambda _issue, _exchange: {"id_token": True}),
    ),
    left_out(
        "dpop.bound_token_type",
        "RFC9449-5-token_type_dpop",
        "a bound token is of type DPoP",
        token_response=having(token_type="Bearer"),
    ),
    left_out(
        "dpop.key_of_the_proof",
        "RFC9449-5-bound_to_proof_key",
        "a refreshed access token is bound to the key of the proof it was asked for with",
        issue=_issuing(_first_key),
    ),
    left_out(
        "dpop.refresh_free",
        "RFC9449-5-refresh_not_bound_confidential",
        "a confidential client's refresh token is not bound to a key",
        issue=_issuing(lambda _issue, exchange: {"refresh_jkt": exchange.jkt}),
    ),
    left_out(
        "dpop.refresh_bound",
        "RFC9449-5-refresh_bound_public",
        "a public client's refresh token is bound to its key",
        issue=_issuing(lambda _issue, _exchange: {"refresh_jkt": ""}),
    ),
    left_out(
        "refresh.kept",
        "FAPI2SP-5.3.2.1-no_refresh_rotation",
        "a refresh token is not replaced where the policy has it so",
        issue=_issuing(_replaced_at_refresh),
    ),
    left_out(
        "offline_access.scope_required",
        "AUTH0-Remarks-offline_access_refresh_token",
        "no refresh token without the scope offline_access",
        issue=_issuing(_with_refresh_token),
    ),
    left_out(
        "offline_access.given",
        "AUTH0-Remarks-offline_access_refresh_token",
        "the scope offline_access brings a refresh token",
        issue=_issuing(_without_refresh_token),
    ),
    left_out(
        "access_token.syntax",
        "RFC6749-A.12-access_token_syntax",
        "it is printable ASCII",
        token_value=lambda value, kind: f"t\u00f6ken-{value}" if kind == "access" else value,
    ),
    left_out(
        "refresh_token.syntax",
        "RFC6749-A.17-refresh_token_syntax",
        "it is printable ASCII",
        token_value=lambda value, kind: f"t\u00f6ken-{value}" if kind == "refresh" else value,
    ),
)
