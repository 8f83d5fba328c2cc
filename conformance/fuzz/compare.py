"""Target and oracle held against each other, step by step, until they part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.play.oracle import Told
from conformance.play.standing import differs, standing
from conformance.play.transcript import Played, Transcript
from conformance.play.verdicts import Kind
from conformance.play.wording import answer_text
from conformance.scenario.model import Answer, Changes, Outcome, Step, StepKind

REFUSALS = (Answer.REFUSED, Answer.ERROR_PAGE)
# What a grant stands on where no guard of the oracle refused, by the kind of request.
GRANTS = {
    StepKind.AUTHORIZE: "RFC6749-4.1.2-code_in_query",
    StepKind.TOKEN: "RFC6749-4.1.4-success_200",
    StepKind.REFRESH: "RFC6749-6-success_as_5_1",
    StepKind.USERINFO: "OIDCC-5.3.2-sub",
    StepKind.REVOKE: "RFC7009-2-access_tokens",
    StepKind.INTROSPECT: "RFC7662-2.2-active_boolean",
}
REUSE_REVOKES = "RFC6749-4.1.2-code_reuse_revokes_access_token"
REPLAY_REVOKES = "RFC9700-4.14.2-rotation_replay_revokes_family"
REPLAY_REFUSED = "RFC9700-4.14.2-rotation_replay_refused"
INACTIVE = "RFC7662-2.2-inactive"
REVOKED, RELATED, REFRESH_CASCADES, ACCESS_CASCADES = (
    "RFC7009-2.1-immediate", "RFC7009-2.1-related_tokens",
    "RFC7009-2.1-refresh_cascades", "RFC7009-2.1-access_cascades",
)  # fmt: skip
HINTED = {  # what a grant stands on where token_type_hint is changed
    StepKind.REVOKE: "RFC7009-2.1-hint_extends_search",
    StepKind.INTROSPECT: "RFC7662-2.1-hint_extends_search",
}
UNKNOWN_HINT = "RFC7009-2.2-invalid_hint_no_effect"
HINTS = (("access_token",), ("refresh_token",))  # as sent
ASSERTED_CLIENT = "RFC7521-4.2-client_id_same_client"
OTHERS_TOKEN = "RFC7009-2.1-token_of_other_client"
SHOWN = {  # the parameter that names the token a step is about
    StepKind.REFRESH: "refresh_token",
    StepKind.USERINFO: "access_token",
    StepKind.REVOKE: "token",
    StepKind.INTROSPECT: "token",
}
REGISTERED = "authorize.redirect_uri_registered"
ADDRESS_LACKING = "RFC6749-3.1.2.3-multiple_registered_requires_param"
DEATHS = ("resource.token_active", "refresh.active")  # guards that refuse a token that was good


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step at which target and oracle differ.

    `guard` is the oracle's guard that refused, empty where it granted; `requirement` what the guard
    enforces, what the token died of, or what the grant stands on. `outcome` is what the suite asks
    of the answer, where they differ in nothing but its shape.
    """

    step: str
    step_kind: StepKind
    kind: Kind
    guard: str
    requirement: str
    expected: str
    observed: str
    outcome: Outcome | None = None

    @property
    def signature(self) -> tuple[str, ...]:
        """What makes two partings the same finding."""
        return (str(self.step_kind), str(self.kind), self.guard, self.requirement)


def partings(target: Transcript, told: Told) -> Iterator[Parting]:
    """Where the two plays of one case part: at most once by class, before that by error code."""
    faults = raced = 0
    for ours in told.transcript.steps:
        if raced not in (0, ours.step.moment):
            return  # who wins a race, and what that does to the grant, is luck at either server
        theirs = target.step(ours.step.name)
        if theirs is None or theirs.answer is Answer.NO_ANSWER:
            return
        faults += _faults(ours.step.changes)
        kind = _kind(theirs, ours)
        if kind is not Kind.NONE:
            yield _parting(kind, theirs, ours, told)
            return
        found = differs(ours.step.kind, standing(theirs, target), standing(ours, told.transcript))
        if found is not None:
            dead = found.requirement == INACTIVE
            lost = found.requirement == GRANTS.get(ours.step.kind)
            yield Parting(
                step=ours.step.name,
                step_kind=ours.step.kind,
                kind=found.kind,
                guard="",
                requirement=(_cause(ours, told) if dead else "")
                or (_granting(ours) if lost else found.requirement),
                expected=found.expected,
                observed=found.observed,
            )
            return
        if faults == 1 and _another_error(theirs, ours):
            yield _parting(Kind.WRONG_ERROR, theirs, ours, told)
        if ours.answer is not Answer.GRANTED and not ours.step.judged:
            return
        if ours.step.copies > 1:
            return
        if _races_for_its_token(ours, told):
            raced = ours.step.moment


def _kind(theirs: Played, ours: Played) -> Kind:
    """By class first."""
    if theirs.answer is Answer.SERVER_ERROR:
        return Kind.SERVER_ERROR
    if ours.answer in REFUSALS:
        if theirs.answer is Answer.GRANTED:
            return Kind.ACCEPTED
        prompts = " ".join(map(str, ours.sent.get("prompt", ()))).split()
        if theirs.answer is Answer.LOGIN_PAGE and "none" in prompts:
            return Kind.WRONG_ENVELOPE  # OpenID Connect Core §3.1.2.1: no page may be shown
        return Kind.LEAK if theirs.answer is Answer.ELSEWHERE else Kind.NONE
    if ours.answer is Answer.GRANTED and theirs.answer in REFUSALS:
        return Kind.REFUSED
    return Kind.NONE


