"""The terminal: what a run says while it lasts and in the end; quiet, plain or live as it fits."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reports.conftest import DEFECTS, Made, make
from tokenspec.conformance.plugin.progress import ERASE, Progress, mode, progress_line
from tokenspec.conformance.plugin.report_memory import summarised
from tokenspec.conformance.plugin.terminal import Shown, named_alike, write_areas, write_end
from tokenspec.reports.terminal import area_table, finding_text, next_step

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Paper:
    """A terminal writer that keeps text and markup apart."""

    def __init__(self) -> None:
        self.text = ""
        self.marked: list[tuple[str, dict[str, bool]]] = []

    def write(self, msg: str, **markup: bool) -> None:
        self.text += msg
        self.marked.append((msg, markup))

    def line(self, s: str = "", **markup: bool) -> None:
        self.write(s, **markup)
        self.text += "\n"


class Spent:
    requests, codes = 310, 97


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("flawed") / "record.ndjson", DEFECTS)


@pytest.mark.parametrize(
    ("counts", "total", "seconds", "said"),
    [
        ({}, 271, 0.0, "0 of 271; 310 requests, 97 codes"),
        ({"pass": 130, "fail": 4}, 268, 8.0,
         "134 of 268: 4 failed, 130 passed; 310 requests, 97 codes; about 8 s left"),
        ({"pass": 100}, 400, 60.0,
         "100 of 400: 100 passed; 310 requests, 97 codes; about 3 min 0 s left"),
        ({"pass": 3}, 400, 600.0, "3 of 400: 3 passed; 310 requests, 97 codes"),
        ({"pass": 271}, 271, 9.0, "271 of 271: 271 passed; 310 requests, 97 codes"),
    ],
)  # fmt: skip
def test_progress_in_words(counts: dict[str, int], total: int, seconds: float, said: str) -> None:
    assert progress_line(Counter(counts), total, 310, 97, seconds) == said


def test_what_is_found_last_takes_longer() -> None:
    """Findings are played again: 900 that passed in the first minute tell nothing of them."""
    now = iter([0.0, 60.0, 180.0, 300.0])
    progress = Progress("plain", lambda _: None, clock=lambda: next(now), every=60.0)
    progress.begin(1000, Spent())
    for _ in range(900):
        progress.add("pass")
    assert progress.line().endswith("about 7 s left")
    assert "left" not in progress.line().partition("codes")[2]  # nothing came since
    for _ in range(20):
        progress.add("fail")
    assert progress.line().endswith("about 16 min 0 s left")
    progress.end()


@pytest.mark.parametrize("kind", ["live", "plain"])
def test_progress_is_told_until_it_ends(kind: str) -> None:
    written: list[str] = []
    told = threading.Event()

    def write(text: str) -> None:
        written.append(text)
        if "2 of 5" in text:
            told.set()

    progress = Progress(kind, write, clock=lambda: 0.0, columns=lambda: 40, every=0.0)
    progress.begin(5, Spent())
    progress.add("pass")
    progress.add("fail")
    assert told.wait(10)
    progress.end()
    progress.end()
    if kind == "live":
        assert written[-1] == ERASE
        assert all(text.startswith(ERASE) and len(text) <= len(ERASE) + 39 for text in written)
    else:
        assert all(text.endswith("\n") and "\x1b" not in text for text in written)


@pytest.mark.parametrize(
    ("asked", "terminal", "environ", "found"),
    [
        (None, True, {"TERM": "xterm"}, "live"),
        (None, True, {"TERM": "xterm", "CI": "true"}, "plain"),
        (None, True, {"TERM": "dumb"}, "plain"),
        (None, False, {"TERM": "xterm"}, "plain"),
        ("live", False, {"CI": "true"}, "live"),
        ("dots", True, {}, "dots"),
    ],
)
def test_it_is_live_only_where_a_line_can_be_rewritten(
    monkeypatch: pytest.MonkeyPatch,
    asked: str | None,
    terminal: bool,  # noqa: FBT001 - a case of the table
    environ: dict[str, str],
    found: str,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert mode(asked, environ) == found


def test_a_finding_in_colour_says_what_it_says_without(flawed: Made) -> None:
    broken = next(f for f in flawed.record.findings if f["verdict"] == "fail")
    replaying = "tokenspec replay record.ndjson"
    shown, paper = Shown(broken, replaying), Paper()
    shown.toterminal(paper)
    assert paper.text == str(shown) + "\n" == finding_text(broken, replaying) + "\n"
    colours = {text: markup for text, markup in paper.marked if markup}
    assert colours[broken["expected"]] == {"green": True}
    assert any("red" in markup for markup in colours.values())
    again = f"{replaying} {broken['key']}"
    assert again in paper.text.splitlines()[-1]  # in one piece, to be copied


def test_the_table_in_colour_says_what_it_says_without(flawed: Made) -> None:
    paper = Paper()
    write_areas(paper, flawed.record.findings)
    assert paper.text.startswith("\n".join(area_table(flawed.record.findings)) + "\n")


def test_why_cases_could_not_run_is_told_once(flawed: Made) -> None:
    one = next(iter(flawed.record.findings))
    lost = {**one, "verdict": "could-not-run", "note": "premise: exchange of client app: refused"}
    first, second = (Paper(), Paper())
    Shown(lost, "again").toterminal(first)
    Shown(lost, "again", "area/first").toterminal(second)
    assert "premise: exchange of client app: refused" in first.text
    assert "of the same as area/first" in second.text
    assert "exchange of client" not in second.text
    table = Paper()
    write_areas(table, [summarised(lost), summarised(lost)])
    assert table.text.count("exchange of client app: refused") == 1
    assert "    2  exchange of client app: refused" in table.text


def test_the_end_says_verdict_reports_and_what_to_do_next(flawed: Made) -> None:
    paper = Paper()
    files = [Path("out/audit.html"), Path("out/record.ndjson")]
    write_end(paper, flawed.record, files)
    assert "Does not conform. " in paper.text
    assert "out/audit.html     the audit page" in paper.text
    assert "next     tokenspec explain RFC" in paper.text


def test_the_run_page_is_named_as_the_reports_beside_it_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        named_alike(str(tmp_path / "out" / "a.html"), tmp_path / "out") == tmp_path / "out/a.html"
    )
    assert named_alike(str(tmp_path / "out" / "a.html"), Path("out")) == Path("out/a.html")
    assert named_alike(str(tmp_path / "a.html"), Path("out")) == Path("a.html")


def test_next_steps(flawed: Made) -> None:
    nothing = replace(flawed.record, findings=())
    bundled = replace(nothing, header={**nothing.header, "target": {"file": ""}})
    assert next_step("fails", flawed.record, "r")[1] == "tokenspec replay r"
    assert next_step("not-established", nothing, "r") == [
        "tokenspec check target.yaml",
        "tokenspec replay r",
    ]
    assert next_step("conforms", nothing, "r") == ["tokenspec report r --bundle evidence.zip"]
    assert next_step("conforms", bundled, "r")[0].startswith("tokenspec init")


def test_the_command_of_a_run_has_what_bears_on_its_verdicts(flawed: Made) -> None:
    settings = {"profile": "fapi-2.0", "strict": True, "scenarios": ["my cases"], "rate": 5}
    record = replace(flawed.record, header={**flawed.record.header, "settings": settings})
    assert record.again == (
        "tokenspec run target.yaml --profile fapi-2.0 --strict --scenarios 'my cases' --select"
    )


def run(folder: Path, *arguments: str, **env: str) -> str:
    """What `tokenspec run` writes to a terminal."""
    environ = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR", "FORCE_COLOR")}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tokenspec", "run", "--select", "pkce", *arguments],
        cwd=folder, env={**environ, "TERM": "xterm", **env}, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            written += chunk
        assert process.wait(60) == 0
    os.close(ours)
    return written.decode()


def test_on_a_terminal_a_line_is_rewritten_and_taken_away(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert ERASE in said
    after = said.rpartition(ERASE)[2]
    assert " requests, " not in after
    assert COLOUR.search(after)
    assert "suite         " in said
    assert "..." not in said


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ((), {"NO_COLOR": "1"}, False),
        (("--color", "no"), {}, False),
        (("--color", "yes"), {"NO_COLOR": "1"}, True),
    ],
)
def test_colours_are_left_out_where_they_are_not_wanted(
    tmp_path: Path,
    arguments: tuple[str, ...],
    env: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a case of the table
) -> None:
    assert bool(COLOUR.search(run(tmp_path, *arguments, **env))) is coloured


def test_in_ci_and_in_pipes_it_is_plain_and_quiet(tmp_path: Path) -> None:
    assert "\x1b" not in COLOUR.sub("", run(tmp_path, CI="true"))
    done = subprocess.run(
        [sys.executable, "-m", "tokenspec", "run", "--select", "pkce"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert len(done.stdout.splitlines()) < 30
