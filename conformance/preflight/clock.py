"""Whether the target's clock and ours agree: proofs, assertions and ID tokens go by both."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from tokenspec.conformance.http import Response
from tokenspec.conformance.preflight.step import CheckStep

TOLERANCE = 30.0  # seconds two clocks may differ before proofs and tokens are judged wrongly


def compare_clocks(response: Response, now: float, offset: float) -> CheckStep:
    """Compare by the Date header (RFC 9110 §6.6.1) of a response.

    Args:
        response: one that no cache answers, as it would tell an older date.
        now: seconds since the epoch, as the target should see them.
        offset: by how many seconds `now` was moved from this machine's clock.
    """
    date = response.header("Date") or ""
    try:
        moment = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return CheckStep("clock", passed=True, detail="the server sends no Date", required=False)
    skew = moment - now
    if abs(skew) <= TOLERANCE:
        return CheckStep("clock", passed=True, detail=f"differs by {abs(skew):.0f} s from ours")
    way = "ahead of" if skew > 0 else "behind"
    expected = f" with the clock_offset of {offset:g} s" if offset else ""
    return CheckStep(
        "clock",
        passed=False,
        detail=f"the server's clock is {_spoken(abs(skew))} {way} this machine's{expected}: "
        f"it says {date}; proofs, assertions and ID tokens would be judged wrongly",
        hint="set the clock that is wrong, or say "
        f"'network: {{clock_offset: {offset + skew:.0f}}}'",
    )


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
