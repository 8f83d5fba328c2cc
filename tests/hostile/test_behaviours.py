"""Whatever a target does at whatever endpoint, it ends in a verdict or a clear error, in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from behaviours import BEHAVIOURS
from server import PLACES, Hostile, hostile

from tests.target_files import PUBLIC
from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.lines import finding_line
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.reports.terminal import finding_text

TARGET = (
    PUBLIC
    + """\
limits: {{timeout: 1.0, consecutive_failures: 3, outage: 1, hops: 8, body: 200000, jobs: 2}}
"""
)
FROM_THE_BEGINNING = ("discovery", "login")  # elsewhere the preflight is passed first
CAP = 300.0  # seconds for all of it: many, as the machine may be busy; what never ends takes more


@pytest.fixture(scope="module")
def target() -> Iterator[Hostile]:
    with hostile() as state:
        yield state


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    every = list(whole_suite())
    wanted = ["pkce-verifier-wrong/last-character-changed"]
    plainest = sorted(every, key=lambda case: len(case.needs))  # applies most surely
    for name in ("id-token-signature", "id-token-times"):
        wanted += [case.key for case in plainest if name in checks(case)][:1]
    wanted += [case.key for case in plainest if any(str(s.kind) == "userinfo" for s in case.steps)][
        :1
    ]
    wanted += [case.key for case in every if case.every_response][::6]
    return [case for case in every if case.key in wanted]


@pytest.fixture
def opened(target: Hostile, tmp_path: Path) -> Iterator[list[Opened]]:
    found: list[Opened] = []
    yield found
    for one in found:
        one.close()


def checks(case: Case) -> set[str]:
    return {name for step in case.steps for o in step.expect for name in o.checks}


def examined(opened: Opened, cases: list[Case]) -> list[Finding]:
    engine = Engine(opened.setup, cases, jobs=2)
    try:
        return [engine.finding(case) for case in cases]
    finally:
        engine.close()


def at_places() -> Iterator[tuple[str, str]]:
    """Each behaviour at the token endpoint, and at one of the other places, which take turns."""
    turns = cycle(place for place in PLACES if place != "token")
    for name in BEHAVIOURS:
        for place in ("token", next(turns)):
            yield name, place


@pytest.mark.parametrize(("name", "place"), list(at_places()))
def test_it_ends_in_a_verdict_or_a_clear_error(
    name: str,
    place: str,
    target: Hostile,
    cases: list[Case],
    opened: list[Opened],
    tmp_path: Path,
) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(TARGET.format(issuer=target.issuer), encoding="utf-8")
    target.place, target.met = PLACES[place], 0
    target.heard.clear()
    now = {"hostile": place in FROM_THE_BEGINNING}
    target.behaviour = lambda: BEHAVIOURS[name] if now["hostile"] else None
    begun = time.monotonic()
    said = []
    try:
        opened.append(open_target(path, {}))
        opened[0].make_ready()
        now["hostile"] = True
        findings = examined(opened[0], cases)
        assert len(findings) == len(cases)
        said += [finding_text(finding_line(finding)) for finding in findings]
    except TargetUnusable as error:
        said.append(str(error))
    assert now["hostile"], said
    for text in said:
        assert text
        assert not steering(text)
        text.encode("utf-8")
    assert time.monotonic() - begun < CAP
    assert target.met > 0
    assert target.heard == []  # nobody else was spoken to


def steering(text: str) -> set[str]:
    """Characters that could move a cursor, colour a terminal or turn a line around."""
    return {sign for sign in text if sign not in "\n\t" and not sign.isprintable()}
