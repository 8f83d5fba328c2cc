"""What revocation ends and what introspection tells: RFC 7009, RFC 7662."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import lacking, less
from tokenspec.reference_server.alterations.liberties.model import Liberty, checking, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import end_grants_alike
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.managing import (
    Ends,
    Managed,
    described,
    good,
    living,
    own,
)
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.errors import invalid_client, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import managing
from tokenspec.reference_server.messages import Request, Response

INTROSPECTION = "RFC 7662 §2.2"
NAMED_CALLER = "tokenspec-basic"
CALLERS = "A caller that may not know of a token is told that it is not active."
CONFIDENTIAL = (
    "A request to revoke includes the client's credentials; how a public client asks is left open."
)


def _all_of_it(ends: Ends, _about: Managed) -> Ends:
    return Ends.GRANT if ends is Ends.TOKEN else ends


def _said(answer: Response, _about: Managed) -> Response:
    headers = (*answer.headers, ("Content-Type", "application/json"))
    return replace(answer, headers=headers, body=b"{}")


def _said_of_the_dead(answer: Response, about: Managed) -> Response:
    if about.token is not None and about.token.active:
        return answer
    headers = (*answer.headers, ("Content-Type", "application/json"))
    return replace(answer, headers=headers, body=b'{"error": "invalid_token"}')


def _confidential_alone(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    if exchange.endpoint == "introspection" and exchange.public:
        raise invalid_client("public clients may not ask")


def _nothing_to_public(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    return {"active": False} if about.exchange.public else told


def _confidential_revokers(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    if exchange.endpoint == "revocation" and exchange.public:
        raise invalid_client("public clients may not revoke")


def _no_public_revokers(content: dict[str, Any], _request: object) -> dict[str, Any]:
    name = "revocation_endpoint_auth_methods_supported"
    if name not in content:
        return content
    return content | {name: [method for method in content[name] if method != "none"]}


def _anothers_refused(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    token = exchange.core.store.token(exchange.get("token"))
    known = exchange.endpoint == "revocation" and exchange.client is not None
    if known and token and not own(Managed(exchange, token)):
        raise invalid_grant("a token of another client")


def _all_of_the_client(ends: Ends, about: Managed) -> Ends:
    """With a refresh token all that the user let the client have."""
    if ends is Ends.GRANT and about.token:
        end_grants_alike(about.exchange.core.store, about.token.grant)
    return ends


def _named(about: Managed) -> bool:
    client = about.exchange.client
    return client is not None and client.client_id == NAMED_CALLER


def _to_named_caller(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    return told if _named(about) else {"active": False}


def _of_any_client(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    """What a resource is told: of every living token, whoever it was issued to."""
    token = about.token
    if token is None or not _named(about) or not living(about):
        return told
    return described(about.exchange.core, token)


def _access_tokens_alone(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    return told if about.token and about.token.kind == "access" else {"active": False}


def _get_too(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """Introspection by GET, its parameters in the query."""
    path = urlsplit(core.endpoint("introspection")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        if request.method != "GET":
            return route.answer(request)
        form = ("Content-Type", "application/x-www-form-urlencoded")
        body = urlsplit(request.url).query.encode()
        headers = (*less(request.headers, "Content-Type", "content-type"), form)
        return route.answer(replace(request, method="POST", headers=headers, body=body))

    return routes | {path: replace(route, answer=answer)}


def _nothing_without_credentials(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """Whoever shows no credentials is told that the token is not active, in place of an error."""
    path = urlsplit(core.endpoint("introspection")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        given = route.answer(request)
        shown = b"client_secret=" in request.body or b"client_assertion=" in request.body
        if shown or request.header("Authorization") or b"invalid_client" not in given.body:
            return given
        return replace(given, status=200, body=b'{"active": false}')

    return routes | {path: replace(route, answer=answer)}


def _more(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    if not good(about):
        return told
    return told | {"username": "alice", "nbf": 0, "jti": "4f1c", "tenant": "one"}


LIBERTIES = (
    telling(
        "revoke.access_ends_grant",
        "RFC 7009 §2.1",
        "With an access token its refresh token may be revoked as well.",
        "the end of an access token is that of its grant",
        ends=_all_of_it,
    ),
    telling(
        "revoke.with_a_body",
        "RFC 7009 §2.2",
        "What stands in the body of the answer is ignored.",
        "the answer of revocation is an empty JSON object",
        revocation_answer=_said,
    ),
    telling(
        "revoke.with_an_error_in_the_body",
        "RFC 7009 §2.2",
        "What stands in the body of the answer is ignored.",
        "a token that is none is answered with 200, and an error in the body",
        revocation_answer=_said_of_the_dead,
    ),
    telling(
        "introspect.more_members",
        INTROSPECTION,
        "An answer may have members of the server's own.",
        "introspection tells more than was asked for",
        introspection=_more,
    ),
    telling(
        "introspect.active_alone",
        INTROSPECTION,
        "All members but active are optional.",
        "introspection tells of an active token that it is, and its binding",
        introspection=lacking("client_id", "scope", "sub", "iss", "exp", "aud"),
    ),
    telling(
        "introspect.nothing_to_public_clients",
        "RFC 7662 §2.2",
        "A caller that may not know of a token is told that it is not active.",
        "a client without credentials is told that no token is active",
        introspection=_nothing_to_public,
    ),
    telling(
        "introspect.nothing_without_credentials",
        "RFC 7662 §2.2",
        CALLERS,
        "introspection by nobody is answered, and says that no token is active",
        routes=_nothing_without_credentials,
    ),
    checking(
        "introspect.confidential_clients_alone",
        "RFC 7662 §2.1",
        "The endpoint requires some form of authorization of its callers.",
        "a client without credentials may not use introspection",
        managing__token_present=_confidential_alone,
    ),
    telling(
        "introspect.token_type_any_case",
        INTROSPECTION,
        "token_type is as RFC 6749 §5.1 has it, and so case-insensitive.",
        "introspection writes token_type in small letters",
        introspection=lambda told, _about: (
            told | ({"token_type": told["token_type"].lower()} if "token_type" in told else {})
        ),
    ),
    telling(
        "introspect.audience_list",
        INTROSPECTION,
        "aud is a text, or a list of texts.",
        "introspection tells the audience as a list",
        introspection=lambda told, _about: told | ({"aud": [told["aud"]]} if "aud" in told else {}),
    ),
    Liberty(
        "revoke.confidential_clients_alone",
        "RFC 7009 §2.1",
        CONFIDENTIAL,
        Alteration(
            "revoke.confidential_clients_alone",
            "RFC 7009 §2.1",
            "a client without credentials may not use revocation",
            {managing.token_present.name: _confidential_revokers},
        ),
        states={"revocation-by-main": False},
        takes_away=True,
    ),
    Liberty(
        "revoke.confidential_clients_alone_as_told",
        "RFC 8414 §2",
        "The metadata lists the methods that the revocation endpoint supports.",
        Alteration(
            "revoke.confidential_clients_alone_as_told",
            "RFC 8414 §2",
            "a client without credentials may not use revocation, and the metadata says so",
            {managing.token_present.name: _confidential_revokers},
            {"metadata": _no_public_revokers},
        ),
        states={"revocation-by-main": False},
        takes_away=True,
    ),
    telling(
        "metadata.no_public_revocation",
        "RFC 8414 §2",
        "What a server lists need not be all that it takes.",
        "the metadata lists no method of public clients for revocation, though they may revoke",
        metadata=_no_public_revokers,
    ),
    checking(
        "revoke.anothers_token_refused",
        "RFC 7009 §2.1",
        "A request about another client's token is refused, and the client told so.",
        "the revocation of another client's token is answered with an error",
        managing__token_present=_anothers_refused,
    ),
    telling(
        "revoke.ends_all_of_the_client",
        "RFC 7009 §2.1",
        "By the server's policy related tokens and the underlying grant may end as well.",
        "the end of a refresh token ends all that the user let the client have",
        ends=_all_of_the_client,
    ),
    telling(
        "introspect.one_named_caller",
        INTROSPECTION,
        CALLERS,
        f"introspection tells {NAMED_CALLER} alone of tokens",
        group="callers",
        unmet=("introspection", "refresh-token-introspection"),
        introspection=_to_named_caller,
    ),
    Liberty(
        "introspect.nobody_of_the_run",
        INTROSPECTION,
        CALLERS,
        Alteration(
            "introspect.nobody_of_the_run",
            INTROSPECTION,
            "introspection tells of tokens those alone who are no clients of the run",
            tells={"introspection": lambda _told, _about: {"active": False}},
        ),
        group="callers",
        unmet=("introspection", "refresh-token-introspection"),
        takes_away=True,
    ),
    telling(
        "introspect.named_caller_knows_all",
        "RFC 7662 §4",
        "Who is specifically authorized to call may ask; whose tokens is not said.",
        f"introspection tells {NAMED_CALLER} of tokens of any client",
        group="callers",
        introspection=_of_any_client,
    ),
    Liberty(
        "introspect.access_tokens_alone",
        INTROSPECTION,
        CALLERS,
        Alteration(
            "introspect.access_tokens_alone",
            INTROSPECTION,
            "introspection tells of access tokens alone",
            tells={"introspection": _access_tokens_alone},
        ),
        unmet=("refresh-token-introspection",),
    ),
    telling(
        "introspect.get_too",
        "RFC 7662 §4",
        "A server may refuse GET; so it may take it.",
        "introspection may be asked by GET",
        routes=_get_too,
    ),
)
