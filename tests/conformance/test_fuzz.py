from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.cli import main
from conformance.fuzz import citing
from conformance.fuzz.calibration import calibrate
from conformance.fuzz.campaign import (
    Budget,
    Campaign,
    Counterexample,
    Progress,
)
from conformance.fuzz.documents import MOST_DEVIATIONS, Document, documents, finished, name_of
from conformance.fuzz.freedoms import ANY, course_until, known_freedoms
from conformance.fuzz.operations import EXPIRIES, OPERATIONS, straying
from conformance.fuzz.places import changed
from conformance.fuzz.saving import save, to_yaml
from conformance.play import standing
from conformance.play.verdicts import Verdict
from conformance.registry import Registry
from conformance.run.examine import Examiner
from conformance.run.opening import prepare_in_process
from conformance.run.setup import Setup
from conformance.scenario.loader import load_document, load_file
from conformance.target.bundled import bundled_target
from conformance.target.capabilities import CAPABILITIES
from conformance.triangle.grounds import grounds
from conformance.vocabulary import vocabulary
from reference_server.demo import demo_config
from reference_server.guarding import GUARDS

ISSUER = "https://server.example"
REQUIREMENT = re.compile(r"RFC\d+-[\d.]+-\w+")


def against(*defects: str) -> Setup:
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)


def campaign(setup: Setup, requests: int, seed: int = 7) -> Progress:
    return Campaign(setup, Budget(3600, requests), seed=seed).run()


def first(setup: Setup, wanted: Callable[[Counterexample], bool]) -> Counterexample:
    """The first finding wanted, of a campaign that ends with it."""

    def clock() -> float:
        return float(any(map(wanted, made.progress.found))) if made else 0.0

    made: Campaign | None = None
    made = Campaign(setup, Budget(1, 6000), seed=7, clock=clock)
    return next(filter(wanted, made.run().found))


def noticed(setup: Setup, document: Document) -> Counterexample | None:
    """What a race shows, in one of so many plays: who comes first is luck."""
    plays = (Campaign(setup, Budget(1), seed=1).judge(document) for _ in range(12))
    return next(filter(None, plays), None)


@given(documents(sorted(CAPABILITIES)))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
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
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_document_has_few_changes_and_a_stable_name(document: Document) -> None:
    course = document.get("then", ())
    assert changed(document) + straying(course) <= MOST_DEVIATIONS
    assert name_of(document) == name_of({**document, "title": "another"})


def test_an_operation_says_in_how_many_steps_it_strays() -> None:
    for operation in (*OPERATIONS, *EXPIRIES):
        assert operation.deviations == straying(operation.steps), operation.name


def test_the_good_server_stands() -> None:
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
    found = first(setup, lambda f: (f.parting.kind, f.parting.guard) == (kind, guard))
    path = save(found, tmp_path)
    comments = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    assert any("POST https://server.example/oauth/token" in line for line in comments)
    (scenario,) = load_file(path, vocabulary())
    (variant,) = scenario.variants
    finding = Examiner(setup, (variant,)).examine(variant)
    assert finding.verdict is Verdict.FAIL
    assert finding.kind == kind
    assert Examiner(against(), (variant,)).examine(variant).verdict is Verdict.PASS


