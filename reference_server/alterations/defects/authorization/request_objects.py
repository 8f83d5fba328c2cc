"""Faults with request objects: RFC 9101, OpenID Connect Core §6."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import nothing, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.guards import request_objects

REFERRED = "RFC9101-6.3-only_what_is_referred_to"


def _unsigned_taken(asked: Authorization) -> None:
    signed = asked.request_object
    if signed is None or signed.header.get("alg") != "none":
        request_objects.signature.check(asked)


def _query_wins(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    return {**values, **{name: text for name, text in asked.parameters if name != "request"}}


def _state_of_query(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    return {**values, "state": dict(asked.parameters).get("state", "")}


def _redirect_uri_of_query(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    beside = dict(asked.parameters).get("redirect_uri")
    return {**values, "redirect_uri": beside} if beside else values


def _passed_over(_values: dict[str, str], asked: Authorization) -> dict[str, str]:
    return {name: text for name, text in asked.parameters if name != "request"}


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "request_object.unsigned_taken",
        "RFC9101-5-signed",
        "a request object that nobody signed is taken",
        request_object__signature=_unsigned_taken,
    ),
    telling(
        "request_object.query_wins",
        REFERRED,
        "what stands beside a request object counts before it",
        request_object_values=_query_wins,
    ),
    Alteration(
        "request_object.query_redirect_uri",
        REFERRED,
        "a redirect_uri beside a request object is where the answer goes",
        {"authorize.redirect_uri_registered": nothing},
        {"request_object_values": _redirect_uri_of_query},
    ),
    telling(
        "request_object.state_of_query",
        REFERRED,
        "the state beside a request object comes back",
        request_object_values=_state_of_query,
    ),
    telling(
        "request_object.passed_over",
        "RFC9101-6.3-parameters_extracted",
        "a request object is checked and passed over",
        request_object_values=_passed_over,
    ),
)
