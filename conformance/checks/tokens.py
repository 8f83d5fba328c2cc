"""Codes, tokens and scopes as values: RFC 6749 §3.3, §6 and Appendix A."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

VSCHAR = re.compile(r"[\x20-\x7E]+")  # RFC 6749 Appendix A
UNKNOWN = "tokenspec-unknown"  # a word of scope that no server knows


def _syntax(played: Played, name: str, where: str) -> Iterator[str]:
    value = played.received.get(name)
    if isinstance(value, str) and not VSCHAR.fullmatch(value):
        yield f"{name} holds characters that {where} does not allow, or none at all"


@check("code-syntax", Subject.CALLBACK)
def code_syntax(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A code is printable ASCII (RFC 6749 Appendix A.11)."""
    yield from _syntax(played, "code", "Appendix A.11")


@check("access-token-syntax", Subject.TOKENS)
def access_token_syntax(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An access token is printable ASCII (RFC 6749 Appendix A.12)."""
    yield from _syntax(played, "access_token", "Appendix A.12")


@check("refresh-token-syntax", Subject.TOKENS)
def refresh_token_syntax(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A refresh token is printable ASCII (RFC 6749 Appendix A.17)."""
    yield from _syntax(played, "refresh_token", "Appendix A.17")


@check("scope-not-wider", Subject.TOKENS)
def scope_not_wider(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """No word of scope is granted that was not asked for (RFC 9700 §2.3)."""
    asked, granted = transcript.step("authorize"), _words(played)
    named = next(iter(asked.sent.get("scope", ())), None) if asked else None
    if isinstance(named, str) and granted is not None:
        yield from (f"{word} was not asked for" for word in sorted(granted - set(named.split())))


@check("refresh-token-replaced", Subject.TOKENS)
def refresh_token_replaced(
    _played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """The refresh before brought another refresh token than the one shown (RFC 9700 §4.14.2)."""
    before = transcript.step("refresh")
    if before and before.received.get("refresh_token") in (
        None,
        *before.sent.get("refresh_token", ()),
    ):
        yield "the refresh before brought no other refresh token, and this one still works"


@check("scope-kept", Subject.TOKENS)
def scope_kept(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A refresh without scope has the scope of the first grant (RFC 6749 §6)."""
    first, now = _words(transcript.step("token")), _words(played)
    if "scope" not in played.sent and first is not None and now is not None and first != now:
        yield "the scope is not the one that was granted at first"


@check("scope-not-exceeded", Subject.TOKENS)
def scope_not_exceeded(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """No later grant has a word of scope that the first one lacked (RFC 6749 §6)."""
    first, now = _words(transcript.step("token")), _words(played)
    if first is not None and now is not None:
        yield from (f"{word} was not granted at first" for word in sorted(now - first))


@check("scope-without-unknown", Subject.TOKENS)
def scope_without_unknown(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A word of scope that the server cannot know is not granted (RFC 6749 §3.3)."""
    if UNKNOWN in (_words(played) or ()):
        yield f"{UNKNOWN!r} was granted"


def _words(played: Played | None) -> frozenset[str] | None:
    """The words of the scope that an answer tells; None where it tells none."""
    shown = played.received.get("scope") if played else None
    return frozenset(shown.split()) if isinstance(shown, str) else None
