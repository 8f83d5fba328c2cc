"""The side a case is played at, target or oracle, and all that is needed to talk to it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tokenspec.conformance.errors import HarnessError, TokenspecError
from tokenspec.conformance.http import Transport
from tokenspec.conformance.login import driver_for
from tokenspec.conformance.login.model import LoginDriver, Session
from tokenspec.conformance.oauth.keys import KEYS, KeyRing
from tokenspec.conformance.target.model import Client, Endpoints, Login, Target


class SessionPool:
    """The user's sessions at one server, each in one authorization at a time.

    A server may give a session another identifier at any page, which ends the cookies from before.
    So a session is lent, changed, and given back; there are no more sessions than plays at once.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._free: list[Session] = []
        self._made = 0
        self._error: TokenspecError | None = None

    @contextmanager
    def lent(self, sign_in: Callable[[], Session], most: int) -> Iterator[Session]:
        """A session for the time of the block; signs in where none is free and fewer than `most`.

        A failed sign-in is kept and raised for everyone, so that no account is locked by retries.
        """
        session = self._take(most) or self._sign_in(sign_in)
        try:
            yield session
        finally:
            with self._ready:
                self._free.append(session)
                self._ready.notify()

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """The session of a play is kept through a wait and not counted, so that nobody lacks it."""
        with self._ready:
            self._made -= 1
            self._ready.notify()
        try:
            yield
        finally:
            with self._ready:
                self._made += 1

    def try_again(self) -> None:
        """Forget a failed sign-in: others may have been the reason."""
        with self._ready:
            self._error = None

    def _take(self, most: int) -> Session | None:
        with self._ready:
            while True:
                if self._error is not None:
                    raise self._error
                if self._free:
                    return self._free.pop()
                if self._made < most:
                    self._made += 1
                    return None
                self._ready.wait()

    def _sign_in(self, sign_in: Callable[[], Session]) -> Session:
        try:
            return sign_in()
        except TokenspecError as error:
            with self._ready:
                self._made -= 1
                self._error = error
                self._ready.notify_all()
            raise


@dataclass(frozen=True, slots=True)
class SecondUser:
    """How another user of the same server signs in, and the sessions of that user."""

    login: Login
    driver: LoginDriver
    sessions: SessionPool = field(default_factory=SessionPool)


def second_user(target: Target, origins: frozenset[str]) -> SecondUser | None:
    """The second user of a target, where it names one; `origins` are those of the target."""
    login = target.second_login
    return SecondUser(login, driver_for(login, target, origins)) if login else None


@dataclass(frozen=True, slots=True)
class Side:
    """A server that cases are played at, and how to reach it.

    Args:
        target: clients, scope, APIs and how to sign in.
        endpoints: absolute URLs.
        connect: gives a transport for one play.
        driver: carries authorization requests to their codes.
        second: another user, where the target names one.
        metadata: the discovery document; empty where there is none.
        nonces: the newest DPoP nonce of each endpoint (RFC 9449 §8.2).
        clock: seconds since the epoch.
        random_bytes: gives so many random bytes, for what has to be new each time.
        choice_bytes: the same, for what may come again (see `randomness`).
        wait: lets so many seconds pass.
        always_dpop: a proof goes with every request that can carry one.
        bound_unsaid: a token that was asked for with a proof is bound, whatever its type says.
        issuer_audience: client assertions are addressed to the issuer, not the token endpoint.
        assertion_client_id: a client_id goes beside each client assertion.
        always_push: authorization requests are pushed first (RFC 9126 §4).
    """

    target: Target
    endpoints: Endpoints
    connect: Callable[[], Transport]
    driver: LoginDriver
    second: SecondUser | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    metadata_url: str = ""
    sessions: SessionPool = field(default_factory=SessionPool)
    nonces: dict[str, str] = field(default_factory=dict)
    keys: KeyRing = KEYS
    clock: Callable[[], float] = time.time
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    choice_bytes: Callable[[int], bytes] = secrets.token_bytes
    wait: Callable[[float], None] = time.sleep
    always_dpop: bool = False
    bound_unsaid: bool = False
    issuer_audience: bool = False
    assertion_client_id: bool = False
    always_push: bool = False

    @property
    def issuer(self) -> str:
        """The issuer identifier the server goes by."""
        return self.target.issuer

    def pushes(self, client: Client) -> bool:
        """Whether the authorization requests of a client are pushed first."""
        return self.always_push if client.par_required is None else client.par_required

    def seen_by(self, user: str) -> Side:
        """The same server in the browser of a user: `second`, or empty for the first.

        Raises:
            HarnessError: there is no such user; `needs` should have seen to that.
        """
        if not user:
            return self
        if self.second is None:
            raise HarnessError("the target names no second user")
        target = replace(self.target, login=self.second.login)
        driver, sessions = self.second.driver, self.second.sessions
        return replace(self, target=target, driver=driver, sessions=sessions)

    def with_new_sessions(self) -> Side:
        """The same with sessions of its own, of each user."""
        second = self.second and replace(self.second, sessions=SessionPool())
        return replace(self, sessions=SessionPool(), second=second)

    def try_sign_ins_again(self) -> None:
        """Forget that a user could not be signed in: others may have been the reason."""
        self.sessions.try_again()
        if self.second is not None:
            self.second.sessions.try_again()
