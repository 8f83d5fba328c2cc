"""Whether the waivers of a run are still true: none expired, unused or stale."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tokenspec.conformance.waivers.model import Waiver, Waivers

INCONCLUSIVE = ("could-not-run", "unsteady")
NOT_JUDGED = ("not-applicable",)
EXPIRED, UNUSED, STALE = "expired", "unused", "stale"


@dataclass(frozen=True, slots=True)
class WaiverProblem:
    """A waiver that is not true any more, and why. Each fails the run."""

    waiver: Waiver
    problem: str  # expired | unused | stale
    text: str

    def line(self) -> dict[str, Any]:
        """The problem as plain data, as the footer of a record holds it."""
        place = self.waiver.place
        return {
            "id": self.waiver.id,
            "problem": self.problem,
            "text": self.text,
            "file": place.file,
            "line": place.line,
        }


def waiver_problems(
    waivers: Waivers,
    *,
    suite: Collection[str],
    verdicts: Mapping[str, str],
    today: date,
    partly_seen: Collection[str] = (),
) -> list[WaiverProblem]:
    """The waivers that are expired, unused or stale, in the order of their file.

    Args:
        waivers: those of the run.
        suite: keys of every case there is, selected or not.
        verdicts: the verdict of every case of the run, by key.
        today: the day, in UTC.
        partly_seen: keys whose passing says nothing: they look at what was left out, or are races.
    """
    found = []
    for waiver in waivers.entries:
        covered = [key for key in suite if waiver.covers(key)]
        if not covered:
            text = f"waives {waiver.id}, and there is no such scenario or case"
            found.append(WaiverProblem(waiver, UNUSED, text))
        elif waiver.expired(today):
            text = f"the waiver for {waiver.id} expired on {waiver.expires} (owner {waiver.owner})"
            found.append(WaiverProblem(waiver, EXPIRED, text))
        elif _stale(covered, verdicts, partly_seen):
            text = f"waives {waiver.id}, which does not fail that way any more; remove the waiver"
            found.append(WaiverProblem(waiver, STALE, text))
    return found


def _stale(
    covered: Collection[str], verdicts: Mapping[str, str], partly_seen: Collection[str]
) -> bool:
    """Whether everything covered was judged, and nothing of it had to be excused."""
    seen = [verdicts.get(key, "") for key in covered]
    if not all(seen) or any(key in partly_seen for key in covered):
        return False
    judged = [verdict for verdict in seen if verdict not in NOT_JUDGED]
    return bool(judged) and not any(v in ("waived", "fail", *INCONCLUSIVE) for v in judged)
