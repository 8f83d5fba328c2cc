"""What nobody foresaw, told in one sentence, with a file of details for whoever looks into it."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tokenspec import __version__
from tokenspec.conformance.errors import HarnessError, TokenspecError, UsageError
from tokenspec.conformance.texts import harmless

LONGEST = 300  # characters of an error's own words
# what is the machine's matter, not that of a path that a user named
OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE,
}  # fmt: skip


def foreseen(error: OSError) -> TokenspecError | None:
    """The error for one of the system: a wrong path, or a machine that is full; else None."""
    reason = error.strerror or str(error)
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    if error.errno in OF_THE_MACHINE:
        return HarnessError(f"{place}{reason}", "make room, or raise the limit")
    if place:
        return UsageError(f"{place}{reason}")
    return None


def told(error: BaseException) -> str:
    """A sentence about what nobody foresaw; its details go into a file that it names."""
    words = harmless(str(error).partition("\n")[0])[:LONGEST]
    kind = type(error).__name__
    path = _details(error)
    where = f"details are in {path}" if path else "its details could not be written to a file"
    said = f"{kind}: {words}" if words else kind
    return f"a fault of tokenspec, not of the target: {said}; {where}"


def _details(error: BaseException) -> Path | None:
    """The file of details: in this folder, else in that for temporary files; None: in neither."""
    text = "".join(
        [
            f"tokenspec {__version__}, Python {sys.version}, {platform.platform()}\n\n",
            *traceback.format_exception(error),
        ]
    )
    name = f"tokenspec-fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (Path(), Path(tempfile.gettempdir())):
        path = folder / name
        try:
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None
