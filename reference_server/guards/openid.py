"""What OpenID Connect asks of an authorization request: Core §3.1.2.2, §5.5, §6."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jwt

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.keys import SIGNATURE_ALONE
from tokenspec.reference_server.seams import Seam, seam

SUBJECTS: Seam[set[str], Authorization] = seam(
    "subjects", "the users a code may be for; empty where any will do"
)


@guard("authorize.no_request_object", "OIDCC-6.1-request_not_supported")
def no_request_object(request: Authorization) -> None:
    """OpenID Connect Core §6.1: request objects are not supported here, unless by policy."""
    if request.get("request") and not request.core.policy.request_objects:
        raise OAuthError("request_not_supported", "a request object")


@guard("authorize.no_request_uri", "OIDCC-6.2-request_uri_not_supported")
def no_request_uri(request: Authorization) -> None:
    """OpenID Connect Core §6.2: nor are request objects by reference."""
    if request.get("request_uri"):
        raise OAuthError("request_uri_not_supported", "a request_uri")


@guard("authorize.hint_issued", "OIDCC-3.1.2.2-id_token_hint_issuer")
def hint_issued(request: Authorization) -> None:
    """OpenID Connect Core §3.1.2.2: an id_token_hint was issued here; it may have expired."""
    if not request.get("id_token_hint"):
        return
    try:
        hint_signed(request)
    except jwt.PyJWTError as error:
        raise invalid_request(f"id_token_hint: {error}") from error


def hint_signed(request: Authorization) -> dict[str, Any]:
    """The claims of an id_token_hint that this server signed, however old.

    Raises:
        jwt.PyJWTError: it did not.
    """
    core = request.core
    claims: dict[str, Any] = jwt.decode(
        request.get("id_token_hint"),
        core.key.private_key.public_key(),
        algorithms=[core.key.algorithm, "RS256", "PS256"],
        issuer=core.config.issuer,
        options=SIGNATURE_ALONE,
    )
    return claims


@guard("authorize.claims_form", "OIDCC-3.1.2.2-error_response")
def claims_form(request: Authorization) -> None:
    """OpenID Connect Core §5.5: the claims parameter is a JSON object."""
    if request.get("claims") and not isinstance(_claims(request), dict):
        raise invalid_request("claims is not a JSON object")


@guard("authorize.acr_met", "OIDCC-5.5.1.1-acr_essential")
def acr_met(request: Authorization) -> None:
    """OpenID Connect Core §5.5.1.1: an essential acr has a value that no login has here."""
    wanted = dict(_places(request)).get("id_token", {}).get("acr")
    if not isinstance(wanted, dict) or wanted.get("essential") is not True:
        return
    if {"value", "values"} & set(wanted):
        raise OAuthError("access_denied", "no such acr")


def claims_asked(request: Authorization) -> tuple[str, ...]:
    """The names of the claims that the claims parameter asks for, of ID token and userinfo."""
    return tuple(name for _, members in _places(request) for name in members)


def subjects_asked(request: Authorization) -> set[str]:
    """The users a code may be for, by id_token_hint and claims; empty where any will do."""
    subjects = hinted_subjects(request)
    for place, members in _places(request):
        wanted = members.get("sub")
        named = place == "id_token" and isinstance(wanted, dict) and "value" in wanted
        if wanted and named:
            subjects.add(str(wanted["value"]))
    return request.core.tell(SUBJECTS, subjects, request)


def hinted_subjects(request: Authorization) -> set[str]:
    """The user that id_token_hint names, if there is one."""
    hinted = UnverifiedJwt.read(request.get("id_token_hint")).claims
    return {str(hinted["sub"])} if "sub" in hinted else set()


def _places(request: Authorization) -> Iterator[tuple[str, dict[str, Any]]]:
    asked = _claims(request)
    for place in ("id_token", "userinfo"):
        members = asked.get(place) if isinstance(asked, dict) else None
        if isinstance(members, dict):
            yield place, members


def _claims(request: Authorization) -> Any:
    try:
        return json.loads(request.get("claims") or "{}")
    except (ValueError, RecursionError):
        return None


OPENID = (no_request_object, no_request_uri, hint_issued, claims_form, acr_met)