USERINFO = {"userinfo": {}}
OLD_REFRESH = {"refresh": {"refresh_token": {"copy": "token.refresh_token"}}}
NEW_REFRESH = {"refresh": {"refresh_token": {"copy": "refresh.refresh_token"}}}
OLD_REVOKED = {"revoke": {"token": {"copy": "token.refresh_token"}}}
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
            "error.no_echo",
            {"base": "code-exchange", "then": [{"token": {}}]},
            "RFC6749-10.14-sanitize_input",
        ),
        (
            "introspect.inactive",
            {"base": "revocation", "then": [{"introspect": {}}]},
            "RFC7009-2.1-immediate",
        ),
    ],
)
def test_what_a_course_finds_is_laid_to_its_cause_and_replays(
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
    assert found.parting.requirement == requirement
    (scenario,) = load_file(save(found, tmp_path), vocabulary())
    (variant,) = scenario.variants
    finding = Examiner(setup, (variant,)).examine(variant)
    assert (finding.verdict, finding.kind) == (found.verdict, found.parting.kind)
    assert finding.step == found.parting.step
    good = against()
    assert Examiner(good, (variant,)).examine(variant).verdict is Verdict.PASS
    assert Campaign(good, Budget(1), seed=1).judge(document) is None


def test_rotation_is_asked_of_the_main_client_alone() -> None:
    old = {**OLD_REFRESH, "expect": "oracle"}
    content = {"base": "refresh", "then": [old]}
    made = Campaign(against("refresh.replay_accepted"), Budget(1), seed=1)
    assert made.judge(finished({**content, "client": "confidential"})) is None
    assert made.judge(finished(content)) is not None


def test_who_parts_from_a_choice_of_its_own_is_warned(tmp_path: Path) -> None:
    """A refresh by another client did no harm when it was tried first, and does now."""
    setup = against("request.no_refresh")
    made = Campaign(setup, Budget(1), seed=1)
    made.calibration = calibrate(against())
    again = {"refresh": {}, "expect": "oracle"}
    other = {"client_auth": {"client": "second"}}
    found = made.judge(finished({"base": "refresh", **other, "then": [again]}))
    assert found is not None
    assert (found.verdict, found.choice) == (Verdict.WARN, "refresh-after-wrong-client")
    (scenario,) = load_file(save(found, tmp_path), vocabulary())
    (variant,) = scenario.variants
    assert Examiner(setup, (variant,)).examine(variant).verdict is Verdict.WARN
    assert Examiner(against(), (variant,)).examine(variant).verdict is Verdict.PASS


def judged(defect: str, **content: object) -> tuple[Counterexample | None, set[str]]:
    """What one case shows at a defect, and the freedoms it met."""
    made = Campaign(against(defect), Budget(1), seed=1)
    found = made.judge(finished(content))
    return found, set(made.progress.free)


def test_an_error_that_no_text_names_is_the_servers_own_affair() -> None:
    lacking = {"token": {"grant_type": {"omit": True}}}
    found, free = judged("request.grant_type_present", base="code-exchange", **lacking)
    assert found is None
    assert len(free) == 1


def test_an_only_address_may_be_left_out_and_one_of_several_not() -> None:
    content = {"base": "code-exchange", "token": {"redirect_uri": {"omit": True}}}
    found, _ = judged("redirect_uri.present", **content)
    assert found is not None
    found, free = judged("redirect_uri.present", client="single", **content)
    assert found is None
    assert any("§3.1.3.2" in why for why in free)


def test_who_knows_dpop_jkt_is_held_to_it() -> None:
    strange = {"authorize": {"dpop_jkt": {"copy": "dpop.other_jkt"}}}
    found, _ = judged("dpop.code_key", base="code-exchange-dpop", **strange)
    assert found is not None
    assert found.parting.guard == "dpop.code_key"


@pytest.mark.parametrize("prompt", ["none", "none login"])
def test_prompt_is_no_matter_of_a_request_without_openid(prompt: str) -> None:
    defect = "authorize.silent" if prompt == "none" else "authorize.prompt_none_alone"
    plain = {"prompt": prompt, "scope": {"omit": True}}
    found, free = judged(defect, base="authorization", session="none", authorize=plain)
    assert found is None
    assert any("without openid" in why for why in free)


def test_a_later_refresh_counts_as_one() -> None:
    """What a server may do after a refresh, it may do after the second, if the first failed."""
    lacking = {"base": "refresh", "refresh": {"grant_type": {"omit": True}}}
    then = [{"refresh": {}}, {"userinfo": {"access_token": {"copy": "token.access_token"}}}]
    document = finished({**lacking, "then": then})
    made = load_document(document, vocabulary(), area="generated", shown="x.yaml")
    told = against().oracle.play(made.variants[0])
    course = course_until("userinfo", told, told.transcript)
    assert "refresh" in course.granted
    assert ANY in course.failed


@pytest.mark.parametrize("prompt", ["none", "none login"])
def test_a_page_shown_where_none_may_be_is_found(prompt: str) -> None:
    asked = {"session": "none", "authorize": {"prompt": prompt}}
    defect = "authorize.silent" if prompt == "none" else "authorize.prompt_none_alone"
    found, _ = judged(defect, base="authorization", **asked)
    assert found is not None
    assert "a page for the user" in found.parting.observed


def test_a_choice_left_to_the_server_is_learned_and_followed() -> None:
    setup = against("pkce.verifier_form", "dpop.jti_unseen")
    learned = calibrate(setup)
    assert learned.granted["verifier-form"]
    assert not learned.granted["challenge-form"]
    assert {"verifier-form", "proofs-remembered"}.isdisjoint(learned.as_oracle)
    assert set(learned.oracle.server.defects) == {"pkce.verifier_form", "dpop.jti_unseen"}
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
        monkeypatch.setattr(f"conformance.fuzz.campaign.{swept}", lambda *_arguments: [])
    monkeypatch.setattr("conformance.fuzz.campaign._Search", Searching)
    Campaign(against(), Budget(3), seed=7, clock=lambda: float(len(searches))).run()
    assert searches == [7, 8, 9]


def test_every_freedom_names_a_guard_that_exists() -> None:
    known = known_freedoms()
    named = (
        {row.guard for row in known.rows} | known.errors | {row.after_failure for row in known.rows}
    )
    taken = {name for choice in known.choices for name in choice.granted.without}
    told_without_guard = {"login_required", "method"}
    assert (named | taken) - {"", "any"} - told_without_guard <= set(GUARDS)


def test_every_requirement_a_parting_can_cite_exists() -> None:
    named = {value for value in vars(citing).values() if isinstance(value, str) and "RFC" in value}
    known = Registry.load().problem
    cited = {*citing.GRANTS.values(), *standing.ONCE.values()}
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


def test_who_asks_for_a_nonce_first_tells_no_wrong_error() -> None:
    """At Auth0's dialect nonces are for public clients, of which the other client is one."""
    ground = grounds()["auth0"]
    made = Campaign(prepare_in_process(ground.target, ground.config), Budget(1), seed=1)
    own, other = {"token": {}}, {"token": {}, "client_auth": {"client": "second"}}
    race = {"together": [{**step, "expect": "oracle"} for step in (own, other)]}
    again = {"authorize": {}, "expect": "oracle"}
    asked = {"base": "code-exchange-dpop", "client": "private_key_jwt", "then": [again, race]}
    assert made.judge(finished(asked)) is None


def test_a_bearer_token_is_shown_without_a_proof_that_nobody_asked_for() -> None:
    """RFC 9449 §7.1: a proof goes with a token of type DPoP; a server may refuse it elsewhere."""
    unproven = {"refresh": {}, "headers": {"DPoP": {"omit": True}}, "expect": "oracle"}
    document = finished(
        {
            "base": "code-exchange-dpop",
            "client": "confidential",
            "then": [unproven, {**USERINFO, "expect": "oracle"}],
        }
    )
    (variant,) = load_document(document, vocabulary(), area="generated").variants
    *_, userinfo = against().oracle.play(variant).transcript.steps
    (request,) = [exchange.request for exchange in userinfo.exchanges]
    headers = {name.lower(): value for name, value in request.headers}
    assert headers["authorization"].startswith("Bearer ")
    assert "dpop" not in headers


def test_a_refresh_for_less_has_less() -> None:
    """At a server with scopes of its own the oracle knows them too."""
    ground = grounds()["own-scope"]
    target = replace(ground.target, scope="openid read:orders")
    setup = prepare_in_process(target, ground.config)
    refresh = {"refresh": {"scope": "openid"}, "expect": "oracle"}
    document = finished({"base": "code-exchange", "then": [refresh]})
    (variant,) = load_document(document, vocabulary(), area="generated").variants
    first, now = setup.oracle.play(variant).transcript.steps[-2:]
    assert (first.received["scope"], now.received["scope"]) == ("openid read:orders", "openid")
    assert Campaign(setup, Budget(1), seed=1).judge(document) is None


def test_an_empty_value_is_not_copied() -> None:
    """Sent without value it counts as left out (RFC 6749 §3.1)."""
    revoke = {"revoke": {"token": {"copy": "refresh.refresh_token"}}, "expect": "oracle"}
    document = finished(
        {"base": "refresh", "refresh": {"refresh_token": {"empty": True}}, "then": [revoke]}
    )
    (variant,) = load_document(document, vocabulary(), area="generated").variants
    told = against().oracle.play(variant).transcript
    assert told.step("revoke") is None
    assert "refresh.refresh_token" in told.stopped


def test_a_race_begins_when_its_requests_have_the_nonce_they_need() -> None:
    """One server may ask for a newer nonce when the other does not yet."""
    document = finished({"base": "code-exchange-dpop", "http": {"at_once": 2}})
    setup = against()
    made = Campaign(setup, Budget(1), seed=1)
    assert made.judge(document) is None
    for party in (setup.party, setup.oracle.party):
        party.nonces[party.endpoints.token] = "one-of-long-ago"
        assert Campaign(setup, Budget(1), seed=1).judge(document) is None
    assert noticed(against("code.check_then_act"), document)


@pytest.mark.parametrize(
    ("base", "shown", "held"),
    [
        ("code-exchange", USERINFO, True),
        ("refresh", USERINFO, False),  # a replaced token is no token any more
        ("refresh", {"refresh": {}}, False),
    ],
)
def test_what_ends_with_a_revoked_refresh_token(base: str, shown: Document, *, held: bool) -> None:
    """RFC 7009 §2.1: its access tokens SHOULD, another refresh token of the grant MAY."""
    then = [{**step, "expect": "oracle"} for step in (OLD_REVOKED, shown)]
    document = finished({"base": base, "then": then})
    setup = against("revoke.cascades")
    found = Campaign(setup, Budget(1), seed=1).judge(document)
    assert (found is not None) is held


def test_what_a_race_for_a_token_does_to_its_grant_is_left_to_the_server() -> None:
    """Two uses of it in turn end the family; of two at once, one may live."""
    setup = against("refresh.reuse_revokes_family")
    for steps, held in (
        ([{"together": [{"refresh": {}}, OLD_REFRESH]}], False),
        ([{"refresh": {}}, OLD_REFRESH], True),
    ):
        told = [
            {"together": [{**one, "expect": "oracle"} for one in step["together"]]}
            if "together" in step
            else {**step, "expect": "oracle"}
            for step in [*steps, USERINFO]
        ]
        document = finished({"base": "code-exchange", "then": told})
        assert (Campaign(setup, Budget(1), seed=1).judge(document) is not None) is held
    both = [{"refresh": {}, "expect": "oracle"}, {**OLD_REFRESH, "expect": "oracle"}]
    document = finished({"base": "code-exchange", "then": [{"together": both}]})
    lax = Campaign(against("refresh.replay_accepted"), Budget(1), seed=1)
    assert lax.judge(document) is not None