def _another_error(theirs: Played, ours: Played) -> bool:
    """Whether both refused, with other words; which of two faults is told is left open."""
    return (
        ours.answer is theirs.answer is Answer.REFUSED
        and bool(ours.error)
        and theirs.error not in (ours.error, "use_dpop_nonce")  # RFC 9449 §8: asked at any time
    )


def _faults(changes: Changes) -> int:
    """In how many places a request differs from a valid one."""
    proof = changes.dpop
    return (
        len(changes.parameters)
        + len(changes.headers)
        + sum(part is not None for part in (changes.client_auth, changes.http))
        + (0 if proof is None else max(1, len(proof.header) + len(proof.claims)))
    )


def _parting(kind: Kind, theirs: Played, ours: Played, told: Told) -> Parting:
    refusal = told.refusals.get(ours.step.name)
    return Parting(
        step=ours.step.name,
        step_kind=ours.step.kind,
        kind=kind,
        guard=refusal.guard if refusal else "",
        requirement=_requirement(kind, ours, told),
        expected=answer_text(ours) + (f" ({refusal.cause})" if refusal else ""),
        observed=answer_text(theirs),
    )


def _requirement(kind: Kind, ours: Played, told: Told) -> str:
    """What another answer than the oracle's breaks: of what can be said, the most exact."""
    refusal = told.refusals.get(ours.step.name)
    if refusal is None:
        in_vain = kind is Kind.REFUSED and _revoked_by_another(ours, told)
        return OTHERS_TOKEN if in_vain else _granting(ours)
    if refusal.guard in DEATHS:
        return _cause(ours, told) or refusal.requirement
    if refusal.guard == REGISTERED and not ours.sent.get("redirect_uri"):
        return ADDRESS_LACKING
    beside = "client_assertion" in ours.sent and "client_id" in ours.step.changes.parameters
    if beside and refusal.guard.startswith("client."):
        return ASSERTED_CLIENT
    return refusal.requirement


def _granting(ours: Played) -> str:
    """What the oracle's grant stands on."""
    kind = ours.step.kind
    hinted = kind in HINTED and "token_type_hint" in ours.step.changes.parameters
    if hinted and kind is StepKind.REVOKE and ours.sent.get("token_type_hint") not in HINTS:
        return UNKNOWN_HINT
    return HINTED[kind] if hinted else GRANTS[kind]


def _cause(dead: Played, told: Told) -> str:
    """The requirement by which the oracle's token had died before a step showed it.

    A token that was itself revoked or replaced died of that; else the mildest of what may have
    ended its family. Empty where nothing did.
    """
    shown = _token(dead)
    causes = []
    for played in told.transcript.steps:
        if played is dead:
            break
        kind, own = played.step.kind, _token(played) == shown
        refusal = told.refusals.get(played.step.name)
        granted = played.answer is Answer.GRANTED
        if kind is StepKind.REVOKE and granted:
            if own:
                return REVOKED
            causes.append(_revoked_with(_token(played), shown, told))
        if kind is StepKind.REFRESH and own and granted:
            return REPLAY_REFUSED
        if kind is StepKind.TOKEN and refusal and refusal.guard == "code.unused":
            causes.append(REUSE_REVOKES)
        if kind is StepKind.REFRESH and refusal and refusal.guard == "refresh.active":
            causes.append(REPLAY_REVOKES)
    mildest = (RELATED, ACCESS_CASCADES, REFRESH_CASCADES, REUSE_REVOKES, REPLAY_REVOKES)
    return min(causes, key=mildest.index, default="")


def _revoked_with(revoked: str, shown: str, told: Told) -> str:
    """By which sentence of RFC 7009 §2.1 a token ends with another one of its grant."""
    if not _refreshes(revoked, told):
        return ACCESS_CASCADES
    open_to_the_server = _refreshes(shown, told) or _replaced(revoked, told)
    return RELATED if open_to_the_server else REFRESH_CASCADES


def _replaced(token: str, told: Told) -> bool:
    """Whether a refresh token had been replaced, so that it was no token any more."""
    return any(
        played.step.kind is StepKind.REFRESH
        and _token(played) == token
        and played.received.get("refresh_token", token) != token
        for played in told.transcript.steps
    )


def _revoked_by_another(dead: Played, told: Told) -> bool:
    """Whether another client had asked for the end of what a step shows."""
    before = itertools.takewhile(lambda played: played is not dead, told.transcript.steps)
    return dead.step.kind in SHOWN and any(map(no_revocation, (p.step for p in before)))


def no_revocation(step: Step) -> bool:
    """Whether it asks for the end of another client's token, which has to be in vain."""
    asks = step.kind is StepKind.REVOKE
    return asks and step.changes.client_auth is not None and bool(step.changes.client_auth.client)


def _token(played: Played) -> str:
    return str(next(iter(played.sent.get(SHOWN.get(played.step.kind, ""), ())), ""))


def _races_for_its_token(ours: Played, told: Told) -> bool:
    """Whether the same client shows the same refresh token in another request of the moment."""
    return (
        ours.step.kind is StepKind.REFRESH
        and ours.step.moment > 0
        and any(
            other is not ours
            and (other.step.kind, other.step.moment) == (ours.step.kind, ours.step.moment)
            and (_token(other), other.sent.get("client_id"))
            == (_token(ours), ours.sent.get("client_id"))
            and other.step.changes.client_auth == ours.step.changes.client_auth
            for other in told.transcript.steps
        )
    )


def _refreshes(token: str, told: Told) -> bool:
    return any(p.received.get("refresh_token") == token for p in told.transcript.steps)
