"""Signals at any moment: exit 2, the record whole, what was not written named, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run.command import FAILING, Gate
from tokenspec.conformance.cli import main
from tokenspec.conformance.machine.signals import ENDING, heeded, held_back
from tokenspec.conformance.plugin.display import Display
from tokenspec.conformance.plugin.gating import Gating
from tokenspec.conformance.plugin.page import RunPage
from tokenspec.conformance.preflight.opening import Opened
from tokenspec.reports import formats

RUN = ("run", "--select", "pkce-verifier-wrong")
REMAKE = "tokenspec report tokenspec-report/record.ndjson"
SIGNALS = [getattr(signal, name) for name in ENDING]


@pytest.fixture(autouse=True)
def heeding() -> Iterator[None]:
    """Signals are heeded, though a shell has what runs in its background ignore some."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in SIGNALS}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


def sent(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS, ids=ENDING)
def test_each_ends_a_verb_as_ctrl_c_does(
    number: int, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenspec.conformance.cli.explain.act", lambda _options: sent(number))
    assert gate("explain", "RFC7636-4.6") == 2
    assert gate.said == "tokenspec: interrupted\n"


@pytest.mark.parametrize("number", SIGNALS, ids=ENDING)
def test_one_that_is_ignored_stays_so(number: int) -> None:
    """As SIGHUP is below `nohup`."""
    before = signal.signal(number, signal.SIG_IGN)
    with heeded():
        sent(number)
    assert signal.signal(number, before) is signal.SIG_IGN


@pytest.mark.parametrize("number", SIGNALS, ids=ENDING)
def test_what_is_held_back_is_known_afterwards(number: int) -> None:
    with heeded(), held_back() as held:
        sent(number)
    assert held.came


def test_in_another_thread_nothing_is_changed() -> None:
    seen: list[Any] = []

    def look() -> None:
        with heeded(), held_back() as held:
            seen.append(held.came)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [False]


def test_while_the_command_is_loaded(tmp_path: Path) -> None:
    """What takes long there is stood in for by a module that ends the process itself."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tokenspec.conformance.cli':\n"
        "            os.kill(os.getpid(), int(os.environ['SENT']))\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Finder())\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    for number in SIGNALS:
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", "list"],
            env={**os.environ, "PYTHONPATH": path, "SENT": str(int(number))},
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (2, "tokenspec: interrupted\n")


def before_call(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, number: int = signal.SIGTERM
) -> None:
    """Send the signal when this is called for the first time."""
    inner: Callable[..., Any] = getattr(owner, name)
    times = iter([True])

    def interrupted(*arguments: Any, **named: Any) -> Any:
        if next(times, False):
            sent(number)
        return inner(*arguments, **named)

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Opened, "make_ready"),
        (Gating, "pytest_collection_finish"),
        (Display, "begin"),
    ],
    ids=["preflight", "collection", "queueing"],
)
def test_before_anything_was_judged(
    owner: Any, name: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_call(monkeypatch, owner, name)
    assert gate(*RUN) == 2
    assert "Traceback" not in gate.said
    assert "suite         0 cases" not in gate.said
    assert list(gate.folder.rglob("*.part")) == []
    assert not (gate.folder / "tokenspec-report/.tokenspec-lock").exists()


@pytest.mark.parametrize("number", SIGNALS, ids=ENDING)
def test_in_the_middle_of_a_run(number: int, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    before_call(monkeypatch, Display, "add", number)
    assert gate(*RUN) == 2
    assert "Traceback" not in gate.said
    assert gate.footer["ended"] == "interrupted"
    assert (gate.folder / "tokenspec-report/audit.html").exists()


def test_while_the_run_is_ended_nothing_is_lost(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_call(monkeypatch, Display, "end")
    assert gate(*RUN) == 2
    assert gate.footer["counts"]["pass"] > 5
    assert (gate.folder / "tokenspec-report/audit.html").exists()


@pytest.mark.parametrize(
    ("owner", "name", "missing", "there"),
    [
        (formats, "_write_whole", "audit.html", "report.html"),
        (RunPage, "pytest_html_results_summary", "report.html", "audit.html"),
    ],
)
def test_while_reports_are_written(
    owner: Any, name: str, missing: str, there: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_call(monkeypatch, owner, name)
    assert gate("run", "--select", FAILING) == 2
    assert "Traceback" not in gate.said
    assert f"was not written: interrupted; {REMAKE}" in gate.said
    assert gate.footer["exit_code"] == 0
    reports = gate.folder / "tokenspec-report"
    assert not (reports / missing).exists()
    assert (reports / there).exists()
    assert list(reports.glob("*.part")) == []


def test_the_command_that_is_named_makes_the_reports(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_call(monkeypatch, formats, "_write_whole")
    assert gate("run", "--select", FAILING) == 2
    assert gate(*REMAKE.split()[1:]) == 0
    assert (gate.folder / "tokenspec-report/audit.html").exists()


def test_main_gives_signals_back() -> None:
    before = [signal.getsignal(one) for one in SIGNALS]
    assert main(["explain", "RFC7636-4.6"]) == 0
    assert [signal.getsignal(one) for one in SIGNALS] == before
