"""How often a diagnosis is right: `python -m benchmarks.diagnosed RUNS --singles 100 --pairs 50`.

Each run is a vendor's: the reference server with defects by lot, served on the loopback by a
process of its own, `tokenspec run` with a short target file, and the causes that its record ends
with. RUNS is a file of one JSON object a line; runs that it has are not made again. The table at
the end is of what is said of them now.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import TOKENSPEC, as_installed, served, suite
from tokenspec.conformance.diagnosis.dictionary import dictionary
from tokenspec.conformance.diagnosis.of_record import cause_lines
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.scenario.model import Case
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.liberties import LIBERTIES

BROKEN = ("fail", "warn")
PAIR = 2
TARGET = """\
format: 1
issuer: {issuer}
clients:
- client_id: tokenspec-public
  redirect_uris: [https://client.example/callback, https://client.example/other]
- client_id: tokenspec-second
  redirect_uris: [https://client.example/callback]
- client_id: tokenspec-basic
  auth: client_secret_basic
  secret: basic secret+with/reserved%characters:4f1c
  redirect_uris: [https://client.example/callback]
login: {{username: alice, password: wonderland}}
scope: openid profile email offline_access
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What was put into a server, and what each case found there: verdict, kind, step, words."""

    put: tuple[str, ...]
    found: Mapping[str, Sequence[str]]

    def lines(self) -> Iterator[dict[str, Any]]:
        """The findings as a record has them, as far as a diagnosis looks at them."""
        for key, (verdict, *rest) in self.found.items():
            case = cases().get(key)
            if case is None:
                continue
            kind, step, observed, note = rest or ("", "", "", "")
            row = Registry.load().get(case.requirement)
            yield {
                "key": key, "scenario": case.scenario, "area": case.area, "title": case.title,
                "requirement": row.id, "citation": row.citation, "level": str(row.level),
                "url": row.url, "verdict": verdict, "kind": kind, "step": step,
                "observed": observed, "expected": "", "note": note, "why": case.why, "sent": [],
                "digest": "", "judged": "", "seen_in": (),
            }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A run at which something is broken, and its causes as a record has them.

    `showing` are those of the faults that could show there: a case that notices them applied.
    """

    put: tuple[str, ...]
    showing: frozenset[str]
    causes: Sequence[Mapping[str, Any]]

    @property
    def named(self) -> list[str]:
        """What is named, in the order in which a reader meets it."""
        return [name for cause in self.causes for name in (cause["id"], *self._beside(cause))]

    def first(self, name: str) -> bool:
        """Whether `name` is the first cause."""
        return bool(self.causes) and self.causes[0]["id"] == name

    def first_or_alike(self, name: str) -> bool:
        """Whether it is, or stands beside the first as just as likely."""
        alike = self._beside(self.causes[0], level=True) if self.causes else []
        return self.first(name) or name in alike

    @staticmethod
    def _beside(cause: Mapping[str, Any], *, level: bool = False) -> list[str]:
        least = (cause["likelihood"] or 0.0) - 0.02 if level else 0.0
        return [one["id"] for one in cause["alternatives"] if one["likelihood"] >= least]


def played(put: Collection[str], option: str, folder: Path) -> Run:
    """Serve the reference server with what is put into it, run the suite, read the record."""
    options = [word for name in put for word in (option, name)]
    target, report = folder / "target.yaml", folder / "report"
    with served(*options) as issuer:
        target.write_text(TARGET.format(issuer=issuer), encoding="utf-8")
        subprocess.run(
            [*TOKENSPEC, "run", str(target), "--report-dir", str(report)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=as_installed(),
            check=False,
        )
    record = read_record(report / "record.ndjson")
    return Run(tuple(put), {one["key"]: _members(one) for one in record.findings})


def _members(finding: Mapping[str, Any]) -> list[str]:
    names = ("verdict", "kind", "step", "observed", "note")
    silent = finding["verdict"] in ("pass", "not-applicable")
    return [str(finding[name]) for name in names[: 1 if silent else None]]


@functools.cache
def cases() -> Mapping[str, Case]:
    """The suite by key."""
    return {case.key: case for case in suite()}


def wanted(singles: int, pairs: int, liberties: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """What to put into servers, by lot, and by which option."""
    lot = random.Random(20)  # noqa: S311 - a sample
    for name in lot.sample(sorted(DEFECTS), singles):
        yield (name,), "--defect"
    for _pair in range(pairs):
        yield tuple(lot.sample(sorted(DEFECTS), 2)), "--defect"
    for liberty in lot.sample(sorted(LIBERTIES), liberties):
        yield (liberty,), "--liberty"


def runs(path: Path) -> list[Run]:
    """Those of a file."""
    if not path.exists():
        return []
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Run(tuple(line["put"]), line["found"]) for line in lines]


def diagnosed(found: Iterable[Run]) -> list[Diagnosed]:
    """Those at which something is broken, with what is said of them now."""
    return [
        Diagnosed(run.put, frozenset(_showing(run)), cause_lines(run.lines()))
        for run in found
        if any(verdict in BROKEN for verdict, *_ in run.found.values())
    ]


def table(shown: Sequence[Diagnosed]) -> Iterator[str]:
    """What is told of the runs."""
    singles = [run for run in shown if len(run.put) == 1 and run.put[0] in DEFECTS]
    pairs = [run for run in shown if len(run.showing) == PAIR]
    yield "| what | figure |\n|---|---|"
    first = sum(run.first(*run.put) for run in singles)
    alike = sum(run.first_or_alike(*run.put) for run in singles)
    three = sum(run.put[0] in run.named[:3] for run in singles)
    yield f"| single faults, right cause first | {first} of {len(singles)} |"
    yield f"| first, or level with the first | {alike} of {len(singles)} |"
    yield f"| among the first three named | {three} of {len(singles)} |"
    both = sum(set(run.put) <= set(run.named) for run in pairs)
    more = sum(len(run.causes) > PAIR for run in pairs)
    yield f"| pairs that both show, both named | {both} of {len(pairs)} |"
    yield f"| pairs with more than two causes | {more} of {len(pairs)} |"
    yield "\n| said | how many | mean said | right |\n|---|---|---|---|"
    yield from _calibration(shown)


def wrong(shown: Iterable[Diagnosed]) -> Iterator[str]:
    """The runs whose faults are not those that are named."""
    for run in shown:
        if {cause["id"] for cause in run.causes} != set(run.put):
            said = (f"{one['id']} {one['likelihood']}" for one in run.causes)
            yield f"{' + '.join(run.put)}: {', '.join(said)}"


def _showing(run: Run) -> Iterator[str]:
    for name in run.put:
        row = dictionary().rows.get(name, {})
        noticing = (key for key, seen in row.items() if seen.broken and key in run.found)
        if any(run.found[key][0] != "not-applicable" for key in noticing):
            yield name


def _calibration(shown: Iterable[Diagnosed]) -> Iterator[str]:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for run in shown:
        for cause in run.causes:
            for one in (cause, *cause["alternatives"]):
                if one["likelihood"] is not None:
                    at = min(int(one["likelihood"] * 10), 9)
                    bins.setdefault(at, []).append((one["likelihood"], one["id"] in run.put))
    for at, seen in sorted(bins.items()):
        said = sum(likelihood for likelihood, _right in seen) / len(seen)
        right = sum(right for _likelihood, right in seen) / len(seen)
        yield f"| {at * 10} to {at * 10 + 10} % | {len(seen)} | {said:.0%} | {right:.0%} |"


def main() -> None:
    """Make the runs that are missing and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosed", description=__doc__)
    parser.add_argument("runs", type=Path, metavar="RUNS")
    for name in ("singles", "pairs", "liberties"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--wrong", action="store_true", help="say where the first is not right")
    given = parser.parse_args()
    known = {run.put for run in runs(given.runs)}
    for put, option in wanted(given.singles, given.pairs, given.liberties):
        if put not in known:
            with tempfile.TemporaryDirectory() as folder, given.runs.open("a") as file:
                file.write(json.dumps(asdict(played(put, option, Path(folder)))) + "\n")
    shown = diagnosed(runs(given.runs))
    print("\n".join(table(shown)))
    if given.wrong:
        print("\n".join(wrong(shown)))


if __name__ == "__main__":
    main()
