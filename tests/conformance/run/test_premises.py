"""What cases rest on is asked once, and what it rests on in vain is no fault of the target."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.premises import Premises
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case, Premise
from tokenspec.conformance.scenario.premises import PREMISES
from tokenspec.conformance.target.bundled import bundled_target, target_of
from tokenspec.conformance.target.model import Client, Target
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Server, ServerConfig
from tokenspec.reference_server.demo import demo_config, demo_private_key

ISSUER = "https://server.example"
BROKEN = (Verdict.FAIL, Verdict.WARN)
GOOD = (Verdict.PASS, Verdict.OBSERVE, Verdict.NOT_APPLICABLE)
Form = dict[str, str]
# the answer to a request of a path with a form, in place of the one the server gave
Odd = Callable[[str, Form, Request, Response], Response]


def as_it_is(_path: str, _form: Form, _request: Request, response: Response) -> Response:
    return response


class OddTransport:
    """A right server, whose answers something odd comes between; keeps what was asked."""

    def __init__(self, server: Server, odd: Odd) -> None:
        self._inner = InProcessTransport(server)
        self._odd = odd
        self._lock = threading.Lock()
        self.asked: list[tuple[str, Form]] = []

    def send(self, request: Request) -> Response:
        with self._lock:
            path = urlsplit(request.url).path
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            self.asked.append((path, form))
            return self._odd(path, form, request, self._inner.send(request))


class Place:
    """A target with odd traits, and what is said of cases there."""

    def __init__(
        self,
        odd: Odd = as_it_is,
        *,
        config: ServerConfig | None = None,
        target: Target | None = None,
    ) -> None:
        clock = MovableClock()
        server = Server(config or demo_config(ISSUER), clock=clock)
        self.transport = OddTransport(server, odd)
        self.setup: Setup = prepare(
            target or bundled_target(ISSUER), self.transport, clock=clock, wait=clock.wait
        )

    def findings(self, *areas: str) -> dict[str, Finding]:
        chosen = [case for case in suite() if not areas or case.area in areas]
        examiner = Examiner(self.setup, chosen)
        return {case.key: examiner.examine(case) for case in in_order(chosen)}


@cache
def suite() -> tuple[Case, ...]:
    return tuple(whole_suite())


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Those that look at every answer last."""
    return sorted(cases, key=lambda case: case.every_response)


def error(status: int, code: str) -> Response:
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    if status == 401:
        headers = (*headers, ("WWW-Authenticate", 'Basic realm="odd"'))
    return Response(status, headers, json.dumps({"error": code}).encode())


def members(response: Response, **changed: object) -> Response:
    """The same answer with other members; those that are None are left out."""
    told = {**json.loads(response.body), **changed}
    kept = {name: value for name, value in told.items() if value is not None}
    return replace(response, body=json.dumps(kept).encode())


def with_client(target: Target, client_id: str, changed: Callable[[Client], Client]) -> Target:
    clients = tuple(
        changed(client) if client.client_id == client_id else client for client in target.clients
    )
    return replace(target, clients=clients)


def nothing_is_held_against(found: dict[str, Finding], *, but: str = "") -> list[Finding]:
    """The findings that could not run, each for a reason; none is a failure or a warning."""
    broken = [(f.key, str(f.verdict), f.observed, f.note) for f in found.values()
              if f.verdict in BROKEN and f.key != but]  # fmt: skip
    assert broken == []
    lost = [finding for finding in found.values() if finding.verdict is Verdict.COULD_NOT_RUN]
    assert all(finding.note for finding in lost)
    return lost


def causes(found: Iterable[Finding]) -> set[str]:
    """The premises that did not hold."""
    return {f.note.removeprefix("premise: ").partition(":")[0] for f in found
            if f.note.startswith("premise: ")}  # fmt: skip


