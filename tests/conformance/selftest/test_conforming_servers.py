"""No conforming server fails a case, whatever its policy, dialect and profile."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner
from tokenspec.conformance.selftest.servers import TABLE, ConformingServer, conforming_servers
from tokenspec.conformance.target.bundled import target_of
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.alterations.dialects import load_dialect
from tokenspec.reference_server.demo import demo_private_key
from tokenspec.reference_server.policies import POLICIES

AUTH0 = load_dialect("auth0")
ALLOWING = {
    "auth0",
    "rotation-overlap",
}  # conforming servers whose profile allows documented differences


@pytest.fixture(scope="module")
def runner() -> SelftestRunner:
    return selftest_runner()


@pytest.mark.parametrize("name", TABLE)
def test_it_fails_no_case(name: str, runner: SelftestRunner) -> None:
    findings: list[Finding] = list(runner.examine(name, runner.cases.values()).values())
    accusing = (Verdict.FAIL, Verdict.WARN, Verdict.COULD_NOT_RUN)
    assert not [
        (f.key, f.verdict, f.kind, f.expected, f.observed, f.note)
        for f in findings
        if f.verdict in accusing
    ]
    counts = Counter(finding.verdict for finding in findings)
    assert counts[Verdict.PASS] > len(findings) / 2
    assert bool(counts[Verdict.DEVIATION]) is (name in ALLOWING)


def test_every_deviation_names_its_evidence(runner: SelftestRunner) -> None:
    for finding in runner.examine("auth0", runner.cases.values()).values():
        assert (finding.deviation is not None) is (finding.verdict is Verdict.DEVIATION)
        if finding.deviation:
            assert finding.deviation.source
            assert finding.deviation.preset == "auth0"


def test_what_a_profile_allows_another_does_not(runner: SelftestRunner) -> None:
    key = "pkce-verifier-wrong/another-verifier"
    chosen = [runner.cases[key]]
    assert runner.examine("auth0", chosen)[key].verdict is Verdict.DEVIATION
    target = conforming_servers()["bundled"].target
    assert target.profile == "rfc"


def test_every_policy_has_a_conforming_server() -> None:
    turned = {name for switches, _, _ in TABLE.values() for name in switches}
    # with nonces is how the bundled server runs, so that switch turns nothing there
    assert set(POLICIES) - {"dpop-nonce"} <= turned


def test_a_deviation_hides_no_other_fault(runner: SelftestRunner) -> None:
    """A server that speaks the dialect and takes any verifier fails under the profile as well."""
    key = "pkce-verifier-wrong/another-verifier"
    found = runner.examine("auth0", [runner.cases[key]], ["pkce.verifier_matches"])[key]
    assert (found.verdict, found.kind) == (Verdict.FAIL, "accepted")


class TestDialectSwitches:
    """Each difference of the dialect can be shown alone, and the profile knows it."""

    # Differences that no case sees: they change nothing a specification settles, or the limit
    # would stop the suite.
    UNSEEN = frozenset({
        "json_bodies", "nonce_for_public_clients", "plain_offered", "no_iss_parameter",
        "redirect_uri_first", "access_token_profile", "rate_limit", "pkce.verifier_present",
        "unsupported_grant_type", "use_dpop_nonce",
    })  # fmt: skip

    @pytest.mark.parametrize("switch", sorted(set(AUTH0.switches) - {"rate_limit"}))
    def test_it_deviates_alone(self, switch: str, runner: SelftestRunner) -> None:
        server = conforming_servers()["auth0"]
        config = replace(server.config, dialect_switches=(switch,))
        target = target_of(config, {"tokenspec-jwt": demo_private_key()})
        alone = ConformingServer(switch, replace(target, profile="auth0"), config)
        place = SelftestRunner(runner.cases, {switch: alone})
        found = place.examine(switch, runner.cases.values()).values()
        verdicts = Counter(finding.verdict for finding in found)
        assert not verdicts[Verdict.FAIL] + verdicts[Verdict.WARN] + verdicts[Verdict.COULD_NOT_RUN]
        assert bool(verdicts[Verdict.DEVIATION]) is (switch not in self.UNSEEN)
