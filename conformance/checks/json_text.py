"""How the JSON of an answer is written out: RFC 8259 §2, §8.1."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECODER = json.JSONDecoder()


@check("json-is-utf-8", Subject.JSON)
def json_is_utf_8(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A JSON text is encoded in UTF-8 (RFC 8259 §8.1)."""
    body = _body(played)
    if body.startswith(WIDE) or b"\0" in body[:2]:
        yield "the JSON text is encoded in UTF-16 or UTF-32"
    elif not _legible(body):
        yield "the JSON text is not UTF-8"


@check("json-without-mark", Subject.JSON)
def json_without_mark(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No byte order mark stands before a JSON text (RFC 8259 §8.1)."""
    if _body(played).startswith(codecs.BOM_UTF8):
        yield "a byte order mark stands before the JSON text"


@check("json-alone", Subject.JSON)
def json_alone(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Nothing but white space stands behind a JSON text (RFC 8259 §2)."""
    body = _body(played).removeprefix(codecs.BOM_UTF8)
    if not _legible(body):
        return
    text = body.decode().lstrip()
    try:
        _, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return  # no JSON at all, which error-is-json and others tell
    if text[end:].strip(" \t\r\n"):
        yield "more stands behind the JSON text"


def _body(played: Played) -> bytes:
    return played.response.body if played.response else b""


def _legible(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