def test_a_secret_that_was_changed_at_the_server_is_no_fault_of_it() -> None:
    target = with_client(
        bundled_target(ISSUER), "tokenspec-basic", lambda one: replace(one, secret="of last year")
    )
    lost = nothing_is_held_against(Place(target=target).findings())
    client = "tokenspec-basic (client_secret_basic)"
    assert {f"exchange of client {client}", f"credentials of client {client}"} <= causes(lost)
    notes = [finding.note for finding in lost if f"of client {client}:" in finding.note]
    assert all("401, error invalid_client" in note for note in notes)


def test_a_client_whose_key_was_never_set_up_is_no_fault_of_the_server() -> None:
    config = demo_config(ISSUER)
    target = target_of(config, {"tokenspec-jwt": ec.generate_private_key(ec.SECP256R1())})
    lost = nothing_is_held_against(Place(target=target).findings("client_auth", "refresh"))
    assert "exchange of client tokenspec-jwt (private_key_jwt)" in causes(lost)


def test_assertions_for_another_address_of_the_server_are_no_fault_of_it() -> None:
    """It takes its issuer alone for the audience, and the target file does not say so."""
    config = demo_config(ISSUER)
    config = replace(config, policy=replace(config.policy, assertion_audience_issuer=True))
    target = bundled_target(ISSUER)
    lost = nothing_is_held_against(Place(config=config, target=target).findings("client_auth"))
    assert "exchange of client tokenspec-jwt (private_key_jwt)" in causes(lost)
    assert "client-assertion-claims/unknown" in {finding.key for finding in lost}


def test_a_proxy_with_another_address_is_one_cause() -> None:
    def proxied(path: str, _form: Form, request: Request, response: Response) -> Response:
        proof = request.header("DPoP")
        return error(400, "invalid_dpop_proof") if proof and path.endswith("token") else response

    lost = nothing_is_held_against(Place(proxied).findings("dpop"))
    with_proof = {cause for cause in causes(lost) if cause.endswith(" with DPoP")}
    assert with_proof == causes(lost)
    assert "exchange of client tokenspec-public (none) with DPoP" in with_proof


def test_a_client_that_is_locked_is_no_fault_of_the_server() -> None:
    """From the tenth wrong secret on the client is refused, whatever it shows."""
    wrong: Counter[str] = Counter()

    def locking(path: str, _form: Form, request: Request, response: Response) -> Response:
        if not path.endswith("token") or not request.header("Authorization"):
            return response
        wrong["basic"] += response.status == 401
        return error(401, "invalid_client") if wrong["basic"] >= 10 else response

    place = Place(locking)
    chosen = [case for case in suite() if case.area in ("client_auth", "code")]
    engine = Engine(place.setup, chosen, jobs=1, seed=1)
    engine.submit(chosen)
    found = {case.key: engine.finding(case) for case in chosen}
    engine.close()
    assert wrong["basic"] >= 10
    lost = nothing_is_held_against(found)
    assert any("exchange of client tokenspec-basic" in finding.note for finding in lost)


def test_a_client_without_the_refresh_grant_is_no_fault_of_the_server() -> None:
    def codes_only(path: str, form: Form, _request: Request, response: Response) -> Response:
        if path.endswith("token") and form.get("grant_type") == "refresh_token":
            return error(400, "unauthorized_client")
        return response

    found = Place(codes_only).findings("refresh", "code", "metadata", "id_token")
    lost = nothing_is_held_against(found)
    assert "refresh of client tokenspec-public (none)" in causes(lost)
    assert found["refresh-token-use/plain"].verdict is Verdict.OBSERVE


def test_who_gets_no_refresh_token_is_tried_with_none() -> None:
    """RFC 6749 §5.1: one may come; here for clients with a secret or key alone."""
    target = bundled_target(ISSUER)
    public = [client for client in target.clients if client.auth == "none"]
    others = [client for client in target.clients if client.auth != "none"]
    names = [client.client_id for client in public]

    def odd(path: str, form: Form, _request: Request, response: Response) -> Response:
        public = path == "/oauth/token" and form.get("client_id") in names
        return members(response, refresh_token=None) if public else response

    found = Place(odd, target=replace(target, clients=(*others, *public))).findings("dpop")
    assert nothing_is_held_against(found) == []
    bound = found["dpop-refresh-bound/no-proof"]
    assert bound.verdict is Verdict.NOT_APPLICABLE
    assert bound.note == f"{names[0]} gets no refresh_token, which is optional"


