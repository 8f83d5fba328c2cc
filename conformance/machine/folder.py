"""The folder that a run writes to: can it be made, and is no other run writing to it?"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tokenspec.conformance.errors import HarnessError, UsageError
from tokenspec.conformance.machine.faults import OF_THE_MACHINE

try:
    import fcntl
except ImportError:  # a system without such locks: nobody is kept from a folder there
    fcntl = None  # type: ignore[assignment]

LOCK = ".tokenspec-lock"
ANOTHER = "write to another with --report-dir, or wait until that run has ended"
HELD: set[Path] = set()  # by this process


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep other runs from a folder for the time of the block; it is made if there is none.

    The lock is the system's, so that it ends with the process, however that ends.

    Raises:
        UsageError: it cannot be used, or another run writes to it.
        HarnessError: the machine has no room for it.
    """
    place = folder.absolute()
    if place in HELD:  # by who has called this
        yield
        return
    path = folder / LOCK
    lock = _opened(folder, path)
    try:
        _take(lock, folder, path)
        HELD.add(place)
        yield
    finally:
        if place in HELD:
            HELD.discard(place)
            with suppress(OSError):
                path.unlink()
        os.close(lock)


def _opened(folder: Path, path: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, FileExistsError):
            reason = "it is a file"
        if error.errno in OF_THE_MACHINE:
            raise HarnessError(f"{folder} cannot be written to: {reason}") from error
        raise UsageError(
            f"{folder} cannot hold the reports: {reason}", "name another with --report-dir"
        ) from error


def _take(lock: int, folder: Path, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return  # a file system without locks
        raise UsageError(f"{folder} is in use by {_holder(path)}", ANOTHER) from error
    if not path.exists() or not os.path.samestat(os.fstat(lock), path.stat()):
        raise UsageError(f"{folder} was in use by another run until now", "start again")
    with suppress(OSError):  # who holds it is a courtesy
        os.ftruncate(lock, 0)
        begun = time.strftime("%Y-%m-%d %H:%M:%S")
        os.write(lock, json.dumps({"process": os.getpid(), "begun": begun}).encode())


def _holder(path: Path) -> str:
    """The run that holds it, as it names itself."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return f"a run that began {said['begun']} (process {int(said['process'])})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
