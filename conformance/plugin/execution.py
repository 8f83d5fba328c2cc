"""The plays of a session: the target checked, the cases queued, a finding for each that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tokenspec.conformance.errors import HarnessError, TokenspecError
from tokenspec.conformance.plugin.target import SessionTarget
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import exit_code_of
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.look import LookedAt
from tokenspec.conformance.record.resume import TakenOver, taken_over
from tokenspec.conformance.run.engine import NOTHING, Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.oracle_plays import OracleShare, in_share
from tokenspec.conformance.scenario.model import Case


class Execution:
    """The engine of a session, from the first item to the last.

    Args:
        target: what is played at.
        seed: what may come again in another run is drawn from it.
        oracle: what the oracle plays beside all that did not pass.
        resume: a record whose verdicts are taken over; empty for none.
    """

    def __init__(self, target: SessionTarget, seed: int, oracle: OracleShare, resume: str) -> None:
        self._target = target
        self._seed = seed
        self._examine = partial(Examiner, ask_oracle=in_share(oracle, seed))
        self._resume = resume
        self.known = NOTHING
        self._engine: Engine | None = None

    def open(self, cases: Sequence[Case]) -> Setup:
        """Check the target, and read what is known of these cases."""
        try:
            setup = self._target.make_ready()
            self.known = self._taken_over(setup).of(cases)
        except TokenspecError as error:
            pytest.exit(str(error), exit_code_of(error))
        return setup

    def begin(
        self,
        cases: Sequence[Case],
        *,
        ahead: bool,
        at_once: bool,
        on_finding: Callable[[Finding], None],
        on_look: Callable[[LookedAt], None],
    ) -> None:
        """With `ahead` queue every case; else each as it is asked for.

        With `at_once` no finding waits for the plays of others to be confirmed. Findings are
        handed out as cases end, in whatever order they are asked for.
        """
        setup = self._target.setup
        self._engine = Engine(
            setup,
            cases,
            jobs=setup.target.limits.jobs,
            known=self.known,
            seed=self._seed,
            examine=self._examine,
            on_finding=on_finding,
            on_look=on_look,
            at_once=at_once,
        )
        if ahead:
            self._engine.submit(cases)

    def _taken_over(self, setup: Setup) -> TakenOver:
        return taken_over(Path(self._resume), setup) if self._resume else NOTHING

    def settled(self, case: Case) -> bool:
        """Wait for the play of a case; whether its finding counts as it is."""
        return self._engine is None or self._engine.settled(case)

    def finding(self, case: Case) -> Finding:
        """What is found of a case.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        if self._engine is None:
            raise HarnessError("a finding was asked for before the run began")
        return self._engine.finding(case)

    def unclaimed(self) -> Iterator[Finding]:
        """After the end of a run cut short: what was judged and nobody had asked for yet."""
        if self._engine is not None:
            yield from self._engine.unclaimed()

    @property
    def cost(self) -> dict[str, int]:
        """What the run took of the target; not known where workers sent the requests."""
        if self._engine is None:
            return {}
        counted = self._target.setup.counted
        return {"requests": counted.requests, "codes": counted.codes}

    @property
    def at_once(self) -> list[int]:
        """How many cases were played at once, from the first to the last; empty: not known."""
        return self._engine.load.counts if self._engine is not None else []

    def close(self, *, cut_short: bool) -> None:
        """End what is under way, at once if the run was cut short, and close the target."""
        if cut_short:
            self._target.stop()
        if self._engine is not None:
            self._engine.close()
        self._target.close()
