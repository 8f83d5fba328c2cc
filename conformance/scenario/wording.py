"""How a case differs from the valid exchange, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokenspec.conformance.scenario.changes import MOMENT, NEXT_SECOND
from tokenspec.conformance.scenario.model import (
    Case,
    Change,
    Changes,
    ClientAuthChanges,
    HttpChanges,
    JwtChanges,
    StepKind,
    concurrent_groups,
)
from tokenspec.conformance.scenario.operators import describe

SESSIONS = {
    "none": "no session at the server",
    "new": "the user signs in for this request",
    "denied": "the user signs in for this request, and says no where asked for consent",
}


def changes_in_words(case: Case) -> tuple[str, ...]:
    """How the case differs from the valid exchange, place by place."""
    words = []
    seen: set[StepKind] = set()
    for together in concurrent_groups(case.steps):
        for step in together:
            changes = [] if step.given else [f"{step.name}.{t}" for t in _changes(step.changes)]
            if step.user:
                changes.append(f"{step.name}: in the browser of the {step.user} user")
            if step.kind in seen and not changes:
                changes = [f"{step.name}: another request of the same kind, unchanged"]
            words += changes
            seen.add(step.kind)
        if len(together) > 1:
            words.append(f"{' and '.join(step.name for step in together)}: at the same moment")
    if case.setting.session in SESSIONS:
        words.append(SESSIONS[case.setting.session])
    if case.setting.other_kind:
        words.append("authorize.scope: with offline_access if usually without, or without it")
    standard = case.control_setting.pkce
    if case.setting.pkce != standard:
        pkce = case.setting.pkce
        words.append(f"pkce: method {pkce.method}, verifier of {pkce.length} characters")
    return tuple(words)


def _changes(changes: Changes) -> Iterator[str]:
    yield from _operators("", changes.parameters)
    yield from _operators("headers.", changes.headers)
    if changes.dpop is not None:
        yield from (f"dpop.{text}" for text in _jwt(changes.dpop))
    if changes.request_object is not None:
        yield from (f"request_object.{text}" for text in _jwt(changes.request_object))
    if changes.client_auth is not None:
        yield from (f"client_auth.{text}" for text in _client_auth(changes.client_auth))
    if changes.http is not None:
        yield from _http(changes.http)


def _http(http: HttpChanges) -> Iterator[str]:
    names = ("method", "encoding", "content_type", "authorization_scheme", "well_known")
    yield from (f"http.{text}" for text in _words(http, names))
    if http.access_token_in:
        yield f"the access token in: {http.access_token_in.replace('-', ' ')}"
    if http.after == MOMENT:
        yield "a moment later"
    elif http.after == NEXT_SECOND:
        yield "at the beginning of a second"
    elif http.after:
        yield f"after the lifetime of the {http.after.replace('-', ' ')}"
    if http.unpushed:
        yield "not pushed"
    if http.at_once > 1:
        yield f"{http.at_once} times at once"


def _client_auth(changes: ClientAuthChanges) -> Iterator[str]:
    yield from _words(changes, ("client", "method", "encoding"))
    if changes.secret is not None:
        yield f"secret: {describe(changes.secret)}"
    if changes.assertion is not None:
        yield from (f"assertion.{text}" for text in _jwt(changes.assertion))


def _jwt(changes: JwtChanges) -> Iterator[str]:
    yield from _operators("header.", changes.header)
    yield from _operators("claims.", changes.claims)
    yield from _words(changes, ("sign_with", "key", "alg"))
    for name in ("header_text", "claims_text", "signature"):
        change = getattr(changes, name)
        if change is not None:
            yield f"{name.replace('_', ' ')}: {describe(change)}"
    if changes.reuse:
        yield "the last one sent again"


def _operators(place: str, changes: Mapping[str, Change]) -> Iterator[str]:
    return (f"{place}{name}: {describe(change)}" for name, change in changes.items())


def _words(changes: object, names: tuple[str, ...]) -> Iterator[str]:
    return (f"{name}: {getattr(changes, name)}" for name in names if getattr(changes, name))
