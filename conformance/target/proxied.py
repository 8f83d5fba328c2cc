"""A server behind a proxy that ends TLS: the one line of a target file that reaches it."""

from __future__ import annotations

from urllib.parse import urlsplit

FORWARDED = "headers: {X-Forwarded-Proto: https}"


def proxied(named: str, reached: str) -> str:
    """What to say of a server that is asked at `reached` and takes itself to be `named`; or ''.

    That is so where it says https and is reached by http: its own name is the issuer, and requests
    say what the proxy would say.
    """
    own, asked = urlsplit(named), urlsplit(reached)
    if own.scheme != "https" or asked.scheme != "http":
        return ""
    return (
        f"say 'issuer: {named}' and 'network: {{address: \"{_place(reached)}\", plain_http: true, "
        f"{FORWARDED}}}'"
    )


def plainly() -> str:
    """What to say where an https address is answered in http."""
    return f"where a proxy ends TLS in front of it: 'network: {{plain_http: true, {FORWARDED}}}'"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc if parts.port else f"{parts.netloc}:80"
