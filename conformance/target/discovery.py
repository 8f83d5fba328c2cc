"""What a server says of itself: OpenID Connect Discovery §4 and RFC 8414 §3."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.http import Request, Response, Transport, origin
from tokenspec.conformance.target.model import CERTIFICATE_METHODS, Endpoints, Target
from tokenspec.conformance.target.proxied import proxied
from tokenspec.conformance.texts import legible

OK = 200
TAGS = re.compile(r"<[^>]*>")
MOST_TEXT, FIRST_WORDS = 2_000, 60  # characters that are read of a wrong answer, and shown
MEMBERS = {
    "authorization": "authorization_endpoint",
    "token": "token_endpoint",
    "par": "pushed_authorization_request_endpoint",
    "userinfo": "userinfo_endpoint",
    "revocation": "revocation_endpoint",
    "introspection": "introspection_endpoint",
    "jwks": "jwks_uri",
    "logout": "end_session_endpoint",
    "registration": "registration_endpoint",
}
ALIASES = "mtls_endpoint_aliases"  # RFC 8705 §5
NEEDED = ("authorization", "token")


@dataclass(frozen=True, slots=True)
class Discovered:
    """The metadata as found, where it was found, and the endpoints that follow."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""  # URL of the document; empty where there is none
    digest: str = ""  # SHA-256 of the document as received, in hexadecimal
    endpoints: Endpoints = field(default_factory=Endpoints)


def discover(target: Target, transport: Transport) -> Discovered:
    """Read the target's metadata; what the file says of endpoints wins.

    Raises:
        Unreachable: the server does not answer.
        TargetUnusable: there is no metadata and the file names no endpoints, or the metadata leads
            to a host that the file does not name.
    """
    found = find_metadata(target.issuer, transport)
    metadata = found.document
    endpoints = _without_strange_logout(target, _endpoints(target, metadata))
    missing = [name for name in NEEDED if not getattr(endpoints, name)]
    if missing:
        raise _nowhere(found, missing)
    _refuse_strangers(target, endpoints, metadata.get("issuer"))
    return Discovered(metadata, found.source, found.digest, endpoints)


def _nowhere(found: Metadata, missing: list[str]) -> TargetUnusable:
    """What to say where an endpoint is known by neither the metadata nor the target file."""
    none = f"no {' and no '.join(missing)} endpoint is known"
    if not found.source:
        return TargetUnusable(
            f"{none}; metadata was looked for at {looked_for(found)}",
            "is 'issuer' right? A server without metadata needs 'endpoints:' in the target file",
        )
    listed = (
        f"{member} is {legible(str(found.document[member]))!r}, which is not an absolute URL"
        if member in found.document
        else f"{member} is missing"
        for member in map(MEMBERS.__getitem__, missing)
    )
    right = ", ".join(f"{name}: …" for name in missing)
    return TargetUnusable(
        f"{none}: in the metadata at {found.source} {' and '.join(listed)}",
        "the metadata has to name it (RFC 8414 §2): have the server tell it, or name it under "
        f"'endpoints: {{{right}}}' and test what is there",
    )


def looked_for(found: Metadata) -> str:
    """Where metadata was looked for, and what each place answered instead."""
    return "; ".join(found.seen or (found.source,))


def metadata_urls(issuer: str) -> tuple[str, str]:
    """Where metadata is looked for: appended to the issuer, and put before its path."""
    trimmed = issuer.rstrip("/")
    parts = urlsplit(trimmed)
    root = f"{parts.scheme}://{parts.netloc}"
    return (
        f"{trimmed}/.well-known/openid-configuration",
        f"{root}/.well-known/oauth-authorization-server{parts.path}",
    )


def well_known_url(issuer: str, word: str) -> str:
    """The address that ends in `word`, of the two that metadata is looked for at."""
    return next(url for url in metadata_urls(issuer) if f"/.well-known/{word}" in url)


