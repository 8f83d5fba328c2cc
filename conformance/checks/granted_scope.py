"""Whether a client is told of another scope than it asked for: RFC 6749 §3.3, §5.1."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.checks.id_token import read_jwt
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.checks.tokens import UNKNOWN
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import AT_TOKEN_ENDPOINT, StepKind

Words = frozenset[str]


@check("scope-told-if-different", Subject.TOKENS, Subject.INTROSPECTION)
def scope_told_if_different(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """A token of another scope than was asked for comes with that scope (RFC 6749 §5.1).

    Who introspects may be told less than was granted (RFC 7662 §2.2), and not every word has to
    stand in a JWT: of what is missing there only a word that no server knows says anything.
    """
    token, asked = play.step("token"), asked_for(play)
    if token is None or asked is None or "scope" in token.received:
        return
    for place, held in (*_in_callback(play), *_shown(played, token)):
        more, unknown = sorted(held - asked), UNKNOWN in asked - held
        if more:
            yield f"scope is not told, and {place} {more[0][:40]!r}, which was not asked for"
        elif unknown:
            yield f"scope is not told, and {place} no {UNKNOWN!r}, which was asked for"


@check("scope-held-was-told", Subject.TOKENS, Subject.INTROSPECTION)
def scope_held_was_told(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """No access token holds a word of scope that its response does not tell (RFC 6749 §3.3).

    Without a word of scope in the response it is what was asked for. The other way round says
    nothing: who introspects may be told less than was granted (RFC 7662 §2.2).
    """
    tokens = [one for one in play.steps if one.step.kind in AT_TOKEN_ENDPOINT]
    if not tokens:
        return
    given = tokens[-1]
    told = _words(given.received.get("scope", next(iter(given.sent.get("scope", ())), None)))
    if told is None:
        return
    for place, held in _shown(played, given):
        if more := sorted(held - told):
            yield f"{place} {more[0][:40]!r}, which was neither told nor asked for"


def asked_for(play: Transcript) -> Words | None:
    """The words of scope that the authorization request named; None where it named none."""
    asked = play.step("authorize")
    return _words(next(iter(asked.sent.get("scope", ())), None)) if asked else None


def _in_callback(play: Transcript) -> Iterator[tuple[str, Words]]:
    authorized = play.step("authorize")
    held = _words(authorized.received.get("scope")) if authorized else None
    if held is not None:
        yield "the callback has", held


def _shown(played: Played, token: Played) -> Iterator[tuple[str, Words]]:
    """Where the scope that a token holds can be seen."""
    read = read_jwt(token.received.get("access_token"))
    introspected = played.received if played.step.kind is StepKind.INTROSPECT else {}
    places = {
        "the access token has": read.claims.get("scope") if read else None,
        "introspection shows": introspected.get("scope"),
    }
    for place, value in places.items():
        held = _words(value)
        if held is not None:
            yield place, held


def _words(scope: object) -> Words | None:
    return frozenset(scope.split()) if isinstance(scope, str) else None
