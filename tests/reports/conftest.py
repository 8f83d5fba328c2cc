"""Records of real runs, made in this process once for all tests of reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tokenspec import __version__
from tokenspec.conformance.preflight.opening import BUNDLED_ISSUER, prepare_in_process
from tokenspec.conformance.record.conclusion import Tally
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.header import header_line
from tokenspec.conformance.record.lines import (
    RecordWriter,
    coverage_line,
    finding_line,
    footer_line,
)
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.suite import Suite, whole_suite
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.model import Product
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.demo import demo_config
from tokenspec.reports.record import Record

DEFECTS = ("pkce.verifier_matches", "code.replay_revokes", "error.no_echo")
AREAS = ("pkce", "code", "response", "client_auth")


@dataclass(frozen=True, slots=True)
class Made:
    """A record as a file and as read back."""

    path: Path
    record: Record


def make(path: Path, defects: tuple[str, ...] = (), *, share: slice = slice(None)) -> Made:
    """A record of some areas of the suite.

    `share` takes a part of the cases; those that look at every answer are in each part.
    """
    suite = list(whole_suite())
    wanted = [case for case in suite if case.area in AREAS]
    everywhere = [case for case in wanted if case.every_response]
    chosen = [case for case in wanted if not case.every_response][share] + everywhere
    target = replace(
        bundled_target(BUNDLED_ISSUER),
        clients=bundled_target(BUNDLED_ISSUER).clients[:4],  # so that some cases do not apply
        product=Product("Example", "Login", "4.1"),
        tester="Erika Mustermann",
        file="target.yaml",
    )
    setup = prepare_in_process(target, demo_config(BUNDLED_ISSUER), defects)
    found: list[Finding] = []
    engine = Engine(setup, chosen, jobs=1, on_finding=found.append)
    engine.submit(chosen)
    for case in chosen:
        engine.finding(case)
    engine.close()
    counted = Tally()
    whole = Suite(tuple(suite), tuple(chosen))
    with RecordWriter(path) as writer:
        writer.write(
            header_line(setup, started=1_800_000_000, suite=whole.facts(__version__),
                        settings={"fail_on": "must", "strict": False, "select": list(AREAS)})
        )  # fmt: skip
        writer.write(coverage_line(whole.coverage(setup.registry, setup.profile)))
        for finding in found:
            counted.add(finding_line(finding))
            writer.write(finding_line(finding))
        cost = {"requests": setup.counted.requests, "codes": setup.counted.codes}
        writer.write(footer_line(counted, finished=1_800_000_009, seconds=9.0, cost=cost))
    return Made(path, read_record(path))


@pytest.fixture(scope="session")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run with failures, warnings, observations and cases that do not apply."""
    made = make(tmp_path_factory.mktemp("flawed") / "record.ndjson", DEFECTS)
    verdicts = {finding["verdict"] for finding in made.record.findings}
    assert verdicts >= {Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.NOT_APPLICABLE}
    return made


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run without a finding."""
    return make(tmp_path_factory.mktemp("good") / "record.ndjson")
