"""Campaigns: what they make, how they search, what they find, when they end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.conformance.fuzz.campaigns import (
    OLD_REFRESH,
    OLD_REVOKED,
    USERINFO,
    against,
    noticed,
)
from tests.conformance.run.odd_servers import setup_at
from tokenspec.conformance.cli import main
from tokenspec.conformance.fuzz import citing
from tokenspec.conformance.fuzz.allowed_choices import allowed_choices
from tokenspec.conformance.fuzz.calibration import calibrate
from tokenspec.conformance.fuzz.campaign import (
    Budget,
    Campaign,
    Counterexample,
    Progress,
)
from tokenspec.conformance.fuzz.documents import (
    MOST_DEVIATIONS,
    Document,
    documents,
    finished,
    name_of,
)
from tokenspec.conformance.fuzz.operations import EXPIRIES, OPERATIONS, deviating_steps
from tokenspec.conformance.fuzz.places import changed
from tokenspec.conformance.fuzz.saving import save, to_yaml
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.play import granted_state
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.scenario.loader import load_document, load_file
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.verdicts import Verdict
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.guarding import GUARDS

REQUIREMENT = re.compile(r"RFC\d+-[\d.]+-\w+")


def campaign(setup: Setup, requests: int, seed: int = 7) -> Progress:
    return Campaign(setup, Budget(3600, requests), seed=seed).run()


def first(setup: Setup, wanted: Callable[[Counterexample], bool]) -> Counterexample:
    """The first finding wanted, of a campaign that ends with it."""

    def clock() -> float:
        return float(any(map(wanted, made.progress.found))) if made else 0.0

    made: Campaign | None = None
    made = Campaign(setup, Budget(1, 6000), seed=7, clock=clock)
    return next(filter(wanted, made.run().found))


@given(documents(sorted(CAPABILITIES)))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_generated_document_is_a_scenario_and_survives_its_file(document: Document) -> None:
    made = load_document(document, vocabulary(), area="generated", shown="x.yaml")
    path = Path("x.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda _self, **_: to_yaml(document))
        read = load_file(path, vocabulary(), shown="x.yaml")
    assert len(read) == 1
    assert read[0].cases[0].steps == made.cases[0].steps
    assert read[0].cases[0].setting == made.cases[0].setting


@given(documents(sorted(CAPABILITIES)))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_document_has_few_changes_and_a_stable_name(document: Document) -> None:
    sequence = document.get("then", ())
    assert changed(document) + deviating_steps(sequence) <= MOST_DEVIATIONS
    assert name_of(document) == name_of({**document, "title": "another"})


def test_an_operation_says_how_many_of_its_steps_deviate() -> None:
    for operation in (*OPERATIONS, *EXPIRIES):
        assert operation.deviations == deviating_steps(operation.steps), operation.name


def test_the_conforming_server_passes() -> None:
    progress = campaign(against(), 300)
    assert progress.found == []
    assert len(progress.guards) > 5


@pytest.mark.parametrize(
    ("defect", "kind", "guard"),
    [
        ("pkce.verifier_matches", "accepted", "pkce.verifier_matches"),
        ("request.no_refresh", "refused", ""),
    ],
)
def test_a_defect_is_found_and_its_file_finds_it_again(
    tmp_path: Path, defect: str, kind: str, guard: str
) -> None:
    setup = against(defect)
    found = first(setup, lambda f: (f.divergence.kind, f.divergence.guard) == (kind, guard))
    path = save(found, tmp_path)
    comments = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    assert any("POST https://server.example/oauth/token" in line for line in comments)
    (scenario,) = load_file(path, vocabulary())
    (case,) = scenario.cases
    finding = Examiner(setup, (case,)).examine(case)
    assert finding.verdict is Verdict.FAIL
    assert finding.kind == kind
    assert Examiner(against(), (case,)).examine(case).verdict is Verdict.PASS


NEW_REFRESH = {"refresh": {"refresh_token": {"copy": "refresh.refresh_token"}}}
OTHERS_REVOKED = {**OLD_REVOKED, "client_auth": {"client": "second"}}


@pytest.mark.parametrize(
    ("defect", "content", "requirement"),
    [
        (
            "code.replay_revokes",
            {"base": "code-exchange", "then": [{"token": {}}, USERINFO]},
            "RFC6749-4.1.2-code_reuse_revokes_access_token",
        ),
        (
            "refresh.reuse_revokes_family",
            {"base": "refresh", "then": [OLD_REFRESH, NEW_REFRESH]},
            "RFC9700-4.14.2-rotation_replay_revokes_family",
        ),
        ("revoke.kills", {"base": "revocation", "then": [USERINFO]}, "RFC7009-2.1-immediate"),
        (
            "client.assertion_beside_another_client_id",
            {
                "base": "refresh",
                "client": "private_key_jwt",
                "refresh": {"client_id": {"client": "second"}},
            },
            "RFC7521-4.2-client_id_same_client",
        ),
        (
            "introspect.hint_believed",
            {
                "base": "code-exchange",
                "then": [{"introspect": {"token_type_hint": "refresh_token"}}],
            },
            "RFC7662-2.1-hint_extends_search",
        ),
        (
            "revoke.unknown_hint_refused",
            {"base": "code-exchange", "then": [{"revoke": {"token_type_hint": "unknown"}}]},
            "RFC7009-2.2-invalid_hint_no_effect",
        ),
        (
            "revoke.own_only",
            {"base": "code-exchange", "then": [OTHERS_REVOKED, {"refresh": {}}]},
            "RFC7009-2.1-token_of_other_client",
        ),
        (
            "code.check_then_act",
            {"base": "code-exchange", "token": {}, "http": {"at_once": 2}},
            "RFC6749-4.1.2-code_reuse_denied",
        ),
        (
            "revoke.cascades",
            {"base": "code-exchange", "then": [OLD_REVOKED, USERINFO]},
            "RFC7009-2.1-refresh_cascades",
        ),
        ("dpop.bound_token_type", {"base": "code-exchange-dpop"}, "RFC9449-5-token_type_dpop"),
        ("id_token.audience", {"base": "code-exchange"}, "OIDCC-2-aud"),
        ("response.no_store", {"base": "refresh"}, "RFC6749-5.1-cache_control_no_store"),
        (
            "introspect.inactive",
            {"base": "revocation", "then": [{"introspect": {}}]},
            "RFC7009-2.1-immediate",
        ),
    ],
)
def test_what_a_sequence_finds_is_laid_to_its_cause_and_replays(
    tmp_path: Path, defect: str, content: Document, requirement: str
) -> None:
    then = [{**step, "expect": "oracle"} for step in content.get("then", ())]
    document = finished({**content, "then": then} if then else content)
    setup = against(defect)
    made = Campaign(setup, Budget(1), seed=1)
    shown = noticed(setup, document)
    assert shown is not None
    made.keep(shown)
    (found,) = made.progress.found
    assert found.divergence.requirement == requirement
    (scenario,) = load_file(save(found, tmp_path), vocabulary())
    (case,) = scenario.cases
    finding = Examiner(setup, (case,)).examine(case)
    assert (finding.verdict, finding.kind) == (found.verdict, found.divergence.kind)
    assert finding.step == found.divergence.step
    good = against()
    assert Examiner(good, (case,)).examine(case).verdict is Verdict.PASS
    assert Campaign(good, Budget(1), seed=1).judge(document) is None


def test_a_choice_left_to_the_server_is_learned_and_followed() -> None:
    setup = against("pkce.verifier_form", "dpop.jti_unseen")
    learned = calibrate(setup)
    assert learned.granted["verifier-form"]
    assert not learned.granted["challenge-form"]
    assert {"verifier-form", "proofs-remembered"}.isdisjoint(learned.as_oracle)
    assert set(learned.oracle.server.altered_by) == {"pkce.verifier_form", "dpop.jti_unseen"}
    assert campaign(setup, 300).found == []


class Noting(Campaign):
    """Keeps the ids of what it plays."""

    played: tuple[str, ...] = ()

    def trial(self, document: Document) -> Counterexample | None:
        self.played += (document["id"],)
        return super().trial(document)


def test_the_same_seed_plays_the_same_cases() -> None:
    """How many, within a budget, hangs on the requests that a race takes."""
    made = [Noting(against(), Budget(3600, 300), seed=3) for _ in range(2)]
    for one in made:
        one.run()
    assert min(len(one.played) for one in made) > 30
    assert all(first == second for first, second in zip(*(o.played for o in made), strict=False))


def test_a_budget_of_requests_is_kept() -> None:
    assert campaign(against(), 200).requests < 200 + 40


def test_a_budget_that_a_search_used_up_ends_the_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when nothing is left to be gone through but searches."""
    searches: list[int] = []

    class Searching:
        def __init__(self, _campaign: Campaign, number: int, *, guided: bool) -> None:
            self.number, self.guided = number, guided

        def run(self) -> None:
            searches.append(self.number)
            assert len(searches) < 9, "the campaign goes on"

    for swept in ("singles", "pairs"):
        monkeypatch.setattr(f"tokenspec.conformance.fuzz.campaign.{swept}", lambda *_arguments: [])
    monkeypatch.setattr("tokenspec.conformance.fuzz.campaign._Search", Searching)
    Campaign(against(), Budget(3), seed=7, clock=lambda: float(len(searches))).run()
    assert searches == [7, 8, 9]


