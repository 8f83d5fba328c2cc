"""How long a cold campaign takes to find each defect of the reference server.

`nice python -m benchmarks.fuzz results.ndjson` starts a campaign for each defect and seed against
the reference server in this process and stops it at the first finding; `--part 1/2` does half of
them. Seconds are those of the processor, so that other work does not count. What the file, or
further ones, already hold is not done again. `--table results.ndjson...` prints what is there in
Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.out_of_reach import reasons
from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample
from tokenspec.conformance.fuzz.operations import straying
from tokenspec.conformance.fuzz.places import changed
from tokenspec.conformance.fuzz.saving import save
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.selection import read_shard
from tokenspec.conformance.scenario.loader import load_file
from tokenspec.conformance.selftest.matrix import Matrix, make_matrix
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner
from tokenspec.conformance.selftest.servers import ConformingServer
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.alterations.defects import DEFECTS

NEW = 5  # servers at which a scenario is played until its finding shows again


@dataclass(frozen=True, slots=True)
class Hunt:
    """One campaign: processor seconds and requests to the first finding, empty where none was.

    `deviations` are those of its smallest form; `replays` whether the scenario that is written of
    it finds the same at this server or a new one, in one of so many plays where chance decides;
    None in results of before they were looked at.
    """

    defect: str
    seed: int
    server: str
    seconds: float
    requests: int
    found: str
    deviations: int | None = None
    replays: bool | None = None


def hunt(defect: str, seed: int, conforming: ConformingServer, seconds: float) -> Hunt:
    """A campaign against a conforming server with one defect, until the first finding."""
    server = (conforming.target, conforming.config, (defect,))
    setup = prepare_in_process(*server)
    started = time.process_time()
    campaign: Campaign | None = None

    def clock() -> float:
        if campaign is not None and campaign.progress.found:
            return 2 * seconds
        return time.process_time() - started

    campaign = Campaign(setup, Budget(seconds), seed=seed, clock=clock)
    progress = campaign.run()
    spent = round(time.process_time() - started, 2)
    if not progress.found:
        return Hunt(defect, seed, conforming.name, spent, progress.requests, "")
    first = progress.found[0]
    new = (prepare_in_process(*server) for _ in range(NEW))
    return Hunt(
        defect,
        seed,
        conforming.name,
        spent,
        first.requests,
        found=f"{first.divergence.kind} at {first.divergence.step_kind}",
        deviations=changed(first.document) + straying(first.document.get("then", ())),
        replays=replays(first, itertools.chain((setup,), new)),
    )


def replays(found: Counterexample, servers: Iterable[Setup]) -> bool:
    """Whether the scenario of a finding finds it again at one of these, read from its file."""
    with tempfile.TemporaryDirectory() as folder:
        (scenario,) = load_file(save(found, Path(folder)), vocabulary())
    (case,) = scenario.cases
    findings = (Examiner(server, (case,)).examine(case) for server in servers)
    wanted = (found.verdict, found.divergence.kind)
    return any((finding.verdict, finding.kind) == wanted for finding in findings)


def home_of(defect: str, matrix: Matrix, runner: SelftestRunner) -> ConformingServer:
    """The conforming server at which the suite notices a defect."""
    keys = matrix.noticed_by(defect)
    runner.settle(keys)
    homes = [runner.home[key] for key in keys]
    return runner.servers[homes[0] if homes else "bundled"]


def read(paths: list[str]) -> list[Hunt]:
    """The hunts of result files."""
    texts = [Path(path).read_text("utf-8") for path in paths if Path(path).exists()]
    return [Hunt(**json.loads(line)) for text in texts for line in text.splitlines()]


def run(options: argparse.Namespace) -> None:
    """Do what is not done yet, seed by seed, and write each result as it comes.

    What the first seed does not find is not tried with the others.
    """
    runner = selftest_runner()
    matrix = make_matrix(runner, list(DEFECTS), ())
    left = reasons(matrix, runner)
    path = Path(options.files[0])
    known = read(options.files)
    done = {(hunted.defect, hunted.seed) for hunted in known}
    missed = {hunted.defect for hunted in known if not hunted.found}
    part = read_shard(options.part)
    names = options.defects or [name for name in DEFECTS if name not in left]
    with path.open("a", encoding="utf-8") as results:
        for seed in range(options.seeds):
            for name in names[part.index - 1 :: part.count]:
                if (name, seed) not in done and name not in missed:
                    hunted = hunt(name, seed, home_of(name, matrix, runner), options.seconds)
                    missed |= set() if hunted.found else {name}
                    print(json.dumps(asdict(hunted)), file=results, flush=True)


def table(hunts: list[Hunt]) -> Iterator[str]:
    """The results by defect, then what is out of reach with the reason, then what was not tried."""
    yield "| defect | found | seconds | requests | deviations | replays | as |"
    yield "|---|---|---|---|---|---|---|"
    for name in DEFECTS:
        runs = [hunted for hunted in hunts if hunted.defect == name]
        if runs:
            yield _row(name, runs)
    runner = selftest_runner()
    tried = {hunted.defect for hunted in hunts}
    unreached = reasons(make_matrix(runner, list(DEFECTS), ()), runner)
    yield "\n| out of reach | why |\n|---|---|"
    yield from (f"| `{name}` | {why} |" for name, why in unreached.items() if name not in tried)
    left = [f"`{name}`" for name in DEFECTS if name not in tried and name not in unreached]
    yield f"\nNot tried: {', '.join(left) or 'none'}."


def _row(name: str, runs: list[Hunt]) -> str:
    found = [hunted for hunted in runs if hunted.found]
    seconds = _spread([hunted.seconds for hunted in found], ".1f")
    requests = _spread([hunted.requests for hunted in found], ".0f")
    kinds = ", ".join(sorted({hunted.found for hunted in found}))
    most = max((h.deviations for h in found if h.deviations is not None), default="")
    played = [hunted.replays for hunted in found if hunted.replays is not None]
    again = f"{sum(played)} of {len(played)}"
    told = f"{seconds} | {requests} | {most} | {again} | {kinds}"
    return f"| `{name}` | {len(found)} of {len(runs)} | {told} |"


def _spread(values: list[float] | list[int], form: str) -> str:
    """Least, median and most."""
    if not values:
        return ""
    return " / ".join(
        f"{value:{form}}" for value in (min(values), statistics.median(values), max(values))
    )


def main() -> None:
    """Hunt, or print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="RESULTS.ndjson")
    parser.add_argument("--table", action="store_true", help="print what the files hold")
    parser.add_argument("--defects", nargs="*", default=[])
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    if options.table:
        sys.stdout.writelines(f"{line}\n" for line in table(read(options.files)))
    else:
        run(options)


if __name__ == "__main__":
    main()
