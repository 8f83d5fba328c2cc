"""A transport that stops for good: when the target is gone, or when the run is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Request, Response, Transport

PROBES = (0.0, 1.0, 2.0)  # seconds waited before each question whether the target is still there


class Breaker:
    """Wraps a transport for one run; safe for many threads.

    A server that drops odd requests is not gone: after several failures in a row it is asked for
    something ordinary, and only if that is not answered either nothing more is sent.

    Args:
        inner: the transport that sends.
        failures: how many requests in a row have to fail before the target is asked.
        sleep: waits so many seconds before the target is asked again.
    """

    def __init__(
        self,
        inner: Transport,
        failures: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._most = failures
        self._sleep = sleep
        self._lock = threading.Lock()
        self._failures = 0
        self._stopped = threading.Event()
        self.probe: Request | None = None  # something the target answers when it is there
        self.lost = ""  # why the target is taken to be gone; empty while it is not

    def send(self, request: Request) -> Response:
        """Send, unless nothing more is to be sent.

        Raises:
            Unreachable: no answer, or the run has ended.
        """
        self._refuse_if_stopped()
        try:
            response = self._inner.send(request)
        except Unreachable as error:
            self._failed(error)
            raise
        self._failures = 0
        return response

    def stop(self) -> None:
        """Send nothing more, and wait for nothing more."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Let time pass, as long as the run goes on.

        Raises:
            Unreachable: the run has ended.
        """
        self._stopped.wait(seconds)
        self._refuse_if_stopped()

    def _refuse_if_stopped(self) -> None:
        if self._stopped.is_set():
            raise Unreachable(
                self.lost or "the run was ended before this was sent",
                "see the first failure; the target may be down or may have blocked this client",
            )

    def _failed(self, error: Unreachable) -> None:
        with self._lock:
            self._failures += 1
            if self._failures < self._most or self._stopped.is_set():
                return
            if self._answers():
                self._failures = 0
                return
            self.lost = (
                f"the target stopped answering: {self._failures} requests in a row failed, the "
                f"last with: {error.message}"
            )
            self._stopped.set()

    def _answers(self) -> bool:
        """Whether the target answers something ordinary, whatever it says."""
        for seconds in PROBES if self.probe else ():
            self._sleep(seconds)
            try:
                self._inner.send(self.probe)  # type: ignore[arg-type]  # there is one in the loop
            except Unreachable:
                continue
            return True
        return False
