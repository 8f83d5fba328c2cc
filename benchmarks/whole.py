"""The whole suite: how soon it speaks, how long it takes, what each part of it costs."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.common import (
    MEGABYTE,
    TOKENSPEC,
    Row,
    as_installed,
    child,
    in_turn,
    over_loopback,
    play_suite,
    served,
    suite,
)
from tokenspec.conformance.fuzz.campaign import Budget, Campaign
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.preflight.opening import BUNDLED_ISSUER, prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.run.oracle_plays import OracleShare, in_share
from tokenspec.conformance.run.selection import quick_list
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.demo import demo_config

VERDICT_LINE = 3  # of the record: after the header and the coverage
PATIENCE = 60.0  # seconds
HUNTED = 15.0  # processor seconds of a campaign
GROWTH = (1, 4, 16)
FURTHER_HEADERS = (0, 10, 40, 160)  # of each answer, of 500 octets
MEGA = 1_000_000
IDENTIFIER = re.compile(r"^id: (.*)$", re.MULTILINE)


def in_process() -> Setup:
    """A new bundled server in this process."""
    return prepare_in_process(bundled_target(BUNDLED_ISSUER), demo_config(BUNDLED_ISSUER))


def first_verdict(rounds: int) -> Iterator[Row]:
    """From the start of the command to the first verdict on disk, beside pytest with no test."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").touch()
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
        found = in_turn(
            rounds, ours=lambda: _until_verdict(Path(folder)), pytest=lambda: _bare(pytest)
        )
    ours, bare = found["ours"], found["pytest"]
    yield Row("start to first verdict", f"{ours:.2f} s", f"empty pytest {bare:.2f} s", ours / bare)


def _until_verdict(folder: Path) -> float:
    record = folder / "record.ndjson"
    record.unlink(missing_ok=True)
    as_installed()
    begun = time.perf_counter()
    with subprocess.Popen(
        [*TOKENSPEC, "run", "--report-dir", str(folder)],
        stdout=subprocess.DEVNULL,
        env=as_installed(),
    ) as run:
        while time.perf_counter() - begun < PATIENCE:
            if record.exists() and record.read_bytes().count(b"\n") >= VERDICT_LINE:
                break
            time.sleep(0.005)
        seconds = time.perf_counter() - begun
        run.terminate()
    return seconds


def _bare(command: list[str]) -> float:
    env = as_installed()
    begun = time.perf_counter()
    # ends with 5, as nothing is collected
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env=env)
    return time.perf_counter() - begun


def oracle_and_sockets(rounds: int) -> Iterator[Row]:
    """The engine alone: with and without the oracle, in process and over the loopback."""
    told: dict[str, OracleResult] = {}
    told_over_sockets: dict[str, OracleResult] = {}
    play_suite(in_process(), told=told)
    with served() as issuer:

        def socketed(known: dict[str, OracleResult]) -> float:
            with over_loopback(issuer) as setup:
                return play_suite(setup, told=known)

        socketed(told_over_sockets)
        found = in_turn(
            rounds,
            alone=lambda: play_suite(in_process(), told=told),
            oracle=lambda: play_suite(in_process()),
            sockets_alone=lambda: socketed(told_over_sockets),
            sockets=lambda: socketed({}),
        )
    base = found["alone"]
    cases = len(suite())
    yield Row(f"engine, {cases} cases, in process, no oracle", f"{base:.2f} s")
    for name, words in (
        ("oracle", "engine, in process, oracle"),
        ("sockets_alone", "engine, loopback, no oracle"),
        ("sockets", "engine, loopback, oracle"),
    ):
        yield Row(words, f"{found[name]:.2f} s", "in process, no oracle", found[name] / base)


