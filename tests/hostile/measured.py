"""Runs a command and writes its peak memory, in bytes, to a file: `measured.py FILE COMMAND…`.

On Linux a process counts the peak of the one it was started from as its own until it is replaced
(vfork shares the memory). A command that is started from this small interpreter counts its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    file, *command = sys.argv[1:]
    status = subprocess.run(command, check=False).returncode
    taken = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts in bytes, Linux in KiB
    Path(file).write_text(str(taken * unit), encoding="utf-8")
    sys.exit(status)
