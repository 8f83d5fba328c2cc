"""The engine: every case once, in an order that lets no job wait, with the same verdicts."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import count

import pytest

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.resume import TakenOver
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.engine import MOST_WAITING, Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.order import (
    controls_early,
    ends_others,
    playing_order,
    takes_long,
)
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
DEFECT = "response.no_store"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    folders = [BUNDLED / "pkce", BUNDLED / "response"]
    return [case for scenario in load_folders(folders, vocabulary()) for case in scenario.cases]


def setup(*defects: str) -> Setup:
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)


def findings(cases: list[Case], jobs: int, *defects: str) -> Iterator[Finding]:
    engine = Engine(setup(*defects), cases, jobs=jobs, seed=7)
    engine.submit(cases)
    for case in cases:
        yield engine.finding(case)
    engine.close()


def told(found: Iterator[Finding]) -> list[tuple[str, str, str, str]]:
    return [(one.key, str(one.verdict), str(one.kind), one.note) for one in found]


@pytest.mark.parametrize("defects", [(), (DEFECT,)])
def test_so_many_jobs_find_the_same(cases: list[Case], defects: tuple[str, ...]) -> None:
    alone = told(findings(cases, 1, *defects))
    assert alone == told(findings(cases, 4, *defects))
    # answers of other cases that show it again are no other answer
    assert not [note for *_, note in alone if "answered otherwise" in note]


def test_whoever_looks_at_every_answer_sees_those_of_the_others_like_it(
    cases: list[Case],
) -> None:
    watching = [case for case in cases if case.every_response][:2]
    notes = {finding.note for finding in findings(watching, 1)}
    assert len(watching) == 2
    assert not any(note.startswith("0 answers") for note in notes)


def test_what_was_seen_in_many_answers_is_told_once_with_its_places(
    cases: list[Case],
) -> None:
    found = {finding.key: finding for finding in findings(cases, 1, DEFECT)}
    seen = found["success-envelope/no-store"]
    assert seen.observed.count("does not say no-store") == 1
    assert len(seen.seen_in) > 1
    assert all(f"{place}, token" in seen.observed for place in seen.seen_in)


def test_the_first_of_a_scenario_is_begun_early_and_nothing_else_is_moved(
    cases: list[Case],
) -> None:
    assert list(controls_early(cases, 0)) == cases
    early = list(controls_early(cases, 3))
    assert sorted(case.key for case in early) == sorted(case.key for case in cases)
    place: Mapping[str, int] = {case.key: number for number, case in enumerate(early)}
    names = list(dict.fromkeys(case.scenario for case in cases))
    groups = [[case for case in cases if case.scenario == name] for name in names]
    for number, group in enumerate(groups[:-3]):
        first = place[groups[number + 3][0].key]
        assert all(place[case.key] > first for case in group[1:])


@pytest.mark.parametrize("key", ["id-token-of-a-refresh/dated-anew", "max-age/silent"])
def test_while_a_play_waits_another_has_its_job_and_a_session(cases: list[Case], key: str) -> None:
    """One job and one session; the wait, of the second inside a session, ends with the other."""
    every = list(whole_suite())
    waiting = next(case for case in every if case.key == key)
    other = next(case for case in cases if not case.every_response)
    ready, ended, seen = setup(), threading.Event(), []

    def wait(seconds: float) -> None:
        seen.append(ended.wait(30))
        ready.side.wait(seconds)

    limited = replace(ready.target, limits=replace(ready.target.limits, jobs=1))
    side = replace(ready.side, target=limited, wait=wait)
    engine = Engine(
        replace(ready, target=limited, side=side),
        (waiting, other),
        jobs=1,
        on_finding=lambda finding: ended.set() if finding.key == other.key else None,
    )
    engine.submit((waiting, other))
    assert [str(engine.finding(one).verdict) for one in (waiting, other)] == ["pass", "pass"]
    assert seen == [True]
    engine.close()


def test_no_more_than_so_many_wait_at_once() -> None:
    """However many there are: each that waits holds a thread."""
    every = list(whole_suite())
    waiting = next(case for case in every if case.key == "id-token-of-a-refresh/dated-anew")
    copies = [replace(waiting, id=f"{waiting.id}-{number}") for number in range(MOST_WAITING + 3)]
    ready, lock, full = setup(), threading.Lock(), threading.Event()
    under_way, most = 0, 0

    def wait(seconds: float) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == MOST_WAITING:
                full.set()
        assert full.wait(30)
        with lock:
            under_way -= 1
        ready.side.wait(seconds)

    engine = Engine(replace(ready, side=replace(ready.side, wait=wait)), copies, jobs=2)
    engine.submit(copies)
    assert {str(engine.finding(one).verdict) for one in copies} == {"pass"}
    assert most == MOST_WAITING
    engine.close()


def test_those_that_take_long_begin_early_but_after_the_first_of_each_job() -> None:
    every = list(whole_suite())
    ordered = playing_order(every, 4)
    patient = [case for case in every if takes_long(case)]
    assert len(patient) > 5
    assert set(map(id, ordered[4 : 4 + len(patient)])) == set(map(id, patient))
    assert sorted(case.key for case in ordered) == sorted(case.key for case in every)


def test_those_that_may_end_what_others_rest_on_come_last_and_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    suite = [case for case in whole_suite() if not takes_long(case)]
    logouts = [case for case in suite if ends_others(case)]
    ordered = playing_order([*logouts, *suite[:40]], 4)
    assert all(map(ends_others, ordered[-(len(logouts) - 4) :]))
    under_way: list[str] = []
    beside: set[tuple[str, ...]] = set()
    play = Examiner.play

    def noted(self: Examiner, case: Case, *, afresh: bool = False) -> Finding:
        under_way.append(case.key)
        beside.add(tuple(under_way))
        try:
            return play(self, case, afresh=afresh)
        finally:
            under_way.remove(case.key)
            beside.add(tuple(under_way))

    monkeypatch.setattr(Examiner, "play", noted)
    chosen = [*logouts[:3], *suite[:12]]
    engine = Engine(setup(), chosen, jobs=4)
    engine.submit(chosen)
    found = {engine.finding(case).verdict for case in chosen}
    engine.close()
    assert not found & {"fail", "warn", "could-not-run"}
    for case in logouts[:3]:
        assert {keys for keys in beside if case.key in keys} == {(case.key,)}


def test_a_known_finding_is_not_played_again(cases: list[Case]) -> None:
    first, second = [case for case in cases if not case.every_response][:2]
    known = next(findings([first], 1))
    marked = replace(known, note="from an earlier run")
    ready = setup()
    engine = Engine(ready, (first, second), jobs=1, known=TakenOver({first.key: marked}))
    engine.submit((first, second))
    assert engine.finding(first) is marked
    assert engine.finding(second).note != marked.note
    engine.close()


def test_who_comes_back_from_a_wait_goes_before_who_has_not_begun() -> None:
    """Else a play's tokens may have been ended by others before its turn came again."""
    ready = setup()
    waited, told = threading.Event(), []

    def wait(_seconds: float) -> None:
        assert waited.wait(10)

    limit = ConcurrencyLimit(1)
    outside = limit.released_in_waits(replace(ready, side=replace(ready.side, wait=wait)))
    entered = threading.Event()

    def patient() -> None:
        with limit.slot():
            outside.side.wait(1.0)
            told.append("back")

    def next_one() -> None:
        with limit.slot():
            told.append("new")

    def holding() -> None:
        with limit.slot():
            entered.set()
            waited.set()
            while limit.queued < 2:
                pass

    first = threading.Thread(target=patient)
    first.start()
    holder = threading.Thread(target=holding)
    holder.start()
    assert entered.wait(10)
    later = threading.Thread(target=next_one)
    later.start()
    for thread in (first, holder, later):
        thread.join(10)
    assert told == ["back", "new"]


