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

__all__ = [
    "Answer",
    "Case",
    "Change",
    "Changes",
    "ClientAuthChanges",
    "HttpChanges",
    "JwtChanges",
    "Outcome",
    "Pkce",
    "Place",
    "Premise",
    "Scenario",
    "Setting",
    "Step",
    "StepKind",
]

# one for every place where nothing is changed, which nearly all of them are
NOTHING: Mapping[str, Any] = {}


def _nothing() -> Mapping[str, Any]:
    return NOTHING


class StepKind(StrEnum):
    """The requests a scenario can make; the value is the word of the file format."""

    AUTHORIZE = "authorize"  # RFC 6749 §4.1.1, followed until it leads back to the client
    PAGE = "page"  # the same of a stranger, as it is answered first
    PUSH = "push"  # an authorization request, sent by the client itself: RFC 9126 §2.1
    TOKEN = "token"  # a code, exchanged: RFC 6749 §4.1.3
    REFRESH = "refresh"  # RFC 6749 §6
    USERINFO = "userinfo"  # an access token, shown: OpenID Connect Core §5.3
    RESOURCE = "resource"  # the same, at a resource that the target file names: RFC 6750 §2
    REVOKE = "revoke"  # RFC 7009 §2.1
    INTROSPECT = "introspect"  # RFC 7662 §2.1
    LOGOUT = "logout"  # OpenID Connect RP-Initiated Logout 1.0 §2, sent without the browser
    METADATA = "metadata"  # RFC 8414 §3, OpenID Connect Discovery §4
    JWKS = "jwks"  # RFC 7517 §5


AT_TOKEN_ENDPOINT = (StepKind.TOKEN, StepKind.REFRESH)  # what tokens come of
OPENED = (StepKind.USERINFO, StepKind.RESOURCE)  # by an access token


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

    Attributes:
        operator: its name.
        argument: what stands behind it in a scenario file: a text, number, list or mapping.
        upon: the change of the set-up (`given`) that this one is applied on top of.
    """

    operator: str
    argument: Any = True
    upon: Change | None = None


@dataclass(frozen=True, slots=True)
class JwtChanges:
    """How a JWT (a DPoP proof, RFC 9449 §4.2, or a client assertion, RFC 7523 §3) differs.

    Attributes:
        header: members of the header that differ, by name.
        claims: claims that differ, by name.
        header_text: a change of the header's JSON text, before it is encoded and signed.
        claims_text: the same of the claims.
        sign_with: breaks the tie between header and signature, by name; empty keeps it.
        signature: a change of the signature as it is encoded.
        key: `other` makes a coherent proof with another key; empty the client's own.
        alg: another algorithm: of a proof with a key of its family, of an assertion with its own.
        reuse: the last proof or assertion is sent again.
    """

    header: Mapping[str, Change] = field(default_factory=_nothing)
    claims: Mapping[str, Change] = field(default_factory=_nothing)
    header_text: Change | None = None
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
    secret: Change | None = None  # of the client secret, before it is encoded
    encoding: str = ""  # of Basic credentials: `raw` leaves it out, `lower-case` writes %2b and %20
    assertion: JwtChanges | None = None  # of private_key_jwt


@dataclass(frozen=True, slots=True)
class HttpChanges:
    """How the request is carried, where it differs from a form-encoded POST."""

    method: str = ""  # of HTTP, such as GET
    encoding: str = ""  # form | form-lower-case | multipart | json | query
    content_type: str = ""  # said of the body, whatever it is
    authorization_scheme: str = ""  # Bearer | bearer | DPoP, where an access token is shown
    access_token_in: str = ""  # header | body | query | header-and-body (RFC 6750 §2)
    well_known: str = ""  # the address that metadata is fetched from, by its last word
    after: str = ""  # sent when this lifetime (see `Lifetimes`) has run out, or after a moment
    unpushed: bool = False  # goes as it is to a server that wants requests pushed (RFC 9126 §4)
    at_once: int = 1  # sent so many times at the same moment


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one step changes about its request."""

    parameters: Mapping[str, Change] = field(default_factory=_nothing)  # of the request, by name
    headers: Mapping[str, Change] = field(default_factory=_nothing)  # by name
    dpop: JwtChanges | None = None  # of the DPoP proof
    request_object: JwtChanges | None = None  # of the signed JWT of an authorization request
    client_auth: ClientAuthChanges | None = None
    http: HttpChanges | None = None

    @property
    def any(self) -> bool:
        """Whether the step differs at all from a valid one."""
        return self != Changes()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One acceptable (or noted) way for a step to be answered; empty fields match anything.

    Attributes:
        answer: the class of the answer.
        verdict: what it comes to: `pass`, `warn`, `observe`, or `broken`, which is as grave as the
            requirement.
        at: the step it speaks of, by name; empty: the step it stands on.
        where: how other steps were answered, by name; it holds for such plays alone.
        status: HTTP statuses, any of which will do.
        error: error codes (RFC 6749 §5.2), any of which will do.
        has: members the answer must have.
        lacks: members it must not have.
        equals: members, and the values they must have.
        headers: response headers, and the values they must have.
        checks: names of looks at the answer (see `tokenspec explain`).
        at_most: of requests sent at once, how many may be granted; 0: any number.
        strict: another error code is a failure, not a warning.
        note: told with the finding.
    """

    answer: Answer
    verdict: str = "pass"
    at: str = ""
    where: Mapping[str, Answer] = field(default_factory=_nothing)
    status: tuple[int, ...] = ()
    error: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    equals: Mapping[str, Change] = field(default_factory=_nothing)
    headers: Mapping[str, str] = field(default_factory=_nothing)
    checks: tuple[str, ...] = ()
    at_most: int = 0
    strict: bool = False
    note: str = ""

    @property
    def looks_only(self) -> bool:
        """Whether all it asks of an answer of its class and status is what its checks look at."""
        shape = self.has or self.lacks or self.equals or self.headers or self.at_most
        return bool(self.checks) and not shape


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a play. `expect` empty: the step has to be granted for the play to go on."""

    kind: StepKind
    name: str  # unique within its case; that of its kind where it is the only one
    changes: Changes = Changes()
    expect: tuple[Outcome, ...] = ()  # tried in order
    oracle: bool = False  # the oracle's answer is the expectation
    given: bool = False  # its changes are part of the valid set-up
    concurrent_group: int = 0  # steps of one number are sent together; 0: by itself
    user: str = ""  # whose browser carries it: `second`; empty: the first user's
    assumed: bool = False  # what it expects is what later steps rest on, and nothing is claimed

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
    """The proof key of a play (RFC 7636 §4): how its verifier and its challenge are made."""

    method: str = "S256"  # S256 | plain | none
    length: int = 43  # of the verifier, in characters
    characters: str = ""  # of the verifier; empty: letters and digits


