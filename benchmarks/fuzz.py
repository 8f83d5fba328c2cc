"""How long a cold campaign takes to find each defect of the reference server.

`nice python benchmarks/fuzz.py --seeds 1 --seconds 20 code.unused pkce.verifier_matches` starts a
campaign for each defect and seed against the reference server in this process and stops it at the
first finding. Seconds are those of the processor, so that other work on the machine does not count.
Without names every defect is tried. Prints the rows of a table in Markdown.
"""

from __future__ import annotations

import argparse
import time

from conformance.fuzz.campaign import Budget, Campaign
from conformance.run.opening import prepare_in_process
from conformance.target.bundled import bundled_target
from reference_server.defects import DEFECTS
from reference_server.demo import demo_config

ISSUER = "https://server.example"


def hunt(defect: str, seed: int, seconds: float) -> tuple[float, int, str]:
    """Seconds and requests to the first finding, and what it was; nothing where there was none."""
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), (defect,))
    started = time.process_time()
    campaign: Campaign | None = None

    def clock() -> float:
        if campaign is not None and campaign.progress.found:
            return 2 * seconds
        return time.process_time() - started

    campaign = Campaign(setup, Budget(seconds), seed=seed, clock=clock)
    progress = campaign.run()
    spent = time.process_time() - started
    if not progress.found:
        return spent, progress.requests, ""
    parting = progress.found[0].parting
    return spent, progress.found[0].requests, f"{parting.kind} at {parting.step_kind}"


def main() -> None:
    """Hunt and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("defects", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    print("| defect | found | seconds | requests | as |\n|---|---|---|---|---|", flush=True)
    for defect in options.defects or DEFECTS:
        runs = [hunt(defect, seed, options.seconds) for seed in range(options.seeds)]
        found = [run for run in runs if run[2]]
        seconds = ", ".join(f"{run[0]:.1f}" for run in found)
        requests = ", ".join(str(run[1]) for run in found)
        kinds = ", ".join(sorted({run[2] for run in found}))
        print(
            f"| `{defect}` | {len(found)} of {len(runs)} | {seconds} | {requests} | {kinds} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
