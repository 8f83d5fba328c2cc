"""No conforming server fails a case, whatever its policy, dialect and profile.

`tokenspec selftest` plays every case at each of them, before these tests in the gate. Here a server
is played a case of each tenth scenario, others at each server; of each, where something is allowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import ACCUSING, bundled_cases
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.runner import SelftestRunner
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


SWITCHES = sorted(set(AUTH0.switches) - {"rate_limit"})  # the limit would stop the suite


@pytest.fixture(scope="module")
def runner() -> SelftestRunner:
    return SelftestRunner(bundled_cases(), conforming_servers())


@pytest.fixture(scope="module")
def at_auth0(runner: SelftestRunner) -> Mapping[str, Finding]:
    """What every case finds at the dialect with all its differences."""
    return runner.examine("auth0", runner.cases.values())


def some(turn: int, share: int = 10) -> list[Case]:
    """A case of each so manyth scenario: others in each turn."""
    scenarios: dict[str, list[Case]] = {}
    for case in bundled_cases().values():
        scenarios.setdefault(case.scenario, []).append(case)
    return [cases[turn % len(cases)] for cases in scenarios.values()][turn % share :: share]


@pytest.mark.parametrize("name", TABLE)
def test_it_fails_no_case(name: str, runner: SelftestRunner) -> None:
    share = 1 if name in ALLOWING else 10  # what is allowed is seen in few cases
    findings = list(runner.examine(name, some(list(TABLE).index(name), share)).values())
    assert not runner.oracle_mismatches
    assert not [
        (f.key, f.verdict, f.kind, f.expected, f.observed, f.note)
        for f in findings
        if f.verdict in ACCUSING
    ]
    counts = Counter(finding.verdict for finding in findings)
    assert counts[Verdict.PASS] > len(findings) / 2
    assert bool(counts[Verdict.DEVIATION]) is (name in ALLOWING)


def test_every_deviation_names_its_evidence(at_auth0: Mapping[str, Finding]) -> None:
    for finding in at_auth0.values():
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

    # Seen where the others are off: beside them the claim does not come.
    BY_ITSELF = {  # noqa: RUF012
        "updated_at_text": "id-token-claim-shapes/standard-claims",
        "bare_custom_claims": "id-token-custom-claims/no-bare-names",
    }

    @pytest.mark.parametrize("switch", SWITCHES)
    def test_it_deviates_alone(self, switch: str, at_auth0: Mapping[str, Finding]) -> None:
        server = conforming_servers()["auth0"]
        config = replace(server.config, dialect_switches=(switch,))
        target = target_of(config, {"tokenspec-jwt": demo_private_key()})
        alone = ConformingServer(switch, replace(target, profile="auth0"), config)
        cases = {case.key: case for case in some(SWITCHES.index(switch))}
        seen = {f.key for f in at_auth0.values() if f.verdict is Verdict.DEVIATION}
        for key in (*seen, *filter(None, [self.BY_ITSELF.get(switch)])):
            cases[key] = bundled_cases()[key]
        found = SelftestRunner(cases, {switch: alone}).examine(switch, cases.values()).values()
        verdicts = Counter(finding.verdict for finding in found)
        assert not verdicts[Verdict.FAIL] + verdicts[Verdict.WARN] + verdicts[Verdict.COULD_NOT_RUN]
        assert bool(verdicts[Verdict.DEVIATION]) is (switch not in self.UNSEEN)
