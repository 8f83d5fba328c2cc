"""RFC 9126 §2.4: an address that a client with credentials pushes is held against nobody."""

from __future__ import annotations

import pytest

from tests.conformance.selftest.altered import bundled_cases
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.conformance.selftest.servers import BUNDLED_SERVER, server_with
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.alterations.liberties import LIBERTIES

PUSHED = LIBERTIES["par.unpushed_refused"]
FREE = LIBERTIES["par.redirect_uri_of_credentials"]
CONFIDENTIAL = "redirect-uri-at-authorize/confidential-client"
PUBLIC = "redirect-uri-at-authorize/other-host"


def found(key: str, *liberties: str, defects: tuple[str, ...] = ()) -> tuple[Verdict, str]:
    """Verdict and note of a case at a server that takes liberties and has defects."""
    server = server_with([LIBERTIES[name] for name in liberties], BUNDLED_SERVER)
    runner = SelftestRunner(bundled_cases(), {BUNDLED_SERVER: server})
    finding = runner.examine(BUNDLED_SERVER, [runner.cases[key]], defects)[key]
    return finding.verdict, finding.note


def test_an_address_that_was_let_be_pushed_says_nothing() -> None:
    verdict, note = found(CONFIDENTIAL, PUSHED.name, FREE.name)
    assert verdict is Verdict.NOT_APPLICABLE
    assert "RFC 9126 §2.4" in note


@pytest.mark.parametrize("key", [CONFIDENTIAL, PUBLIC])
def test_where_only_registered_ones_are_taken_it_is_a_pass(key: str) -> None:
    assert found(key, PUSHED.name)[0] is Verdict.PASS


def test_what_a_public_client_pushes_has_to_be_registered() -> None:
    defects = ("authorize.redirect_uri_registered",)
    assert found(PUBLIC, PUSHED.name, defects=defects)[0] is Verdict.FAIL


def test_what_is_not_pushed_has_to_be_registered() -> None:
    defects = ("authorize.redirect_uri_registered",)
    assert found(CONFIDENTIAL, defects=defects)[0] is Verdict.FAIL
