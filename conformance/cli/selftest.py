"""`tokenspec selftest`: is every broken server caught, and no good one accused?"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from jwt.warnings import InsecureKeyLengthWarning

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.plugin.nodes import selected
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.flaws import published_flaws
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest import gaps as holes
from tokenspec.conformance.selftest.gaps import Hole
from tokenspec.conformance.selftest.matrix import Matrix, make_matrix
from tokenspec.conformance.selftest.pool import pool
from tokenspec.conformance.selftest.runner import Workshop, workshop
from tokenspec.reference_server.defects import DEFECTS

FILE = "selftest.json"


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "selftest",
        help="is every broken server caught, and no good one accused?",
        description="Take every rule out of the reference server, one by one, and see that a case "
        "that cites the rule notices; see that every case notices something, that every "
        "requirement has a case or a reason, and that no conforming server is accused.",
        epilog="example: tokenspec selftest --select dpop.htu --select RFC9449-4.3",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="WHAT",
        help="only these defects, areas, scenarios, variants or requirements",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="try every defect on every case, not only until one notices",
    )
    parser.add_argument("--jobs", type=int, help="processes; default one for each core")
    parser.add_argument(
        "--report-dir", default="tokenspec-report", metavar="DIR", help="where the matrix goes"
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Run it; holes are faults of tokenspec.

    Raises:
        UsageError: nothing is called what was selected.
    """
    # Some defects sign with a secret too short on purpose; that is theirs to do, not news.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    started = time.perf_counter()
    shop = workshop()
    defects = [name for name in DEFECTS if _wanted(name, options.select)]
    keys = [key for key, case in shop.cases.items() if _case(case, options.select)]
    if not defects and not keys:
        raise UsageError(f"nothing is called {', '.join(options.select)}", "see: tokenspec list")
    with pool(options.jobs, _progress) as run:
        tasks = [(server, keys) for server in shop.servers]
        at_conforming_servers = run(holes.at_conforming_server, tasks, "conforming servers")
    matrix = make_matrix(
        shop, defects, keys, full=options.full, jobs=options.jobs, progress=_progress
    )
    found = [*_holes(shop, matrix, defects, keys, whole=not options.select), *at_conforming_servers]
    path = Path(options.report_dir) / FILE
    _write(path, shop, matrix, found)
    print("\n".join(_summary(shop, matrix, defects, keys, found)))
    print(f"\nmatrix: {path}   ({time.perf_counter() - started:.0f} s)")
    return ExitCode.HARNESS_FAULT if found else ExitCode.CONFORMS


def _wanted(defect: str, select: Collection[str]) -> bool:
    """Whether a defect is named, by itself or by what it breaks; all are where nothing is."""
    requirement = f"{DEFECTS[defect].requirement}-"
    return not select or any(
        word == defect or requirement.startswith((f"{word}-", f"{word}.")) for word in select
    )


def _case(case: Case, select: Collection[str]) -> bool:
    return not select or selected(case, select)


def _holes(
    shop: Workshop,
    matrix: Matrix,
    defects: Collection[str],
    keys: Collection[str],
    *,
    whole: bool,
) -> Iterator[Hole]:
    cases, registry = list(shop.cases.values()), Registry.load()
    if whole:
        yield from holes.uncovered(registry, cases)
        yield from holes.graver(registry, cases)
        yield from holes.unknown_sources(registry)
        yield from holes.unfound_flaws(published_flaws(), cases)
    yield from holes.homeless(keys, shop.home)
    yield from holes.unnoticed(matrix, defects, shop.cases)
    yield from holes.idle(matrix, [key for key in keys if key in shop.home], shop.cases)


def _summary(
    shop: Workshop,
    matrix: Matrix,
    defects: Collection[str],
    keys: Collection[str],
    found: Collection[Hole],
) -> Iterator[str]:
    cases = list(shop.cases.values())
    caught = sum(bool(matrix.killers(name)) for name in defects)
    awake = sum(key in matrix.useful for key in keys)
    still = sum(shop.cases[key].open for key in keys)
    yield f"conforming servers  {len(shop.servers)}: {', '.join(shop.servers)}"
    yield f"defects             {caught} of {len(defects)} noticed"
    yield f"cases               {awake} of {len(keys)} notice a defect, {still} only observe"
    for row in holes.coverage(Registry.load(), cases):
        share = f"{100 * row.tested / row.testable:.0f} %" if row.testable else "none to test"
        yield (
            f"{row.weight:19} {row.tested} of {row.testable} testable rows have a case ({share}); "
            f"{row.untestable} untestable"
        )
    if not found:
        yield "holes               none"
        return
    yield f"holes               {len(found)}"
    kind = ""
    for hole in sorted(found, key=lambda hole: (hole.kind, hole.where)):
        if hole.kind != kind:
            kind = hole.kind
            yield f"\n{kind}:"
        yield f"  {hole.where}: {hole.text}"


def _write(path: Path, shop: Workshop, matrix: Matrix, found: Collection[Hole]) -> None:
    """What notices what, as data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    killed: dict[str, dict[str, Any]] = {}
    for kill in matrix.kills:
        row = killed.setdefault(
            kill.defect, {"requirement": DEFECTS[kill.defect].requirement, "noticed_by": {}}
        )
        row["noticed_by"][kill.case] = {"verdict": kill.verdict, "kind": kill.kind}
    content = {
        "format": 1,
        "full": matrix.full,
        "grounds": list(shop.servers),
        "defects": killed,
        "holes": [{"kind": h.kind, "where": h.where, "text": h.text} for h in found],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _progress(what: str, done: int, count: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == count else "\r"
        print(f"{what}: {done} of {count}", end=end, file=sys.stderr, flush=True)
