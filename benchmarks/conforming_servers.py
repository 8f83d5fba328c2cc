"""Campaigns against servers that are right: whatever is found is a false failure.

`python -m benchmarks.conforming_servers --seconds 3600 bundled auth0` searches one after the other,
each for so many seconds by the clock, and prints a row each. Ends with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import sys

from tokenspec.conformance.fuzz.campaign import Budget, Campaign
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.selftest.servers import conforming_servers


def search(name: str, seconds: float, seed: int) -> int:
    """Search one server, print what was done; how much was found."""
    conforming = conforming_servers()[name]
    setup = prepare_in_process(conforming.target, conforming.config)
    campaign = Campaign(setup, Budget(seconds), seed=seed)
    done = campaign.run()
    reached = f"{len(done.guards)} guards, {len(done.outcomes)} sequences"
    print(
        f"| {name} | {seconds:.0f} s | {done.cases} | {done.requests} | {reached} "
        f"| {len(done.found)} |",
        flush=True,
    )
    for found in done.found:
        print(
            found.verdict, found.divergence, found.document, sep="\n  ", file=sys.stderr, flush=True
        )
    return len(done.found)


def main() -> int:
    """Search and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conforming_servers", description=__doc__
    )
    parser.add_argument("names", nargs="*", metavar="SERVER", help=", ".join(conforming_servers()))
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| server | searched | cases | requests | reached | findings |")
    print("|---|---|---|---|---|---|", flush=True)
    found = [
        search(n, options.seconds, options.seed) for n in options.names or conforming_servers()
    ]
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main())
