"""One of the two servers of a run, and all that is needed to talk to it: target and oracle."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.errors import TokenspecError
from conformance.http import Transport
from conformance.login.model import LoginDriver, Session
from conformance.oauth.keys import KeyRing
from conformance.target.model import Endpoints, Target


class SharedSession:
    """The one sign-in of a run; every authorization works on a copy of its cookies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._error: TokenspecError | None = None

    def get(self, sign_in: Callable[[], Session]) -> Session:
        """The session; signs in on the first call. A failure is kept and raised every time."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._session is None:
                try:
                    self._session = sign_in()
                except TokenspecError as error:
                    self._error = error
                    raise
            return self._session


@dataclass(frozen=True, slots=True)
class Party:
    """A server, and how to reach it.

    Args:
        target: clients, scope, APIs and how to sign in.
        endpoints: absolute URLs.
        connect: gives a transport for one play.
        driver: carries authorization requests to their codes.
        metadata: the discovery document; empty where there is none.
        nonces: the newest DPoP nonce of each endpoint (RFC 9449 §8.2).
        clock: seconds since the epoch.
        random_bytes: gives so many random bytes.
    """

    target: Target
    endpoints: Endpoints
    connect: Callable[[], Transport]
    driver: LoginDriver
    metadata: Mapping[str, Any] = field(default_factory=dict)
    metadata_url: str = ""
    session: SharedSession = field(default_factory=SharedSession)
    nonces: dict[str, str] = field(default_factory=dict)
    keys: KeyRing = field(default_factory=KeyRing)
    clock: Callable[[], float] = time.time
    random_bytes: Callable[[int], bytes] = secrets.token_bytes

    @property
    def issuer(self) -> str:
        """The issuer identifier the party goes by."""
        return self.target.issuer
