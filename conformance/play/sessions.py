"""Whose session a play has: one that is lent, or one of its own; and how it begins."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from urllib.parse import urlencode

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.login.model import Session
from tokenspec.conformance.play import pushing, requests, wire
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.play.side import Side
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    S256,
    Pkce,
    Setting,
    Step,
    StepKind,
)

VALID = Step(StepKind.AUTHORIZE, "authorize")
HINT = (
    "check how the client authenticates, its redirect_uris, 'scope' and 'authorize' in the target "
    "file; a client whose requests need not be pushed says 'par_required: false'"
)


def session_of(side: Side) -> AbstractContextManager[Session]:
    """A session lent for the time of the block, signed in if there was none.

    Raises:
        LoginBlocked: the login page could not be passed.
        Unreachable: the target did not answer.
    """

    def sign_in() -> Session:
        """In a context of its own: a session is not of the time that one play has moved on to."""
        url, redirect_uri = valid_request(side, "main")
        return side.driver.sign_in(url, redirect_uri, side.connect())

    in_its_time = partial(contextvars.Context().run, sign_in)
    return side.sessions.lent(in_its_time, side.target.limits.jobs)


def valid_request(side: Side, client: str, pkce: Pkce = S256) -> tuple[str, str]:
    """A valid authorization request, pushed where it has to be, and its redirect_uri.

    Raises:
        LoginBlocked: it was not taken where it was pushed.
        Unreachable: the target did not answer there.
    """
    memory = Memory.begin(side, Setting(client=client, pkce=pkce))
    valid = requests.authorize(memory)
    try:
        begun = pushing.begun(memory, side.connect(), VALID, valid)
    except pushing.NotTaken as refused:
        message = f"the valid authorization request was not taken: {refused.told}"
        raise LoginBlocked(message, HINT) from refused
    query = urlencode(requests.pairs(begun))
    return wire.with_query(side.endpoints.authorization, query), str(valid["redirect_uri"][0])


def own_sign_in_needed(steps: Iterable[Step]) -> bool:
    """Whether playing `steps` may end the user's session at a strict server.

    A server may answer a code or refresh token shown twice by revoking everything of the session
    (RFC 6749 §4.1.2, RFC 9700 §4.14.2), which would break plays that share it.
    """
    steps = tuple(steps)
    kinds = [step.kind for step in steps]
    repeated = any(kinds.count(kind) > 1 for kind in AT_TOKEN_ENDPOINT)
    ending = StepKind.REVOKE in kinds or StepKind.LOGOUT in kinds
    return repeated or any(step.raced for step in steps) or ending