def test_a_client_that_may_not_revoke_is_no_fault_of_the_server() -> None:
    def for_apis(path: str, _form: Form, _request: Request, response: Response) -> Response:
        return error(401, "invalid_client") if path.endswith("revoke") else response

    found = Place(for_apis).findings("metadata", "refresh")
    lost = nothing_is_held_against(found)
    said = found["revocation/refresh-token"].note
    assert said.startswith("premise: refresh-token-revocation of client tokenspec-public (none): ")
    assert "revoke: refused: status 401, error invalid_client" in said
    assert {"revocation/refresh-token", "revocation/twice", "revocation-refused/other-client",
            "refresh-token-revoked/by-its-client"} <= {f.key for f in lost}  # fmt: skip


def test_a_caller_that_may_not_introspect_is_told_that_nothing_is_active() -> None:
    """RFC 7662 §2.2 prescribes that answer."""

    def for_apis(path: str, _form: Form, _request: Request, response: Response) -> Response:
        if path.endswith("introspect") and response.status == 200:
            return replace(response, body=b'{"active": false}')
        return response

    found = Place(for_apis).findings("metadata", "dpop")
    assert nothing_is_held_against(found) == []
    asked = {found["introspection/active"].verdict, found["introspection/expired"].verdict}
    assert asked == {Verdict.NOT_APPLICABLE}
    assert "the token is said to be inactive" in found["introspection/active"].note


def test_introspection_that_tells_all_of_a_token_and_calls_it_dead_is_wrong() -> None:
    def confused(path: str, _form: Form, _request: Request, response: Response) -> Response:
        return members(response, active=False) if path.endswith("introspect") else response

    found = Place(confused).findings("metadata")
    assert found["introspection/active"].verdict is Verdict.FAIL


def test_a_first_use_that_broke_the_server_does_not_make_the_second_one_a_replay() -> None:
    first: set[str] = set()
    case = next(case for case in suite() if case.key == "code-used-twice/in-turn")
    place = Place()
    examiner = Examiner(place.setup, [case])
    assert examiner.examine(case).verdict is Verdict.PASS

    def first_is_500(path: str, form: Form, _request: Request, response: Response) -> Response:
        """The premise holds; of the case's own code the first use is answered by a 500."""
        code = form.get("code", "")
        if not path.endswith("token") or not code:
            return response
        first.add(code)
        return (
            error(500, "server_error") if len(first) == 2 and response.status == 200 else response
        )

    odd = Place(first_is_500)
    finding = Examiner(odd.setup, [case]).examine(case)
    assert finding.verdict is Verdict.COULD_NOT_RUN, finding.observed
    assert finding.step == "token"
    assert "500" in finding.observed


def test_where_nothing_rotates_no_successor_has_to_end() -> None:
    """RFC 9700 §2.2.2 leaves that to servers, but for clients without a secret."""
    config = demo_config(ISSUER)
    config = replace(config, policy=replace(config.policy, rotate_refresh_tokens=False))
    target = replace(bundled_target(ISSUER), capabilities={"refresh-rotation": True})
    found = Place(config=config, target=target).findings("refresh")
    assert nothing_is_held_against(found, but="refresh-token-rotation/public-client") == []
    assert found["refresh-token-rotation/public-client"].verdict is Verdict.FAIL
    assert found["refresh-token-rotation/family-ends"].verdict is Verdict.NOT_APPLICABLE
    assert "no other refresh token came" in found["refresh-token-rotation/family-ends"].note


