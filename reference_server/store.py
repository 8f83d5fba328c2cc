"""What the server remembers: the protocol of a store, and one in memory.

Every check-and-change of a store is one step: of several callers at once, one wins.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

CAPACITY = 5_000  # entries of one kind; the oldest go first, so that a long run stays small


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user granted: shared by a code and every token that comes of it.

    Attributes:
        family: names the grant; what is revoked is revoked by it.
        client_id: whom it was granted to.
        sub: who granted it.
        scope: the words of scope that were granted.
        audience: the API it is for; empty where for none.
        auth_time: when the user signed in, in seconds since the epoch.
        nonce: of the authorization request; empty without.
        claims: those asked for one by one (OpenID Connect Core §5.5).
    """

    family: str
    client_id: str
    sub: str
    scope: tuple[str, ...]
    audience: str
    auth_time: int
    nonce: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code and what it was asked for with."""

    value: str
    grant: Grant
    redirect_uri: str
    redirect_uri_sent: bool
    code_challenge: str
    code_challenge_method: str
    dpop_jkt: str
    expires_at: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access or refresh token; `jkt` empty where it is not bound to a key."""

    value: str
    kind: str  # access | refresh
    grant: Grant
    jkt: str
    expires_at: float
    active: bool = True
    retired_at: float = 0.0  # when it was replaced or revoked


@dataclass(frozen=True, slots=True)
class Pushed:
    """An authorization request that a client pushed (RFC 9126 §2.1).

    Attributes:
        value: its request_uri.
        client_id: who pushed it.
        parameters: what was asked for.
        expires_at: when the request_uri ends, in seconds since the epoch.
        used: whether it has led to a code.
    """

    value: str
    client_id: str
    parameters: tuple[tuple[str, str], ...]
    expires_at: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser session of a user."""

    identifier: str
    username: str
    auth_time: int


class Store(Protocol):
    """What the server asks of a store. Times are seconds since the epoch.

    `consume_code`, `consume_pushed`, `retire_token` and `first_time` are true for exactly one of
    several callers at once. `codes`, `tokens` and `living_tokens` are for whoever looks after a
    server: no endpoint asks for them.
    """

    def add_code(self, code: Code) -> None:
        """Remember a new code."""

    def code(self, value: str) -> Code | None:
        """The code, used or not."""

    def codes(self) -> tuple[Code, ...]:
        """Every code, newest first."""

    def consume_code(self, value: str) -> bool:
        """Mark the code used."""

    def add_pushed(self, pushed: Pushed) -> None:
        """Remember a pushed request."""

    def pushed(self, value: str) -> Pushed | None:
        """The pushed request of a request_uri, used or not."""

    def consume_pushed(self, value: str) -> bool:
        """Mark a pushed request used."""

    def add_token(self, token: Token) -> None:
        """Remember a new token."""

    def token(self, value: str) -> Token | None:
        """The token, active or not."""

    def tokens(self) -> tuple[Token, ...]:
        """Every token, oldest first."""

    def living_tokens(self) -> tuple[Token, ...]:
        """Those that are active, oldest first."""

    def retire_token(self, value: str, now: float = 0.0) -> bool:
        """Make a token inactive."""

    def replaced_since(self, token: Token, moment: float) -> bool:
        """Whether a refresh token was the last of its living family to be replaced, and lately."""

    def revoke_family(self, family: str) -> None:
        """Make every token of a grant inactive, also one that is being issued just now."""

    def ended(self, family: str) -> bool:
        """Whether a grant was revoked."""

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Remember or replace a session."""

    def sign_in(self, identifier: str) -> SignIn | None:
        """The session of that cookie."""

    def end_sign_in(self, identifier: str) -> None:
        """Forget the session of that cookie."""

    def put_consent(self, username: str, given: tuple[str, str]) -> None:
        """Remember that a user let a client (its id) have what it asked for (a scope)."""

    def consented(self, username: str, given: tuple[str, str]) -> bool:
        """Whether the user has let the client have exactly that before."""

    def first_time(self, key: str, expires_at: float) -> bool:
        """Whether `key` (a jti) is seen for the first time; remembers it."""


Record = TypeVar("Record")


class _Table(Generic[Record]):
    """A bounded mapping that forgets its oldest entries."""

    def __init__(self) -> None:
        self.rows: OrderedDict[str, Record] = OrderedDict()

    def put(self, key: str, row: Record) -> None:
        self.rows[key] = row
        if len(self.rows) > CAPACITY:
            self.rows.popitem(last=False)


