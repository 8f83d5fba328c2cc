"""How a client's assertion is taken is found out: whom it is for, what goes beside it."""

from __future__ import annotations

import pytest

from tests.conformance.preflight.odd import ISSUER, Odd, Serve, claims_of, preflight, refusal
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server import Request, Response


def seen(setup: Setup, name: str) -> bool:
    decision = setup.decisions[name]
    assert "seen: " in decision.reason, decision.reason
    return decision.present


def choosy(wanted: tuple[bool, bool], error: str = "invalid_client") -> Odd:
    """Takes assertions addressed to the issuer, or with a client_id beside them, alone."""
    issuer, beside = wanted

    def odd(request: Request, serve: Serve) -> Response:
        sent = dict(request.form)
        if "client_assertion" in sent:
            addressed = f'"{ISSUER}"' in claims_of(sent["client_assertion"])
            if addressed is not issuer or ("client_id" in sent) is not beside:
                return refusal(error, status=401 if error == "invalid_client" else 400)
        return serve(request)

    return odd


@pytest.mark.parametrize("error", ["invalid_client", "invalid_request"])
@pytest.mark.parametrize("wanted", [(False, True), (True, False), (True, True)])
def test_how_an_assertion_is_taken_is_found_out(*, wanted: tuple[bool, bool], error: str) -> None:
    target = bundled_target(ISSUER)
    signing = [client for client in target.clients if client.auth == "private_key_jwt"]
    setup, steps = preflight(choosy(wanted, error), clients=tuple(signing))
    assert not [one.told for one in steps if one.failed]
    issuer, beside = wanted
    assert seen(setup, "assertion-audience-issuer") is issuer
    assert seen(setup, "assertion-client-id") is beside
    assert (setup.side.issuer_audience, setup.side.assertion_client_id) == wanted


@pytest.mark.parametrize("error", ["invalid_client", "invalid_request"])
def test_how_the_assertion_of_a_further_client_is_taken_is_found_out(error: str) -> None:
    setup, steps = preflight(choosy((False, True), error))
    assert not [one.told for one in steps if one.failed]
    assert seen(setup, "assertion-client-id")
    assert not setup.unusable
    assert any("with client_id beside it: granted" in one.detail for one in steps)
