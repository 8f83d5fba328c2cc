"""Requests sent at the same moment, for codes and tokens that may be used once."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.transport.release import HELD, Held, Release


def send_together(
    transport: Transport, requests: Sequence[Request]
) -> tuple[Response | Unreachable, ...]:
    """The answers to `requests`, each sent by a thread of its own, begun in their order.

    Over a network the last byte of each is held back until all the others have been sent; then they
    go out, in that order again. A request that got no answer gives the reason in its place.
    """
    release, begun = Release(len(requests)), threading.Semaphore(0)

    def send(request: Request, place: int) -> Response | Unreachable:
        HELD.set(Held(release, request.body, place))
        begun.release()
        try:
            return transport.send(request)
        except Unreachable as error:
            return error
        finally:
            release.ended()

    sent = []
    with ThreadPoolExecutor(len(requests)) as pool:
        for place, request in enumerate(requests):
            # each thread sees the time of the play that sends, see `play.clock`
            sent.append(pool.submit(contextvars.copy_context().run, send, request, place))
            begun.acquire()
        return tuple(future.result() for future in sent)
