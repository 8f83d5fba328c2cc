"""The preflight in its order: what `check` shows, and what each run begins with.

It asks each thing once. What it learns is in `setup` afterwards, with the evidence as the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tokenspec.conformance.errors import LoginBlocked, TargetUnusable
from tokenspec.conformance.preflight import trials
from tokenspec.conformance.preflight.binding import learned_of_jkt
from tokenspec.conformance.preflight.clients import probe_client, probe_without_code
from tokenspec.conformance.preflight.exchange import main_exchange, other_clients, sign_in
from tokenspec.conformance.preflight.nonces import learned_of_the_window
from tokenspec.conformance.preflight.pkce import learned_of_demand, learned_of_plain
from tokenspec.conformance.preflight.proofs import proven_exchange
from tokenspec.conformance.preflight.refresh_kinds import learned_of_refresh_kinds
from tokenspec.conformance.preflight.revoking import learned_of_revocation
from tokenspec.conformance.preflight.setup import Setup, with_features
from tokenspec.conformance.preflight.side_by_side import ended_by_the_next
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.preflight.users import second_user
from tokenspec.conformance.target.proxied import proxied
from tokenspec.conformance.target.rules import Decision

Probe = Callable[[Setup], Iterator[CheckStep]]
Question = Callable[[Setup], Mapping[str, Decision]]
QUESTIONS: tuple[Question, ...] = (
    learned_of_the_window,
    learned_of_jkt,
    learned_of_plain,
    learned_of_demand,
    learned_of_revocation,
    learned_of_refresh_kinds,
)


class Preflight:
    """Goes through the steps, each of which is told as it is done; ends where nothing can follow.

    Args:
        setup: the target, of which only its file and metadata are known.
        trying: whether to try also what no verdict of a run depends on.

    Attributes:
        setup: the target, with what was learned of it up to now.
    """

    def __init__(self, setup: Setup, *, trying: bool = False) -> None:
        self.setup = setup
        self._trying = trying
        self._learned: dict[str, Decision] = {}

    def __iter__(self) -> Iterator[CheckStep]:
        for probe in self._probes():
            for step in probe(self.setup):
                self._take(step)
                yield step
                if step.ends_it:
                    return
            self._learn({})

    def _probes(self) -> Iterator[Probe]:
        yield _metadata
        if self.setup.target.login.kind == "none":
            yield from (_no_login, probe_without_code)
            return
        yield from (probe_client, sign_in, main_exchange, second_user, other_clients)
        yield proven_exchange
        yield self._ask
        yield self._side_by_side
        if self._trying:
            yield from (trials.offline, trials.userinfo, trials.resource)
            yield from (trials.silently, trials.verifier)

    def _ask(self, _setup: Setup) -> Iterator[CheckStep]:
        """Further questions, each decided by an exchange or two."""
        for question in QUESTIONS:
            try:
                self._learn(question(self.setup))
            except LoginBlocked as blocked:
                name = question.__name__.removeprefix("learned_of_").replace("_", " ")
                yield CheckStep(
                    name, passed=False, detail=blocked.message, hint=blocked.hint, required=False
                )

    def _side_by_side(self, setup: Setup) -> Iterator[CheckStep]:
        """Cases that would end each other's grants are played one at a time."""
        for step in ended_by_the_next(setup):
            limits = replace(setup.target.limits, jobs=1)
            self.setup = replace(self.setup, target=replace(setup.target, limits=limits))
            yield step

    def _take(self, step: CheckStep) -> None:
        """Keep what a step showed, and what cannot be judged where it failed."""
        self._learned |= step.learned
        if not step.failed:
            return
        if step.client:
            unusable = {**self.setup.unusable, step.client: step.told}
            self.setup = replace(self.setup, unusable=unusable)
        elif step.need:
            self.setup = replace(self.setup, unmet={**self.setup.unmet, step.need: step.told})

    def _learn(self, more: Mapping[str, Decision]) -> None:
        known = {name: self.setup.decisions[name] for name in self._learned | dict(more)}
        self._learned |= more
        if any(self._learned[name] != decision for name, decision in known.items()):
            self.setup = with_features(self.setup, self._learned)


def make_usable(setup: Setup) -> tuple[Setup, tuple[CheckStep, ...]]:
    """Go through the preflight; what was learned, and the steps that failed and stop no run.

    Raises:
        TargetUnusable: the target cannot be judged; names the setting that is wrong.
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    preflight = Preflight(setup)
    failed = []
    for step in preflight:
        if step.ends_it:
            raise TargetUnusable(f"{step.name}: {step.detail}", step.hint)
        if not step.passed:
            failed.append(step)
    return preflight.setup, tuple(failed)


def _metadata(setup: Setup) -> Iterator[CheckStep]:
    source, target = setup.discovered.source, setup.target
    if not source:
        yield CheckStep("metadata", passed=True, detail="none; the target file names the endpoints")
        return
    named = setup.discovered.metadata.get("issuer")
    if named == target.issuer:
        yield CheckStep("metadata", passed=True, detail=f"read from {source}")
        return
    yield CheckStep(
        "metadata",
        passed=False,
        detail=f"{source} names the issuer {named!r}, the target file {target.issuer!r}; they have "
        "to be the same, character for character (OpenID Connect Discovery §4.3, RFC 8414 §3.3)",
        hint=f"say 'issuer: {named}', if that is the server's right name{_by_proxy(setup, named)}",
        reported=True,
    )


def _by_proxy(setup: Setup, named: object) -> str:
    """What more to say where the server's right name cannot be asked from here."""
    line = proxied(str(named), setup.target.issuer)
    return f"; where a proxy in front of it answers to that name, {line}" if line else ""


def _no_login(_setup: Setup) -> Iterator[CheckStep]:
    yield CheckStep(
        "sign-in",
        passed=True,
        detail="left out: login kind none; only cases that need no code will run",
        required=False,
    )
