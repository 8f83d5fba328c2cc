"""Which clients a case plays with, by role."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.scenario.model import Case, Step


def roles_of(case: Case) -> frozenset[str]:
    """The roles of every client whose credentials or codes the case or its control uses."""
    named = {case.setting.client, case.control_setting.client}
    return frozenset(named.union(*(_authenticating(s) for s in (*case.steps, *case.control))))


def _authenticating(step: Step) -> Iterator[str]:
    shown = step.changes.client_auth
    if shown is not None and shown.client:
        yield shown.client
