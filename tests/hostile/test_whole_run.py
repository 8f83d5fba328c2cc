"""A whole run against a server that behaves in every hostile way, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import chain, count, cycle, repeat
from pathlib import Path

import pytest
from behaviours import BEHAVIOURS, SCRIPT
from server import PLACES, Hostile, hostile

from tests.run_page import texts_of
from tests.target_files import PUBLIC
from tokenspec.conformance.preflight.opening import open_target

TARGET = (
    PUBLIC
    + """\
limits: {{timeout: 0.4, outage: 1, hops: 8, jobs: 2}}
"""
)
MEBIBYTE = 1024 * 1024
MOST_MEMORY = 200 * MEBIBYTE
HONEST = 2  # requests answered honestly after each that is not, so that runs go on
MEASURED = Path(__file__).parent / "measured.py"


@pytest.mark.parametrize("place", ["token", "authorize"])
def test_it_ends_small_harmless_and_with_a_verdict(place: str, tmp_path: Path) -> None:
    with hostile() as target:
        path = tmp_path / "target.yaml"
        path.write_text(TARGET.format(issuer=target.issuer), encoding="utf-8")
        turns = (chain((b,), repeat(None, HONEST)) for b in cycle(BEHAVIOURS.values()))
        target.place = PLACES[place]
        order = chain(
            repeat(None, asked_before_the_cases(target, path)), chain.from_iterable(turns)
        )
        target.behaviour = lambda: next(order)
        with (tmp_path / "said").open("wb") as said:
            done = subprocess.run(
                [sys.executable, "-S", str(MEASURED), "peak", sys.executable, "-m", "tokenspec",
                 "run", "--select", "pkce", "--select", "code", str(path)],
                cwd=tmp_path,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=300,
            )  # fmt: skip
        assert target.heard == []
    told = (tmp_path / "said").read_text("utf-8")
    # A page that blocks a sign-in is not asked again, so that no account is locked: which answer a
    # sign-in meets depends on what else is under way. Nor is a place that lets the time pass again
    # and again, as all cases that are under way may meet silence at once.
    left_alone = "login blocked" in told or "has let the time allowed pass" in told
    assert target.met >= len(BEHAVIOURS) or left_alone
    assert "Traceback" not in told, told
    assert not {s for s in told if s != "\n" and not s.isprintable()}
    assert int((tmp_path / "peak").read_text("utf-8")) < MOST_MEMORY
    lines = (tmp_path / "tokenspec-report" / "record.ndjson").read_text("utf-8").splitlines()
    footer = json.loads(lines[-1])
    assert (footer["type"], footer["ended"], footer["faults"]) == ("footer", "complete", 0)
    # Which case meets which behaviour is luck: what does not come again is unsteady, and fails no
    # run. But it is told.
    unsteady = footer["counts"].get("unsteady", 0)
    assert done.returncode in (1, 6) or (done.returncode == 0 and unsteady > 0), told
    assert_nothing_scripts(tmp_path / "tokenspec-report" / "report.html")


def asked_before_the_cases(target: Hostile, path: Path) -> int:
    """How many requests the place gets until the first case is played."""
    asked = count()

    def honest() -> None:
        next(asked)

    target.behaviour = honest
    opened = open_target(path, {})
    opened.make_ready()
    opened.close()
    return next(asked)


def assert_nothing_scripts(path: Path) -> None:
    """What a server sent stands in the run page as text, in no row as markup."""
    page = path.read_text("utf-8")
    assert SCRIPT not in page
    for text in texts_of(page):
        assert "<img" not in text
        assert "</script" not in text
