"""Pools of connections: each is lent to one request at a time, and used again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpcore
import httpx
import pytest

from tokenspec.conformance.transport.pools import MOST_IDLE, MOST_USES, LentPools, as_httpx
from tokenspec.conformance.transport.release import HELD, Held, Release

URL = "http://as.example/token"


class Body:
    """One piece, of an answer that is being read until it is closed."""

    def __init__(self, pool: Pool, content: bytes) -> None:
        self.pool, self.content = pool, content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content

    def close(self) -> None:
        self.pool.busy = False


class Pool(httpcore.ConnectionPool):
    """Answers at once, to one request at a time; remembers whether it was closed."""

    def __init__(self, made: list[Pool], error: Exception | None = None) -> None:
        super().__init__()
        self.closed, self.busy, self.error = False, False, error
        made.append(self)

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        if self.error is not None:
            raise self.error
        if self.busy:
            raise AssertionError("two requests at once")
        self.busy = True
        return httpcore.Response(200, content=Body(self, request.method))

    def close(self) -> None:
        self.closed = True


def lent(*, http2: bool = False, error: Exception | None = None) -> tuple[LentPools, list[Pool]]:
    made: list[Pool] = []
    return LentPools(lambda: Pool(made, error), http2=http2), made


def test_a_pool_is_lent_again_when_its_answer_was_read() -> None:
    pools, made = lent()
    for _ in range(3):
        answer = pools.handle_request(httpx.Request("POST", URL))
        assert answer.read() == b"POST"
        answer.close()
    assert len(made) == 1


def test_requests_under_way_share_no_pool() -> None:
    pools, made = lent()
    answers = [pools.handle_request(httpx.Request("GET", URL)) for _ in range(3)]
    assert len(made) == 3
    for answer in answers:
        answer.close()
    pools.handle_request(httpx.Request("GET", URL))
    assert len(made) == 3


def test_a_race_over_http2_shares_one_and_nothing_else_does() -> None:
    pools, made = lent(http2=True)
    own = pools.handle_request(httpx.Request("GET", URL))
    racing = HELD.set(Held(Release(2), b""))
    try:
        first = pools.handle_request(httpx.Request("POST", URL))
        with pytest.raises(AssertionError, match="two requests at once"):
            pools.handle_request(httpx.Request("POST", URL))
    finally:
        HELD.reset(racing)
    assert len(made) == 2
    first.close()
    own.close()
    pools.handle_request(httpx.Request("GET", URL)).close()
    assert len(made) == 2


def test_a_connection_of_http2_is_given_up_before_the_server_does() -> None:
    pools, made = lent(http2=True)
    for _ in range(MOST_USES + 1):
        pools.handle_request(httpx.Request("GET", URL)).close()
    assert [pool.closed for pool in made] == [True, False]


def test_a_connection_of_http2_that_failed_is_not_used_again() -> None:
    pools, made = lent(http2=True, error=httpcore.RemoteProtocolError("GOAWAY"))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            pools.handle_request(httpx.Request("GET", URL))
    assert [pool.closed for pool in made] == [True, True]


def test_a_pool_whose_request_failed_is_used_again() -> None:
    pools, made = lent(error=httpcore.ConnectError("refused"))
    for _ in range(2):
        with pytest.raises(httpx.ConnectError, match="refused"):
            pools.handle_request(httpx.Request("GET", URL))
    assert len(made) == 1


def test_of_those_that_are_idle_only_so_many_are_kept() -> None:
    pools, made = lent()
    answers = [pools.handle_request(httpx.Request("GET", URL)) for _ in range(MOST_IDLE + 2)]
    for answer in answers:
        answer.close()
    assert sum(pool.closed for pool in made) == 2
    pools.close()
    assert all(pool.closed for pool in made)


def test_a_pool_in_use_is_closed_when_it_is_given_back() -> None:
    pools, made = lent()
    answer = pools.handle_request(httpx.Request("GET", URL))
    pools.close()
    assert not made[0].closed
    assert answer.read() == b"GET"
    answer.close()
    assert made[0].closed


def test_many_threads_never_share_one() -> None:
    pools, made = lent()
    statuses: list[int] = []

    def send() -> None:
        for _ in range(50):
            answer = pools.handle_request(httpx.Request("GET", URL))
            statuses.append(answer.status_code)
            answer.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 400
    assert 1 <= len(made) <= 8


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (httpcore.ReadTimeout("x"), httpx.ReadTimeout),
        (httpcore.ProxyError("x"), httpx.ProxyError),
        (httpcore.RemoteProtocolError("x"), httpx.RemoteProtocolError),
        (ValueError("x"), ValueError),
    ],
)
def test_errors_are_those_of_httpx(inner: Exception, outer: type[Exception]) -> None:
    assert type(as_httpx(inner)) is outer
