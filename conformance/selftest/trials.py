"""The thorough half of the liberties: the suite as users run it, at each server of `covering`."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tokenspec.conformance.errors import HarnessError, TokenspecError
from tokenspec.conformance.play.oracle import Oracle, OracleResult
from tokenspec.conformance.preflight.opening import network_of, prepare_in_process
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.selection import selected
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.covering import Trial
from tokenspec.conformance.selftest.gaps import Gap
from tokenspec.conformance.selftest.liberties import fails, named
from tokenspec.conformance.selftest.servers import BUNDLED_SERVER, ConformingServer, server_with
from tokenspec.conformance.target.discovery import allowed_origins
from tokenspec.conformance.target.model import Lifetimes, Target
from tokenspec.conformance.transport.polite import PoliteTransport
from tokenspec.reference_server import Server, ServerConfig
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.shell import running

# By its name, the conforming server that a profile is tried at.
SERVERS: Mapping[str, str] = {
    "rfc": BUNDLED_SERVER,
    "oauth-2.1": "oauth-2.1",
    "fapi-2.0": "fapi-2.0",
    "auth0": "auth0",
}
JOBS = (1, 4)
OracleSetup = tuple[Target, ServerConfig]

# The last few oracles of this process: most servers of the trials have the same.
_oracles: deque[tuple[OracleSetup, dict[str, OracleResult]]] = deque(maxlen=4)


def at_trial(trial: Trial, words: Collection[str] = ()) -> list[Gap]:
    """The cases that fail at the server of a trial, or could not run; in a process of its own.

    `words` select cases, as `--select` does; none: the whole suite.
    """
    cases = [case for case in suite() if not words or selected(case, words)]
    try:
        with _ready(trial) as setup:
            return _played(setup, trial, cases)
    except TokenspecError as error:
        return [Gap("liberty fails", _place(trial), f"the trial stops: {error.message}")]


def _played(setup: Setup, trial: Trial, cases: Sequence[Case]) -> list[Gap]:
    learned, _failed = make_usable(setup)
    examine = functools.partial(
        Examiner, show=no_evidence, oracle_results=_oracle_results(learned.oracle)
    )
    engine = Engine(learned, cases, jobs=trial.jobs, examine=examine)
    try:
        engine.submit(cases)
        return [gap for case in cases for gap in _gaps(engine, case, trial)]
    finally:
        engine.close()


def _oracle_results(oracle: Oracle) -> dict[str, OracleResult]:
    """What was played at an oracle that is set up like this one; to be added to."""
    alike = (oracle.side.target, oracle.server.core.config)
    for known, results in _oracles:
        if known == alike:
            return results
    _oracles.append((alike, {}))
    return _oracles[-1][1]


@functools.cache
def suite() -> tuple[Case, ...]:
    """The bundled cases."""
    return tuple(whole_suite())


@contextmanager
def _ready(trial: Trial) -> Iterator[Setup]:
    taken = [LIBERTIES[name] for name in trial.liberties]
    base = SERVERS[trial.profile]
    if not trial.over_http:
        place = server_with(taken, base)
        yield prepare_in_process(place.target, place.config, liberties=place.liberties)
        return

    def made(issuer: str) -> Server:
        config = server_with(taken, base, issuer).config
        return Server(config, liberties=trial.liberties)

    with running(made) as issuer:
        yield from _over_http(server_with(taken, base, issuer))


def _over_http(place: ConformingServer) -> Iterator[Setup]:
    """A setup over the network; its clock is everybody's, so nothing waits for an expiry."""
    target = replace(place.target, lifetimes=Lifetimes())
    with network_of(target) as network:
        polite = PoliteTransport(network, target.limits)
        setup = prepare(target, polite)
        network.allowed = allowed_origins(target, setup.discovered)
        yield setup


def _gaps(engine: Engine, case: Case, trial: Trial) -> Iterator[Gap]:
    try:
        finding = engine.finding(case)
    except HarnessError as error:
        yield Gap("liberty fails", case.key, f"a harness fault at {_place(trial)}: {error.message}")
        return
    if fails(finding, trial.liberties):
        said = finding.observed or finding.note
        yield Gap("liberty fails", case.key, f"{finding.verdict} at {_place(trial)}: {said}")


def _place(trial: Trial) -> str:
    way = " over HTTP" if trial.over_http else ""
    jobs = f"{trial.jobs} job{'s' if trial.jobs > 1 else ''}"
    return f"a server that takes {named(trial.liberties)}, {trial.profile}, {jobs}{way}"
