"""`tokenspec selftest`: does every broken server fail, and every conforming one pass?"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from jwt.warnings import InsecureKeyLengthWarning

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.advisories import published_advisories
from tokenspec.conformance.run.selection import selected, unmatched
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest import covering, gaps, liberties, quick, trials
from tokenspec.conformance.selftest.gaps import Gap
from tokenspec.conformance.selftest.matrix import Matrix, make_matrix, noticed
from tokenspec.conformance.selftest.pool import pool
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.liberties import LIBERTIES

FILE = "selftest.json"
MOST = 6  # names told in one line


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "selftest",
        help=VERBS["selftest"].help,
        description="Take each rule out of the reference server in turn and check that a case "
        "that cites the rule notices; check that every case notices a defect, that every "
        "requirement has a case or a reason for having none, and that no conforming server is "
        "reported as failing.",
        epilog="example: tokenspec selftest --select dpop.htu --select RFC9449-4.3",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="WHAT",
        help="test only these defects, areas, scenarios, cases or requirements",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="play every case against every defect, not only until one notices",
    )
    parser.add_argument(
        "--liberties",
        action="store_true",
        help="play the whole suite, and nothing else, at servers that take each liberty by itself, "
        "each pair of them and each by each profile, with 1 job and with 4; --select takes "
        "liberties, and cases as they are selected everywhere",
    )
    parser.add_argument("--jobs", type=int, help="number of processes; default one for each core")
    parser.add_argument(
        "--report-dir",
        default="tokenspec-report",
        metavar="DIR",
        help="output directory for the matrix",
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Run it; gaps are faults of tokenspec.

    Raises:
        UsageError: nothing is called what was selected.
    """
    # Some defects sign with a secret too short on purpose; that is theirs to do, not news.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    started = time.perf_counter()
    if options.liberties:
        return _at_liberties(options, started)
    runner = selftest_runner()
    defects = [name for name in DEFECTS if _wanted(name, options.select)]
    keys = [key for key, case in runner.cases.items() if _case(case, options.select)]
    if not defects and not keys:
        raise UsageError(f"nothing is called {', '.join(options.select)}", "see: tokenspec list")
    runner.settle(keys)
    with pool(options.jobs, _progress) as run:
        tasks = [(server, keys) for server in runner.servers]
        at_conforming_servers = run(gaps.at_conforming_server, tasks, "conforming servers")
        taken = covering.once(covering.rows(covering.spoken(LIBERTIES.values())))
        at_liberties = run(liberties.at_liberties, [(names, keys) for names in taken], "liberties")
    matrix = make_matrix(
        runner, defects, keys, full=options.full, jobs=options.jobs, progress=_progress
    )
    found = [
        *_gaps(runner, matrix, defects, keys, whole=not options.select),
        *at_conforming_servers,
        *at_liberties,
    ]
    path = Path(options.report_dir) / FILE
    _write(path, runner, matrix, found)
    print("\n".join(_summary(runner, matrix, defects, keys)))
    if not options.select:
        print("\n".join(_coverage(runner)))
    print("\n".join(_told(found)))
    if options.select:
        print("\n".join(_detections(matrix, defects, keys)))
    print(f"\nmatrix: {path}   ({time.perf_counter() - started:.0f} s)")
    return ExitCode.HARNESS_FAULT if found else ExitCode.CONFORMS


def _at_liberties(options: argparse.Namespace, started: float) -> int:
    """The thorough half: every trial of `covering`, its gaps as they come.

    Raises:
        UsageError: no liberty and no case is called what was selected.
    """
    chosen = {name: LIBERTIES[name] for name in options.select if name in LIBERTIES} or LIBERTIES
    words = [word for word in options.select if word not in LIBERTIES]
    unknown = unmatched(words, trials.suite())
    if unknown:
        hint = "see: tokenspec serve --list-liberties, tokenspec list"
        raise UsageError("; ".join(unknown), hint)
    tried = list(covering.trials(chosen, trials.SERVERS, trials.JOBS))
    with pool(options.jobs, _progress) as run:
        tasks = [(trial, words) for trial in tried]
        found = run(trials.at_trial, tasks, "servers", tell=_tell)
    print(f"liberties           {len(chosen)}, at {len(tried)} servers")
    print(f"pairs               {covering.count_of_pairs(tried)} tried")
    excluded = covering.excluded_pairs(chosen.values())
    print(f"pairs left out      {len(excluded)}, of two ways to do one thing")
    for one, other in excluded:
        print(f"  {one} and {other}")
    print("\n".join(_told(found)))
    print(f"\n({time.perf_counter() - started:.0f} s)")
    return ExitCode.HARNESS_FAULT if found else ExitCode.CONFORMS


