"""Campaigns at the reference server, and what they say of one case."""

from __future__ import annotations

from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample
from tokenspec.conformance.fuzz.documents import Document
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
USERINFO = {"userinfo": {}}
OLD_REFRESH = {"refresh": {"refresh_token": {"copy": "token.refresh_token"}}}
OLD_REVOKED = {"revoke": {"token": {"copy": "token.refresh_token"}}}


def against(*defects: str) -> Setup:
    """The reference server with these defects, in this process."""
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)


def noticed(setup: Setup, document: Document) -> Counterexample | None:
    """What a race shows, in one of so many plays: who comes first is luck."""
    plays = (Campaign(setup, Budget(1), seed=1).judge(document) for _ in range(12))
    return next(filter(None, plays), None)
