"""Memory that Python has freed, given back to the system, so that a run stays as small as it is.

The C library keeps what lies between pieces still in use. Evidence comes and goes by the hundred
kilobytes, so that after a while most of the memory of a run is such gaps.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

EVERY = 8 * 1024 * 1024  # octets of evidence that came and went


def trim() -> None:
    """Give back every free page; malloc_trim(3), which only glibc has."""
    if sys.platform == "linux":
        found = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if found is not None:
            found(0)


class MemoryTrim:
    """Trims memory each time that so much evidence has come and gone.

    Args:
        every: octets.
        trim_memory: gives free memory back to the system.
    """

    def __init__(self, every: int = EVERY, trim_memory: Callable[[], None] = trim) -> None:
        self._every = every
        self._trim = trim_memory
        self._gone = 0

    def gone(self, octets: int) -> None:
        """So much more was written, or looked at, and is not needed any more."""
        self._gone += octets
        if self._gone >= self._every:
            self._gone = 0
            self._trim()
