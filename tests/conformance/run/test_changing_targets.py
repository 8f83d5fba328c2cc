"""A target that becomes another one in the middle of a run: its keys, certificate or address.

What could be judged is, and what only the change brought about is held against nobody.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import cache
from itertools import count

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conformance.run.odd_servers import Wire, setup_at
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.oauth.published_keys import MOST_AGAIN, PublishedKeys
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.transport.breaker import Breaker
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.transport.network import NetworkTransport
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.keys import SigningKey, process_key

CASES = [
    case for case in whole_suite() if case.area == "id_token" or case.scenario == "code-used-twice"
]  # three of them look at signatures
CHANGES = 150  # the request at which the target changes
HELD_AGAINST = {Verdict.FAIL, Verdict.WARN, Verdict.UNSTEADY, Verdict.DEVIATION}


@cache
def other_key(key_id: str) -> SigningKey:
    """A new key under an old or a new name."""
    return SigningKey(rsa.generate_private_key(public_exponent=65537, key_size=2048), key_id)


class Rotating:
    """Signs with another key as soon as the key set was fetched once.

    Args:
        inner: the reference server.
        key: what it signs with then.
        overlap: whether the key set holds both keys, before and after.
    """

    def __init__(self, inner: Transport, key: SigningKey, *, overlap: bool) -> None:
        assert isinstance(inner, InProcessTransport)
        self._inner = inner
        self._key = key
        self._overlap = overlap
        self.fetched = 0

    def send(self, request: Request) -> Response:
        answer = self._inner.send(request)
        if not request.url.endswith("jwks.json"):
            return answer
        self.fetched += 1
        object.__setattr__(self._inner.server.core, "key", self._key)
        if not self._overlap:
            return answer
        keys = [process_key().public_jwk, self._key.public_jwk]
        return replace(answer, body=json.dumps({"keys": keys}).encode())


def verdicts(wire: Wire, told: list[str] | None = None) -> Counter[Verdict]:
    """The verdicts of some cases; `told` gets why the target is taken to be gone."""
    wires: list[Transport] = []

    def kept(inner: Transport) -> Transport:
        wires.append(wire(inner))
        return wires[0]

    setup = setup_at(wire=kept, jobs=1)
    outer = wires[0]
    if isinstance(outer, Breaker):
        outer.probe = setup.probe
    with closing(Engine(setup, CASES, jobs=1, seed=1)) as engine:
        engine.submit(CASES)
        found = Counter(engine.finding(case).verdict for case in CASES)
    if told is not None and isinstance(outer, Breaker):
        told.append(outer.lost)
    return found


@cache
def undisturbed() -> Counter[Verdict]:
    return verdicts(lambda inner: inner)


@pytest.mark.parametrize("overlap", [True, False], ids=["with-overlap", "without-overlap"])
@pytest.mark.parametrize("key_id", ["another", process_key().key_id], ids=["new-kid", "same-kid"])
def test_keys_that_are_replaced_change_no_verdict(key_id: str, *, overlap: bool) -> None:
    wires: list[Rotating] = []

    def wire(inner: Transport) -> Transport:
        wires.append(Rotating(inner, other_key(key_id), overlap=overlap))
        return wires[0]

    assert verdicts(wire) == undisturbed()
    assert wires[0].fetched >= (1 if overlap else 2)


class FirstInVain:
    """From one request on answers so many with what a transport of the network raises."""

    def __init__(self, inner: Transport, *errors: httpx.TransportError) -> None:
        self._inner = inner
        self._errors = iter(errors)
        self._count = count(1)

    def send(self, request: Request) -> Response:
        error = next(self._errors, None) if next(self._count) >= CHANGES else None
        if error is None:
            return self._inner.send(request)

        def failing(_request: httpx.Request) -> httpx.Response:
            raise error

        with NetworkTransport(Limits(), inner=httpx.MockTransport(failing)) as network:
            return network.send(request)


BROKEN_OFF = httpx.RemoteProtocolError("Server disconnected without sending a response.")
REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
UNTRUSTED = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")


@pytest.mark.parametrize(
    "errors",
    [
        (BROKEN_OFF,),  # restarted with another certificate of the same authority
        (BROKEN_OFF, REFUSED, REFUSED, REFUSED),  # gone from one address, then at another
        (UNTRUSTED,) * 6,  # the new certificate first, its chain a moment later
    ],
    ids=["certificate", "address", "chain"],
)
def test_a_new_certificate_or_address_changes_no_verdict(
    errors: tuple[httpx.TransportError, ...],
) -> None:
    told: list[str] = []

    def wire(inner: Transport) -> Transport:
        failing = FirstInVain(inner, *errors)
        return Breaker(failing, 5, outage=30, sleep=lambda _seconds: None)

    assert verdicts(wire, told) == undisturbed()
    assert told == [""]


def test_a_certificate_that_is_not_trusted_any_more_establishes_nothing_and_is_told_once() -> None:
    told: list[str] = []

    def wire(inner: Transport) -> Transport:
        failing = FirstInVain(inner, *(UNTRUSTED,) * 10**5)
        return Breaker(failing, 5, outage=30, sleep=lambda _seconds: None)

    found = verdicts(wire, told)
    assert found[Verdict.COULD_NOT_RUN] > 10
    assert found[Verdict.PASS] > 10  # what was judged before is kept
    assert not found.keys() & HELD_AGAINST
    assert len(told) == 1
    assert "the TLS certificate of https://server.example:443 is not valid" in told[0]


def test_a_key_set_is_fetched_again_so_often_and_no_more() -> None:
    fetched = count()
    keys = PublishedKeys(lambda: {"keys": [{"kid": str(next(fetched))}]})
    assert keys.newest() == {"keys": [{"kid": "0"}]}
    assert [keys.again() for _ in range(MOST_AGAIN + 5)] == [True] * MOST_AGAIN + [False] * 5
    assert len(keys.every()) == MOST_AGAIN + 1


def test_a_key_set_that_could_not_be_fetched_is_fetched_when_next_needed() -> None:
    answers = iter([{}, {"keys": []}])
    keys = PublishedKeys(lambda: next(answers))
    assert keys.newest() == {}
    assert keys.newest() == {"keys": []}
