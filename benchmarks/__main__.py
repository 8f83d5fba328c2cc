"""`python -m benchmarks`: one table of how fast tokenspec is, every figure beside another.

The machine may be busy: what is compared is done in turn within one run, and medians are told.
Names of measurements may be given; `--rounds N` sets how often each is done.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

from benchmarks.common import Row
from benchmarks.confirmation import confirmation
from benchmarks.servers import exchanges, oidc_provider
from benchmarks.whole import (
    first_verdict,
    generated,
    growth,
    oracle_and_sockets,
    oracle_share,
    quick,
    reports,
    selftest,
    weight_of_evidence,
)
from benchmarks.wire import far, floor

MEASUREMENTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "start": first_verdict,
    "suite": oracle_and_sockets,
    "quick": quick,
    "oracle": oracle_share,
    "reports": reports,
    "floor": floor,
    "far": far,
    "oidc-provider": oidc_provider,
    "confirmation": confirmation,
    "exchanges": exchanges,
    "growth": growth,
    "evidence": weight_of_evidence,
    "selftest": selftest,
    "generated": generated,
}
PACKAGES = ("tokenspec", "pytest", "httpx", "cryptography", "starlette", "uvicorn")


def main() -> None:
    """Print the table as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}")
    _print_machine(options.rounds)
    print("| what | figure | beside | ratio |")
    print("|---|---|---|---|")
    for name in options.names or MEASUREMENTS:
        for row in MEASUREMENTS[name](options.rounds):
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            print(f"| {row.what} | {row.measured} | {row.beside} | {ratio} |", flush=True)


def _print_machine(rounds: int) -> None:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.machine()}, {os.cpu_count()} cores, ", end=""
    )
    print(f"load at the start {load}, {rounds} rounds")
    print(f"Python {platform.python_version()}, {packages}\n", file=sys.stdout)


if __name__ == "__main__":
    main()
