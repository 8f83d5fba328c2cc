"""A server that ends its connections of HTTP/2 loses no answer of ours, and is blamed for none.

`python -m tests.conformance.transport.http2` runs the whole suite twenty times at such servers.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import httpcore
import httpx
import pytest

from tests.conformance.run.command import Gate
from tests.conformance.transport.http2 import TARGET, fronted, goaway
from tests.conformance.transport.tls import Issued, issue
from tokenspec.conformance.http import Request
from tokenspec.conformance.target.model import Limits, Network
from tokenspec.conformance.transport.goaway import Announced, NotProcessed, not_processed
from tokenspec.conformance.transport.network import NetworkTransport
from tokenspec.conformance.transport.pools import RESENT, LentPools

HEADERS, DATA = 1, 0
ENDS = 5  # requests


def frame(kind: int, stream: int, payload: bytes = b"") -> bytes:
    head = len(payload).to_bytes(3) + bytes((kind, 0)) + stream.to_bytes(4)
    return head + payload


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("server"), "server", "127.0.0.1")


@pytest.mark.parametrize("early", [True, False])
def test_each_request_is_answered_however_often_a_connection_is_ended(
    issued: Issued, *, early: bool
) -> None:
    network = Network(http2=True, ca_file=str(issued.certificate))
    with (
        fronted(issued, ends=ENDS, early=early) as (issuer, front),
        NetworkTransport(Limits(), network=network) as transport,
    ):
        ask = Request("POST", f"{issuer}/oauth/token", (), b"grant_type=refresh_token")
        statuses = {transport.send(ask).status for _ in range(4 * ENDS)}
    assert statuses <= {400, 401}
    assert front.ended == 4
    assert front.connections == 4


@pytest.mark.parametrize("jobs", [1, 8])
def test_a_run_at_such_a_server_is_clean(issued: Issued, tmp_path: Path, jobs: int) -> None:
    gate = Gate(tmp_path)
    with fronted(issued, ends=20) as (issuer, front):
        text = TARGET.format(issuer=issuer, authority=issued.certificate, jobs=jobs)
        (tmp_path / "target.yaml").write_text(text, encoding="utf-8")
        assert gate("run", "target.yaml", "--select", "pkce-verifier-wrong") == 0, gate.said
    assert front.ended > 0
    assert set(gate.footer["counts"]) <= {"pass", "not-applicable"}


@pytest.mark.parametrize("size", [1, 4, 100])
def test_what_ends_a_connection_is_taken_out_and_nothing_else(size: int) -> None:
    announced = Announced()
    announced.sent(frame(HEADERS, 3))
    head, data = frame(HEADERS, 3, b"\x88"), frame(DATA, 3, goaway(0))
    came = head + goaway(3) + data + goaway(3)
    pieces = [came[at : at + size] for at in range(0, len(came), size)]
    assert b"".join(map(announced.received, pieces)) == head + data
    assert announced.ending
    assert not announced.unprocessed


def test_a_request_behind_the_last_one_is_not_processed() -> None:
    announced = Announced()
    for stream, last, unprocessed in ((1, 2**31 - 1, False), (3, 3, False), (5, 3, True)):
        announced.sent(frame(HEADERS, stream))
        assert announced.received(goaway(last)) == b""
        assert announced.unprocessed is unprocessed


class Ending(httpcore.ConnectionPool):
    """Ends its connection before it looks at a request; those made after some do not."""

    made = 0

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refuses = Ending.made < refusals
        Ending.made += 1

    def handle_request(self, _request: httpcore.Request) -> httpcore.Response:
        if self.refuses:
            raise NotProcessed("ended")
        return httpcore.Response(200, content=b"here")


@pytest.mark.parametrize("refusals", [1, RESENT])
def test_what_was_not_processed_is_sent_again(refusals: int) -> None:
    Ending.made = 0
    pools = LentPools(lambda: Ending(refusals), http2=True)
    assert pools.handle_request(httpx.Request("POST", "http://as.example")).status_code == 200
    assert Ending.made == refusals + 1


def test_a_server_that_processes_nothing_is_asked_so_often_and_no_more() -> None:
    Ending.made = 0
    pools = LentPools(lambda: Ending(100), http2=True)
    with pytest.raises(httpx.RemoteProtocolError):
        pools.handle_request(httpx.Request("POST", "http://as.example"))
    assert Ending.made == RESENT + 1


def test_a_connection_that_broke_may_have_been_acted_on() -> None:
    assert not not_processed(httpcore.RemoteProtocolError("Server disconnected"))
    assert not not_processed(ssl.SSLError())
