"""A scenario as frozen values: what the YAML loader and the generators build, and the player plays.

Everything is explicit here. A case holds the whole list of its steps, so that nothing that plays
or judges it needs to know the file it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count, groupby, permutations, product
from typing import Any

# one for every place where nothing is changed, which nearly all of them are
NOTHING: Mapping[str, Any] = {}


def _nothing() -> Mapping[str, Any]:
    return NOTHING


class StepKind(StrEnum):
    """The requests a scenario can make; the value is the word of the file format."""

    AUTHORIZE = "authorize"
    PAGE = "page"
    TOKEN = "token"
    REFRESH = "refresh"
    USERINFO = "userinfo"
    REVOKE = "revoke"
    INTROSPECT = "introspect"
    METADATA = "metadata"
    JWKS = "jwks"


class Answer(StrEnum):
    """How a step was answered, by class: what the target and the oracle are compared by first."""

    GRANTED = "granted"  # a code, a token, user claims, a document: what a valid request gets
    REFUSED = "refused"  # an error response, or an error redirected to the client
    ERROR_PAGE = "error-page"  # the authorization endpoint showed a page and redirected nowhere
    LOGIN_PAGE = "login-page"  # the authorization endpoint wants the user to act
    ELSEWHERE = "elsewhere"  # the authorization endpoint redirected to a URI it was not to use
    SERVER_ERROR = "server-error"  # a status of 500 and above
    NO_ANSWER = "no-answer"  # nothing, or not in time


@dataclass(frozen=True, slots=True)
class Change:
    """One operator of the closed list (see `operators`) with its argument.

    `upon` is the change of the set-up (`given`) that this one is applied on top of.
    """

    operator: str
    argument: Any = True
    upon: Change | None = None


@dataclass(frozen=True, slots=True)
class JwtChanges:
    """How a JWT (a DPoP proof or a client assertion) differs from a valid one.

    `key` "other" makes a coherent proof with another key; `alg` one of another algorithm family.
    `sign_with` breaks the tie between header and signature. `reuse` sends the last proof again.
    """

    header: Mapping[str, Change] = field(default_factory=_nothing)
    claims: Mapping[str, Change] = field(default_factory=_nothing)
    header_text: Change | None = None  # of the JSON text, before it is encoded and signed
    claims_text: Change | None = None
    sign_with: str = ""
    signature: Change | None = None
    key: str = ""
    alg: str = ""
    reuse: bool = False


@dataclass(frozen=True, slots=True)
class ClientAuthChanges:
    """How the client authenticates, where it differs from what it is registered for."""

    client: str = ""  # authenticate as the client of another role
    method: str = ""  # another method; `both` sends Basic and body credentials together
    secret: Change | None = None
    encoding: str = ""  # of Basic credentials: `raw` leaves it out, `lower-case` writes %2b and %20
    assertion: JwtChanges | None = None


@dataclass(frozen=True, slots=True)
class HttpChanges:
    """How the request is carried, where it differs from a form-encoded POST."""

    method: str = ""
    encoding: str = ""  # form | form-lower-case | multipart | json | query
    content_type: str = ""
    authorization_scheme: str = ""  # Bearer | bearer | DPoP, where an access token is shown
    access_token_in: str = ""  # header | body | query | header-and-body (RFC 6750 §2)
    well_known: str = ""  # the address that metadata is fetched from, by its last word
    after: str = ""  # sent when this lifetime (see `Lifetimes`) has run out, or after a moment
    at_once: int = 1  # sent so many times at the same moment


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one step changes about its request."""

    parameters: Mapping[str, Change] = field(default_factory=_nothing)
    headers: Mapping[str, Change] = field(default_factory=_nothing)
    dpop: JwtChanges | None = None
    client_auth: ClientAuthChanges | None = None
    http: HttpChanges | None = None

    @property
    def any(self) -> bool:
        """Whether the step differs at all from a valid one."""
        return self != Changes()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One acceptable (or noted) way for a step to be answered; empty fields match anything."""

    answer: Answer
    verdict: str = "pass"  # pass | warn | observe
    at: str = ""  # the step it speaks of; empty: the step it stands on
    where: Mapping[str, Answer] = field(default_factory=_nothing)  # how other steps were answered
    status: tuple[int, ...] = ()
    error: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    equals: Mapping[str, Change] = field(default_factory=_nothing)
    headers: Mapping[str, str] = field(default_factory=_nothing)
    checks: tuple[str, ...] = ()
    at_most: int = 0  # of requests sent at once, how many may be granted; 0: any number
    strict: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a play. `expect` empty: the step has to be granted for the play to go on."""

    kind: StepKind
    name: str
    changes: Changes = Changes()
    expect: tuple[Outcome, ...] = ()
    oracle: bool = False  # the oracle's answer is the expectation
    given: bool = False  # its changes are part of the valid set-up
    concurrent_group: int = 0  # steps of one number are sent together; 0: by itself

    @property
    def judged(self) -> bool:
        """Whether a verdict rests on this step."""
        return self.oracle or bool(self.expect)

    @property
    def raced(self) -> bool:
        """Whether luck has a part in its answer: it is sent at the same moment as others."""
        return self.concurrent_group > 0 or self.copies > 1

    @property
    def copies(self) -> int:
        """How many times it is sent, all at the same moment."""
        return self.changes.http.at_once if self.changes.http else 1


