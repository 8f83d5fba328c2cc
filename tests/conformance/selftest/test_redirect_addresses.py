"""No conforming server is accused for the redirect URI its clients have, nor are we at fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import bundled_cases
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.conformance.selftest.servers import ConformingServer, conforming_servers
from tokenspec.conformance.target.bundled import target_of
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.demo import demo_private_key

ADDRESSES = (
    "http://127.0.0.1:3000/cb",
    "http://127.0.0.1/",
    "http://[::1]:8000/cb",
    "https://h",
    "https://h/123",
    "https://10.0.0.5:8443",
    "https://h:443/cb",
    "http://localhost:3000",
    "com.example.app:/cb",
    "com.example.app:cb",
    "https://h/cb?x=1",
    "https://h/?x=1&y=%20&x=1",
)
WHOLE = ("redirect_uri",)
IN_PART = ("authorization", "silent_auth", "metadata", "code")  # others at each address
ACCUSING = (Verdict.FAIL, Verdict.WARN, Verdict.COULD_NOT_RUN)


def placed(address: str) -> SelftestRunner:
    """The suite at the reference server, each client at this one address."""
    config = conforming_servers()["bundled"].config
    clients = (replace(client, redirect_uris=(address,)) for client in config.clients)
    config = replace(config, clients=tuple(clients))
    target = target_of(config, {"tokenspec-jwt": demo_private_key()})
    return SelftestRunner(bundled_cases(), {"it": ConformingServer("it", target, config)})


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_accused(address: str) -> None:
    runner = placed(address)
    cases = list(runner.cases.values())
    in_part = [case for case in cases if case.area in IN_PART][ADDRESSES.index(address) % 3 :: 3]
    chosen = [case for case in cases if case.area in WHOLE] + in_part
    findings = runner.examine("it", chosen).values()
    assert not runner.oracle_mismatches
    assert not [(f.key, f.observed, f.note) for f in findings if f.verdict in ACCUSING]
    assert Counter(finding.verdict for finding in findings)[Verdict.PASS] > len(chosen) / 2


@pytest.mark.parametrize(
    ("address", "key", "why"),
    [
        ("http://127.0.0.1:3000/cb", "redirect-uri-at-token/host-case", "would change nothing"),
        ("https://h/123", "redirect-uri-at-authorize/path-case", "would change nothing"),
        ("https://h", "redirect-uri-at-authorize/extra-slash", "has no path"),
        ("com.example.app:/cb", "cors/token-for-browsers", "has no origin"),
    ],
)
def test_a_case_that_cannot_differ_does_not_apply(address: str, key: str, why: str) -> None:
    runner = placed(address)
    finding = runner.examine("it", [runner.cases[key]])[key]
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert why in finding.note
