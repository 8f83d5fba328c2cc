"""A TLS connection that one thread reads while another writes.

OpenSSL keeps what a call waits for in the connection itself, and Python (seen with 3.11) puts no
lock around it: a reader whose connection is written to at that moment can be told that the other
side has closed it. So calls take turns here, and who waits for data does so outside of them.
"""

from __future__ import annotations

import selectors
import ssl
import threading
from collections.abc import Callable

import httpcore


class SharedTls:
    """Reads and writes of one TLS socket, each a turn of its own. Safe for many threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._turn = threading.Lock()
        self._clock = clock

    def read(self, wire: ssl.SSLSocket, max_bytes: int, timeout: float) -> bytes:
        """Up to `max_bytes`; none if the other side has ended the connection.

        Raises:
            httpcore.ReadTimeout: nothing came within `timeout` seconds.
            httpcore.ReadError: the connection broke.
        """
        end = self._clock() + timeout
        try:
            while True:
                with self._turn:
                    wire.settimeout(0)
                    try:
                        return wire.recv(max_bytes)
                    except ssl.SSLWantReadError:
                        pass
                _wait(wire, end - self._clock())
        except TimeoutError as error:
            raise httpcore.ReadTimeout(f"nothing came within {timeout:g} s") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, wire: ssl.SSLSocket, data: bytes, timeout: float | None) -> None:
        """Send all of `data`.

        Raises:
            httpcore.WriteTimeout: it was not taken within `timeout` seconds.
            httpcore.WriteError: the connection broke.
        """
        try:
            with self._turn:
                wire.settimeout(timeout)
                wire.sendall(data)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(f"not taken within {timeout} s") from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error


def _wait(wire: ssl.SSLSocket, seconds: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(wire, selectors.EVENT_READ)
        if seconds <= 0 or not selector.select(seconds):
            raise TimeoutError
