"""What the metadata claims beside what was seen, and what a whole run will take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import AT_TOKEN_ENDPOINT, Case, StepKind
from tokenspec.conformance.scenario.premises import PREMISES
from tokenspec.conformance.target.model import SIGNS_IN

SEEN_BY = {"pkce": "pkce-s256", "refresh": "refresh", "dpop": "dpop", "userinfo": "userinfo",
           "session": "session"}  # fmt: skip
PAGES = 4  # requests of one sign-in: page, form, consent, callback


@dataclass(frozen=True, slots=True)
class Row:
    """One capability: whether it is counted on, why, and what the preflight saw of it."""

    name: str
    present: bool
    reason: str
    seen: str = ""  # works | does not | empty: not looked at


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a whole run takes, about."""

    cases: int
    codes: int
    sign_ins: int
    requests: int


def table(setup: Setup, steps: Iterable[CheckStep]) -> Iterator[Row]:
    """Every capability."""
    seen = _seen(steps)
    for name, decision in sorted(setup.decisions.items()):
        yield Row(name, decision.present, decision.reason, seen.get(name, ""))


def disagreements(setup: Setup, steps: Iterable[CheckStep]) -> Iterator[str]:
    """Where the metadata claims what was not seen, or keeps silent about what was."""
    metadata, steps = setup.discovered.metadata, tuple(steps)
    seen = _seen(steps)
    if setup.missing(("refresh",)) and any(_brought_refresh_token(step) for step in steps):
        yield (
            "a refresh token came with the access token, and the refresh cases are left out: "
            "'capabilities: {refresh: true}' has them run"
        )
    if not metadata:
        return
    if "refresh_token" in _list(metadata, "grant_types_supported") and seen.get("refresh") == NOT:
        yield "metadata lists the grant refresh_token, and none was had or accepted"
    if _list(metadata, "dpop_signing_alg_values_supported") and seen.get("dpop") == NOT:
        yield "metadata lists DPoP algorithms, and an exchange with a proof did not bind the token"
    methods = _list(metadata, "code_challenge_methods_supported")
    if methods and seen.get("pkce-s256") == NOT:
        yield f"metadata lists the challenge methods {methods}, and verifiers are not checked"
    if not methods and seen.get("pkce-s256") == WORKS:
        yield "verifiers are checked, and metadata lists no code_challenge_methods_supported"
    auth = _list(metadata, "token_endpoint_auth_methods_supported")
    main = setup.target.main.auth
    if auth and main not in auth:
        yield f"clients[0] authenticates by {main}, which metadata does not list: {auth}"


def estimate(setup: Setup, cases: Iterable[Case]) -> Estimate:
    """What the cases that apply take: their steps, each scenario's control, each premise once."""
    applying = [case for case in cases if not setup.missing(case.needs)]
    controls = {
        f"{case.scenario} {case.control_setting} {case.control}": case.control
        for case in applying
        if case.control
    }
    premises = {premise for case in applying for premise in case.premises}
    asked = [PREMISES[premise.name].ways[0].steps for premise in premises]
    plays = [*(case.steps for case in applying), *controls.values(), *asked]
    steps = [step for play in plays for step in play]
    codes = sum(step.kind is StepKind.AUTHORIZE for step in steps)
    pooled = min(setup.target.limits.jobs, codes) if setup.target.login.kind in SIGNS_IN else 0
    own = sum(_ends_sessions(play) for play in plays) if pooled else 0
    sign_ins = pooled + own
    return Estimate(len(applying), codes, sign_ins, len(steps) + codes + PAGES * sign_ins)


WORKS, NOT = "works", "does not"


def _seen(steps: Iterable[CheckStep]) -> dict[str, str]:
    return {
        SEEN_BY[step.name]: WORKS if step.passed else NOT
        for step in steps
        if step.name in SEEN_BY and not step.detail.startswith("left out")
    }


def _brought_refresh_token(step: CheckStep) -> bool:
    return step.name == "code exchange" and step.passed and "refresh_token" in step.detail


def _ends_sessions(steps: Iterable[object]) -> bool:
    kinds = [getattr(step, "kind", None) for step in steps]
    twice = any(kinds.count(kind) > 1 for kind in AT_TOKEN_ENDPOINT)
    return twice or StepKind.REVOKE in kinds


def _list(metadata: Mapping[str, object], name: str) -> list[str]:
    value = metadata.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []
