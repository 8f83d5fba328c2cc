"""What an answer that was granted establishes: compared after the class of the answer.

Everything here is told without the other server's values, so that two servers with keys, scopes
and tokens of their own can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.verdicts import Kind
from tokenspec.conformance.scenario.model import Answer, StepKind

ONCE = {
    StepKind.TOKEN: "RFC6749-4.1.2-code_reuse_denied",
    StepKind.REFRESH: "RFC9700-4.14.2-rotation_replay_refused",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the client has after an answer; a field is empty where the answer cannot tell.

    `token_type` in lower case; `alive` yes or no at introspection; `key` own or other, the one a
    token is told to be bound to; `wider` whether a refresh told of scope the grant never had.
    """

    token_type: str = ""
    alive: str = ""
    key: str = ""
    wider: bool = False
    won: int = 0  # of requests sent at once, how many were granted


@dataclass(frozen=True, slots=True)
class Differs:
    """How two standings differ, and the requirement that is about."""

    kind: Kind
    requirement: str
    expected: str
    observed: str


def standing(played: Played, transcript: Transcript) -> Standing:
    """The standing after one step of a play."""
    told = played.received
    if played.answer is not Answer.GRANTED:
        return Standing()
    if played.step.kind in ONCE:
        value = told.get("token_type")
        return Standing(
            token_type=value.lower() if isinstance(value, str) else "",
            wider=played.step.kind is StepKind.REFRESH and _wider(played, transcript),
            won=played.together.count(Answer.GRANTED),
        )
    if played.step.kind is StepKind.INTROSPECT:
        bound = told.get("cnf")
        jkt = bound.get("jkt") if isinstance(bound, dict) else None
        key = ("own" if jkt == transcript.jkt else "other") if jkt else ""
        return Standing(alive="yes" if told.get("active") is True else "no", key=key)
    return Standing()


def differs(kind: StepKind, theirs: Standing, ours: Standing) -> Differs | None:
    """Where the target's standing is not the oracle's, gravest first; None where they agree."""
    if theirs.won > ours.won:
        return Differs(
            Kind.ACCEPTED,
            ONCE[kind],
            f"at most {ours.won} of the requests sent at once granted",
            f"{theirs.won} of them granted",
        )
    if theirs.alive != ours.alive:
        dead = ours.alive == "no"
        return Differs(
            Kind.ACCEPTED if dead else Kind.REFUSED,
            "RFC7662-2.2-inactive" if dead else "RFC7662-2.2-active_boolean",
            f"the token is told to be {'dead' if dead else 'alive'}",
            f"it is told to be {'alive' if dead else 'dead'}",
        )
    if theirs.wider and not ours.wider:
        return Differs(
            Kind.ACCEPTED,
            "RFC6749-6-scope_not_exceeded",
            "a token of the scope granted at most",
            "a token of more scope than was granted",
        )
    if theirs.token_type != ours.token_type:
        return Differs(
            Kind.WRONG_ENVELOPE,
            "RFC9449-5-token_type_dpop",
            f"a token of type {ours.token_type}",
            f"a token of type {theirs.token_type or '(none told)'}",
        )
    if theirs.key != ours.key:
        return Differs(
            Kind.WRONG_ENVELOPE,
            "RFC9449-6.2-introspection_cnf",
            _bound(ours.key),
            _bound(theirs.key),
        )
    return None


def _bound(key: str) -> str:
    words = {"own": "the key it was asked for with", "other": "another key", "": "no key"}
    return f"a token told to be bound to {words[key]}"


def _wider(played: Played, transcript: Transcript) -> bool:
    """Whether a refresh tells of scope that neither the first answer nor the request told of."""
    first = next((p for p in transcript.steps if p.step.kind is StepKind.TOKEN), None)
    asked = next((p for p in transcript.steps if p.step.kind is StepKind.AUTHORIZE), None)
    if first is None or asked is None:
        return False
    granted = _words(first.received.get("scope")) or _words(*asked.sent.get("scope", ()))
    return bool(granted) and not _words(played.received.get("scope")) <= granted


def _words(*values: object) -> frozenset[str]:
    return frozenset(word for value in values if isinstance(value, str) for word in value.split())
