"""Claims about the user, in ID tokens and at userinfo: OpenID Connect Core §5.1, §5.3.2, §13.3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tokenspec.conformance.checks.id_token import read_id_token
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import StepKind

# The JSON type of each standard claim (§5.1, table 1).
_TEXTS = """
sub name given_name family_name middle_name nickname preferred_username profile picture website
email gender birthdate zoneinfo locale phone_number
"""
TEXT_CLAIMS = tuple(_TEXTS.split())
BOOLEAN_CLAIMS = ("email_verified", "phone_number_verified")
BIRTHDATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2})?")  # the year alone is enough
FIFTY_YEARS = 50 * 365 * 24 * 3600  # seconds; what was updated later counts something else
# What each scope asks for (§5.4); one of them is enough to see that the scope has an effect.
SCOPE_CLAIMS = {
    "profile": ("name", "given_name", "family_name", "nickname", "preferred_username", "picture"),
    "email": ("email",),
    "address": ("address",),
    "phone": ("phone_number",),
}
# All that each of them asks for.
_OF_PROFILE = """
name family_name given_name middle_name nickname preferred_username profile picture website gender
birthdate zoneinfo locale updated_at
"""
ASKED_BY_SCOPE = {
    "profile": tuple(_OF_PROFILE.split()),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}


def _told(played: Played) -> Mapping[str, Any]:
    """The claims an answer tells: of its ID token, or at userinfo."""
    token = read_id_token(played)
    if token:
        return token.claims
    return played.received if played.step.kind is StepKind.USERINFO else {}


@check("claim-types", Subject.ID_TOKEN, Subject.CLAIMS)
def claim_types(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Every standard claim has the JSON type laid down for it (§5.1)."""
    claims = {name: value for name, value in _told(played).items() if value is not None}
    for name in TEXT_CLAIMS:
        if not isinstance(claims.get(name, ""), str):
            yield f"{name} is not a string"
    for name in BOOLEAN_CLAIMS:
        if not isinstance(claims.get(name, True), bool):
            yield f"{name} is not a boolean"
    updated = claims.get("updated_at", 0)
    if isinstance(updated, bool) or not isinstance(updated, int | float):
        yield "updated_at is not a number"
    elif updated > played.at + FIFTY_YEARS:
        yield "updated_at is more than fifty years ahead, or counts milliseconds"
    birthdate = claims.get("birthdate")
    if isinstance(birthdate, str) and birthdate and not BIRTHDATE.fullmatch(birthdate):
        yield "birthdate is neither YYYY-MM-DD nor YYYY"
    if not isinstance(claims.get("address", {}), Mapping):
        yield "address is not a JSON object"


@check("claims-not-empty", Subject.ID_TOKEN, Subject.CLAIMS)
def claims_not_empty(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No claim is null or an empty text (§5.3.2)."""
    yield from (f"{n} is null or empty" for n, v in _told(played).items() if v is None or v == "")


@check("no-null-members", Subject.TOKENS, Subject.METADATA)
def no_null_members(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No member of a JSON answer is null (§13.3)."""
    yield from (f"{name} is null" for name, value in played.received.items() if value is None)


@check("claims-of-scope", Subject.CLAIMS)
def claims_of_scope(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """Each of profile, email, address and phone that was granted tells a claim (§5.4)."""
    granted = transcript.recall("token.scope") or transcript.recall("authorize.scope") or ""
    for scope, names in SCOPE_CLAIMS.items():
        if scope in str(granted).split() and not any(name in _told(played) for name in names):
            yield f"nothing of the scope {scope} is told"


@check("claims-asked-for", Subject.CLAIMS)
def claims_asked_for(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """No standard claim is told that no scope asked for, and no nonce (§5.4)."""
    yield from _unasked(played, transcript)
    if "nonce" in _told(played):
        yield "nonce is there"


@check("id-token-asked-for", Subject.ID_TOKEN)
def id_token_asked_for(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """No standard claim is told in the ID token that no scope asked for (§5.4)."""
    yield from _unasked(played, transcript)


def _unasked(played: Played, transcript: Transcript) -> Iterator[str]:
    asked = str(transcript.recall("authorize.scope") or "").split()
    for scope, names in ASKED_BY_SCOPE.items():
        if scope not in asked:
            yield from (f"{name} was not asked for" for name in names if name in _told(played))


@check("userinfo-same-user", Subject.CLAIMS)
def userinfo_same_user(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """`sub` at userinfo is that of the ID token (§5.3.2)."""
    first = transcript.step("token")
    token = read_id_token(first) if first else None
    if token and played.received.get("sub") != token.claims.get("sub"):
        yield "sub is not that of the ID token"


@check("userinfo-another-user", Subject.CLAIMS)
def userinfo_another_user(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """`sub` at userinfo is not that of the first ID token, as the user is another (§5.7)."""
    first = transcript.step("token")
    token = read_id_token(first) if first else None
    if token and played.received.get("sub") == token.claims.get("sub"):
        yield "sub is that of the first user"


@check("userinfo-media-type", Subject.CLAIMS)
def userinfo_media_type(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Userinfo comes as application/json, or as a JWT declared as application/jwt (§5.3.2)."""
    response = played.response
    if response is None:
        return
    wanted = "application/jwt" if response.json_object() is None else "application/json"
    if response.media_type != wanted:
        yield f"the media type is {response.media_type or 'absent'}, the body that of {wanted}"
