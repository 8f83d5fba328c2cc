"""The calibration round: what the target chooses where the specifications leave it a choice.

Each question is a scenario whose last step is granted or refused. Where the target chooses
otherwise than the oracle, the oracle follows it where it can; where it chooses the same, it is held
to that from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.fuzz.allowed_choices import Choice, Effect, allowed_choices
from tokenspec.conformance.fuzz.documents import finished
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.oracle import Oracle
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.sessions import own_sign_in_needed
from tokenspec.conformance.play.side import SessionPool
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server import Server

NO_ANSWER = (Answer.NO_ANSWER, Answer.SERVER_ERROR)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was learned: by choice, whether the target grants, and whether that is the oracle's own.

    A choice that could not be asked is in neither.
    """

    oracle: Oracle
    granted: Mapping[str, bool] = field(default_factory=dict)
    as_oracle: frozenset[str] = frozenset()
    requests: int = 0


def calibrate(setup: Setup) -> Calibration:
    """Ask the target every question it can be asked.

    Raises:
        TargetUnusable: the user could not be signed in.
    """
    granted: dict[str, bool] = {}
    alike: set[str] = set()
    before = setup.counted.requests
    for choice in allowed_choices().choices:
        cases = [case for case in map(_case, choice.ask) if not setup.missing(case.needs)]
        held = choice.unless and setup.decisions[choice.unless].present
        if held or not cases:
            continue
        theirs = [_grants(_at_target(setup, case), case) for case in cases]
        ours = [_grants(setup.oracle.play(case).transcript, case) for case in cases]
        if None in theirs:
            continue
        granted[choice.name] = any(theirs)
        if theirs == ours:
            alike.add(choice.name)
    effects = list(_effects(granted, allowed_choices().choices))
    return Calibration(
        oracle=_following(setup.oracle, effects),
        granted=granted,
        as_oracle=frozenset(alike),
        requests=setup.counted.requests - before,
    )


def _case(ask: Mapping[str, object]) -> Case:
    document = finished(dict(ask))
    following = [{"expect": "oracle", **step} for step in document.get("then", ())]
    content = {**document, "then": following} if following else document
    return load_document(content, vocabulary(), area="generated").cases[0]


def _at_target(setup: Setup, case: Case) -> Transcript | None:
    try:
        own = own_sign_in_needed(case.steps)
        return play(setup.side, case.setting, case.steps, own_sign_in=own)
    except TargetUnusable:
        return None


def _grants(transcript: Transcript | None, case: Case) -> bool | None:
    """Whether the last step was granted; None where the play did not get that far."""
    last = transcript.step(case.steps[-1].name) if transcript else None
    if last is None or last.answer in NO_ANSWER:
        return None
    return last.answer is Answer.GRANTED


def _effects(granted: Mapping[str, bool], choices: Iterable[Choice]) -> Iterable[Effect]:
    for choice in choices:
        if choice.name in granted:
            yield choice.granted if granted[choice.name] else choice.refused


def _following(oracle: Oracle, effects: Iterable[Effect]) -> Oracle:
    """An oracle that chooses as the target does; the same one where nothing has to change."""
    without: list[str] = []
    policy = oracle.server.config.policy
    for effect in effects:
        without += effect.without
        policy = replace(
            policy,
            dpop_iat_window=max(policy.dpop_iat_window, effect.window),
            rotate_refresh_tokens=policy.rotate_refresh_tokens or effect.rotation,
            rotate_with_credentials=policy.rotate_with_credentials or effect.rotation,
        )
    if not without and policy == oracle.server.config.policy:
        return oracle
    config = replace(oracle.server.config, policy=policy)
    clock = oracle.side.clock
    server = Server(
        config,
        clock=clock if isinstance(clock, MovableClock) else MovableClock(clock),
        random_bytes=oracle.side.random_bytes,
        defects=tuple(dict.fromkeys(without)),
    )
    return replace(
        oracle, server=server, side=replace(oracle.side, sessions=SessionPool(), nonces={})
    )
