"""Everything a run stands on: the target as found, what it can do, the oracle beside it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives import serialization

from tokenspec.conformance.checks import CheckContext
from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import OUT_OF_SERVICE, Request, Transport
from tokenspec.conformance.login import driver_for
from tokenspec.conformance.oauth.published_keys import PublishedKeys
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.oracle import Oracle, make_oracle
from tokenspec.conformance.play.side import Side, second_user
from tokenspec.conformance.profile import EffectiveRequirement, Profile, load_profile
from tokenspec.conformance.record.redaction import Redactor
from tokenspec.conformance.registry import Registry, Requirement
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.scenario.roles import roles_of
from tokenspec.conformance.target.capabilities import CAPABILITIES, decide
from tokenspec.conformance.target.discovery import Discovered, allowed_origins, discover
from tokenspec.conformance.target.model import SIGNS_IN, Client, Target
from tokenspec.conformance.target.rules import Decision
from tokenspec.conformance.transport.counting import CountingTransport

FAPI_CODE_LIFETIME = 60.0  # seconds
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Setup:
    """A target ready to be played against. Nothing in it changes during a run but its caches.

    `unusable` has the clients whose valid exchange failed, by client_id, and `unmet` the
    capabilities that the target claims and whose valid exchange failed, by name; with the reason.
    """

    target: Target
    discovered: Discovered
    decisions: Mapping[str, Decision]
    side: Side
    oracle: Oracle
    registry: Registry
    profile: Profile
    redactor: Redactor
    counted: CountingTransport  # everything that goes to the target
    strict: bool = False  # another error code than the one named is a failure
    unusable: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    unmet: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    place: str = "clients[0]"  # of the main client in the target file, as hints name it

    @property
    def probe(self) -> Request:
        """Something that the target answers when it is there."""
        return Request("GET", self.discovered.source or self.discovered.endpoints.token)

    def answers(self) -> bool:
        """Whether the target answers something ordinary, whatever it says."""
        try:
            return self.side.connect().send(self.probe).status not in OUT_OF_SERVICE
        except Unreachable:
            return False

    def missing(self, needs: tuple[str, ...]) -> str:
        """Why the target cannot be held to what needs these capabilities; empty if it can."""
        for need in needs:
            decision = self.decisions[need]
            if not decision.present:
                return f"needs {need}: {decision.reason}"
        return ""

    def hindrance(self, case: Case) -> str:
        """Why nothing can be said of a case that applies: what it rests on failed before."""
        for role in roles_of(case) if self.unusable else ():
            client = self.target.client(role)
            if client is not None and client.client_id in self.unusable:
                return self.unusable[client.client_id]
        return next((self.unmet[need] for need in case.needs if need in self.unmet), "")

    def effective(self, case: Case) -> EffectiveRequirement:
        """The gravest level, under the profile, of the requirements a case tests."""
        return self.deciding(case)[1]

    def deciding(self, case: Case) -> tuple[Requirement, EffectiveRequirement]:
        """The requirement that weighs most under the profile, the first of several: it is cited."""
        rows = [self.registry.get(identifier) for identifier in case.cited]
        weighed = [(row, self.profile.effective(row)) for row in rows]
        return max(weighed, key=lambda pair: pair[1].level.weight)


def prepare(
    target: Target,
    transport: Transport,
    *,
    strict: bool = False,
    clock: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Setup:
    """Read the target's metadata and set up both sides; nobody signs in yet.

    `clock` is the one the target goes by as well; `wait` lets seconds pass on it.

    Raises:
        UsageError: the profile is not known.
        TargetUnusable: the metadata cannot be had or used.
    """
    profile = load_profile(target.profile)
    offset = target.network.clock_offset

    def target_clock() -> float:
        return clock() + offset

    counted = CountingTransport(transport)
    found = discover(target, counted)
    decisions = decide(target, found, profile_defaults(profile, target))
    present = {name: decision.present for name, decision in decisions.items()}
    target = _by_fapi(target) if present["fapi"] else target
    target = _with_who_revokes(target, present)
    origins = allowed_origins(target, found)
    side = Side(
        target=target,
        endpoints=found.endpoints,
        connect=lambda: counted,
        driver=driver_for(target.login, target, origins),
        second=second_user(target, origins),
        metadata=found.metadata,
        metadata_url=found.source,
        clock=target_clock if offset else clock,
        random_bytes=random_bytes,
        wait=wait,
    )
    side = _by_capabilities(side, present)
    # one that can be moved moves all plays' time already: twice would be too far
    movable = clock if isinstance(clock, MovableClock) else MovableClock(clock)
    oracle = make_oracle(target, present, clock=movable, random_bytes=random_bytes)
    redactor = Redactor(random_bytes(32), target_secrets(target))
    return Setup(
        target=target,
        discovered=found,
        decisions=decisions,
        side=side,
        oracle=oracle,
        registry=Registry.load(),
        profile=profile,
        redactor=redactor,
        counted=counted,
        strict=strict,
    )


def with_features(setup: Setup, learned: Mapping[str, Decision]) -> Setup:
    """`setup` with what was found out about capabilities that nothing else speaks of."""
    defaults = {**learned, **profile_defaults(setup.profile, setup.target)}
    decisions = decide(setup.target, setup.discovered, defaults)
    present = {name: decision.present for name, decision in decisions.items()}
    own = setup.oracle
    target = _with_who_revokes(setup.target, present)
    oracle = make_oracle(target, present, clock=own.clock, random_bytes=own.side.random_bytes)
    side = _by_capabilities(replace(setup.side, target=target), present)
    return replace(setup, target=target, decisions=decisions, oracle=oracle, side=side)


def seen_from(setup: Setup, client: Client) -> Setup:
    """`setup` with another of its clients as the main one; sessions and nonces are shared."""
    others = (other for other in setup.target.clients if other is not client)
    target = replace(setup.target, clients=(client, *others))
    place = f"clients[{setup.target.clients.index(client)}]"
    return replace(setup, target=target, side=replace(setup.side, target=target), place=place)


def with_own_session(setup: Setup) -> Setup:
    """`setup` with sessions of its own, where the user can sign in without being asked."""
    if setup.target.login.kind not in SIGNS_IN:
        return setup
    return replace(setup, side=setup.side.with_new_sessions())


def _by_capabilities(side: Side, present: Mapping[str, bool]) -> Side:
    """The side with the habits that capabilities stand for."""
    return replace(
        side,
        always_dpop=present["dpop-required"],
        bound_unsaid=present["dpop-bound-unsaid"],
        issuer_audience=present["assertion-audience-issuer"],
        assertion_client_id=present["assertion-client-id"],
        always_push=present["par-required"] and bool(side.endpoints.par),
    )


def _with_who_revokes(target: Target, present: Mapping[str, bool]) -> Target:
    main = present["revocation-by-main"]
    return replace(target, revoking="main" if main else "confidential")


def _by_fapi(target: Target) -> Target:
    """FAPI 2.0 Security Profile §5.3.2.1: whatever the file says, a code lives a minute at most.

    §5.4.1: an RSA key signs with PS256.
    """
    clients = tuple(
        replace(client, algorithm=client.algorithm or "PS256") if client.has_rsa_key else client
        for client in target.clients
    )
    target, code = replace(target, clients=clients), target.lifetimes.code
    if code is None:
        return target
    return replace(target, lifetimes=replace(target.lifetimes, code=min(code, FAPI_CODE_LIFETIME)))


def profile_defaults(profile: Profile, target: Target) -> dict[str, Decision]:
    """What a profile and its presets say of capabilities where the target file says nothing."""
    decided = {}
    for name in CAPABILITIES:
        said = profile.default(name)
        if said is None:
            continue
        default, sayer = said
        if default.for_public and target.main.auth != "none":
            continue
        present = str(default.present).lower()
        decided[name] = Decision(default.present, f"{sayer} says {name}: {present}")
    return decided


def check_context(side: Side) -> CheckContext:
    """What checks may know of a side; its key set is fetched when first needed."""

    def fetch() -> Mapping[str, Any]:
        if not side.endpoints.jwks:
            return {}
        return side.connect().send(Request("GET", side.endpoints.jwks)).json_object() or {}

    clients = {client.client_id: client for client in side.target.clients}
    return CheckContext(side.issuer, side.metadata, PublishedKeys(fetch), clients)


def target_secrets(target: Target) -> Iterator[tuple[str, str]]:
    """Every secret a target file holds, as (what it is, value)."""
    for login in filter(None, (target.login, target.second_login)):
        yield "password", login.password
        yield "cookie", login.cookies
        for pair in login.cookies.split(";"):
            yield "cookie", pair.partition("=")[2].strip()
    for client in target.clients:
        yield "client_secret", client.secret
        if client.private_key is not None:
            pem = client.private_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            yield "private_key", pem.decode()
    for name, value in target.network.headers:
        yield name.lower(), value
    if target.registration is not None:
        yield "initial_access_token", target.registration.initial_access_token
