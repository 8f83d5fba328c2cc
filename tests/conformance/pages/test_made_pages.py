"""The reference pages are made from the code, and say all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tokenspec.conformance.checks import CHECKS
from tokenspec.conformance.pages import __main__ as writing
from tokenspec.conformance.pages import scenarios
from tokenspec.conformance.pages.catalogue import AGAIN, DOCS, PAGES
from tokenspec.conformance.pages.commands import Declared, declared
from tokenspec.conformance.record.conclusion import MEANING, ExitCode
from tokenspec.conformance.scenario import changes, loader, outcomes
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.operators import OPERATORS
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.reports.formats import FORMATS


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), f"make it again: {AGAIN}"


def test_one_command_writes_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pages", str(tmp_path)])
    writing.main()
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    assert written == set(PAGES)


def test_every_word_of_the_scenario_format_is_told() -> None:
    own = (*loader.STEP_WORDS, *changes.REQUEST_KEYS)
    assert {*scenarios.KEYS, *own} == set(loader.SCENARIO_KEYS)
    assert set(scenarios.STEPS) == set(loader.STEP_WORDS)
    assert set(scenarios.OUTCOME) == set(outcomes.OUTCOME_KEYS)
    page = PAGES["reference/scenarios.md"]()
    for word in (*OPERATORS, *BASES):
        assert f"| `{word}` |" in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reference/verdicts.md", [*Verdict, *(kind for kind in Kind if kind)]),
        ("reference/formats.md", [*Verdict, *FORMATS]),
        ("reference/checks.md", list(CHECKS)),
    ],
)
def test_no_word_is_left_out(name: str, words: list[str]) -> None:
    page = PAGES[name]()
    assert not [word for word in words if f"| `{word}` |" not in page]


def test_every_option_says_what_it_does() -> None:
    def silent(verb: Declared) -> list[str]:
        own = [f"{verb.name} {names[0]}" for names, told in verb.arguments if not told.get("help")]
        return own + [line for below in verb.verbs for line in silent(below)]

    assert silent(declared()) == []


def test_the_readme_has_every_exit_code_in_the_same_words() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d) \| (.*) \|$", readme, re.MULTILINE))
    assert rows == {str(int(code)): MEANING[code] for code in ExitCode}
