"""Standard output that cannot be written: closed, full, or unable to hold a character."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from tokenspec.conformance.errors import HarnessError


class Output:
    """Standard output, which says in a sentence why it cannot be written.

    Args:
        inner: what is written to.

    Attributes:
        lasting: go on without output; else whoever writes is stopped.
        failed: why it could not be written; None while it could.
    """

    def __init__(self, inner: TextIO) -> None:
        self._inner = inner
        self.lasting = False
        self.failed: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            HarnessError: the machine does not take it.
            BrokenPipeError: nobody reads any more.
        """
        if self.failed is None:
            try:
                self._inner.write(text)
            except OSError as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Write what was kept back; raises as `write`."""
        if self.failed is None:
            try:
                self._inner.flush()
            except OSError as error:
                self._fail(error)

    @property
    def left(self) -> bool:
        """Whether nobody reads any more, as behind `head`: no fault of the machine."""
        return isinstance(self.failed, BrokenPipeError)

    @property
    def why(self) -> str:
        """What went wrong, in a sentence."""
        reason = (self.failed and self.failed.strerror) or str(self.failed)
        return f"standard output cannot be written: {reason}"

    def _fail(self, error: OSError) -> None:
        self.failed = error
        _lead_to_nowhere(self._inner)
        if self.lasting:
            return
        if self.left:
            raise error
        raise HarnessError(self.why, "free room, or lead the output elsewhere") from error


@contextmanager
def guarded_output() -> Iterator[Output]:
    """Within the block standard output is an `Output`, whatever it was, also where it is closed.

    A character that the terminal cannot show is written as its escape sequence.
    """
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no file of ours
        out: TextIO = before[0] or nowhere
        sys.stderr = before[1] or nowhere
        for stream in (out, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                with suppress(ValueError, OSError):  # it is closed: seen when it is written
                    stream.reconfigure(errors="backslashreplace")
        guarded = Output(out)
        sys.stdout = guarded
        try:
            yield guarded
        finally:
            sys.stdout, sys.stderr = before


@contextmanager
def lasting_output() -> Iterator[Output]:
    """Within the block whoever writes goes on where standard output cannot be written."""
    output = sys.stdout if isinstance(sys.stdout, Output) else Output(sys.stdout)
    output.lasting = True
    try:
        yield output
    finally:
        output.flush()
        output.lasting = False


def say(text: str) -> None:
    """A line on standard error, if that can be written."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _lead_to_nowhere(stream: TextIO) -> None:
    """Have what the stream still keeps go nowhere, or Python would fail at it again at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
