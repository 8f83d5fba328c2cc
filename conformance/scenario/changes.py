"""Reading what a step changes; and several sets of changes made one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tokenspec.conformance.documents import Marked, Reader, suggest
from tokenspec.conformance.scenario.bases import CLIENT_NEEDS, OPERATOR_NEEDS
from tokenspec.conformance.scenario.model import (
    NOTHING,
    Change,
    Changes,
    ClientAuthChanges,
    HttpChanges,
    JwtChanges,
    Pkce,
)
from tokenspec.conformance.scenario.operators import OPERATORS, argument_problem

SIGN_WITH = ("other-key", "public-key-as-secret", "key-in-header", "client-secret", "nothing")
KEYS = ("other",)
ALGORITHMS = ("ES256", "ES384", "RS256", "RS256-1024", "PS256", "EdDSA")
CLIENT_ROLES = ("main", *CLIENT_NEEDS)
AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post", "both")
METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS")
ENCODINGS = ("form", "form-lower-case", "multipart", "json", "query")
BASIC_ENCODINGS = ("raw", "lower-case")
SCHEMES = ("Bearer", "bearer", "DPoP", "dpop", "Basic", "basic")
PKCE_METHODS = ("S256", "plain", "none")

JWT_TEXTS = ("header_text", "claims_text", "signature")
JWT_KEYS = ("header", "claims", *JWT_TEXTS, "sign_with", "key", "alg", "reuse")
CLIENT_AUTH_KEYS = ("client", "method", "secret", "encoding", "assertion")
HTTP_KEYS = (
    "method", "encoding", "content_type", "authorization_scheme", "access_token_in", "after",
    "at_once", "well_known", "unpushed",
)  # fmt: skip
WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")
TOKEN_PLACES = ("header", "body", "query", "header-and-body")
LIFETIMES = ("code", "access-token", "refresh-token", "dpop-nonce", "request-uri")
MOMENT = "moment"  # long enough for whole seconds to differ
NEXT_SECOND = "next-second"  # when one begins, so that what follows is done within it
AFTER = (*LIFETIMES, MOMENT, NEXT_SECOND)
PKCE_KEYS = ("method", "length", "characters")
REQUEST_KEYS = ("headers", "dpop", "request_object", "client_auth", "http")


def read_change(reader: Reader, at: Marked, *, text_only: bool) -> Change:
    """One value of a change place: a literal, or exactly one operator."""
    if isinstance(at.value, dict):
        return _read_operator(reader, at)
    if text_only and not isinstance(at.value, str):
        reader.problem(at, f"a parameter is text, found {at.plain!r}", "put it in quotes")
    return Change("value", at.plain)


def read_change_map(reader: Reader, at: Marked, *, text_only: bool = True) -> dict[str, Change]:
    """A mapping from parameter, header or claim name to its change."""
    fields = reader.mapping(at)
    return {name: read_change(reader, value, text_only=text_only) for name, value in fields.items()}


def read_jwt_changes(reader: Reader, at: Marked) -> JwtChanges:
    """The `dpop`, `request_object` and `client_auth.assertion` places."""
    fields = reader.mapping(at, allowed=JWT_KEYS)
    texts = {
        name: read_change(reader, fields[name], text_only=True)
        for name in JWT_TEXTS
        if name in fields
    }
    return JwtChanges(
        header=_map(reader, fields, "header"),
        claims=_map(reader, fields, "claims"),
        **texts,
        sign_with=_choice(reader, fields, "sign_with", SIGN_WITH),
        key=_choice(reader, fields, "key", KEYS),
        alg=_choice(reader, fields, "alg", ALGORITHMS),
        reuse=reader.boolean(fields["reuse"]) if "reuse" in fields else False,
    )


def read_client_auth(reader: Reader, at: Marked) -> ClientAuthChanges:
    """The `client_auth` place."""
    fields = reader.mapping(at, allowed=CLIENT_AUTH_KEYS)
    secret, assertion = fields.get("secret"), fields.get("assertion")
    return ClientAuthChanges(
        client=_choice(reader, fields, "client", CLIENT_ROLES),
        method=_choice(reader, fields, "method", AUTH_METHODS),
        secret=read_change(reader, secret, text_only=True) if secret else None,
        encoding=_choice(reader, fields, "encoding", BASIC_ENCODINGS),
        assertion=read_jwt_changes(reader, assertion) if assertion else None,
    )


def read_http(reader: Reader, at: Marked) -> HttpChanges:
    """The `http` place."""
    fields = reader.mapping(at, allowed=HTTP_KEYS)
    content_type = fields.get("content_type")
    return HttpChanges(
        method=_choice(reader, fields, "method", METHODS),
        encoding=_choice(reader, fields, "encoding", ENCODINGS),
        content_type=reader.text(content_type) if content_type else "",
        authorization_scheme=_choice(reader, fields, "authorization_scheme", SCHEMES),
        access_token_in=_choice(reader, fields, "access_token_in", TOKEN_PLACES),
        well_known=_choice(reader, fields, "well_known", WELL_KNOWN),
        after=_choice(reader, fields, "after", AFTER),
        unpushed=reader.boolean(fields["unpushed"]) if "unpushed" in fields else False,
        at_once=reader.integer(fields["at_once"]) if "at_once" in fields else 1,
    )


def read_pkce(reader: Reader, at: Marked) -> Pkce:
    """The `pkce` place."""
    fields = reader.mapping(at, allowed=PKCE_KEYS)
    default = Pkce()
    return Pkce(
        method=_choice(reader, fields, "method", PKCE_METHODS) or default.method,
        length=reader.integer(fields["length"]) if "length" in fields else default.length,
        characters=reader.text(fields["characters"]) if "characters" in fields else "",
    )


def read_request_changes(reader: Reader, fields: Mapping[str, Marked]) -> Changes:
    """The places that change a request beside its parameters."""
    headers, dpop = fields.get("headers"), fields.get("dpop")
    request_object = fields.get("request_object")
    client_auth, http = fields.get("client_auth"), fields.get("http")
    return Changes(
        headers=read_change_map(reader, headers) if headers else NOTHING,
        dpop=read_jwt_changes(reader, dpop) if dpop else None,
        request_object=read_jwt_changes(reader, request_object) if request_object else None,
        client_auth=read_client_auth(reader, client_auth) if client_auth else None,
        http=read_http(reader, http) if http else None,
    )


def needs_of(changes: Changes) -> Iterator[str]:
    """The capabilities that the words of `changes` take for granted."""
    for change in _all_changes(changes):
        need = OPERATOR_NEEDS.get((change.operator, str(change.argument)))
        if need:
            yield need
    auth = changes.client_auth
    if auth and auth.client in CLIENT_NEEDS:
        yield CLIENT_NEEDS[auth.client]
    if changes.dpop is not None:
        yield "dpop"
    if changes.http and changes.http.after in LIFETIMES:
        yield f"{changes.http.after}-lifetime"
    if changes.http and changes.http.unpushed:
        yield "par-required"


def _all_changes(changes: Changes) -> Iterator[Change]:
    yield from changes.parameters.values()
    yield from changes.headers.values()


def _read_operator(reader: Reader, at: Marked) -> Change:
    fields = reader.mapping(at)
    if len(fields) != 1:
        reader.problem(
            at,
            f"expected exactly one operator, found {len(fields)}",
            "write {value: …} for a literal mapping",
        )
        return Change("omit")
    name, argument = next(iter(fields.items()))
    if name not in OPERATORS:
        reader.problem(argument, f"unknown operator {name!r}", suggest(name, OPERATORS))
        return Change("omit")
    problem = argument_problem(name, argument.plain)
    if problem:
        reader.problem(argument, problem)
        return Change("omit")
    return Change(name, argument.plain)


def _map(reader: Reader, fields: Mapping[str, Marked], key: str) -> Mapping[str, Change]:
    return read_change_map(reader, fields[key], text_only=False) if key in fields else NOTHING


def _choice(
    reader: Reader, fields: Mapping[str, Marked], key: str, options: tuple[str, ...]
) -> Any:
    return reader.choice(fields[key], options) if key in fields else ""


def fold(changes: Sequence[Mapping[str, Change]]) -> dict[str, Change]:
    """Several sets of changes as one; the later wins for each place."""
    folded: dict[str, Change] = {}
    for mapping in changes:
        folded.update(mapping)
    return folded


def on_top(given: Mapping[str, Change], written: Mapping[str, Change]) -> dict[str, Change]:
    """`written` applied upon what `given` makes of the valid values."""
    stacked = {
        name: replace(change, upon=given[name]) if name in given else change
        for name, change in written.items()
    }
    return {**given, **stacked}
