"""A target file of at most 16 lines, from what a server says of itself and what its user knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tokenspec.conformance.http import origin
from tokenspec.conformance.target.discovery import MEMBERS
from tokenspec.conformance.target.model import Client, Endpoints, Login

SCOPES = ("openid", "profile", "email", "offline_access")
PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_./:@+-]*( [a-z_]+)*")
SCHEMA = "target-1.schema.json"  # beside the file, where editors look for it
WORDS = ("true", "false", "null", "yes", "no", "~")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into the file. Names of variables stand where the file refers to secrets."""

    file: str
    issuer: str
    clients: tuple[Client, ...]  # `secret` holds the name of a variable; none: they are registered
    login: Login  # `password` and `cookies` hold the names of variables
    second_login: Login | None = None  # of another user
    endpoints: Endpoints = field(default_factory=Endpoints)
    scope: str = ""  # empty: what the metadata lists and a run can use
    ca_file: str = ""
    verify_tls: bool = True


def target_text(wanted: Wanted, metadata: Mapping[str, Any], preset: tuple[str, str]) -> str:
    """The file's text.

    Args:
        wanted: what the user said.
        metadata: what the server says; empty where it says nothing.
        preset: name and vendor of the preset that recognises the server; empty for none.
    """
    return "\n".join([*_lines(wanted, metadata, preset), ""])


def secret_names(wanted: Wanted) -> tuple[str, ...]:
    """The variables the file refers to."""
    named = [client.secret for client in wanted.clients]
    for login in _logins(wanted):
        named += [login.password, login.cookies]
    return tuple(dict.fromkeys(name for name in named if name))


def _lines(wanted: Wanted, metadata: Mapping[str, Any], preset: tuple[str, str]) -> Iterator[str]:
    exports = "".join(f"export {name}=… && " for name in secret_names(wanted))
    yield f"# yaml-language-server: $schema={SCHEMA}"
    yield "# A target of tokenspec: docs/target-file.md has every key, docs/login.md every login."
    yield f"# Next: {exports}tokenspec check {wanted.file}"
    yield "format: 1"
    yield f"issuer: {_scalar(wanted.issuer)}"
    yield from _clients(wanted)
    if wanted.second_login is None:
        yield f"login: {_login(wanted.login)}"
    else:
        yield "login:  # the second is another user of the same server"
        yield from (f"  - {_login(login)}" for login in _logins(wanted))
    yield f"scope: {_scalar(wanted.scope or _scope(metadata))}"
    given = {f.name: getattr(wanted.endpoints, f.name) for f in fields(Endpoints)}
    named = {name: url for name, url in given.items() if url}
    if named:
        yield f"endpoints: {_flow(named)}"
    hosts = _hosts(wanted, metadata)
    if hosts:
        yield f"hosts: [{', '.join(hosts)}]  # the metadata has endpoints there: are they yours?"
    if wanted.ca_file:
        yield f"network: {_flow({'ca_file': wanted.ca_file})}"
    if not wanted.verify_tls:
        yield "verify_tls: false  # every report says so"
    name, vendor = preset
    if name:
        yield f"# profile: {name}  # {vendor}, by its metadata: tells documented differences apart"


def _clients(wanted: Wanted) -> Iterator[str]:
    if not wanted.clients:
        yield "registration: {}  # clients are registered for each run and deleted after it"
        return
    yield "clients:  # the first is the main one; with more of them, more cases apply"
    for client in wanted.clients:
        yield f"  - client_id: {_scalar(client.client_id)}"
        if client.auth != "none":
            yield f"    auth: {client.auth}"
        if client.secret:
            yield f"    secret: {{env: {client.secret}}}"
        uris = ", ".join(_scalar(uri) for uri in client.redirect_uris)
        yield f"    redirect_uris: [{uris}]"


def _logins(wanted: Wanted) -> tuple[Login, ...]:
    return (wanted.login, *((wanted.second_login,) if wanted.second_login else ()))


def _login(login: Login) -> str:
    parts = [] if login.kind == "form" and login.username else [f"kind: {login.kind}"]
    if login.username:
        parts.append(f"username: {_scalar(login.username)}")
    if login.password:
        parts.append(f"password: {{env: {login.password}}}")
    if login.cookies:
        parts.append(f"cookies: {{env: {login.cookies}}}")
    if login.command:
        parts.append(f"command: [{', '.join(_scalar(word) for word in login.command)}]")
    if login.function:
        parts.append(f"function: {_scalar(login.function)}")
    return "{" + ", ".join(parts) + "}"


def _scope(metadata: Mapping[str, Any]) -> str:
    """What OpenID Connect defines of what is listed; without that, the first that is listed."""
    listed = metadata.get("scopes_supported")
    known = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    fit = " ".join(scope for scope in SCOPES if scope in known)
    if fit or not known or "id_token_signing_alg_values_supported" in metadata:
        return fit or "openid"
    return known[0]


def _hosts(wanted: Wanted, metadata: Mapping[str, Any]) -> list[str]:
    """Origins of the metadata's endpoints that are not the issuer's."""
    found = []
    for name, member in MEMBERS.items():
        url = metadata.get(member)
        named = getattr(wanted.endpoints, name) or name == "registration"
        if isinstance(url, str) and url.startswith(("https://", "http://")) and not named:
            found.append(origin(url))
    return [place for place in dict.fromkeys(found) if place != origin(wanted.issuer)]


def _flow(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in values.items()) + "}"


def _scalar(text: str) -> str:
    """A text as YAML reads it back; a JSON string is one."""
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS and not text[0].isdecimal()
    return text if plain else json.dumps(text, ensure_ascii=False)
