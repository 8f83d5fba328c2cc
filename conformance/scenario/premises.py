"""What cases take for granted, as a table: each premise is a short valid exchange of one client.

A control is played before the cases of one scenario. A premise is what many scenarios rest on: it
is asked once a run (see `run.premises`), and shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tokenspec.conformance.documents import Marked, Reader, suggest
from tokenspec.conformance.scenario.bases import Base
from tokenspec.conformance.scenario.model import (
    S256,
    Answer,
    Change,
    Changes,
    ClientAuthChanges,
    Outcome,
    Pkce,
    Premise,
    Setting,
    Step,
    StepKind,
)

_A, _T, _R, _P = StepKind.AUTHORIZE, StepKind.TOKEN, StepKind.REFRESH, StepKind.PUSH
SAML = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"  # RFC 7522 §2.2
UNCHANGED = Changes()


@dataclass(frozen=True, slots=True)
class Way:
    """A valid exchange by which a premise is asked; `auth`: of clients registered so alone."""

    steps: tuple[Step, ...]
    pkce: Pkce = S256
    auth: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """How a premise is asked: it holds if every step is granted, and the last answered so.

    Attributes:
        summary: what holds, in a few words.
        ways: tried in order, to the first by which it holds; the first is told where none does.
        answer: the class of the last answer.
        unmet: answers to the last step by which it does not hold, as servers may have it, of that
            class or another: what rests on it is not applicable then.
        otherwise: what such an answer says.
    """

    summary: str
    ways: tuple[Way, ...]
    answer: Answer = Answer.GRANTED
    unmet: tuple[Outcome, ...] = ()
    otherwise: str = ""


def _steps(*kinds: StepKind, third: Changes = UNCHANGED) -> tuple[Step, ...]:
    """Valid steps, the third of them changed."""
    changes = {2: third}
    return tuple(
        Step(kind, str(kind), changes.get(number, UNCHANGED)) for number, kind in enumerate(kinds)
    )


def _exchange(changes: Changes) -> tuple[Step, ...]:
    """A code, exchanged by a client that shows otherwise who it is."""
    return (Step(_A, "authorize"), Step(_T, "token", changes))


def _encoded(encoding: str) -> Changes:
    return Changes(client_auth=ClientAuthChanges(encoding=encoding))


def _by(method: str) -> Changes:
    return Changes(client_auth=ClientAuthChanges(method=method))


_OF_REFRESH_TOKEN = Changes({"token": Change("copy", "token.refresh_token")})
_SOME_SECRET = Changes({"client_secret": Change("value", "none")})
_HINTED = Changes(
    {
        "token": Change("copy", "token.refresh_token"),
        "token_type_hint": Change("value", "refresh_token"),
    }
)
_SILENT = Changes({"prompt": Change("value", "none")})
_AS_SAML = Changes({"client_assertion_type": Change("value", SAML)})
# RFC 7662 §2.2: a caller that may not introspect a token is told that it is not active, no more
_INACTIVE = Outcome(
    Answer.GRANTED,
    equals={"active": Change("value", False)},
    lacks=("client_id", "exp", "scope", "sub"),
)
_NO_OTHER = (
    Outcome(Answer.GRANTED, lacks=("refresh_token",)),
    Outcome(Answer.GRANTED, equals={"refresh_token": Change("copy", "token.refresh_token")}),
)
_NO_LONGER = Outcome(Answer.REFUSED, error=("invalid_grant",))
# OpenID Connect Core §3.1.2.6: errors that a server may answer a silent request with
_NOT_SILENTLY = Outcome(
    Answer.REFUSED,
    error=(
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "login_required",
    ),
)
_NO_STATE = Outcome(Answer.GRANTED, lacks=("state",))
_EARLIER = Changes({"code": Change("copy", "authorize.code")})
_EXCHANGE = Way(_steps(_A, _T))

PREMISES: Mapping[str, Question] = {
    "authorization": Question("an authorization request gets a code", (Way(_steps(_A)),)),
    "state": Question(
        "the state of an authorization request comes back",
        (Way(_steps(_A)),),
        unmet=(_NO_STATE,),
        otherwise="no state comes back",
    ),
    "silent-request": Question(
        "a request with prompt=none gets a code, as the user is signed in",
        (Way((Step(_A, "authorize"), Step(_A, "authorize-2", _SILENT))),),
        unmet=(_NOT_SILENTLY,),
        otherwise="no code is given silently",
    ),
    "push": Question("an authorization request can be pushed", (Way(_steps(_P)),)),
    "exchange": Question("a code buys a token", (_EXCHANGE,)),
    "credentials": Question(
        "a code buys a token, however the client shows its secret or key",
        (
            _EXCHANGE,
            Way(_exchange(_encoded("lower-case")), auth=("client_secret_basic",)),
            Way(_exchange(_encoded("raw")), auth=("client_secret_basic",)),
            Way(_exchange(_by("client_secret_post")), auth=("client_secret_basic",)),
            Way(_exchange(_by("client_secret_basic")), auth=("client_secret_post",)),
            Way(_exchange(_AS_SAML), auth=("private_key_jwt",)),
            Way(_exchange(_SOME_SECRET), auth=("none",)),
        ),
    ),
    "any-proof-key": Question(
        "a code buys a token, with or without a proof key of some sort",
        (
            _EXCHANGE,
            Way(_steps(_A, _T), Pkce(length=64)),
            Way(_steps(_A, _T), Pkce("none")),
            Way(_steps(_A, _T), Pkce("plain")),
        ),
    ),
    "without-proof-key": Question(
        "a code buys a token without a proof key", (Way(_steps(_A, _T), Pkce("none")),)
    ),
    "earlier-code": Question(
        "a code is good after its client asked for another one",
        (Way((Step(_A, "authorize"), Step(_A, "authorize-2"), Step(_T, "token", _EARLIER))),),
        unmet=(_NO_LONGER,),
        otherwise="a later authorization ended the code before it",
    ),
    "refresh": Question("a refresh token buys a token", (Way(_steps(_A, _T, _R)),)),
    "rotation": Question(
        "a refresh gives another refresh token",
        (Way(_steps(_A, _T, _R)),),
        unmet=_NO_OTHER,
        otherwise="no other refresh token came",
    ),
    "userinfo": Question(
        "an access token opens userinfo", (Way(_steps(_A, _T, StepKind.USERINFO)),)
    ),
    "resource": Question(
        "an access token opens the resource", (Way(_steps(_A, _T, StepKind.RESOURCE)),)
    ),
    "revocation": Question(
        "an access token can be revoked", (Way(_steps(_A, _T, StepKind.REVOKE)),)
    ),
    "refresh-token-revocation": Question(
        "a refresh token can be revoked",
        (Way(_steps(_A, _T, StepKind.REVOKE, third=_OF_REFRESH_TOKEN)),),
    ),
    "refresh-token-revoked": Question(
        "a revoked refresh token buys nothing",
        (Way(_steps(_A, _T, StepKind.REVOKE, _R, third=_OF_REFRESH_TOKEN)),),
        answer=Answer.REFUSED,
    ),
    "hinted-revocation": Question(
        "a refresh token that was revoked with the right hint buys nothing",
        (Way(_steps(_A, _T, StepKind.REVOKE, _R, third=_HINTED)),),
        answer=Answer.REFUSED,
    ),
    "introspection": Question(
        "an access token is active",
        (Way(_steps(_A, _T, StepKind.INTROSPECT)),),
        unmet=(_INACTIVE,),
        otherwise="the token is said to be inactive",
    ),
    "refresh-token-introspection": Question(
        "a refresh token is active",
        (Way(_steps(_A, _T, StepKind.INTROSPECT, third=_OF_REFRESH_TOKEN)),),
        unmet=(_INACTIVE,),
        otherwise="the token is said to be inactive",
    ),
}
# What a step of a kind takes for granted, by what it is about: any token, or a refresh token.
BY_KIND: Mapping[StepKind, str] = {
    _A: "authorization",
    _P: "push",
    _T: "exchange",
    _R: "refresh",
    StepKind.USERINFO: "userinfo",
    StepKind.RESOURCE: "resource",
    StepKind.REVOKE: "revocation",
    StepKind.INTROSPECT: "introspection",
}
BY_NEED: Mapping[str, str] = {"refresh-rotation": "rotation"}
OF_REFRESH_TOKENS: Mapping[StepKind, str] = {
    StepKind.REVOKE: "refresh-token-revocation",
    StepKind.INTROSPECT: "refresh-token-introspection",
}


def read_premises(reader: Reader, fields: Mapping[str, Marked]) -> tuple[str, ...] | None:
    """The premises that a case names in place of those that follow from its steps."""
    if "premises" not in fields:
        return None
    names = reader.texts(fields["premises"])
    for name in names:
        if name not in PREMISES:
            hint = suggest(name, PREMISES)
            reader.problem(fields["premises"], f"unknown premise {name!r}", hint)
    return tuple(name for name in names if name in PREMISES)


def has_control(base: Base, steps: tuple[Step, ...]) -> bool:
    """Whether the valid exchange is played right before: where a step of it may be refused.

    What has to be granted needs none, and what follows on it has it in its own play.
    """
    within = steps[: len(base.steps)]
    passing = [outcome for step in within for outcome in step.expect if outcome.verdict == "pass"]
    return any(outcome.answer is not Answer.GRANTED for outcome in passing)


def premises_of(
    setting: Setting,
    needs: Collection[str],
    steps: Iterable[Step],
    control: Iterable[Step],
    named: Iterable[str] | None,
) -> tuple[Premise, ...]:
    """What a case rests on, beside its control if it has one.

    The exchange of every other client that authenticates in it; and of its own client what the
    kinds of its steps and its needs take for granted, or what it names instead.
    """
    steps = tuple(steps)
    clients = {step.changes.client_auth.client for step in steps if step.changes.client_auth}
    others = sorted(clients - {"", setting.client})
    own = named if named is not None else _of_steps(needs, steps, {step.kind for step in control})
    return (
        *(Premise(name, setting.client, setting.dpop) for name in own),
        *(Premise("exchange", client, setting.dpop) for client in others),
    )


def _of_steps(
    needs: Collection[str], steps: tuple[Step, ...], shown: set[StepKind]
) -> Iterator[str]:
    """By kinds and needs, without those that the control or a longer premise shows.

    The exchange is asked beside a control too, so that a wrong secret is not sent with each.
    """
    kinds = [step for step in steps if step.kind in BY_KIND]
    names = [_about(step) for step in kinds if step.kind is _T or step.kind not in shown]
    names += [name for need, name in BY_NEED.items() if need in needs]
    asked = {name: {step.kind for step in PREMISES[name].ways[0].steps} for name in names}
    for name, own in asked.items():
        if not any(own < others for others in asked.values()):
            yield name


def _about(step: Step) -> str:
    token = step.changes.parameters.get("token")
    while token is not None and token.upon is not None:
        token = token.upon  # what the set-up made of it
    of_refresh = (
        token is not None
        and token.operator == "copy"
        and str(token.argument).endswith(".refresh_token")
    )
    return (OF_REFRESH_TOKENS if of_refresh else BY_KIND).get(step.kind, BY_KIND[step.kind])
