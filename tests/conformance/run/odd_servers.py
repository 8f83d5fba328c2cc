"""Conforming servers that are hard to test: what one case does, another feels.

Each is the reference server beside an odd store, or behind an odd wire.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.store import MemoryStore, SignIn, Store, Token

ISSUER = "https://server.example"
Wire = Callable[[Transport], Transport]


def setup_at(
    store: Store | None = None,
    *,
    defects: tuple[str, ...] = (),
    wire: Wire = lambda inner: inner,
    jobs: int = 4,
) -> Setup:
    """The bundled server beside this store, behind this wire."""
    clock = MovableClock()
    server = Server(demo_config(ISSUER), clock=clock, defects=defects, store=store)
    target = bundled_target(ISSUER)
    target = replace(target, limits=replace(target.limits, jobs=jobs))
    return prepare(target, wire(InProcessTransport(server)), clock=clock, wait=clock.wait)


class OneRefreshToken(MemoryStore):
    """Keeps the newest refresh token of a user at a client, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[tuple[str, str], str] = {}
        self._turn = threading.Lock()

    def add_token(self, token: Token) -> None:
        super().add_token(token)
        if token.kind != "refresh":
            return
        owner = (token.grant.sub, token.grant.client_id)
        with self._turn:
            before, self._newest[owner] = self._newest.get(owner), token.value
        if before:
            self.retire_token(before)


class OneSession(MemoryStore):
    """Keeps the session that a user began last, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[str, str] = {}

    def put_sign_in(self, sign_in: SignIn) -> None:
        super().put_sign_in(sign_in)
        self._newest[sign_in.username] = sign_in.identifier

    def sign_in(self, identifier: str) -> SignIn | None:
        found = super().sign_in(identifier)
        return found if found and self._newest[found.username] == identifier else None


class ReplayEndsAll(MemoryStore):
    """Ends every grant of the user at the client where one of them has to end."""

    def __init__(self) -> None:
        super().__init__()
        self._families: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._owners: dict[str, tuple[str, str]] = {}

    def add_token(self, token: Token) -> None:
        super().add_token(token)
        owner = (token.grant.sub, token.grant.client_id)
        self._owners[token.grant.family] = owner
        self._families[owner].add(token.grant.family)

    def revoke_family(self, family: str) -> None:
        for each in self._families[self._owners[family]].copy() if family in self._owners else ():
            super().revoke_family(each)
        super().revoke_family(family)


class Crowded:
    """Answers 500 to requests of the token endpoint while so many of them are under way.

    Args:
        inner: what answers otherwise.
        most: as many are too many.
    """

    def __init__(self, inner: Transport, most: int = 4) -> None:
        self._inner = inner
        self._most = most
        self._lock = threading.Lock()
        self._under_way = 0
        self.failed = 0

    def send(self, request: Request) -> Response:
        if "/oauth/token" not in request.url:
            return self._inner.send(request)
        with self._lock:
            self._under_way += 1
        threading.Event().wait(0.002)  # as long as it takes others to come
        try:
            if self._under_way >= self._most:
                self.failed += 1
                return Response(500, (("Content-Type", "text/plain"),), b"database is locked", 0.0)
            return self._inner.send(request)
        finally:
            with self._lock:
                self._under_way -= 1


class Lucky:
    """Alters every so manyth answer to what some requests say.

    Args:
        inner: what answers.
        about: whether a request is one of those.
        altered: what becomes of such an answer.
        every: how many of them are asked for one that is altered.
    """

    def __init__(
        self,
        inner: Transport,
        about: Callable[[Request], bool],
        altered: Callable[[Response], Response],
        every: int,
    ) -> None:
        self._every = every
        self._inner = inner
        self._about = about
        self._altered = altered
        self._asked = count(1)

    def send(self, request: Request) -> Response:
        answer = self._inner.send(request)
        if self._about(request) and next(self._asked) % self._every == 0:
            return self._altered(answer)
        return answer
