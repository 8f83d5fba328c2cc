"""Revocation that ends too little or too much, introspection that tells it: RFC 7009, RFC 7662."""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.alterations.building import (
    being,
    lacking,
    left_out,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.answers import json_answer
from tokenspec.reference_server.endpoints.managing import (
    Ends,
    Managed,
    described,
    end_of,
    good,
    living,
)
from tokenspec.reference_server.messages import Response
from tokenspec.reference_server.seams import Alter

Told = dict[str, Any]


def _hint_obeyed(ends: Ends, about: Managed) -> Ends:
    hinted = about.exchange.get("token_type_hint").removesuffix("_token")
    missed = about.token and hinted and about.token.kind != hinted
    return Ends.NOTHING if missed else ends


def _by_hint_alone(kind: str) -> Alter:
    """A token of this kind is found where it is named, and others by themselves."""

    def alter(ends: Ends, about: Managed) -> Ends:
        hinted = about.exchange.get("token_type_hint") == f"{kind}_token"
        missed = about.token and about.token.kind == kind and not hinted
        return Ends.NOTHING if missed else ends

    return alter


def _refuses_the_dead(answer: Response, about: Managed) -> Response:
    if about.token and about.token.active:
        return answer
    return json_answer(about.exchange.core, 400, {"error": "invalid_request"})


def _instead(wrong: dict[Ends, Ends]) -> Any:
    return lambda ends, _about: wrong.get(ends, ends)


def _anybodys(_ends: Ends, about: Managed) -> Ends:
    return end_of(about.token) if about.token else Ends.NOTHING


def _dead_active(told: Told, about: Managed) -> Told:
    return told if good(about) else told | {"active": True}


def _living_inactive(told: Told, about: Managed) -> Told:
    return told | {"active": False} if good(about) else told


def _of_others(told: Told, about: Managed) -> Told:
    token = about.token
    return described(about.exchange.core, token) if token and living(about) else told


def _details_of_the_dead(told: Told, about: Managed) -> Told:
    if about.token is None or good(about):
        return told
    return described(about.exchange.core, about.token) | told


def _bearer(told: Told, _about: Managed) -> Told:
    return told | ({"token_type": "Bearer"} if "token_type" in told else {})


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "revoke.kills",
        "RFC7009-2.1-immediate",
        "a revoked token is dead",
        ends=being(Ends.NOTHING),
    ),
    left_out(
        "revoke.hint_is_a_hint",
        "RFC7009-2.1-hint_extends_search",
        "a token is found whatever token_type_hint says",
        ends=_hint_obeyed,
    ),
    telling(
        "revoke.refresh_token_by_hint",
        "RFC7009-2-refresh_tokens",
        "a refresh token is found where the hint says that it is one",
        ends=_by_hint_alone("refresh"),
    ),
    telling(
        "revoke.access_token_by_hint",
        "RFC7009-2-access_tokens",
        "an access token is found where the hint says that it is one",
        ends=_by_hint_alone("access"),
    ),
    left_out(
        "revoke.unknown_is_fine",
        "RFC7009-2.2-invalid_token_200",
        "revoking nothing is no error",
        revocation_answer=_refuses_the_dead,
    ),
    left_out(
        "revoke.cascades",
        "RFC7009-2.1-refresh_cascades",
        "with a refresh token its access tokens end",
        ends=_instead({Ends.GRANT: Ends.TOKEN}),
    ),
    left_out(
        "revoke.access_alone",
        "RFC7009-2.1-access_cascades",
        "the end of an access token leaves its refresh token alone",
        ends=_instead({Ends.TOKEN: Ends.GRANT}),
    ),
    left_out(
        "revoke.own_only",
        "RFC7009-2.1-token_of_other_client",
        "a client revokes its own tokens only",
        ends=_anybodys,
    ),
    left_out(
        "introspect.inactive",
        "RFC7662-2.2-inactive",
        "a token that is not good is inactive",
        introspection=_dead_active,
    ),
    left_out(
        "introspect.active",
        "RFC7662-2.2-active_boolean",
        "a good token is active",
        introspection=_living_inactive,
    ),
    left_out(
        "introspect.own_only",
        "RFC7662-4-callers_authorized",
        "a client is told of its own tokens only",
        introspection=_of_others,
    ),
    left_out(
        "introspect.inactive_alone",
        "RFC7662-2.2-inactive_no_details",
        "of an inactive token nothing else is told",
        introspection=_details_of_the_dead,
    ),
    left_out(
        "introspect.cnf",
        "RFC9449-6.2-introspection_cnf",
        "the key of a bound token is told",
        introspection=lacking("cnf"),
    ),
    left_out(
        "introspect.token_type",
        "RFC9449-6.2-introspection_token_type",
        "a bound token is told to be of type DPoP",
        introspection=_bearer,
    ),
)
