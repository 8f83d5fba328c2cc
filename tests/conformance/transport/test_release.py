"""Last bytes held back: nothing begins before all requests are there, nobody waits for ever."""

from __future__ import annotations

import socket
import threading

import httpcore

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.transport.allowance import Allowance, AllowedBackend
from tokenspec.conformance.transport.network import NetworkTransport
from tokenspec.conformance.transport.release import HELD, PREFACE, Held, Release
from tokenspec.conformance.transport.together import send_together

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BODY = b"grant_type=authorization_code&code=x"


class Listener:
    """Answers what is whole; sets `ready` once so many requests lack no more than a byte."""

    def __init__(self, count: int, early: int) -> None:
        self.ready = threading.Event()
        self.there: list[bytes] = []
        self._count, self._early = count, early
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/token"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._socket:
            for _ in range(self._count):
                connection, _address = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            got = b""
            while BODY[:-1] not in got:
                got += connection.recv(1024)
            self.there.append(got)
            if len(self.there) == self._early:
                self.ready.set()
            while BODY not in got:
                got += connection.recv(1024)
            connection.sendall(ANSWER)


class Late:
    """Sends one of the requests only when told to."""

    def __init__(self, inner: NetworkTransport, late: Request, when: threading.Event) -> None:
        self.inner, self.late, self.when = inner, late, when

    def send(self, request: Request) -> Response:
        if request is self.late:
            assert self.when.wait(10)
        return self.inner.send(request)


def test_no_last_byte_is_sent_before_every_request_is_there() -> None:
    listener = Listener(6, early=5)
    requests = [Request("POST", listener.url, (), BODY) for _ in range(6)]
    with NetworkTransport(Limits(), allowed=None) as transport:
        answers = send_together(Late(transport, requests[5], listener.ready), requests)
    assert [answer.status for answer in answers if isinstance(answer, Response)] == [200] * 6
    assert not any(there.endswith(BODY) for there in listener.there[:5])


def test_who_cannot_be_reached_keeps_nobody_waiting() -> None:
    listener = Listener(1, early=1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    requests = [Request("POST", url, (), BODY) for url in (listener.url, nowhere)]
    with NetworkTransport(Limits(), allowed=None) as transport:
        answered, failed = send_together(transport, requests)
    assert isinstance(answered, Response)
    assert isinstance(failed, Unreachable)


def frame(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + (1).to_bytes(4) + payload


def test_over_http2_the_frames_that_end_a_request_are_kept_back() -> None:
    held = Held(Release(2), BODY)
    head, data, end = frame(1, 4, b"head"), frame(0, 0, BODY), frame(0, 1, b"")
    now, last, ends = held.split(PREFACE + head + data + end + head + end, http2=True)
    assert now == PREFACE + head + data + head
    assert (last, ends) == (end + end, 2)


def test_the_frames_of_one_connection_go_out_in_one_write() -> None:
    written: list[bytes] = []
    release = Release(3)
    release.hold(1, written.append, b"a")
    release.hold(2, written.append, b"b")
    assert written == []
    release.hold(1, written.append, b"c")
    assert written == [b"ac", b"b"]


def test_they_go_out_in_the_order_of_their_places() -> None:
    written: list[bytes] = []
    release = Release(3)
    release.hold(1, written.append, b"c", place=2)
    release.hold(2, written.append, b"a", place=0)
    release.hold(1, written.append, b"b", place=1)
    assert written == [b"a", b"bc"]


class Wire(httpcore.NetworkStream):
    """A stream over a socket, as httpcore has it."""

    def __init__(self, own: socket.socket) -> None:
        self.own = own

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.own.settimeout(timeout)
        self.own.sendall(buffer)

    def get_extra_info(self, info: str) -> socket.socket | None:
        return self.own if info == "socket" else None


class OneWire(httpcore.NetworkBackend):
    """Opens one connection."""

    def __init__(self, own: socket.socket) -> None:
        self.own = own

    def connect_tcp(self, *_: object, **_more: object) -> httpcore.NetworkStream:
        return Wire(self.own)


def test_the_last_bytes_leave_the_time_limit_of_the_reader_alone() -> None:
    """It reads in another thread; a limit that changes meanwhile ends its wait with EAGAIN."""
    ours, theirs = socket.socketpair()
    backend = AllowedBackend(Allowance())
    backend._inner = OneWire(ours)  # type: ignore[assignment]
    stream, release = backend.connect_tcp("login.example", 443), Release(2)
    with ours, theirs:
        HELD.set(Held(release, BODY))
        stream.write(BODY, timeout=3)
        ours.settimeout(7)
        release.ended()
        HELD.set(None)
        assert theirs.recv(1024) == BODY
        assert ours.gettimeout() == 7


def test_who_shares_a_connection_is_written_when_the_one_before_is() -> None:
    """Whoever sends the last bytes, and where nothing is kept back as well."""
    release, begun = Release(3), [threading.Event() for _ in range(3)]

    def begin(place: int) -> None:
        release.begin(place)
        begun[place].set()

    begin(0)
    second = threading.Thread(target=begin, args=(1,), daemon=True)
    second.start()
    assert not begun[1].is_set()
    release.written(1)  # not its turn
    assert not begun[1].is_set()
    release.hold(1, [].append, b"x", place=2)
    assert begun[1].wait(10)
    release.written(0)  # its turn is over
    third = threading.Thread(target=begin, args=(2,), daemon=True)
    third.start()
    assert not begun[2].is_set()
    release.written(1)
    assert begun[2].wait(10)


def test_what_has_no_body_is_whole_with_its_head() -> None:
    head, ending = b"\0\0\1\1\5\0\0\0\1x", b"\0\0\0\0\1\0\0\0\1"
    held = Held(Release(1), b"")
    assert held.whole(PREFACE + head, http2=True)
    assert not held.whole(ending, http2=True)
    assert held.split(head, http2=True) == (head, b"", 0)
    assert held.whole(b"GET / HTTP/1.1\r\n\r\n", http2=False)
    assert not Held(Release(1), BODY).whole(b"POST / HTTP/1.1\r\n\r\n", http2=False)
