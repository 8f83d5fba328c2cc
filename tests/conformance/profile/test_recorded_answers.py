"""Presets against answers of their vendors' servers: what is seen has a row, every row is seen.

`recorded.yaml` has the answers, from runs of the suite at the peers; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tokenspec.conformance.profile import load_preset, load_profile
from tokenspec.conformance.registry.model import selects
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.verdicts import Judgement, Kind, Verdict

FILE = Path(__file__).parent / "recorded.yaml"
RECORDED: dict[str, list[dict[str, Any]]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CASES = {case.key: case for case in whole_suite()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a server answered to one case, where its preset documents a difference."""

    preset: str
    key: str
    judgement: Judgement


def recorded(preset: str) -> Iterator[Recorded]:
    """The answers of one vendor's server."""
    for row in RECORDED[preset]:
        kind, status, error = Kind(row["kind"]), row["status"], row.get("error", "")
        judgement = Judgement(Verdict.FAIL, kind, status=status, error=error)
        yield from (Recorded(preset, key, judgement) for key in row["cases"])


ANSWERS = [one for preset in RECORDED for one in recorded(preset)]


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: f"{one.preset}-{one.key}")
def test_an_answer_that_was_recorded_is_as_documented(one: Recorded) -> None:
    case = CASES[one.key]
    found = load_profile(one.preset).deviation(case, one.judgement)
    assert found is not None
    assert found.evidence.preset == one.preset
    assert load_profile("rfc").deviation(case, one.judgement) is None


@pytest.mark.parametrize("preset", RECORDED)
def test_every_row_of_a_preset_was_seen(preset: str) -> None:
    """A row that no version answers by would excuse a fault that is documented no more."""
    answers = list(recorded(preset))
    for row in load_preset(preset).deviations:
        alike = [one for one in answers if row.describes(one.judgement)]
        fits = [one for one in alike if row.covers(CASES[one.key])]
        assert fits, f"no answer was recorded for {row.scenarios or row.requirements}"
        cases = [CASES[one.key] for one in fits]
        for named in row.scenarios:
            assert any(named in (case.key, case.scenario) for case in cases), named
        for named in row.requirements:
            assert any(selects(named, case.requirement) for case in cases), named
