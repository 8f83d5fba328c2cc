"""Profiles and presets: read strictly, decided wholly, and never generous by accident."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import UnusableFile, UsageError
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.profile import (
    Confidence,
    Deviation,
    Evidence,
    load_preset,
    load_profile,
    profiles,
    recognise,
)
from tokenspec.conformance.profile.catalogue import names
from tokenspec.conformance.profile.loader import KINDS, read_preset, read_profile
from tokenspec.conformance.registry import Level, Registry
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Answer
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Judgement, Kind, Verdict
from tokenspec.reference_server.demo import demo_config

REGISTRY = Registry.load()
CASES = {case.key: case for case in whole_suite()}
WRONG_VERIFIER = CASES["pkce-verifier-wrong/another-verifier"]
EVIDENCE = Evidence("vendor", "a document", Confidence.DOCUMENTED, "2026-01-01")
PRESET = """\
format: 1
preset: vendor
vendor: Vendor
date: "2026-01-01"
deviations:
  - requirements: RFC7636-4.6
    kind: wrong-error
    status: 403
    error: invalid_grant
    source: a document
    confidence: documented
    date: "2026-01-01"
"""
PROFILE = """\
format: 1
profile: mine
title: Mine
date: "2026-01-01"
documents: [RFC6749]
rulings:
  RFC6749-5.1-expires_in: {level: MAY, why: so it is, source: https://example.org}
"""


def judged(**changes: object) -> Judgement:
    plain = Judgement(
        Verdict.FAIL, Kind.WRONG_ERROR, answer=Answer.REFUSED, status=403, error="invalid_grant"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class TestBundledData:
    def test_the_default_comes_first_and_every_name_is_a_profile(self) -> None:
        assert names()[0] == "rfc"
        assert [profile.name for profile in profiles()] == list(names())

    def test_every_document_of_the_registry_is_in_force_somewhere(self) -> None:
        held = {prefix for profile in profiles() for prefix in profile.documents}
        assert {row.prefix for row in REGISTRY.all} == held

    def test_every_contested_point_is_decided(self) -> None:
        decided = {name: load_profile(name) for name in ("rfc", "oauth-2.1", "fapi-2.0", "auth0")}
        open_points = [
            (name, row.id)
            for name, profile in decided.items()
            for row in REGISTRY.all
            if "ontested" in row.note and row.prefix in profile.documents
            if not (row.id in profile.rulings and profile.rulings[row.id].reading)
        ]
        assert not open_points, "write a ruling with a 'reading' into conformance/profile/profiles"

    def test_a_row_names_scenarios_that_exist(self) -> None:
        known = {*CASES, *(case.scenario for case in CASES.values())}
        named = {
            name
            for profile in profiles()
            for preset in profile.presets
            for row in preset.deviations
            for name in row.scenarios
        }
        assert named <= known

    def test_every_row_covers_a_case(self) -> None:
        for profile in profiles():
            for preset in profile.presets:
                for row in preset.deviations:
                    assert any(row.covers(case) for case in CASES.values()), row

    def test_every_source_is_an_address_or_names_one(self) -> None:
        for profile in profiles():
            for ruling in profile.rulings.values():
                assert ruling.source.startswith("https://"), ruling

    def test_a_vendor_is_named_as_its_file_is(self) -> None:
        folder = Path(__file__).parents[3] / "conformance" / "profile" / "presets"
        for file in folder.glob("*.yaml"):
            assert load_preset(file.stem).name == file.stem

    def test_a_profile_is_frozen(self) -> None:
        with pytest.raises(TypeError):
            load_profile("rfc").rulings["x"] = None  # type: ignore[index]


class TestLevels:
    def test_a_document_in_force_keeps_its_level(self) -> None:
        row = REGISTRY.get("RFC7636-4.6-mismatch_invalid_grant")
        assert load_profile("rfc").effective(row).level is Level.MUST
        assert load_profile("rfc").effective(row).why == ""

    def test_a_document_that_is_not_in_force_is_observed_only(self) -> None:
        row = REGISTRY.get("FAPI2SP-5.3.2.1-no_refresh_rotation")
        found = load_profile("rfc").effective(row)
        assert (found.level, found.severity) == (Level.MAY, "observe")
        assert "MUST NOT in FAPI 2.0 Security Profile" in found.why
        assert load_profile("fapi-2.0").effective(row).level is Level.MUST_NOT

    def test_a_ruling_changes_the_level_and_says_why(self) -> None:
        row = REGISTRY.get("RFC6749-2.3.1-basic_supported")
        found = load_profile("oauth-2.1").effective(row)
        assert found.level is Level.MAY
        assert "OAuth 2.1 §2.4.1" in found.why

    @pytest.mark.parametrize(
        ("profile", "cited"),
        [
            ("rfc", "OIDCC-3.1.2.1-prompt_none_without_hint"),
            ("auth0", "AUTH0-Remarks-silent_new_token"),
        ],
    )
    def test_a_verdict_cites_the_requirement_that_weighs_most(
        self, profile: str, cited: str
    ) -> None:
        issuer = "https://server.example"
        target = replace(bundled_target(issuer), profile=profile)
        setup = prepare_in_process(target, demo_config(issuer), ())
        row, in_force = setup.deciding(CASES["silent-authentication/with-session"])
        assert (row.id, in_force.why) == (cited, "")

    def test_no_ruling_of_a_base_is_lost(self) -> None:
        base = load_profile("rfc")
        assert set(base.rulings) <= set(load_profile("fapi-2.0").rulings)
        assert base.documents < load_profile("fapi-2.0").documents


class TestDeviations:
    def test_what_is_documented_exactly_is_one(self) -> None:
        found = load_profile("auth0").deviation(WRONG_VERIFIER, judged())
        assert found is not None
        assert found.evidence.confidence is Confidence.RECORDED

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": 400},
            {"status": 500},
            {"error": "invalid_request"},
            {"error": ""},
            {"kind": Kind.ACCEPTED, "status": 200, "error": ""},
            {"kind": Kind.WRONG_ENVELOPE},
            {"kind": Kind.LEAK},
            {"kind": Kind.SERVER_ERROR},
        ],
    )
    def test_anything_else_is_none(self, changes: dict[str, object]) -> None:
        assert load_profile("auth0").deviation(WRONG_VERIFIER, judged(**changes)) is None

    def test_another_profile_allows_none(self) -> None:
        assert load_profile("rfc").deviation(WRONG_VERIFIER, judged()) is None

    @given(
        kind=st.sampled_from([Kind.ACCEPTED, Kind.LEAK]),
        scenarios=st.lists(
            st.sampled_from(sorted({case.scenario for case in CASES.values()})), max_size=3
        ),
        requirements=st.lists(st.sampled_from([row.id for row in REGISTRY.all]), max_size=3),
        key=st.sampled_from(sorted(CASES)),
    )
    def test_what_was_granted_is_excused_by_name_alone(
        self, kind: Kind, scenarios: list[str], requirements: list[str], key: str
    ) -> None:
        case = CASES[key]
        row = Deviation(
            kind, EVIDENCE, (200,), scenarios=tuple(scenarios), requirements=tuple(requirements)
        )
        assert not row.covers(case)
        assert replace(row, scenarios=(*row.scenarios, key)).covers(case)

    def test_the_answer_class_counts_where_it_is_given(self) -> None:
        row = Deviation(
            Kind.WRONG_ERROR, EVIDENCE, (403,), ("invalid_grant",), answer=Answer.ERROR_PAGE
        )
        assert not row.describes(judged())
        assert row.describes(judged(answer=Answer.ERROR_PAGE))


class TestFiles:
    def test_a_preset_is_read(self) -> None:
        row = read_preset("p.yaml", PRESET).deviations[0]
        assert (row.status, row.error, row.evidence.preset) == (
            (403,),
            ("invalid_grant",),
            "vendor",
        )

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("format: 1", "format: 2", "format 2 is not known"),
            ("RFC7636-4.6", "RFC7636-9", "no requirement begins with 'RFC7636-9'"),
            ("wrong-error", "wrong", "'wrong' is not one of"),
            ("kind: wrong-error", "kind: accepted", "names each case"),
            ("kind: wrong-error", "kind: leak", "names each case"),
            ("status: 403", "status: 4030", "4030 is no HTTP status"),
            ("status: 403\n", "\n", "missing key 'status'"),
            ("confidence: documented", "confidence: rumour", "'rumour' is not one of"),
            ('"2026-01-01"\ndev', '"2026-13-01"\ndev', "is not a date"),
            ('"2026-01-01"\ndev', '"20260101"\ndev', "is not a date"),
            ("    source: a document\n", "", "missing key 'source'"),
            ("requirements: RFC7636-4.6", "note: nothing", "names 'scenarios'"),
            ("vendor: Vendor", "vendor: Vendor\ncapabilities: {pkce: true}", "unknown key 'pkce'"),
            ("vendor: Vendor", 'vendor: Vendor\nrecognised_by: [{issuer: "("}]', "valid regular"),
        ],
    )
    def test_a_fault_of_a_preset_is_told_with_its_place(
        self, old: str, new: str, told: str
    ) -> None:
        with pytest.raises(UnusableFile, match=re.escape(told)) as raised:
            read_preset("p.yaml", PRESET.replace(old, new, 1))
        assert re.match(r"p\.yaml:\d+:\d+: ", str(raised.value))

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("[RFC6749]", "[RFC1]", "'RFC1' is not one of"),
            ("RFC6749-5.1-expires_in", "RFC6749-5.1-expires", "unknown requirement"),
            ("level: MAY, ", "", "a 'reading', a 'level' or both"),
            ("level: MAY", "level: PERHAPS", "'PERHAPS' is not one of"),
            (", source: https://example.org", "", "missing key 'source'"),
            ("title: Mine", "title: Mine\npresets: 7", "expected text"),
        ],
    )
    def test_a_fault_of_a_profile_is_told(self, old: str, new: str, told: str) -> None:
        with pytest.raises(UnusableFile, match=re.escape(told)):
            read_profile("p.yaml", PROFILE.replace(old, new, 1))

    def test_every_kind_can_be_written_but_none(self) -> None:
        assert set(KINDS) == {kind.value for kind in Kind} - {""}


class TestNames:
    def test_an_unknown_profile_is_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run", "--profile", "keyclock"]) == 4
        assert "did you mean 'keycloak'?" in capsys.readouterr().err

    def test_a_preset_is_a_profile_too(self) -> None:
        found = load_profile("keycloak")
        assert found.documents == load_profile("rfc").documents
        assert [preset.name for preset in found.presets] == ["keycloak"]

    def test_an_unknown_preset_is_told(self) -> None:
        with pytest.raises(UsageError, match="unknown preset 'oktaa'"):
            load_preset("oktaa")

    def test_they_are_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list", "--profiles"]) == 0
        told = capsys.readouterr().out
        assert all(re.search(rf"^{re.escape(name)} ", told, re.MULTILINE) for name in names())

    @pytest.mark.parametrize(
        ("issuer", "preset"),
        [
            ("https://tenant.eu.auth0.com/", "auth0"),
            ("https://dev-1.okta.com/oauth2/default", "okta"),
            ("https://login.microsoftonline.com/common/v2.0", "entra"),
            ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x", "cognito"),
            ("https://accounts.google.com", "google"),
            ("https://auth0.com.attacker.example/", ""),
            ("https://login.example", ""),
        ],
    )
    def test_a_vendor_is_recognised_by_its_issuer(self, issuer: str, preset: str) -> None:
        assert recognise(issuer, {}) == preset

    def test_a_vendor_is_recognised_by_its_metadata(self) -> None:
        issuer = "https://sso.example/realms/main"
        metadata = {"token_endpoint": f"{issuer}/protocol/openid-connect/token"}
        assert recognise(issuer, metadata) == "keycloak"
        assert recognise(issuer, {}) == ""

    def test_spring_is_recognised_by_the_places_of_its_endpoints(self) -> None:
        names = {"authorization": "authorize", "token": "token", "introspection": "introspect"}
        metadata = {f"{n}_endpoint": f"https://a.example/oauth2/{p}" for n, p in names.items()}
        metadata["jwks_uri"] = "https://a.example/oauth2/jwks"
        assert recognise("https://a.example", metadata) == "spring"
        assert recognise("https://a.example", metadata | {"jwks_uri": "https://a.example/j"}) == ""