class MemoryStore:
    """Codes, tokens, sessions, proof ids and nonces. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: _Table[Code] = _Table()
        self._pushed: _Table[Pushed] = _Table()
        self._tokens: _Table[Token] = _Table()
        self._living: _Table[Token] = _Table()  # may hold tokens of a grant that was revoked
        self._sign_ins: _Table[SignIn] = _Table()
        self._seen: _Table[float] = _Table()
        self._consents: _Table[bool] = _Table()
        self._ended: _Table[bool] = _Table()  # families of revoked grants
        self._replaced: _Table[str] = _Table()  # by family the refresh token replaced last

    def add_code(self, code: Code) -> None:
        """Remember a new code."""
        with self._lock:
            self._codes.put(code.value, code)

    def code(self, value: str) -> Code | None:
        """The code, used or not."""
        return self._codes.rows.get(value)

    def consume_code(self, value: str) -> bool:
        """Mark the code used; true for exactly one caller, however many come at once."""
        with self._lock:
            code = self._codes.rows.get(value)
            if code is None or code.used:
                return False
            self._codes.rows[value] = replace(code, used=True)
            return True

    def add_pushed(self, pushed: Pushed) -> None:
        """Remember a pushed request."""
        with self._lock:
            self._pushed.put(pushed.value, pushed)

    def pushed(self, value: str) -> Pushed | None:
        """The pushed request of a request_uri, used or not."""
        return self._pushed.rows.get(value)

    def consume_pushed(self, value: str) -> bool:
        """Mark a pushed request used; true for exactly one caller."""
        with self._lock:
            pushed = self._pushed.rows.get(value)
            if pushed is None or pushed.used:
                return False
            self._pushed.rows[value] = replace(pushed, used=True)
            return True

    def add_token(self, token: Token) -> None:
        """Remember a new token."""
        with self._lock:
            self._tokens.put(token.value, token)
            self._living.put(token.value, token)

    def token(self, value: str) -> Token | None:
        """The token, active or not."""
        token = self._tokens.rows.get(value)
        if token and token.active and token.grant.family in self._ended.rows:
            return replace(token, active=False)
        return token

    def retire_token(self, value: str, now: float = 0.0) -> bool:
        """Make a token inactive; true for exactly one caller."""
        with self._lock:
            token = self._tokens.rows.get(value)
            if token is None or not token.active or token.grant.family in self._ended.rows:
                return False
            self._tokens.rows[value] = replace(token, active=False, retired_at=now)
            self._living.rows.pop(value, None)
            self._replaced.put(token.grant.family, value)
            return True

    def replaced_since(self, token: Token, moment: float) -> bool:
        """Whether a refresh token was the last of its living family to be replaced, and lately."""
        family = token.grant.family
        last = self._replaced.rows.get(family) == token.value
        return last and token.retired_at >= moment and family not in self._ended.rows

    def revoke_family(self, family: str) -> None:
        """Make every token of a grant inactive, also one that is being issued just now."""
        with self._lock:
            self._ended.put(family, True)

    def ended(self, family: str) -> bool:
        """Whether a grant was revoked."""
        return family in self._ended.rows

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Remember or replace a session."""
        with self._lock:
            self._sign_ins.put(sign_in.identifier, sign_in)

    def sign_in(self, identifier: str) -> SignIn | None:
        """The session of that cookie."""
        return self._sign_ins.rows.get(identifier)

    def end_sign_in(self, identifier: str) -> None:
        """Forget the session of that cookie."""
        with self._lock:
            self._sign_ins.rows.pop(identifier, None)

    def put_consent(self, username: str, given: tuple[str, str]) -> None:
        """Remember that a user let a client (its id) have what it asked for (a scope)."""
        with self._lock:
            self._consents.put(repr((username, given)), True)

    def consented(self, username: str, given: tuple[str, str]) -> bool:
        """Whether the user has let the client have exactly that before."""
        return repr((username, given)) in self._consents.rows

    def codes(self) -> tuple[Code, ...]:
        """Every code, newest first."""
        return tuple(reversed(self._codes.rows.values()))

    def tokens(self) -> tuple[Token, ...]:
        """Every token, oldest first, as `token` has it."""
        found = map(self.token, tuple(self._tokens.rows))
        return tuple(token for token in found if token is not None)

    def living_tokens(self) -> tuple[Token, ...]:
        """Those that are active, oldest first: few, so that a long run asks for them often."""
        with self._lock:
            rows = self._living.rows
            for value, token in tuple(rows.items()):
                if token.grant.family in self._ended.rows:
                    del rows[value]
            return tuple(rows.values())

    def first_time(self, key: str, expires_at: float) -> bool:
        """Whether `key` (a jti) is seen for the first time; remembers it."""
        with self._lock:
            if key in self._seen.rows:
                return False
            self._seen.put(key, expires_at)
            return True
