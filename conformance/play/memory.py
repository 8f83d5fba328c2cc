"""What a play remembers, and what it tells the operators of a scenario."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.oauth.dpop import ath
from tokenspec.conformance.oauth.keys import SigningKey, generate_key, self_signed
from tokenspec.conformance.oauth.pkce import ProofKey, make_proof_key
from tokenspec.conformance.play.side import Side
from tokenspec.conformance.play.transcript import asked_for_alone
from tokenspec.conformance.scenario.model import Setting
from tokenspec.conformance.target.model import Client
from tokenspec.conformance.target.redirects import registered


class MissingValue(Exception):  # noqa: N818 - what a play needs to go on; never leaves the player
    """The play cannot go on: an earlier answer did not hold what the next request needs."""


@dataclass(slots=True)
class Memory:
    """The state of one play. `sent` and `received` map a step's name to what was there.

    `proven` holds the names of the steps that had a DPoP proof.
    """

    side: Side
    setting: Setting
    proof_key: ProofKey = field(default_factory=ProofKey)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    sent: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    received: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    last_proof: str = ""
    last_assertion: str = ""

    @classmethod
    def begin(cls, side: Side, setting: Setting) -> Memory:
        """The memory of a new play, with a proof key and DPoP keys of its own."""
        memory = cls(side, setting)
        memory.proof_key = make_proof_key(setting.pkce, memory)
        return memory

    @property
    def client(self) -> Client:
        """The client of the play."""
        return self.role(self.setting.client)

    def role(self, role: str) -> Client:
        """The client in a role; `needs` saw to it that there is one."""
        client = self.side.target.client(role or self.setting.client)
        if client is None:
            raise HarnessError(f"the target has no client for the role {role!r}")
        return client

    def dpop_key(self, which: str = "own") -> SigningKey:
        """The play's own DPoP key, or its `other` one; made when first asked for."""
        if which not in self.keys:
            self.keys[which] = generate_key()
        return self.keys[which]

    def unregistered_key(self, algorithm: str) -> SigningKey:
        """A key for an algorithm that no client registered: the `other` one where it fits."""
        other = self.dpop_key("other")
        return other if other.algorithm == algorithm else self.side.keys.key(algorithm)

    def remember(self, step: str, sent: Mapping[str, Any], received: Mapping[str, Any]) -> None:
        """Keep what a step sent and received."""
        self.sent[step], self.received[step] = sent, received

    def latest(self, kinds: tuple[str, ...], name: str) -> str:
        """The newest value received under `name` by a step of one of these kinds.

        Raises:
            MissingValue: no step received one.
        """
        return str(self.received[self.latest_giver(kinds, name)][name])

    def latest_giver(self, kinds: tuple[str, ...], name: str) -> str:
        """The last step of one of these kinds that received a text under `name`.

        Raises:
            MissingValue: no step received one.
        """
        for step, values in reversed(self.received.items()):
            value = values.get(name)
            if step.split("-")[0] in kinds and isinstance(value, str) and value:
                return step
        raise MissingValue(f"no {name} was received")

    def recall(self, path: str) -> Any:
        """A value received or sent earlier: `authorize.code_challenge`, `dpop.jkt`.

        Raises:
            MissingValue: that step received and sent no such value, or an empty one.
        """
        step, _, name = path.partition(".")
        if step == "dpop":
            return self._dpop_value(name)
        if step == "pkce":
            return {"code_verifier": self.proof_key.code_verifier}[name]
        if path == "client.origin":
            return _origin(self.client)
        if step in ("target", "login"):
            return self._of_target()[path]
        if name == "access_token_hash":
            return ath(str(self.recall(f"{step}.access_token")))
        received = {} if asked_for_alone(step, name) else self.received.get(step, {})
        places = (received, self.sent.get(step, {}))
        value = next((place[name] for place in places if place.get(name) is not None), None)
        if value in (None, ""):
            raise MissingValue(f"no {path} was sent or received")
        return value

    def _of_target(self) -> Mapping[str, str]:
        return {
            "target.issuer": self.side.issuer,
            "target.token_endpoint": self.side.endpoints.token,
            "target.par_endpoint": self.side.endpoints.par,
            "login.username": self.side.target.login.username,
            "login.password": self.side.target.login.password,
        }

    def random_text(self, length: int, alphabet: str) -> str:
        """A random text of `length` characters of `alphabet`; it may come again with the seed."""
        return _spelled(self.side.choice_bytes(max(length, 0)), alphabet)

    def identifier(self) -> str:
        """A text never used before, for state, nonce and jti."""
        return self.side.random_bytes(16).hex()

    def registered_redirect_uri(self, which: str) -> str:
        """A redirect URI registered for the client of the play."""
        second = self.side.target.client("second")
        found = registered(which, self.client, second)
        if not found:
            raise HarnessError(f"the client has no redirect URI {which!r}")
        return found[0]

    def client_id(self, role: str) -> str:
        """The id of the client in that role."""
        return self.role(role).client_id

    def audience(self, which: str) -> str:
        """The audience of an API of the target: any, with or without offline access."""
        wanted = {"with-offline-access": True, "without-offline-access": False}.get(which)
        for api in self.side.target.apis:
            if wanted is None or api.offline_access is wanted:
                return api.audience
        raise HarnessError(f"the target has no API {which!r}")

    def _dpop_value(self, name: str) -> Any:
        own, other = self.dpop_key(), self.dpop_key("other")
        known: dict[str, Callable[[], Any]] = {
            "jkt": lambda: own.jkt,
            "other_jkt": lambda: other.jkt,
            "jkt_cut": lambda: own.jkt[:10],
            "jwk": lambda: own.public_jwk,
            "other_jwk": lambda: other.public_jwk,
            "jwk_with_more": lambda: {"use": "sig", **own.public_jwk, "kid": "tokenspec"},
            "private_jwk": lambda: dict(own.private_jwk),
            "x5c": lambda: [self_signed(own)],
            "other_x5c": lambda: [self_signed(other)],
            "proof": lambda: self.last_proof,
            "jti": lambda: self._last_claim("jti"),
            "nonce": lambda: self._last_claim("nonce"),
        }
        if name not in known:
            raise HarnessError(f"dpop.{name} is not known; there is: {', '.join(known)}")
        return known[name]()

    def _last_claim(self, name: str) -> Any:
        """A claim of the proof sent last; empty where it had none, or was no proof to be read."""
        try:
            claims = jwt.decode(self.last_proof, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError):  # such as one that says b64 is false
            return ""
        return claims.get(name, "")


def _origin(client: Client) -> str:
    """The origin of the client's own pages, as a browser tells it (RFC 6454 §6.2)."""
    parts = urlsplit(client.redirect_uris[0] if client.redirect_uris else "")
    if not parts.netloc:
        raise MissingValue("the client has no redirect URI with a host")
    return f"{parts.scheme}://{parts.netloc}"


def _spelled(drawn: bytes, alphabet: str) -> str:
    return "".join(map(_signs(alphabet).__getitem__, drawn))


@functools.cache
def _signs(alphabet: str) -> str:
    """The sign that each byte stands for."""
    return "".join(alphabet[byte % len(alphabet)] for byte in range(256))
