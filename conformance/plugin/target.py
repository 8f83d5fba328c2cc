"""The target of a session: opened when it is first needed, closed when the session ends."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tokenspec.conformance.errors import TokenspecError
from tokenspec.conformance.plugin.options import RunOptions
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import exit_code_of
from tokenspec.conformance.run.server_process import Wanted, started


class SessionTarget:
    """The target that the options name, or one that was handed over open and checked."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._opened: Opened | None = None
        self._handed_over = False
        self._server = ExitStack()  # the process of --oauth-start

    def hand_over(self, opened: Opened) -> None:
        """Use a target that was opened and checked already; its opener closes it."""
        self._opened, self._handed_over = opened, True

    @property
    def setup(self) -> Setup:
        """What is known of the target, opened now if it was not."""
        return self._open().setup

    @property
    def known(self) -> Setup | None:
        """What is known of the target, where it is open already."""
        return self._opened.setup if self._opened else None

    @property
    def lost(self) -> str:
        """Why the target is taken to be gone; empty while it is not."""
        return self._opened.lost if self._opened else ""

    @property
    def out_of_time(self) -> bool:
        """Whether the run was ended because it took too long."""
        return self._opened is not None and self._opened.out_of_time

    def make_ready(self) -> Setup:
        """Check that the target can be judged, unless its opener has.

        Raises:
            TokenspecError: it cannot be judged.
        """
        opened = self._open()
        if not self._handed_over:
            opened.make_ready()
        return opened.setup

    def stop(self) -> None:
        """Send nothing more; what is under way ends soon."""
        if self._opened is not None:
            self._opened.stop()

    def close(self) -> None:
        """Close what was opened here."""
        if self._opened is not None and not self._handed_over:
            self._opened.close()
        self._server.close()

    def _open(self) -> Opened:
        if self._opened is not None:
            return self._opened
        asked = self._options
        try:
            wanted = Wanted(asked.start, asked.wait_for, asked.wait_seconds)
            self._server.enter_context(started(wanted))
            self._opened = open_target(
                Path(asked.target) if asked.target else None,
                os.environ,
                profile=asked.profile,
                jobs=asked.jobs,
                rate=asked.rate,
                strict=asked.strict,
            )
        except TokenspecError as error:
            pytest.exit(str(error), exit_code_of(error))
        return self._opened
