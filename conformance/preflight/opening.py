"""From a target file, or none, to a setup: the one place that decides how bytes travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from tokenspec.conformance.http import origin
from tokenspec.conformance.login.handed import HandedDriver
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.registration import Registered, register, withdraw
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target.bundled import bundled_config, bundled_target
from tokenspec.conformance.target.discovery import allowed_origins
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.transport.breaker import Breaker, Stop
from tokenspec.conformance.transport.hanging import HangingEndpoints
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.transport.network import NetworkTransport
from tokenspec.conformance.transport.polite import PoliteTransport
from tokenspec.conformance.transport.spending import CappedTransport
from tokenspec.reference_server import Server, ServerConfig
from tokenspec.reference_server.alterations import Alteration

BUNDLED_ISSUER = "https://server.example"


@dataclass(slots=True)
class Opened:
    """A setup, and what has to be closed after it."""

    setup: Setup
    breaker: Breaker | None = None  # of a target over the network
    resources: ExitStack = field(default_factory=ExitStack)

    def make_ready(self) -> tuple[CheckStep, ...]:
        """Check that the target can be judged, and find out by asking what nothing else says.

        Returns:
            the steps that failed and leave something to be judged.

        Raises:
            TargetUnusable: it cannot be judged as its file describes it.
            LoginBlocked: the user could not be signed in.
            RateLimited: the target would not go on.
        """
        self.setup, failed = make_usable(self.setup)
        return failed

    def close(self) -> None:
        """Close connections."""
        self.resources.close()

    def stop(self) -> None:
        """Send nothing more; what is under way ends soon."""
        if self.breaker is not None:
            self.breaker.stop()
        driver = self.setup.side.driver
        if isinstance(driver, HandedDriver):
            driver.stop()

    @property
    def lost(self) -> str:
        """Why the target is taken to be gone; empty while it is not."""
        return self.breaker.lost if self.breaker else ""

    @property
    def out_of_time(self) -> bool:
        """Whether the run was ended because it took too long."""
        return self.breaker is not None and self.breaker.out_of_time


def open_target(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    profile: str = "",
    jobs: int | None = None,
    rate: float | None = None,
    strict: bool = False,
) -> Opened:
    """Open the target of a file; without one the bundled server, in this process and `profile`.

    Raises:
        UnusableFile: the target file is wrong.
        TargetUnusable: the target cannot be reached, or its metadata cannot be used.
    """
    if path is None:
        target = _overridden(bundled_target(BUNDLED_ISSUER, profile), profile, jobs, rate)
        config = bundled_config(BUNDLED_ISSUER, profile)
        return Opened(prepare_in_process(target, config, strict=strict))
    target = _overridden(read_target(path, environ, profile_names()), profile, jobs, rate)
    resources = ExitStack()
    network = resources.enter_context(network_of(target))
    limits, stop = target.limits, Stop()
    polite = PoliteTransport(CappedTransport(network), limits, sleep=stop.wait)
    breaker = Breaker(
        HangingEndpoints(polite, limits.timeout),
        limits.consecutive_failures,
        outage=limits.outage,
        longest=limits.run,
        stop=stop,
    )
    try:
        target, registered = register(target, polite)
        resources.callback(_withdraw, registered, target, network)
        setup = prepare(target, breaker, strict=strict, wait=breaker.wait)
    except BaseException:
        resources.close()
        raise
    network.allowed = allowed_origins(target, setup.discovered)
    breaker.probe = setup.probe
    return Opened(setup, breaker, resources)


def _withdraw(registered: Sequence[Registered], target: Target, network: NetworkTransport) -> None:
    """Delete clients even if the run gave up on the target: the polite transport might not."""
    allowed = network.allowed or frozenset({origin(target.issuer)})
    withdraw(tuple(registered), network, allowed)


def prepare_in_process(
    target: Target,
    config: ServerConfig,
    defects: Iterable[str] = (),
    *,
    liberties: Iterable[str] = (),
    alterations: Iterable[Alteration] = (),
    strict: bool = False,
) -> Setup:
    """A setup against a reference server in this process, which shares the clock of the plays.

    Args:
        target: fits `config`.
        config: what the server is set up with.
        defects: what is wrong with it, by name.
        liberties: what it does otherwise and may, by name.
        alterations: further ones, made by hand.
        strict: whether another error code than the one named is a failure.
    """
    clock = MovableClock()
    server = Server(
        config,
        clock=clock,
        defects=tuple(defects),
        liberties=tuple(liberties),
        alterations=alterations,
    )
    transport = InProcessTransport(server)
    return prepare(target, transport, strict=strict, clock=clock, wait=clock.wait)


def network_of(target: Target) -> NetworkTransport:
    """The way to a target, not yet held to its hosts."""
    return NetworkTransport(target.limits, verify_tls=target.verify_tls, network=target.network)


def _overridden(target: Target, profile: str, jobs: int | None, rate: float | None) -> Target:
    limits = target.limits
    if jobs is not None:
        limits = replace(limits, jobs=jobs)
    if rate is not None:
        limits = replace(limits, rate=rate)
    return replace(target, limits=limits, profile=profile or target.profile)
