"""What every measurement needs: children timed, things done in turn, the suite played."""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import httpx

from tests.peers.launch import running
from tests.peers.recipes import PeerError
from tokenspec.conformance.http import Transport
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.preflight.opening import Opened, network_of, open_target
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.run.confirmation import Confirmation
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner, Show
from tokenspec.conformance.run.oracle_plays import AskOracle, every
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.model import Lifetimes

TOKENSPEC = (sys.executable, "-m", "tokenspec")
JOBS = 4  # as the bundled target has it
MEGABYTE = 1024  # in the kilobytes of `ru_maxrss`
UP_WITHIN = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, what it stands beside in the same run, and their ratio."""

    what: str
    measured: str
    beside: str = ""
    ratio: float | None = None


# In a small process of its own: Linux counts the memory of who starts a command as the command's.
MEASURING = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([ended, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


@dataclass(frozen=True, slots=True)
class Child:
    """What a process took: wall seconds, processor seconds, megabytes at the most."""

    seconds: float
    processor: float
    megabytes: float


@functools.cache
def as_installed() -> Mapping[str, str]:
    """An environment whose modules are compiled once, as pip does, whatever this one says."""
    kept = tempfile.TemporaryDirectory(prefix="tokenspec-compiled-")
    atexit.register(kept.cleanup)
    env = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = kept.name
    quick = [*TOKENSPEC, "run", "--quick", "--select", "pkce", "--report-dir", kept.name]
    subprocess.run(quick, env=env, stdout=subprocess.DEVNULL, check=False)
    return env


def child(command: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
    """Run a command to its end; exit codes that are verdicts are no failure."""
    measured = subprocess.run(
        [sys.executable, "-c", MEASURING, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env or as_installed(),
        check=True,
    )
    ended, seconds, processor, most = json.loads(measured.stdout)
    if ended not in (0, 1, 6):
        raise RuntimeError(f"{' '.join(command)} ended with {ended}")
    return Child(seconds, processor, most / MEGABYTE)


def in_turn(rounds: int, **actions: Callable[[], float]) -> dict[str, float]:
    """The median of what each action gives, done in turn so that noise falls on all alike.

    There and back, as a server that keeps what it issued answers a later run more slowly.
    """
    found: dict[str, list[float]] = {name: [] for name in actions}
    order = list(actions)
    for _round in range(rounds):
        for name in order:
            found[name].append(actions[name]())
        order.reverse()
    return {name: statistics.median(values) for name, values in found.items()}


def opened_peers(stack: ExitStack, names: Iterable[str]) -> Iterator[tuple[str, Opened | Row]]:
    """Servers of other authors, opened until `stack` ends; or a row that says why one is not."""
    for name in names:
        try:
            peer = stack.enter_context(running(name))
        except PeerError as error:
            yield name, Row(f"{name}: {error}"[:90], "not measured")
            continue
        opened = open_target(peer.target_file, os.environ | peer.env)
        stack.callback(opened.close)
        yield name, opened


@functools.cache
def suite() -> tuple[Case, ...]:
    """Every case of the bundled suite."""
    return tuple(whole_suite())


def play_suite(
    setup: Setup,
    *,
    jobs: int = JOBS,
    show: Show = evidence,
    told: dict[str, OracleResult] | None = None,
    cases: Sequence[Case] | None = None,
    confirm: Callable[..., Confirmation] = Confirmation,
    ask_oracle: AskOracle = every,
) -> float:
    """Seconds to examine every case as a run does, but without pytest.

    `confirm` makes what plays again what is in doubt. `told` is what the oracle said in an earlier
    play; with it the oracle does nothing. `ask_oracle`: which cases it plays though they pass.
    """
    chosen = suite() if cases is None else cases
    begun = time.perf_counter()
    examine = functools.partial(Examiner, show=show, oracle_results=told, ask_oracle=ask_oracle)
    engine = Engine(setup, chosen, jobs=jobs, examine=examine, confirm=confirm)
    engine.submit(chosen)
    for case in chosen:
        engine.finding(case)
    engine.close()
    return time.perf_counter() - begun


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The reference server in a process of its own, on the loopback; gives its issuer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [*TOKENSPEC, "serve", "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=as_installed(),
    ) as server:
        try:
            _wait_for(f"{issuer}/.well-known/openid-configuration")
            yield issuer
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    end = time.monotonic() + UP_WITHIN
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def over_loopback(
    issuer: str, wrap: Callable[[Transport], Transport] = lambda inner: inner
) -> Iterator[Setup]:
    """A setup that reaches the reference server at `issuer` through sockets."""
    # its clock cannot be moved on from here, so cases that wait for an expiry do not apply
    target = replace(bundled_target(issuer), lifetimes=Lifetimes())
    with network_of(target) as network:
        yield prepare(target, wrap(network))
