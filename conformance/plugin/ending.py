"""How a session of scenarios ends: to its end, interrupted, or left by the target."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tokenspec.conformance.record.conclusion import Ended, ExitCode


class Ending:
    """Stops the session when the target is gone, and says in the end which way it was.

    Args:
        lost: why nothing more is sent, where nobody asked for that; empty while there is no reason.
        out_of_time: whether the reason is that the run took too long.
        unwritten: why no finding can be kept any more; empty while each can.
    """

    def __init__(
        self,
        lost: Callable[[], str],
        out_of_time: Callable[[], bool],
        unwritten: Callable[[], str],
    ) -> None:
        self._lost = lost
        self._out_of_time = out_of_time
        self._unwritten = unwritten
        self._why = ""
        self._interrupted = False  # by a person or a machine
        self._stopped = False  # by an option
        self._session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session, which the hooks below are not given."""
        self._session = session

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell Ctrl-C from an option such as `--stepwise`, which ends a session by a kind of it."""
        self._stopped = issubclass(excinfo.type, KeyboardInterrupt)
        self._stopped &= excinfo.type is not KeyboardInterrupt
        self._interrupted = not self._stopped

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See whether a case could not run because the target is gone."""
        line = getattr(report, "tokenspec", None)
        if line is not None and line["verdict"] == "could-not-run":
            self._why = self._lost()

    def pytest_runtest_logfinish(self) -> None:
        """End the session after the case that found the target gone."""
        why = self._why or ("the record cannot be written" if self._unwritten() else "")
        if why and self._session is not None:
            self._session.shouldstop = why

    def ended(self, session: pytest.Session, *, left: int) -> Ended:
        """Which way the session ended; `left` cases were not examined."""
        if self._why:
            return Ended.OUT_OF_TIME if self._out_of_time() else Ended.TARGET_LOST
        if self._unwritten():
            return Ended.STOPPED
        if self._interrupted and session.exitstatus == ExitCode.INTERRUPTED:
            return Ended.INTERRUPTED
        return Ended.STOPPED if left or self._stopped else Ended.COMPLETE
