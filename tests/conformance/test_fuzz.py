from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.cli import main
from conformance.fuzz.campaign import Budget, Campaign, Progress
from conformance.fuzz.documents import Document, documents, name_of
from conformance.fuzz.freedoms import changed_places, known_freedoms
from conformance.fuzz.saving import as_scenario, save, to_yaml
from conformance.play.verdicts import Verdict
from conformance.run.examine import Examiner
from conformance.run.opening import prepare_in_process
from conformance.run.setup import Setup
from conformance.scenario.loader import load_document, load_file
from conformance.target.bundled import bundled_target
from conformance.target.capabilities import CAPABILITIES
from conformance.vocabulary import vocabulary
from reference_server.demo import demo_config
from reference_server.guarding import GUARDS

ISSUER = "https://server.example"
MOST_CHANGES = 3


def against(*defects: str) -> Setup:
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)


def campaign(setup: Setup, requests: int, seed: int = 7) -> Progress:
    return Campaign(setup, Budget(3600, requests), seed=seed).run()


@given(documents(sorted(CAPABILITIES)))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_generated_document_is_a_scenario_and_survives_its_file(document: Document) -> None:
    made = load_document(document, vocabulary(), area="generated", shown="x.yaml")
    path = Path("x.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda _self, **_: to_yaml(document))
        read = load_file(path, vocabulary(), shown="x.yaml")
    assert len(read) == 1
    assert read[0].variants[0].steps == made.variants[0].steps
    assert read[0].variants[0].setting == made.variants[0].setting


@given(documents(sorted(CAPABILITIES)))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_document_has_few_changes_and_a_stable_name(document: Document) -> None:
    assert len(changed_places(document)) <= MOST_CHANGES
    assert name_of(document) == name_of({**document, "title": "another"})


def test_the_good_server_stands() -> None:
    progress = campaign(against(), 1500)
    assert progress.found == []
    assert len(progress.guards) > 20


@pytest.mark.parametrize(
    ("defect", "kind", "guard"),
    [
        ("pkce.verifier_matches", "accepted", "pkce.verifier_matches"),
        ("code.of_this_client", "accepted", "code.of_this_client"),
        ("redirect_uri.prefix", "accepted", "redirect_uri.same"),
        ("request.no_refresh", "refused", ""),
    ],
)
def test_a_defect_is_found_and_its_file_finds_it_again(
    tmp_path: Path, defect: str, kind: str, guard: str
) -> None:
    setup = against(defect)
    progress = campaign(setup, 4000)
    found = next(f for f in progress.found if (f.parting.kind, f.parting.guard) == (kind, guard))
    path = save(found, tmp_path)
    (scenario,) = load_file(path, vocabulary())
    (variant,) = scenario.variants
    finding = Examiner(setup, (variant,)).examine(variant)
    assert finding.verdict is Verdict.FAIL
    assert finding.kind == kind
    assert Examiner(against(), (variant,)).examine(variant).verdict is Verdict.PASS


def test_the_same_seed_plays_the_same_cases() -> None:
    first, second = (campaign(against("pkce.verifier_matches"), 1500, seed=3) for _ in range(2))
    assert [as_scenario(f) for f in first.found] == [as_scenario(f) for f in second.found]
    assert first.cases == second.cases


def test_a_budget_of_requests_is_kept() -> None:
    assert campaign(against(), 300).requests < 300 + 20


def test_every_freedom_names_a_guard_that_exists() -> None:
    assert {freedom.guard for freedom in known_freedoms()} - {""} <= set(GUARDS)


def test_the_command_finds_nothing_at_the_bundled_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fuzz", "--seconds", "60", "--max-requests", "500", "--seed", "1"]) == 0
    told = capsys.readouterr().out
    assert "seed 1" in told
    assert "0 findings" in told
