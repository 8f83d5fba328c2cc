"""What nobody foresaw is one sentence, a file of details and exit code 3: never a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.run.command import FAILING, MUST, Gate, serving
from tokenspec.conformance.errors import HarnessError, UsageError
from tokenspec.conformance.machine.faults import foreseen, told
from tokenspec.conformance.run.examiner import Examiner


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [KeyError("exchanges"), RecursionError("too deep"), MemoryError(), ValueError("x\x1b")]
)
def test_a_fault_of_ours_is_a_sentence_and_a_file(
    error: Exception, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenspec.conformance.cli.explain.act", raising(error))
    assert gate("explain", "RFC7636-4.6") == 3
    (details,) = gate.folder.glob("tokenspec-fault-*.txt")
    assert gate.said.startswith("tokenspec: a fault of tokenspec, not of the target: ")
    assert gate.said.count("\n") == 1
    assert details.name in gate.said
    assert "\x1b" not in gate.said
    assert "Traceback" in details.read_text("utf-8")


@pytest.mark.parametrize(
    ("number", "place", "kind"),
    [
        (errno.ENOSPC, None, HarnessError),
        (errno.EDQUOT, "out.zip", HarnessError),
        (errno.EFBIG, "out.zip", HarnessError),
        (errno.EMFILE, "out.zip", HarnessError),
        (errno.EACCES, "out.zip", UsageError),
        (errno.ENOENT, "out.zip", UsageError),
        (errno.EISDIR, "out.zip", UsageError),
        (errno.EROFS, "out.zip", UsageError),
        (errno.ENAMETOOLONG, "out.zip", UsageError),
    ],
)
def test_an_error_of_the_system_is_the_machines_or_a_paths(
    number: int, place: str | None, kind: type[Exception]
) -> None:
    error = OSError(number, os.strerror(number), place)
    found = foreseen(error)
    assert type(found) is kind
    assert str(found).startswith(f"{place}: " if place else os.strerror(number))


def test_an_error_of_the_system_that_names_nothing_is_a_fault() -> None:
    assert foreseen(OSError(errno.EBADF, "Bad file descriptor")) is None


def test_without_a_place_for_details_the_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "write_text", raising(OSError(errno.ENOSPC, "No space left")))
    assert told(KeyError("x")).endswith("its details could not be written to a file")
    assert list(tmp_path.iterdir()) == []


def test_a_fault_at_one_case_is_told_beside_the_others(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Examiner.play

    def play(self: Examiner, case: object, **named: object) -> object:
        if getattr(case, "key", "") == FAILING:
            raise KeyError("unforeseen")
        return before(self, case, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Examiner, "play", play)
    assert gate("run", "--select", "pkce-verifier-wrong") == 3
    assert gate.footer["faults"] == 1
    assert gate.footer["counts"]["pass"] > 5
    assert "Traceback" not in gate.said
    assert "INTERNALERROR" not in gate.said


@pytest.mark.parametrize(
    "hook",
    [
        "tokenspec.conformance.plugin.display.Display.add",
        "tokenspec.conformance.plugin.recording.summarised",
        "tokenspec.conformance.plugin.recording.write_reports",
    ],
)
def test_a_fault_of_the_plugin_is_a_sentence(
    hook: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, raising(KeyError("unforeseen")))
    assert gate("run", "--select", FAILING) == 3
    assert "Traceback" not in gate.said
    assert "a fault of tokenspec, not of the target: KeyError: 'unforeseen'" in gate.said


def test_a_diagnosis_that_fails_leaves_the_record_whole(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tokenspec.conformance.diagnosis.of_record.cause_lines", raising(KeyError("unforeseen"))
    )
    for issuer in serving(MUST):
        assert gate.run(issuer, "--select", FAILING) == 3
    assert gate.footer["counts"]["fail"] > 0
    assert "Traceback" not in gate.said