S256 = Pkce()


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all steps of a play."""

    client: str = "main"  # the role of the client that plays
    dpop: bool = False  # every request has a DPoP proof, and tokens are bound to its key
    request_object: bool = False  # authorization requests come with a signed JWT (RFC 9101)
    session: str = "live"  # live | none | new | denied: of the user in the browser
    pkce: Pkce = Pkce()
    other_kind: bool = False  # of refresh tokens: offline_access is asked for, or not, as else not


@dataclass(frozen=True, slots=True)
class Premise:
    """What cases take for granted of one client, asked once a run (see `scenario.premises`)."""

    name: str  # of the table
    client: str = "main"  # its role
    dpop: bool = False  # with a DPoP proof
    other_kind: bool = False  # with refresh tokens of the other kind (see `Setting`)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a scenario file."""

    file: str  # as messages and records name it
    line: int  # counts from 1


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the steps to play, its control that has to succeed before, what it rests on."""

    scenario: str  # the id of its scenario
    id: str  # unique within its scenario
    title: str  # one sentence: what has to hold
    requirement: str  # the id of the row of the registry that its verdict rests on
    needs: tuple[str, ...]  # capabilities without which it does not apply
    setting: Setting
    steps: tuple[Step, ...]  # in the order they are sent
    control: tuple[Step, ...]  # the valid exchange played before; empty: it passes by a grant
    control_setting: Setting
    place: Place
    area: str = ""  # the folder it stands in
    why: str = ""  # what goes wrong where it does not hold
    also: tuple[str, ...] = ()  # further requirements, none graver, that the same case tests
    tags: tuple[str, ...] = ()  # words for readers, such as a CVE
    every_response: bool = False  # its checks are also made on every other response of the run
    premises: tuple[Premise, ...] = ()  # what has to hold beside the control

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
        judged = [step.expect for step in self.steps if step.expect and not step.assumed]
        return bool(judged) and all(outcome.verdict == "observe" for outcome in judged[-1])

    @property
    def negative(self) -> bool:
        """Whether it passes only if the target refuses something."""
        claims = [step for step in self.steps if not step.assumed]
        passing = [o for step in claims for o in step.expect if o.verdict == "pass"]
        return bool(passing) and any(outcome.answer is not Answer.GRANTED for outcome in passing)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Cases that share a requirement and a set-up."""

    id: str  # unique in the suite
    title: str  # one sentence: what has to hold
    place: Place
    cases: tuple[Case, ...]  # in the order of the file; at least one
