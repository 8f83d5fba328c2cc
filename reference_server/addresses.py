"""Addresses as a DPoP proof names them, in one normal form."""

from __future__ import annotations

import re

# An absolute http(s) address without userinfo (RFC 3986 §3; printable ASCII only).
ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9._~-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[!-\"$->@-~]*)?"
    r"(?:[?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
DEFAULT_PORTS = {"https": "443", "http": "80"}
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


def normal_address(address: str) -> tuple[str, ...]:
    """Scheme, host, port and path as they are compared; empty where it is no web address.

    Query and fragment do not count (RFC 9449 §4.3). Spelling levelled by RFC 3986: §6.2.2.1 case,
    §6.2.2.2 percent-encoding, §6.2.2.3 dot segments, §6.2.3 default port and empty path.
    """
    found = ADDRESS.fullmatch(address)
    if found is None:
        return ()
    scheme = found["scheme"].lower()
    port = (found["port"] or "").lstrip("0") or ("0" if found["port"] else DEFAULT_PORTS[scheme])
    path = _without_dots(ESCAPED.sub(_unescaped, found["path"] or "/"))
    return (scheme, found["host"].lower(), port, path)


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if UNRESERVED.fullmatch(character) else escape[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 §5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
