"""How hard what the server hands out is to guess, at best: RFC 6749 §10.10.

What is estimated is an upper bound: a text cannot hold more than its length and alphabet allow, and
what stands at the same place in every one of many holds nothing.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterator, Sequence
from itertools import dropwhile, zip_longest

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

ALPHABETS = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.digits + "abcdef-",
    string.digits + "ABCDEF-",
    string.digits + string.ascii_lowercase + "-_.~",
    string.digits + string.ascii_uppercase + "-_.~",
    string.digits + string.ascii_letters + "-_",
)
PRINTABLE = 95
HANDED_OUT = ("code", "access_token", "refresh_token")
REQUIRED, RECOMMENDED = 128, 160  # bits
ENOUGH = 8  # codes: that one of 32 random hexadecimal digits is the same in all is one in 10^7


@check("unguessable-128", Subject.CALLBACK, Subject.TOKENS)
def unguessable_128(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Codes and tokens have room for 128 random bits (RFC 6749 §10.10)."""
    yield from _short(played, REQUIRED)


@check("unguessable-160", Subject.CALLBACK, Subject.TOKENS)
def unguessable_160(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Codes and tokens have room for 160 random bits (RFC 6749 §10.10)."""
    yield from _short(played, RECOMMENDED)


@check("codes-unguessable-128", Subject.CALLBACK)
def codes_unguessable_128(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """What differs between the codes of a play has room for 128 random bits (RFC 6749 §10.10)."""
    codes = [step.received.get("code", "") for step in play.steps]
    codes = [code for code in codes if code]
    if len(codes) < ENOUGH or not played.received.get("code"):
        return
    bits = room_of_all(codes)
    if bits < REQUIRED - 0.5:
        yield f"{len(codes)} codes differ in places that have room for {bits:.0f} random bits"


@check("tokens-unguessable-128", Subject.TOKENS)
def tokens_unguessable_128(_p: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """What differs between the tokens of a play has room for 128 random bits (RFC 6749 §10.10)."""
    for name in ("access_token", "refresh_token"):
        told = (step.received.get(name) for step in play.steps)
        tokens = tuple({value: None for value in told if isinstance(value, str) and value})
        if len(tokens) >= ENOUGH and room_of_all(tokens) < REQUIRED - 0.5:
            bits = room_of_all(tokens)
            yield f"{len(tokens)} {name}s differ in places that have room for {bits:.0f} bits"


@check("code-is-new", Subject.CALLBACK)
def code_is_new(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A code is none that was handed out before, and not the next of a row (RFC 6749 §10.10)."""
    code = played.received.get("code", "")
    for earlier in transcript.steps:
        before = earlier.received.get("code", "")
        if earlier is played or not before:
            continue
        if code == before:
            yield "the code was handed out before"
        elif code[:-4] == before[:-4]:
            yield "the code differs from an earlier one in its last characters only"


def room(text: str) -> float:
    """The most random bits a text of this length and alphabet can hold."""
    fitting = (len(a) for a in ALPHABETS if set(text) <= set(a))
    return len(text) * math.log2(next(fitting, PRINTABLE))


def room_of_all(texts: Sequence[str]) -> float:
    """The same of texts made alike, where those places hold nothing that are the same in all.

    Of texts of different lengths only what they begin with alike is left out.
    """
    columns = ["".join(column) for column in zip_longest(*texts, fillvalue="")]
    if len(set(map(len, texts))) > 1:
        differing = list(dropwhile(_same, columns))
    else:
        differing = [column for column in columns if not _same(column)]
    return room("".join(differing)) / len(texts)


def _same(column: str) -> bool:
    return len(set(column)) == 1


def _short(played: Played, bits: int) -> Iterator[str]:
    for name in HANDED_OUT:
        value = played.received.get(name)
        if isinstance(value, str) and value and room(value) < bits - 0.5:
            yield f"{name} has room for {room(value):.0f} random bits"
