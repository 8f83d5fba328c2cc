"""Another user who signs in where the first one has: two people at one computer."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote_plus

from tokenspec.conformance.http import Exchange
from tokenspec.conformance.scenario.bases import SAME_BROWSER
from tokenspec.conformance.scenario.edits import UnfitError
from tokenspec.conformance.scenario.model import Answer, Step


def see_who_signed_in(
    step: Step, answer: Answer, username: str, exchanges: Iterable[Exchange]
) -> None:
    """See that the second user was asked for, before a code counts as that user's.

    Raises:
        UnfitError: a code came, and nobody was asked who signs in.
    """
    if step.user != SAME_BROWSER or answer is not Answer.GRANTED:
        return
    typed = quote_plus(username).encode()
    if not any(typed in exchange.request.body for exchange in exchanges):
        raise UnfitError("the second user was not asked to sign in")