def quick(rounds: int) -> Iterator[Row]:
    """The quick selection in process, with the oracle, beside the whole suite: processor time."""
    listed = quick_list()
    chosen = [case for case in suite() if case.key in listed]

    def played(cases: Sequence[Case]) -> float:
        setup, begun = in_process(), time.process_time()
        play_suite(setup, cases=cases)
        return time.process_time() - begun

    found = in_turn(rounds, quick=lambda: played(chosen), whole=lambda: played(suite()))
    yield Row(
        f"quick selection, {len(chosen)} cases, in process, oracle: processor time",
        f"{found['quick']:.2f} s",
        f"whole suite, {len(suite())} cases {found['whole']:.2f} s",
        found["quick"] / found["whole"],
    )


def oracle_share(rounds: int) -> Iterator[Row]:
    """A sample of the oracle, as runs have it, beside all of it: at `tokenspec serve`."""
    listed = quick_list()
    chosen = [case for case in suite() if case.key in listed]
    shares = {share: in_share(share, seed=7) for share in OracleShare}
    with served() as issuer:
        for name, cases in (("quick selection", chosen), ("whole suite", suite())):
            spent: dict[OracleShare, list[float]] = {share: [] for share in OracleShare}

            def played(
                share: OracleShare,
                cases: Sequence[Case] = cases,
                spent: dict[OracleShare, list[float]] = spent,
            ) -> float:
                with over_loopback(issuer) as setup:
                    begun = time.process_time()
                    seconds = play_suite(setup, cases=cases, ask_oracle=shares[share])
                    spent[share].append(time.process_time() - begun)
                return seconds

            wall = in_turn(
                rounds,
                sample=lambda played=played: played(OracleShare.SAMPLE),
                all=lambda played=played: played(OracleShare.ALL),
            )
            processor = {share: statistics.median(each) for share, each in spent.items()}
            for kind, took in (("wall", wall), ("processor", processor)):
                sample, whole = took["sample"], took["all"]
                yield Row(
                    f"{name}, {len(cases)} cases, loopback, the oracle a sample: {kind} time",
                    f"{sample:.2f} s",
                    f"the oracle all {whole:.2f} s",
                    sample / whole,
                )


def reports(rounds: int) -> Iterator[Row]:
    """What evidence, record, audit page and pytest-html cost, each added to the one before."""
    with tempfile.TemporaryDirectory() as folder:
        plain = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(BUNDLED)]
        plain += ["-p", "no:xdist", "--oauth-report-dir", folder]
        whole = [*TOKENSPEC, "run", "--report-dir", folder]
        peaks: list[float] = []

        def run(command: list[str]) -> float:
            took = child(command)
            if command is whole:
                peaks.append(took.megabytes)
            return took.seconds

        found = in_turn(
            rounds,
            bare=lambda: play_suite(in_process(), show=no_evidence),
            evidence=lambda: play_suite(in_process()),
            pytest=lambda: run(plain),
            html=lambda: run(whole),
        )
    bare = found["bare"]
    yield Row("engine, oracle, no evidence", f"{bare:.2f} s")
    yield Row("… evidence", f"{found['evidence']:.2f} s", "no evidence", found["evidence"] / bare)
    yield Row(
        "… pytest, record, audit page (start included)",
        f"{found['pytest']:.2f} s",
        "with evidence",
        found["pytest"] / found["evidence"],
    )
    yield Row(
        "tokenspec run: … pytest-html",
        f"{found['html']:.2f} s",
        "without pytest-html",
        found["html"] / found["pytest"],
    )
    yield Row("peak memory of tokenspec run", f"{max(peaks):.0f} MB")


def growth(_rounds: int) -> Iterator[Row]:
    """Copies of the suite beside it: time for each case, and memory beside that of empty tests."""
    first, least, bare_least = 0.0, 0.0, 0.0
    for times in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            run = ["run", "--report-dir", folder, *_so_many(times, Path(folder) / "more")]
            took = child([*TOKENSPEC, *run])
            bare = _empty_tests(Path(folder), times * len(suite()))
        each = took.processor / times
        first, least = first or each, least or took.megabytes
        bare_least = bare_least or bare
        yield Row(
            f"{times} x the scenarios: {took.processor:.1f} processor s",
            f"{1000 * each / len(suite()):.1f} ms a case",
            "1 x",
            each / first,
        )
        yield Row(
            f"{times} x the scenarios: peak memory",
            f"{took.megabytes:.0f} MB",
            f"as many empty tests with pytest-html {bare:.0f} MB",
            took.megabytes / bare,
        )
        if times > 1:
            further = (times - 1) * len(suite()) / MEGABYTE  # thousands of cases
            yield Row(
                f"{times} x the scenarios: memory for each further case",
                f"{(took.megabytes - least) / further:.1f} kB",
                f"for each empty test {(bare - bare_least) / further:.1f} kB",
                (took.megabytes - least) / (bare - bare_least),
            )


