"""What a finding shows of its exchanges: redacted, cut to size, safe to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.conformance.http import Exchange, Request, Response, origin
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.record.decoded import proof, tokens
from tokenspec.conformance.record.redaction import Redactor

LONGEST_BODY = 4_000  # characters shown of one body
LONGEST_VALUE = 600  # characters shown of one header


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """One request and its answer.

    `decoded` holds the DPoP proof's header and claims; `tokens` those of every other JWT, by name.
    """

    step: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: str = ""
    status: int = 0
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: str = ""
    failure: str = ""
    milliseconds: float = 0.0
    decoded: Mapping[str, Any] = field(default_factory=dict)
    tokens: Mapping[str, Any] = field(default_factory=dict)


def no_evidence(_transcript: Transcript, _redactor: Redactor) -> tuple[ShownExchange, ...]:
    """Nothing of a play, where only its verdict is wanted."""
    return ()


def evidence(transcript: Transcript, redactor: Redactor) -> tuple[ShownExchange, ...]:
    """The exchanges of a play; `redactor` learns its secrets (see `Redactor.for_play`).

    Of the way through login pages only method, origin and status are kept.
    """
    for played in transcript.steps:  # first learn every secret, so that each is found everywhere
        for values in (played.received, {name: v[0] for name, v in played.sent.items()}):
            for name, value in values.items():
                redactor.parameter(name, value)
    return tuple(shown for played in transcript.steps for shown in _step(played, redactor))


def _step(played: Played, redactor: Redactor) -> Iterator[ShownExchange]:
    name, last = played.step.name, len(played.exchanges) - 1
    on_the_way, first = played.authorization is not None, played.pushed
    for number, exchange in enumerate(played.exchanges):
        if on_the_way and first < number < last:
            yield _leg(name, exchange)
        else:
            whole = number == last or not on_the_way or number < first
            open_to_all = number <= first or not on_the_way  # a nonce round leads through no page
            yield _exchange(name, exchange, redactor, first=open_to_all, whole=whole)


def _leg(step: str, exchange: Exchange) -> ShownExchange:
    status = exchange.response.status if exchange.response else 0
    place = f"{origin(exchange.request.url)}/… (login page)"
    return ShownExchange(step, exchange.request.method, place, status=status)


def _exchange(
    step: str, exchange: Exchange, redactor: Redactor, *, first: bool, whole: bool
) -> ShownExchange:
    request, response = exchange.request, exchange.response
    is_request_of_step = first or whole
    url = redactor.url(request.url) if first else f"{origin(request.url)}/… (login page)"
    shown = is_request_of_step and (first or not request.body)
    body = redactor.body(request.body, _media_type(request)) if shown else ""
    return ShownExchange(
        step=step,
        method=request.method,
        url=url,
        request_headers=_headers(request.headers, redactor),
        request_body=_cut(body),
        status=response.status if response else 0,
        response_headers=_headers(response.headers, redactor) if response else (),
        response_body=_cut(_response_body(response, redactor)) if response and whole else "",
        failure=redactor.text(exchange.failure),
        milliseconds=round(response.elapsed * 1000, 1) if response else 0.0,
        decoded=proof(request, redactor),
        tokens=tokens(request, response if whole else None, redactor),
    )


def _response_body(response: Response, redactor: Redactor) -> str:
    return redactor.body(response.body, response.media_type)


def _headers(
    headers: tuple[tuple[str, str], ...], redactor: Redactor
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, _cut(redactor.header(name, value), LONGEST_VALUE)) for name, value in headers
    )


def _media_type(request: Request) -> str:
    return (request.header("Content-Type") or "").split(";")[0].strip().lower()


def _cut(text: str, longest: int = LONGEST_BODY) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
