"""What a record amounts to, in a sentence that can be quoted: it says no more than was seen."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.conftest import Made
from tokenspec.reports.record import Record
from tokenspec.reports.summary import Summary


def told(record: Record, *verdicts: str) -> str:
    """The sentence, where the first cases that passed have these verdicts instead."""
    left, findings = list(verdicts), []
    for finding in record.findings:
        turned = left and finding["verdict"] == "pass"
        findings.append({**finding, "verdict": left.pop(0)} if turned else finding)
    return Summary.of(replace(record, findings=tuple(findings))).sentence


def test_nothing_is_broken(good: Made) -> None:
    sentence = told(good.record)
    assert sentence.startswith("None of the ")
    assert sentence.endswith(" requirements tested is broken.")


def test_what_should_be_met_and_is_not_is_counted(good: Made) -> None:
    assert told(good.record, "warn") == (
        "Nothing that must be met is broken; 1 that should be met is."
    )
    more = told(good.record, *["warn"] * 40)
    assert more.endswith(" that should be met are.")


def test_what_failed_and_was_not_played_again_is_not_called_whole(good: Made) -> None:
    first, *others = good.record.findings
    once = {**first, "verdict": "fail", "level": "MUST", "confirmed": False}
    record = replace(good.record, findings=(once, *others))
    sentence = Summary.of(record).sentence
    assert sentence == "1 case has failed and could not be played again: nothing is sure of them."
