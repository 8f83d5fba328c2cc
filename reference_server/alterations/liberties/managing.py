"""What revocation ends and what introspection tells: RFC 7009, RFC 7662."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import lacking
from tokenspec.reference_server.alterations.liberties.model import checking, telling
from tokenspec.reference_server.endpoints.managing import Ends, Managed, good
from tokenspec.reference_server.errors import invalid_client
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import managing
from tokenspec.reference_server.messages import Response

INTROSPECTION = "RFC 7662 §2.2"


def _all_of_it(ends: Ends, _about: Managed) -> Ends:
    return Ends.GRANT if ends is Ends.TOKEN else ends


def _said(answer: Response, _about: Managed) -> Response:
    headers = (*answer.headers, ("Content-Type", "application/json"))
    return replace(answer, headers=headers, body=b"{}")


def _confidential_alone(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    if exchange.endpoint == "introspection" and exchange.public:
        raise invalid_client("public clients may not ask")


def _nothing_to_public(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    return {"active": False} if about.exchange.public else told


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
)
