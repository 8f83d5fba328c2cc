"""What it costs to play again what is in doubt, beside a run that believes what it saw once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import ClassVar

from benchmarks.common import Row, in_turn, opened_peers, over_loopback, play_suite, served
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.confirmation import Confirmation
from tokenspec.conformance.scenario.model import Case

PEERS = ("oidc-provider", "authlib")


class Believing(Confirmation):
    """Takes every finding as it comes."""

    def confirmed(self, _case: Case, first: Finding) -> Finding:
        """What was found at first."""
        return first


class Counting(Confirmation):
    """Counts what it plays again."""

    counts: ClassVar[Counter[str]] = Counter()

    def confirmed(self, case: Case, first: Finding) -> Finding:
        """The finding that counts."""
        found = super().confirmed(case, first)
        self.counts[str(found.verdict)] += 1
        return found


def confirmation(rounds: int) -> Iterator[Row]:
    """The whole suite at a server that breaks nothing, and at others, with and without."""
    with ExitStack() as stack:
        issuer = stack.enter_context(served())
        setup, _unusable = make_usable(stack.enter_context(over_loopback(issuer)))
        yield _row("reference server", setup, rounds)
        for name, opened in opened_peers(stack, PEERS):
            if isinstance(opened, Row):
                yield opened
                continue
            opened.make_ready()
            yield _row(name, opened.setup, rounds)


def _row(name: str, setup: Setup, rounds: int) -> Row:
    Counting.counts.clear()
    seconds = in_turn(
        rounds,
        believing=lambda: play_suite(setup, confirm=Believing),
        confirming=lambda: play_suite(setup, confirm=Counting),
    )
    again = sum(Counting.counts.values()) // rounds
    return Row(
        f"confirmation at {name}, {again} findings in doubt",
        f"{seconds['confirming']:.1f} s",
        f"none played again {seconds['believing']:.1f} s",
        seconds["confirming"] / seconds["believing"],
    )
