"""Introspection responses: RFC 7662 §2.2."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import StepKind

TEXTS = ("scope", "client_id", "username", "token_type", "sub", "iss", "jti")
TIMES = ("exp", "iat", "nbf")
YEAR_10000 = 253_402_300_800  # seconds since 1970; what is later counts something else


@check("introspection-types", Subject.INTROSPECTION)
def introspection_types(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """What is told of a live token has the types laid down, its times in seconds (§2.2)."""
    told = played.received
    yield from (
        f"{name} is not a string" for name in TEXTS if not isinstance(told.get(name, ""), str)
    )
    for name in TIMES:
        value = told.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{name} is not a whole number"
        elif value >= YEAR_10000:
            yield f"{name} is not in seconds"


@check("introspection-members", Subject.INTROSPECTION)
def introspection_members(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """What is told of a live token is what was granted (RFC 7662 §2.2)."""
    told = played.received
    if told.get("client_id", play.client_id) != play.client_id:
        yield "client_id is not the client the token was issued to"
    granted, scope = play.recall("token.scope"), told.get("scope")
    texts = [set(text.split()) for text in (granted, scope) if isinstance(text, str)]
    if len(texts) > 1 and texts[0] != texts[1]:
        yield "scope is not the scope that was granted"


@check("introspection-no-details", Subject.INTROSPECTION)
def introspection_no_details(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Of an inactive token nothing else is told (RFC 7662 §2.2)."""
    yield from (f"{name} is there" for name in played.received if name != "active")


@check("not-told-active", Subject.REFUSAL)
def not_told_active(_p: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """No introspection of the play called the token active that is refused here (RFC 7662 §4)."""
    asked = [one for one in play.steps if one.step.kind is StepKind.INTROSPECT]
    if asked and asked[-1].received.get("active") is True:
        yield "introspection had called it active"


@check("introspection-audience", Subject.INTROSPECTION)
def introspection_audience(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """`aud`, where told, holds the resource that was asked for (RFC 8707 §2, RFC 7662 §2.2)."""
    asked, told = play.recall("authorize.resource"), played.received.get("aud")
    if told is not None and asked not in (told if isinstance(told, list) else [told]):
        yield "aud does not name the resource that was asked for"
