"""An exchange as a curl command that can be pasted into a shell.

Secrets are not in a record, so that their fingerprints become variables to be set first. All else
is quoted: nothing that a server sent can run in the reader's shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from tokenspec.reports.comparison import pairs
from tokenspec.reports.record import Line

FINGERPRINT = re.compile(r"‹([a-z_]+) [0-9a-f]{10}›")
LEFT_OUT = ("accept", "content-length", "host", "connection", "accept-encoding", "user-agent")


def curl(exchange: Line) -> str:
    """The request of an exchange, one option a line; variables stand for its secrets."""
    method, address = quote(exchange["method"]), quote(exchange["url"], space="%20")
    lines = [f"curl --include --globoff --request {method} {address}"]
    for name, value in exchange["request_headers"]:
        if name.lower() not in LEFT_OUT:
            lines.append(f"--header {quote(f'{name}: {value}')}")
    lines += _body(exchange)
    return " \\\n  ".join(lines)


def variables(exchange: Line) -> tuple[str, ...]:
    """The variables that the command of an exchange needs."""
    headers = "\n".join(value for _, value in exchange["request_headers"])
    whole = "\n".join((exchange["url"], headers, exchange["request_body"]))
    return tuple(dict.fromkeys(name.upper() for name in FINGERPRINT.findall(whole)))


def quote(text: str, *, space: str = " ") -> str:
    """`text` as one word of a shell, with fingerprints as variables; how a space is written."""
    parts, end = [], 0
    for found in FINGERPRINT.finditer(text):
        before = text[end : found.start()].replace(" ", space)
        parts += [_literal(before), f'"${found.group(1).upper()}"']
        end = found.end()
    parts.append(_literal(text[end:].replace(" ", space)))
    return "".join(parts) or "''"


def _literal(text: str) -> str:
    return shlex.quote(text) if text else ""


def _body(exchange: Line) -> Iterator[str]:
    body = exchange["request_body"]
    kind = next((v for n, v in exchange["request_headers"] if n.lower() == "content-type"), "")
    given = pairs(body)
    form = kind.startswith("application/x-www-form-urlencoded")
    if form and all(name and "@" not in name for name, _ in given) and "=" in body:
        yield from (f"--data-urlencode {quote(f'{name}={value}')}" for name, value in given)
    elif body:
        yield f"--data-raw {quote(body)}"
