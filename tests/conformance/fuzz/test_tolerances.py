"""What campaigns leave to a server, and what they cite: answers of real servers, made again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from tests.conformance.fuzz.campaigns import against
from tokenspec.conformance.fuzz.calibration import calibrate
from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample
from tokenspec.conformance.fuzz.documents import Document, finished
from tokenspec.conformance.fuzz.saving import as_scenario
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.verdicts import Verdict
from tokenspec.conformance.vocabulary import vocabulary

When = Callable[[Request], bool]


@dataclass
class Answering:
    """The reference server, but for requests it answers in another way."""

    inner: Transport
    when: When
    response: Response

    def send(self, request: Request) -> Response:
        return self.response if self.when(request) else self.inner.send(request)


@dataclass
class Careless:
    """The reference server, but credentials of a client nobody knows are passed over."""

    inner: Transport

    def send(self, request: Request) -> Response:
        kept = tuple(pair for pair in request.headers if pair != ("Authorization", "Basic eDp5"))
        return self.inner.send(replace(request, headers=kept))


@dataclass
class Repeating:
    """The reference server, but the same refresh gets the same answer, or one with a new token."""

    inner: Transport
    new_token: bool
    answers: dict[bytes, Response] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request) -> Response:
        if b"grant_type=refresh_token" not in request.body:
            return self.inner.send(request)
        with self.lock:
            if request.body not in self.answers:
                self.answers[request.body] = self.inner.send(request)
            elif self.new_token:
                said = json.loads(self.answers[request.body].body)
                return answer(200, **{**said, "access_token": "another-token-of-the-same-refresh"})
            return self.answers[request.body]


def answer(status: int, **content: Any) -> Response:
    return Response(status, (("Content-Type", "application/json"),), json.dumps(content).encode())


def judged(
    document: Document, when: When, response: Response, *defects: str
) -> tuple[Counterexample | None, list[str]]:
    """What a campaign says of one case, and the allowed choices it met."""
    return judged_at(document, lambda inner: Answering(inner, when, response), *defects)


def judged_at(
    document: Document, changed: Callable[[Transport], Transport], *defects: str
) -> tuple[Counterexample | None, list[str]]:
    """The same at a server that is the reference server, changed."""
    setup = against(*defects)
    server = changed(setup.side.connect())
    side = replace(setup.side, connect=lambda: server)
    made = Campaign(replace(setup, side=side), Budget(1), seed=1)
    return made.judge(finished(document)), list(made.progress.free)


def never(_request: Request) -> bool:
    return False


def at(ending: str, **sent: str) -> When:
    """Requests to an endpoint that send this, whatever else."""

    def fits(request: Request) -> bool:
        form = parse_qs(request.body.decode("latin-1"), keep_blank_values=True)
        asked = all(form.get(name) == [value] for name, value in sent.items())
        return request.url.split("?")[0].endswith(ending) and asked

    return fits


INVALID_REQUEST = answer(400, error="invalid_request")
INVALID_CLIENT = answer(401, error="invalid_client")
DEAD = answer(200, active=False)
REFRESH_TOKEN = {"copy": "token.refresh_token"}


@pytest.mark.parametrize(
    ("document", "when", "response", "why"),
    [
        (
            {"base": "code-exchange", "token": {"grant_type": "client_credentials"}},
            at("/token", grant_type="client_credentials"),
            INVALID_CLIENT,
            "knows the grant",
        ),
        (
            {"base": "code-exchange", "token": {"code": "no\ncode"}},
            at("/token", code="no\ncode"),
            INVALID_REQUEST,
            "Appendix A",
        ),
        ({"base": "introspection"}, at("/introspect"), INVALID_CLIENT, "public client"),
        (
            {"base": "introspection", "introspect": {"token": REFRESH_TOKEN}},
            at("/introspect"),
            DEAD,
            "which kinds of token",
        ),
        (
            {"base": "revocation", "http": {"encoding": "query"}},
            at("/revoke"),
            answer(200),
            "parameters in an address",
        ),
    ],
)
def test_it_is_left_to_the_server(
    document: Document, when: When, response: Response, why: str
) -> None:
    found, free = judged(document, when, response)
    assert found is None
    assert [reason for reason in free if why in reason], free


UNKNOWN = {"Authorization": "Basic eDp5"}


@pytest.mark.parametrize(
    ("document", "held"),
    [
        ({"base": "code-exchange", "headers": UNKNOWN}, False),
        ({"base": "refresh", "headers": UNKNOWN}, False),
        ({"base": "code-exchange", "headers": UNKNOWN, "client": "client_secret_post"}, True),
    ],
)
def test_what_a_public_client_shows_beside_its_name_may_be_passed_over(
    document: Document, *, held: bool
) -> None:
    found, free = judged_at(document, Careless)
    assert (found is not None) is held
    assert any("whatever it shows" in why for why in free) is not held


@pytest.mark.parametrize("new_token", [False, True])
def test_refreshes_sent_together_with_the_same_tokens_are_one_use(*, new_token: bool) -> None:
    both: list[Document] = [
        {"refresh": {"refresh_token": {"copy": "refresh.refresh_token"}}, "expect": "oracle"}
        for _ in range(2)
    ]
    document: Document = {"base": "refresh", "then": [{"together": both}]}
    found, free = judged_at(document, lambda inner: Repeating(inner, new_token))
    assert (found is not None) is new_token
    assert any("the same tokens" in why for why in free) is not new_token


@pytest.mark.parametrize(
    ("base", "ending", "response"),
    [("revocation", "/revoke", answer(200)), ("introspection", "/introspect", DEAD)],
)
@pytest.mark.parametrize("http", [{"method": "GET"}, {"method": "PUT"}, {"encoding": "json"}])
def test_how_a_token_is_managed_beside_the_form_is_left_to_the_server(
    base: str, ending: str, response: Response, http: Document
) -> None:
    found, free = judged({"base": base, "http": http}, at(ending), response)
    assert found is None
    assert bool(free) is ("method" in http)  # JSON may be read: no requirement is left to a choice


METHODS = "authorize.challenge_method_supported"


def test_a_method_left_out_is_plain_and_plain_is_advised_against() -> None:
    """RFC 7636 §4.3, §7.2."""
    document = {"base": "authorization", "authorize": {"code_challenge_method": {"omit": True}}}
    found, free = judged(document, never, DEAD, METHODS)
    assert found is None
    assert free == ["A challenge without a method is a plain one, which no hash will open."]
    document = {"base": "code-exchange", "authorize": {"code_challenge_method": {"omit": True}}}
    found, _ = judged(document, never, DEAD, "pkce.method_assumed")
    assert found is not None
    assert found.divergence.requirement == "RFC7636-4.3-method_default_plain"
    document = {"base": "authorization", "authorize": {"code_challenge_method": "plain"}}
    found, _ = judged(document, never, DEAD, METHODS)
    assert found is not None
    assert found.verdict is Verdict.WARN
    assert found.divergence.requirement == "RFC7636-7.2-plain_not_used"


@pytest.mark.parametrize("change", [{"swap_case": "host"}, {"append": "\n"}])
def test_the_same_address_in_another_spelling_is_a_warning(change: Document) -> None:
    """RFC 6749 §3.1.2.3; the suite warns of it, and so does the file of the finding."""
    registering = "authorize.redirect_uri_registered"
    document = {"base": "authorization", "authorize": {"redirect_uri": change}}
    found, _ = judged(document, never, DEAD, registering)
    assert found is not None
    assert found.verdict is Verdict.WARN
    assert found.divergence.requirement == "RFC6749-3.1.2.3-simple_string_comparison"
    setup = against(registering)
    (case,) = load_document(as_scenario(found), vocabulary(), area="generated").cases
    assert Examiner(setup, (case,)).examine(case).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("document", "when", "response", "requirement"),
    [
        (
            {"base": "refresh", "refresh": {"scope": ""}},
            at("/token", grant_type="refresh_token", scope=""),
            answer(400, error="invalid_scope"),
            "RFC6749-3.2-empty_param_omitted",
        ),
        (
            {"base": "userinfo", "http": {"access_token_in": "query"}},
            at("/userinfo"),
            answer(200, sub="user-1"),
            "RFC6750-2.3-query_method",
        ),
        (
            {"base": "code-exchange", "http": {"encoding": "query"}},
            at("/token"),
            answer(200, access_token="at-1", token_type="Bearer", expires_in=60),
            "RFC6749-3.2-post_only",
        ),
    ],
)
def test_the_section_that_is_broken_is_cited(
    document: Document, when: When, response: Response, requirement: str
) -> None:
    found, _ = judged(document, when, response)
    assert found is not None
    assert found.divergence.requirement == requirement


def test_an_id_token_that_was_not_asked_for_is_not_judged() -> None:
    """OpenID Connect Core §3.1.2.1 leaves a request without openid unspecified."""
    tokens = answer(
        200, access_token="a" * 40, token_type="Bearer", expires_in=60, id_token="no.id.token"
    )
    document = {
        "base": "code-exchange",
        "authorize": {"scope": {"exclude": "openid"}, "nonce": {"omit": True}},
    }
    found, _ = judged(document, at("/token"), tokens)
    assert found is None or "id" not in found.divergence.expected.lower().split()


WRONG_CLIENT = {"refresh": {}, "client_auth": {"client": "second"}, "expect": "oracle"}
WRONG_SCOPE = {"refresh": {"scope": "openid admin"}, "expect": "oracle"}
AGAIN = {"refresh": {}, "expect": "oracle"}


@pytest.mark.parametrize(
    ("failures", "held"), [([WRONG_CLIENT], True), ([WRONG_CLIENT, WRONG_SCOPE], False)]
)
def test_of_two_earlier_failures_neither_is_taken_for_the_cause(
    failures: list[Document], *, held: bool
) -> None:
    """A choice that was learned is held against a target where it alone can be meant."""
    setup = against()
    connect, refreshing = setup.side.connect, at("/token", grant_type="refresh_token")
    seen: list[Request] = []

    def last(request: Request) -> bool:
        seen.extend([request] if refreshing(request) else [])
        return refreshing(request) and len(seen) > len(failures)

    strict = Answering(connect(), last, answer(400, error="invalid_grant"))
    made = Campaign(
        replace(setup, side=replace(setup.side, connect=lambda: strict)), Budget(1), seed=1
    )
    made.calibration = calibrate(setup)
    found = made.judge(finished({"base": "code-exchange", "then": [*failures, AGAIN]}))
    assert (found.choice if found else "") == ("refresh-after-wrong-client" if held else "")


def proof_beside_bearer(request: Request) -> bool:
    bearer = (request.header("Authorization") or "").startswith("Bearer ")
    return bearer and bool(request.header("DPoP"))


def test_a_proof_beside_a_bearer_token_may_be_refused() -> None:
    step = {"userinfo": {}, "dpop": {"key": "other"}, "expect": "oracle"}
    document = {"base": "code-exchange", "then": [step]}
    found, free = judged(document, proof_beside_bearer, INVALID_REQUEST)
    assert found is None
    assert [why.split(" has")[0] for why in free] == ["RFC 9449 §7.1"]


@pytest.mark.parametrize(
    ("header", "taken", "tolerated"),
    [
        ({"crit": []}, True, True),
        ({"crit": ["exp"]}, True, False),
        ({"b64": False}, False, True),
        ({"typ": "application/dpop+jwt"}, False, True),
        ({"b64": False, "kid": 7}, False, False),
    ],
)
def test_headers_that_the_texts_leave_open(
    header: dict[str, Any], *, taken: bool, tolerated: bool
) -> None:
    granted = answer(200, access_token="a" * 30, token_type="DPoP")
    told = granted if taken else answer(400, error="invalid_dpop_proof")
    document = {"base": "code-exchange", "dpop": {"header": header}, "expect": "oracle"}
    found, free = judged(document, lambda r: bool(r.header("DPoP")), told)
    assert (found is None) is tolerated
    assert any("RFC 7797 §7" in why for why in free) is tolerated


class Bare:
    """A server that has never heard of OpenID Connect."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        asked = parse_qsl(parts.query)
        known = urlencode([(name, value) for name, value in asked if name != "prompt"])
        return self.inner.send(replace(request, url=urlunsplit(parts._replace(query=known))))


@pytest.mark.parametrize("openid", [True, False])
def test_openid_connect_is_asked_of_its_providers(*, openid: bool) -> None:
    setup = against()
    connect = setup.side.connect
    side = replace(setup.side, connect=lambda: Bare(connect()))
    decisions = {**setup.decisions}
    if not openid:
        decisions["openid"] = replace(decisions["openid"], present=False)
    target = replace(setup, side=side, decisions=decisions)
    document = finished({"base": "authorization", "authorize": {"prompt": "none login"}})
    found = Campaign(target, Budget(1), seed=1).judge(document)
    assert (found is not None) is openid


def test_an_address_left_out_may_count_as_sent() -> None:
    """RFC 6749 §3.1.2.3; the suite only observes what a server makes of it later."""
    document = {
        "base": "code-exchange",
        "client": "single",
        "authorize": {"redirect_uri": {"omit": True}},
    }
    found, free = judged(document, at("/token"), INVALID_REQUEST)
    assert found is None
    assert [why for why in free if why.startswith("An address")]
