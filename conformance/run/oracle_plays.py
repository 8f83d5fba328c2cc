"""When the oracle plays a case of a run, and that it satisfies the case.

Whatever is to be held against a target was asked of the oracle before. A pass rests on the case
alone, and that the reference server satisfies the bundled cases is what the selftest proves; so of
those a sample is enough in a run.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from tokenspec.conformance.checks import CheckContext
from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.play.judge import Judge
from tokenspec.conformance.play.oracle import Oracle, OracleResult
from tokenspec.conformance.play.randomness import stream
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.preflight.setup import check_context
from tokenspec.conformance.run.selection import of_the_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Verdict

ACCEPTABLE = (Verdict.PASS, Verdict.OBSERVE, Verdict.NOT_APPLICABLE)
ONE_IN = 16  # bundled cases that pass, in a sample
OCTET = 256  # values of one

AskOracle = Callable[[Case], bool]
JudgeOf = Callable[[Case, CheckContext, Transcript | None], Judge]


class OracleShare(StrEnum):
    """What the oracle plays beside all that did not pass."""

    SAMPLE = "sample"
    ALL = "all"


def every(_case: Case) -> bool:
    """All cases."""
    return True


def in_share(share: OracleShare, seed: int) -> AskOracle:
    """Whether the oracle plays a case whatever the target answers; a sample is drawn by the seed.

    It has every case of a file that is not the suite's own: no selftest has seen it.
    """
    if share is OracleShare.ALL:
        return every

    def drawn(case: Case) -> bool:
        octet = stream(seed, "oracle", case.key)(1)[0]
        return octet < OCTET // ONE_IN or not of_the_suite(case)

    return drawn


class OraclePlays:
    """Has the oracle play cases; safe for many threads.

    Args:
        oracle: set up like the target.
        judge: makes the judge of a case.
        always: which cases it plays even where the target answers as expected.
        results: by case key, of an oracle set up alike; added to. None: not kept.
    """

    def __init__(
        self,
        oracle: Oracle,
        judge: JudgeOf,
        always: AskOracle,
        results: dict[str, OracleResult] | None,
    ) -> None:
        self._oracle = oracle
        self._context = check_context(oracle.side)
        self._judge = judge
        self._always = always
        self._results = results

    def first(self, case: Case) -> OracleResult | None:
        """What it did, where that is asked before the target's verdict is known; else None.

        Of cases that look at every answer of the run the verdict is known in the end only.

        Raises:
            HarnessError: it does not satisfy the case.
        """
        by_oracle = any(step.oracle for step in case.steps)
        asked = by_oracle or case.every_response or self._always(case)
        return self.play(case) if asked else None

    def play(self, case: Case) -> OracleResult:
        """What it did; that has to satisfy the scenario's own `expect` in every order.

        Raises:
            HarnessError: it does not.
        """
        if self._results is not None and case.key in self._results:
            return self._results[case.key]
        result = self._oracle.play(case)
        for one in result.orders:
            judge = self._judge(case, self._context, one.transcript)
            judgement = judge.gravest(one.transcript)
            if judgement.verdict not in ACCEPTABLE:
                raise HarnessError(
                    f"{case.key}: the reference server does not do what the scenario expects: "
                    f"expected {judgement.expected}, got {one.explanation} {judgement.note}",
                    "this is a fault of tokenspec or of the scenario, not of the target",
                )
        if self._results is not None:
            self._results[case.key] = result
        return result