def test_who_gives_a_slot_back_does_not_take_it_before_who_waits() -> None:
    """Else a play may begin last of all, and what comes after it waits to be told."""
    limit, told = ConcurrencyLimit(1), []

    def waiting() -> None:
        with limit.slot():
            told.append("who waited")

    later = threading.Thread(target=waiting)
    with limit.slot():
        later.start()
        while not limit.queued:
            pass
    with limit.slot():
        told.append("who had it")
    later.join(10)
    assert told == ["who waited", "who had it"]


def test_of_many_that_wait_for_a_slot_none_is_forgotten() -> None:
    """Each slot given back is offered to one of them, whoever else comes back meanwhile."""
    ready, limit = setup(), ConcurrencyLimit(2)
    inside, most, lock = [0], [], threading.Lock()
    outside = limit.released_in_waits(
        replace(ready, side=replace(ready.side, wait=lambda _seconds: None))
    )

    def play() -> None:
        for _time in range(20):
            with limit.slot():
                with lock:
                    inside[0] += 1
                    most.append(inside[0])
                with lock:
                    inside[0] -= 1
                outside.side.wait(1.0)

    threads = [threading.Thread(target=play, daemon=True) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert max(most) <= 2
    assert all_free(limit, 2)


def test_nothing_of_a_play_is_kept_when_its_finding_was_told(cases: list[Case]) -> None:
    """Nor of a control, when every case that has it was played."""
    of_other_tests = granted_plays()
    ready = setup()
    engine = Engine(ready, cases, jobs=2, seed=7)
    engine.submit(cases)
    for case in cases:
        engine.finding(case)
    engine.close()
    assert engine.cases
    known = set(map(id, of_other_tests))
    assert not [one for one in granted_plays() if id(one) not in known]


def granted_plays() -> list[Played]:
    """Every granted step that this process still holds."""
    gc.collect()
    plays = [one for one in gc.get_objects() if isinstance(one, Played)]
    return [one for one in plays if one.answer is Answer.GRANTED]


def test_plays_of_a_race_are_side_by_side_in_the_slots_there_are() -> None:
    """Three at once, as many as the limit, with the slot of who asked for them among these."""
    limit, meeting, most = ConcurrencyLimit(3), threading.Barrier(3), []
    numbers, inside, lock = count(), [0], threading.Lock()

    def play() -> int:
        with lock:
            inside[0] += 1
            most.append(inside[0])
            number = next(numbers)
        meeting.wait(10)
        with lock:
            inside[0] -= 1
        meeting.wait(10)
        return number

    with limit.slot():
        assert sorted(limit.side_by_side(play, 6)) == list(range(6))
    assert max(most) == 3
    assert all_free(limit, 3)


@pytest.mark.parametrize("jobs", [1, 3])
def test_who_has_seen_enough_of_a_race_ends_it(jobs: int) -> None:
    limit, played = ConcurrencyLimit(jobs), []

    def play() -> str:
        played.append(1)
        return "lost"

    with limit.slot(), closing(limit.side_by_side(play, 500)) as plays:
        assert next(plays) == "lost"
    assert len(played) < 500
    assert all_free(limit, jobs)


def test_a_play_of_a_race_that_fails_gives_its_slot_back() -> None:
    limit = ConcurrencyLimit(2)

    def play() -> None:
        raise TargetUnusable("gone")

    with limit.slot(), pytest.raises(TargetUnusable, match="gone"):
        list(limit.side_by_side(play, 4))
    assert all_free(limit, 2)


def all_free(limit: ConcurrencyLimit, number: int) -> bool:
    """Whether so many limit can be had at once."""
    with ExitStack() as taken:
        for _ in range(number):
            taken.enter_context(limit.slot())
    return True


def test_each_play_of_a_race_has_its_own_time() -> None:
    limit, clock = ConcurrencyLimit(2), MovableClock(lambda: 0.0)

    def play() -> float:
        clock.wait(10)
        return clock()

    clock.wait(5)
    with limit.slot():
        assert list(limit.side_by_side(play, 4)) == [15.0] * 4
    assert clock() == 5.0


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_race_is_lost_with_any_number_of_jobs(jobs: int) -> None:
    every = list(whole_suite())
    races = [case for case in every if case.key == "code-used-at-once/twelve"]
    assert [str(one.verdict) for one in findings(races, jobs)] == ["pass"]
    assert [str(one.verdict) for one in findings(races, jobs, "code.check_then_act")] == ["fail"]
