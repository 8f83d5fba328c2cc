"""The redirect URIs of a client, by what makes each of them special."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from tokenspec.conformance.http import is_loopback
from tokenspec.conformance.target.model import Client

WEB = ("https", "http")


def registered(which: str, client: Client, second: Client | None = None) -> tuple[str, ...]:
    """The redirect URIs of `client` that a word of the operator `registered` stands for.

    Args:
        which: a word of `operators.REGISTERED`.
        client: whose they are.
        second: the client `of-second` speaks of.
    """
    uris = client.redirect_uris
    if which == "of-second":
        return tuple(u for u in (second.redirect_uris if second else ()) if u not in uris)
    fits: dict[str, Callable[[str], bool]] = {
        "first": lambda uri: uri == uris[0],
        "other": lambda uri: uri != uris[0] and "?" not in uri,
        "loopback": lambda uri: _host(uri) == "127.0.0.1",
        "loopback-ipv6": lambda uri: _host(uri) == "::1",
        "localhost": lambda uri: _host(uri) == "localhost",
        "private-scheme": lambda uri: urlsplit(uri).scheme not in WEB,
        "with-query": lambda uri: "?" in uri,
    }
    return tuple(uri for uri in uris if fits[which](uri))


def answered_at(asked: Iterable[object], registered: tuple[str, ...]) -> str:
    """Where the answer may go: a registered URI asked for, else the first registered.

    The port of a loopback redirect URI is free (RFC 8252 §7.3).
    """
    for value in asked:
        loopback = is_loopback(str(value)) and any(is_loopback(uri) for uri in registered)
        if value in registered or loopback:
            return str(value)
    return registered[0] if registered else ""


def on_the_web(uri: str) -> bool:
    """Whether a URI is at a host of its own, so that its port is part of what is compared."""
    return urlsplit(uri).scheme in WEB and not is_loopback(uri)


def has_origin(uri: str) -> bool:
    """Whether scripts of a page at a URI have an origin that browsers tell (RFC 6454 §4)."""
    return urlsplit(uri).scheme in WEB and bool(_host(uri))


def has_path(uri: str) -> bool:
    """Whether a URI goes on behind its host."""
    return urlsplit(uri).path not in ("", "/")


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""