def concurrent_groups(steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
    """`steps` in order, those that are sent together in one."""
    alone = count(-1, -1)
    for _, together in groupby(steps, key=lambda step: step.concurrent_group or next(alone)):
        yield tuple(together)


def orders(steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
    """`steps` with those of each group in every order, the one they are written in first."""
    ways = (permutations(together) for together in concurrent_groups(steps))
    for way in product(*ways):
        yield tuple(step for together in way for step in together)


@dataclass(frozen=True, slots=True)
class Pkce:
    """The proof key of a play: how the verifier is made and which challenge goes with it."""

    method: str = "S256"  # S256 | plain | none
    length: int = 43
    characters: str = ""  # empty: the unreserved set of RFC 7636 §4.1


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all steps of a play."""

    client: str = "main"
    dpop: bool = False
    session: str = "live"  # live | none | new | denied
    pkce: Pkce = Pkce()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a scenario file; the line counts from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the steps to play, and the control that has to succeed before it."""

    scenario: str
    id: str
    title: str
    requirement: str
    needs: tuple[str, ...]
    setting: Setting
    steps: tuple[Step, ...]
    control: tuple[Step, ...]  # empty: no control
    control_setting: Setting
    place: Place
    area: str = ""
    why: str = ""
    also: tuple[str, ...] = ()  # further requirements, none graver, that the same case tests
    tags: tuple[str, ...] = ()
    every_response: bool = False  # its checks are also made on every other response of the run

    @property
    def key(self) -> str:
        """`scenario/case`: the stable name used in records, waivers and on the command line."""
        return f"{self.scenario}/{self.id}"

    @property
    def cited(self) -> tuple[str, ...]:
        """Every requirement the case tests, the one its verdict rests on first."""
        return (self.requirement, *self.also)

    @property
    def open(self) -> bool:
        """Whether the specifications leave the matter open, so that nothing is ever held wrong."""
        judged = [step.expect for step in self.steps if step.expect]
        return bool(judged) and all(outcome.verdict == "observe" for outcome in judged[-1])

    @property
    def negative(self) -> bool:
        """Whether it passes only if the target refuses something."""
        passing = [o for step in self.steps for o in step.expect if o.verdict == "pass"]
        return bool(passing) and any(outcome.answer is not Answer.GRANTED for outcome in passing)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Cases that share a requirement and a set-up."""

    id: str
    title: str
    place: Place
    cases: tuple[Case, ...]