def allowed_origins(target: Target, discovered: Discovered) -> frozenset[str]:
    """Every origin the harness may talk to: those of the file, and of endpoints it allowed."""
    unused = ("registration",) if target.registration is None else ()
    names = (item.name for item in fields(Endpoints) if item.name not in unused)
    found = (getattr(discovered.endpoints, name) for name in names)
    return _named_origins(target) | {origin(url) for url in found if url}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of an issuer.

    Attributes:
        document: as it was found; empty where there is none.
        source: the URL it was found at; empty where there is none.
        digest: SHA-256 of the document as received, in hexadecimal.
        seen: where there is none, what each place answered, in words.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    digest: str = ""
    seen: tuple[str, ...] = ()


def find_metadata(issuer: str, transport: Transport) -> Metadata:
    """The metadata of an issuer, at the first place that has it (RFC 8414 §3, OpenID Discovery §4).

    Raises:
        Unreachable: the server does not answer.
    """
    seen = []
    for url in metadata_urls(issuer):
        response = transport.send(Request("GET", url, (("Accept", "application/json"),)))
        document = response.json_object()
        if response.status == OK and document is not None:
            return Metadata(document, url, hashlib.sha256(response.body).hexdigest())
        seen.append(f"{url}: {_in_words(response)}")
    return Metadata(seen=tuple(seen))


def _in_words(response: Response) -> str:
    """Status, where a redirect leads, media type and first words of what is not metadata."""
    said = [f"status {response.status}"]
    location = response.header("Location")
    if location:
        said.append(f"redirects to {legible(location)}")
    if response.media_type:
        said.append(legible(response.media_type))
    encoding = response.header("Content-Encoding") or "identity"
    if encoding.lower() != "identity":
        return ", ".join((*said, f"encoded as {legible(encoding)}, which was not asked for"))
    words = " ".join(legible(TAGS.sub(" ", response.text[:MOST_TEXT])).split())
    if response.media_type == "application/json" and response.status == OK:
        said.append("not a JSON object")
    if words:
        said.append(f"{words[:FIRST_WORDS]!r}")
    return ", ".join(said)


def _endpoints(target: Target, metadata: Mapping[str, Any]) -> Endpoints:
    found = {}
    aliases = metadata.get(ALIASES) if _by_certificate(target) else None
    listing = {**metadata, **(aliases if isinstance(aliases, dict) else {})}
    for name, member in MEMBERS.items():
        listed = listing.get(member)
        usable = isinstance(listed, str) and listed.startswith(("https://", "http://"))
        found[name] = getattr(target.endpoints, name) or (str(listed) if usable else "")
    return replace(target.endpoints, **found)


def _without_strange_logout(target: Target, endpoints: Endpoints) -> Endpoints:
    """Nothing rests on logouts: one at a host that the file does not name is left alone."""
    known = not endpoints.logout or origin(endpoints.logout) in _named_origins(target)
    return endpoints if known else replace(endpoints, logout="")


def _by_certificate(target: Target) -> bool:
    """RFC 8705 §5: a client that authenticates by certificate uses the aliases."""
    return bool(target.clients) and target.main.auth in CERTIFICATE_METHODS


def _refuse_strangers(target: Target, endpoints: Endpoints, named: Any) -> None:
    """The harness talks only to hosts the target file names; metadata may not add one silently."""
    known = _named_origins(target)
    for name, member in MEMBERS.items():
        url = getattr(endpoints, name)
        unused = name == "registration" and target.registration is None
        if url and origin(url) not in known and not unused:
            place = origin(url)
            text = f"the metadata's {member} is at {place}, a host the target file does not name"
            hint = f"if it belongs to the target, add it:  hosts: [{place}]"
            if isinstance(named, str) and named and named != target.issuer:
                text += f"; it names the issuer {named!r}, the target file {target.issuer!r}"
                hint = f"say 'issuer: {named}', if that is the server's right name; else {hint}"
                line = proxied(named, target.issuer)
                hint += (
                    f"; where a proxy in front of it answers to that name, {line}" if line else ""
                )
            raise TargetUnusable(text, hint)


def _named_origins(target: Target) -> frozenset[str]:
    return frozenset(origin(url) for url in _named_urls(target))


def _named_urls(target: Target) -> Iterator[str]:
    yield target.issuer
    yield from target.hosts
    yield from target.login.hosts
    yield from target.second_login.hosts if target.second_login else ()
    for item in fields(Endpoints):
        url = getattr(target.endpoints, item.name)
        if url:
            yield url
