"""Requests sent at the same moment, for codes and tokens that may be used once."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from conformance.errors import Unreachable
from conformance.http import Request, Response, Transport
from conformance.transport.release import HELD, Held, Release


def send_together(
    transport: Transport, requests: Sequence[Request]
) -> tuple[Response | Unreachable, ...]:
    """The answers to `requests`, each sent by a thread of its own once all are ready to send.

    Over a network the last byte of each is held back until all the others have been sent; then they
    go out in the order of `requests`.
    A request that got no answer gives the reason in its place.
    """
    release, gates = Release(len(requests)), [threading.Event() for _ in requests]

    def send(request: Request, place: int) -> Response | Unreachable:
        HELD.set(Held(release, request.body, place))
        gates[place].wait()
        try:
            return transport.send(request)
        except Unreachable as error:
            return error
        finally:
            release.ended()

    with ThreadPoolExecutor(len(requests)) as pool:
        # each thread sees the time of the play that sends, see `play.clock`
        sent = [
            pool.submit(contextvars.copy_context().run, send, request, place)
            for place, request in enumerate(requests)
        ]
        for gate in gates:
            gate.set()
        return tuple(future.result() for future in sent)