def _tell(found: Collection[Gap]) -> None:
    """What one server has shown, at once: the others take long."""
    for gap in found:
        print(f"{gap.where}: {gap.text}", flush=True)


def _wanted(defect: str, select: Collection[str]) -> bool:
    """Whether a defect is named, by itself or by what it breaks; all are where nothing is."""
    requirement = f"{DEFECTS[defect].requirement}-"
    return not select or any(
        word == defect or requirement.startswith((f"{word}-", f"{word}.")) for word in select
    )


def _case(case: Case, select: Collection[str]) -> bool:
    return not select or selected(case, select)


def _gaps(
    runner: SelftestRunner,
    matrix: Matrix,
    defects: Collection[str],
    keys: Collection[str],
    *,
    whole: bool,
) -> Iterator[Gap]:
    cases, registry = list(runner.cases.values()), Registry.load()
    if whole:
        yield from gaps.uncovered(registry, cases)
        yield from gaps.graver(registry, cases)
        yield from gaps.unknown_sources(registry)
        yield from gaps.unfound_advisories(published_advisories(), cases)
        yield from quick.too_little(matrix, runner, defects)
    yield from gaps.homeless(keys, runner.home)
    yield from gaps.unnoticed(matrix, defects, runner.cases)
    yield from gaps.idle(matrix, [key for key in keys if key in runner.home], runner.cases)


def _summary(
    runner: SelftestRunner,
    matrix: Matrix,
    defects: Collection[str],
    keys: Collection[str],
) -> Iterator[str]:
    caught = sum(bool(matrix.noticed_by(name)) for name in defects)
    awake = sum(key in matrix.useful for key in keys)
    still = sum(runner.cases[key].open for key in keys)
    yield f"conforming servers  {len(runner.servers)}: {', '.join(runner.servers)}"
    if defects:
        yield f"defects             {caught} of {len(defects)} noticed"
        noticed = len(quick.noticed_by_list(matrix, runner).intersection(defects))
        yield f"quick selection     {noticed} or more of these, at the bundled server"
    if keys:
        taken = len(covering.spoken(LIBERTIES.values()))
        yield f"liberties           {taken} taken, of {len(LIBERTIES)}"
        yield f"cases               {awake} of {len(keys)} notice a defect, {still} only observe"


def _coverage(runner: SelftestRunner) -> Iterator[str]:
    for row in gaps.coverage(Registry.load(), list(runner.cases.values())):
        share = f"{100 * row.tested / row.testable:.0f} %" if row.testable else "none to test"
        yield (
            f"{row.weight:19} {row.tested} of {row.testable} testable rows have a case ({share}); "
            f"{row.untestable} untestable"
        )


def _told(found: Collection[Gap]) -> Iterator[str]:
    if not found:
        yield "gaps                none"
        return
    yield f"gaps                {len(found)}"
    kind = ""
    for gap in sorted(found, key=lambda gap: (gap.kind, gap.where)):
        if gap.kind != kind:
            kind = gap.kind
            yield f"\n{kind}:"
        yield f"  {gap.where}: {gap.text}"


def _detections(matrix: Matrix, defects: Collection[str], keys: Collection[str]) -> Iterator[str]:
    """By name: the defects that each selected case notices, the cases that notice each defect."""
    for title, names, found in (
        ("cases, and the defects they notice", keys, matrix.turning),
        ("defects, and the cases that notice them", defects, matrix.noticed_by),
    ):
        if names:
            yield f"\n{title}:"
        for name in names:
            yield f"  {name}: {_few(found(name)) or 'none'}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _write(path: Path, runner: SelftestRunner, matrix: Matrix, found: Collection[Gap]) -> None:
    """What notices what, as data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "format": 1,
        "full": matrix.full,
        "grounds": list(runner.servers),
        "defects": noticed(matrix.detections),
        "holes": [{"kind": gap.kind, "where": gap.where, "text": gap.text} for gap in found],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _progress(what: str, done: int, count: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == count else "\r"
        print(f"{what}: {done} of {count}", end=end, file=sys.stderr, flush=True)
