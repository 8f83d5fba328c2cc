"""The suite at a reference server whose answers are changed on their way out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.setup import prepare
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response, Server

Change = Callable[[Request, Response], Response]
ACCUSING = (Verdict.FAIL, Verdict.WARN, Verdict.COULD_NOT_RUN)


def examined(
    change: Change, cases: Iterable[Case], *, server: str = "bundled", made: type[Server] = Server
) -> list[Finding]:
    """The findings of `cases` where `change` makes each answer of a server `made` so."""

    class Altered(made):  # type: ignore[misc, valid-type]
        def handle(self, request: Request) -> Response:
            return change(request, super().handle(request))

    place, clock = conforming_servers()[server], MovableClock()
    transport = InProcessTransport(Altered(place.config, clock=clock))
    setup = prepare(place.target, transport, clock=clock, wait=clock.wait)
    chosen = sorted(cases, key=lambda case: case.every_response)
    examiner = Examiner(setup, chosen, show=no_evidence)
    return [examiner.examine(case) for case in chosen]


@functools.cache
def bundled_cases() -> Mapping[str, Case]:
    """Every bundled case by its key; the selftest's runner would play them all first."""
    return {case.key: case for case in whole_suite()}


def of_areas(*areas: str) -> list[Case]:
    """The bundled cases of these folders."""
    return [case for case in bundled_cases().values() if case.area in areas]


def keyed(*keys: str) -> list[Case]:
    """The bundled cases of these keys, or of these scenarios."""
    return [case for key, case in bundled_cases().items() if key in keys or case.scenario in keys]


def accused(findings: Iterable[Finding]) -> list[tuple[str, str, str, str]]:
    """What a maintainer would hear of, in short."""
    heard = (f for f in findings if f.verdict in ACCUSING)
    return [(f.key, str(f.verdict), f.observed, f.note) for f in heard]


def path(request: Request) -> str:
    """The path a request goes to."""
    return urlsplit(request.url).path
