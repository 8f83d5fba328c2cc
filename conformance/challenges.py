"""The challenges of WWW-Authenticate: RFC 9110 §11.2, §11.3 and §11.6.1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_END = r"(?=[ \t]*(?:,|$))"  # of a list element
_GAP = re.compile(r"[ \t,]*")
_PARAMETER = re.compile(
    rf'(?P<name>{_TOKEN})[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>{_TOKEN}))'
)
_SCHEME = re.compile(rf"(?P<scheme>{_TOKEN})(?:[ \t]+(?P<token68>[0-9A-Za-z._~+/-]+=*){_END})?")
_PAIR = re.compile(r"\\(.)")
_UNREADABLE = re.compile(r"[^,]*")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A scheme in lower case; its parameters in order, lower-case name and unquoted value."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()
    token68: str = ""

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.parameters if key == name), None)


def read_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge of the header's values, in order; what cannot be read is passed over.

    A header sent several times is one list (RFC 9110 §5.3). A parameter that no comma parts from
    the one before it is read all the same.
    """
    found: list[Challenge] = []
    for value in values:
        position = 0
        while (position := _end(_GAP, value, position)) < len(value):
            position = _read_one(value, position, found)
    return tuple(found)


def _read_one(value: str, position: int, found: list[Challenge]) -> int:
    """Read a parameter or the beginning of a challenge; gives the place behind it."""
    parameter = _PARAMETER.match(value, position)
    if parameter:
        if found:
            found[-1] = _with_parameter(found[-1], parameter)
        return parameter.end()
    scheme = _SCHEME.match(value, position)
    if scheme:
        found.append(Challenge(scheme["scheme"].lower(), token68=scheme["token68"] or ""))
        return scheme.end()
    return max(_end(_UNREADABLE, value, position), position + 1)


def _with_parameter(challenge: Challenge, read: re.Match[str]) -> Challenge:
    bare, quoted = read["bare"], read["quoted"]
    value = bare if quoted is None else _PAIR.sub(r"\1", quoted)
    parameters = (*challenge.parameters, (read["name"].lower(), value))
    return Challenge(challenge.scheme, parameters, challenge.token68)


def _end(pattern: re.Pattern[str], value: str, position: int) -> int:
    found = pattern.match(value, position)
    return found.end() if found else position
