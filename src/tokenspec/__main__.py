"""The command `tokenspec`, also as `python -m tokenspec`.

Loading takes a moment; whoever ends the command meanwhile reads no traceback.
"""

import os
import signal
import sys

INTERRUPTED = 2


def _end(_number: int, _frame: object) -> None:
    os.write(2, b"tokenspec: interrupted\n")
    os._exit(INTERRUPTED)


def main() -> int:
    """Run the command; the return value is the exit code."""
    ending = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    ending = [one for one in ending if signal.getsignal(one) is not signal.SIG_IGN]
    for one in ending:
        signal.signal(one, _end)
    from tokenspec.conformance.cli import main as command  # noqa: PLC0415 - this is what takes long

    code = command()
    for one in ending:
        signal.signal(one, signal.SIG_IGN)  # all is said
    return code


if __name__ == "__main__":
    sys.exit(main())