def test_every_allowed_choice_names_a_guard_that_exists() -> None:
    known = allowed_choices()
    named = (
        {row.guard for row in known.rows} | known.errors | {row.after_failure for row in known.rows}
    )
    taken = {name for choice in known.choices for name in choice.granted.without}
    told_without_guard = {"login_required", "method"}
    assert (named | taken) - {"", "any"} - told_without_guard <= set(GUARDS)


def test_every_requirement_a_divergence_can_cite_exists() -> None:
    named = {value for value in vars(citing).values() if isinstance(value, str) and "RFC" in value}
    known = Registry.load().problem
    cited = {*citing.GRANTS.values(), *granted_state.ONCE.values()}
    cited |= {*citing.HINTED.values(), *citing.EMPTY_IS_OMITTED.values()}
    cited |= {value for value in named if REQUIREMENT.fullmatch(value)}
    assert len(cited) > len(citing.GRANTS)
    assert [known(identifier) for identifier in cited if known(identifier)] == []


def test_the_command_finds_nothing_at_the_bundled_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fuzz", "--seconds", "60", "--max-requests", "200", "--seed", "1"]) == 0
    told = capsys.readouterr().out
    assert "seed 1" in told
    assert "0 findings" in told


class Slipping:
    """The server, but for one refusal of a token request, in whose place a token is told."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._left = 15  # refusals until then

    def send(self, request: Request) -> Response:
        answer = self._inner.send(request)
        if answer.status == 400 and b"grant_type=authorization_code" in request.body:
            self._left -= 1
            if self._left == 0:
                body = b'{"access_token": "a", "token_type": "Bearer", "expires_in": 60}'
                return replace(answer, status=200, body=body)
        return answer


def test_what_does_not_come_again_is_no_finding() -> None:
    progress = campaign(setup_at(wire=Slipping), 400)
    assert progress.found == []
    assert len(progress.unsteady) == 1


@pytest.mark.parametrize(("profile", "code"), [("oauth-2.1", 0), ("no-such", 4)])
def test_a_campaign_judges_by_the_profile_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], profile: str, code: int
) -> None:
    command = ["fuzz", "--max-requests", "60", "--seed", "1", "--profile", profile]
    assert main(command) == code
    captured = capsys.readouterr()
    assert profile in captured.out + captured.err