def _empty_tests(folder: Path, count: int) -> float:
    """The megabytes that pytest with pytest-html takes for so many tests that do nothing."""
    tests = folder / "test_nothing.py"
    tests.write_text(
        "import pytest\n\n"
        f'@pytest.mark.parametrize("number", range({count}))\n'
        "def test_nothing(number):\n    pass\n",
        "utf-8",
    )
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    page = [f"--html={folder / 'empty.html'}", "--self-contained-html"]
    return child([*pytest, "--rootdir", str(folder), *page, str(tests)]).megabytes


def weight_of_evidence(_rounds: int) -> Iterator[Row]:
    """Answers that say more: the record, and memory, beside those of the plain ones."""
    for times, headers in ((1, FURTHER_HEADERS), (4, (0, FURTHER_HEADERS[-1]))):
        least = 0.0
        for count in headers:
            took, megabytes = _talkative(count, times)
            least = least or took
            yield Row(
                f"{times} x the scenarios, a record of {megabytes:.0f} MB: peak memory",
                f"{took:.0f} MB",
                "the first" if count else "",
                took / least if count else None,
            )


def _talkative(count: int, times: int) -> tuple[float, float]:
    """Peak memory and size of the record, in megabytes, with so many further headers."""
    with tempfile.TemporaryDirectory() as folder:
        run = ["run", "--report-dir", folder, *_so_many(times, Path(folder) / "more")]
        talkative = [sys.executable, "-m", "benchmarks.talkative", str(count)]
        peak = child([*talkative, *run]).megabytes
        return peak, (Path(folder) / "record.ndjson").stat().st_size / MEGA


def _so_many(times: int, folder: Path) -> list[str]:
    """The options of a run of so many times the scenarios; the copies are made in `folder`."""
    for path in BUNDLED.rglob("*.yaml"):
        for number in range(times - 1):
            place = folder / str(number) / path.relative_to(BUNDLED)
            place.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text("utf-8")
            place.write_text(IDENTIFIER.sub(rf"id: \1-copy-{number}", text), "utf-8")
    return ["--scenarios", str(folder)] if times > 1 else []


def selftest(_rounds: int) -> Iterator[Row]:
    """The whole defect matrix, beside one run of the suite."""
    with tempfile.TemporaryDirectory() as folder:
        matrix = child([*TOKENSPEC, "selftest", "--report-dir", folder])
        run = child([*TOKENSPEC, "run", "--report-dir", folder])
    each = 1000 * matrix.seconds / len(DEFECTS)
    yield Row(
        f"selftest, {len(DEFECTS)} defects: {each:.0f} ms a defect",
        f"{matrix.seconds:.1f} s",
        f"tokenspec run {run.seconds:.1f} s",
        matrix.seconds / run.seconds,
    )


def generated(rounds: int) -> Iterator[Row]:
    """Requests that a campaign sends and has answered, for each second of the processor."""
    found = in_turn(
        rounds, requests=lambda: _exchanged("requests"), cases=lambda: _exchanged("cases")
    )
    yield Row(
        "generated exchanges a second and core, in process, the oracle's as many not counted",
        f"{found['requests']:.0f} / s",
        f"cases {found['cases']:.0f} / s",
    )


def _exchanged(what: str) -> float:
    campaign = Campaign(in_process(), Budget(HUNTED), seed=1, clock=time.process_time)
    progress = campaign.run()
    return float(getattr(progress, what)) / HUNTED
