"""What an answer that was granted establishes: compared after the class of the answer.

Nothing here depends on the server's own values, so that two servers with keys, scopes and tokens of
their own can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, StepKind
from tokenspec.conformance.verdicts import Kind

ONCE = {
    StepKind.TOKEN: "RFC6749-4.1.2-code_reuse_denied",
    StepKind.REFRESH: "RFC9700-4.14.2-rotation_replay_refused",
}


@dataclass(frozen=True, slots=True)
class GrantedState:
    """What the client has after an answer; a field is empty where the answer cannot tell.

    `token_type` in lower case; `active` yes or no at introspection; `key` own or other, the one a
    token is said to be bound to; `wider` whether a refresh names scope the grant never had.
    """

    token_type: str = ""
    active: str = ""
    key: str = ""
    wider: bool = False
    won: int = 0  # of requests sent at once, how many were granted


@dataclass(frozen=True, slots=True)
class StateDifference:
    """How two granted states differ, and the requirement that is about."""

    kind: Kind
    requirement: str
    expected: str
    observed: str


def granted_state(played: Played, transcript: Transcript) -> GrantedState:
    """The granted state after one step of a play."""
    received = played.received
    if played.answer is not Answer.GRANTED:
        return GrantedState()
    if played.step.kind in ONCE:
        value = received.get("token_type")
        return GrantedState(
            token_type=value.lower() if isinstance(value, str) else "",
            wider=played.step.kind is StepKind.REFRESH and _wider(played, transcript),
            won=played.together.count(Answer.GRANTED),
        )
    if played.step.kind is StepKind.INTROSPECT:
        bound = received.get("cnf")
        jkt = bound.get("jkt") if isinstance(bound, dict) else None
        key = ("own" if jkt == transcript.jkt else "other") if jkt else ""
        return GrantedState(active="yes" if received.get("active") is True else "no", key=key)
    return GrantedState()


def state_difference(
    kind: StepKind, theirs: GrantedState, ours: GrantedState
) -> StateDifference | None:
    """Where the target's state is not the oracle's, gravest first; None where they agree."""
    if theirs.won > ours.won:
        return StateDifference(
            Kind.ACCEPTED,
            ONCE[kind],
            f"at most {ours.won} of the requests sent at once granted",
            f"{theirs.won} of them granted",
        )
    if theirs.active != ours.active:
        revoked = ours.active == "no"
        return StateDifference(
            Kind.ACCEPTED if revoked else Kind.REFUSED,
            "RFC7662-2.2-inactive" if revoked else "RFC7662-2.2-active_boolean",
            f"introspection says that the token is {'inactive' if revoked else 'active'}",
            f"it says that the token is {'active' if revoked else 'inactive'}",
        )
    if theirs.wider and not ours.wider:
        return StateDifference(
            Kind.ACCEPTED,
            "RFC6749-6-scope_not_exceeded",
            "a token of the scope granted at most",
            "a token of more scope than was granted",
        )
    if theirs.token_type != ours.token_type:
        return StateDifference(
            Kind.WRONG_ENVELOPE,
            "RFC9449-5-token_type_dpop",
            f"a token of type {ours.token_type}",
            f"a token of type {theirs.token_type or '(none given)'}",
        )
    if theirs.key != ours.key:
        return StateDifference(
            Kind.WRONG_ENVELOPE,
            "RFC9449-6.2-introspection_cnf",
            _bound(ours.key),
            _bound(theirs.key),
        )
    return None


def _bound(key: str) -> str:
    words = {"own": "the key it was asked for with", "other": "another key", "": "no key"}
    return f"a token said to be bound to {words[key]}"


def _wider(played: Played, transcript: Transcript) -> bool:
    """Whether a refresh names scope that neither the first answer nor the request named."""
    first = next((p for p in transcript.steps if p.step.kind is StepKind.TOKEN), None)
    asked = next((p for p in transcript.steps if p.step.kind is StepKind.AUTHORIZE), None)
    if first is None or asked is None:
        return False
    granted = _words(first.received.get("scope")) or _words(*asked.sent.get("scope", ()))
    return bool(granted) and not _words(played.received.get("scope")) <= granted


def _words(*values: object) -> frozenset[str]:
    return frozenset(word for value in values if isinstance(value, str) for word in value.split())