@pytest.mark.parametrize("defect", ["", "refresh.never_replaced"])
def test_a_first_client_with_a_secret_says_nothing_of_how_others_refresh(*, defect: str) -> None:
    target = bundled_target(ISSUER)
    first = next(client for client in target.clients if client.auth == "client_secret_basic")
    others = tuple(client for client in target.clients if client is not first)
    seen = replace(target, clients=(first, *others), capabilities={"refresh": True})
    setup = prepare_in_process(seen, demo_config(ISSUER), (defect,) if defect else ())
    assert not setup.decisions["refresh-rotation"].present
    case = next(case for case in suite() if case.key == "refresh-token-rotation/public-client")
    verdict = Examiner(setup, [case]).examine(case).verdict
    assert verdict is (Verdict.FAIL if defect else Verdict.PASS)


def test_where_a_new_authorization_ends_the_one_before_no_earlier_code_has_to_live() -> None:
    """How long a grant lasts is the server's affair (RFC 6749 §1.4); the challenge is not."""
    cases = [case for case in suite() if case.scenario == "pkce-requests-side-by-side"]

    def at(defects: tuple[str, ...] = (), liberties: tuple[str, ...] = ()) -> dict[str, Verdict]:
        bundled = bundled_target(ISSUER), demo_config(ISSUER)
        setup = prepare_in_process(*bundled, defects, liberties=liberties)
        examiner = Examiner(setup, cases)
        return {case.id: examiner.examine(case).verdict for case in cases}

    first = "first-code-after-a-second-request"
    assert at()[first] is Verdict.PASS
    assert at(defects=("pkce.challenge_of_client",))[first] is Verdict.FAIL
    ended = at(liberties=("code.ends_earlier_grants",))
    assert ended == {first: Verdict.NOT_APPLICABLE, "second-code": Verdict.PASS}


def test_a_replay_that_is_served_is_told_by_the_case_about_it_alone() -> None:
    """Nothing was refused, so nothing is said of what a refusal would have ended."""
    cases = [case for case in suite() if case.scenario == "code-used-twice"]
    setup = prepare_in_process(
        bundled_target(ISSUER), demo_config(ISSUER), ["code.replay_accepted"]
    )
    examiner = Examiner(setup, cases)
    verdicts = {case.id: examiner.examine(case).verdict for case in cases}
    assert verdicts["in-turn"] is Verdict.FAIL
    assert verdicts["then-its-access-token"] is Verdict.COULD_NOT_RUN
    assert verdicts["then-its-refresh-token"] is Verdict.COULD_NOT_RUN


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_premise_is_asked_once_a_run(jobs: int) -> None:
    place = Place()
    cases = [case for case in suite() if case.area == "id_token" and not case.control
             and not place.setup.missing(case.needs)]  # fmt: skip
    plays: Counter[str] = Counter()

    def count(_transcript: object, name: str, said: str) -> str:
        plays[name] += 1
        return said

    premises = Premises(lambda *_: place.setup.side, count)
    with ThreadPoolExecutor(jobs) as pool:
        asked = list(pool.map(lambda case: list(premises.of(case)), cases))
    assert len(cases) > 20
    assert all(one.holds for answers in asked for one in answers)
    assert set(plays.values()) == {1}
    premises.ask_unmet_again()
    assert all(one.holds for one in premises.of(cases[0]))
    assert set(plays.values()) == {1}


def test_every_premise_holds_at_the_reference_server() -> None:
    config = demo_config(ISSUER)
    config = replace(config, policy=replace(config.policy, pkce_required=False))
    target = target_of(config, {"tokenspec-jwt": demo_private_key()})
    place = Place(config=config, target=target)
    examiner = Examiner(place.setup, ())
    case = next(case for case in suite() if case.key == "seed-exchange/granted")
    for name in PREMISES:
        for role in ("confidential", "private_key_jwt", "client_secret_post"):
            asked = replace(case, premises=(Premise(name, role),))
            assert [one.note for one in examiner.premises.of(asked) if not one.holds] == []


def test_a_finding_names_what_it_rests_on() -> None:
    found = Place().findings("metadata")
    assert found["revocation/access-token"].premises == (
        "userinfo of client tokenspec-public (none)",
    )
    assert all(finding.verdict in GOOD for finding in found.values())
