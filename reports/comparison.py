"""What a case sent beside what its control sent, value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tokenspec.reports.record import Line

CREDENTIALS = ("Authorization", "client_id", "client_secret", "client_assertion")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs. `meant`: the case is about it; otherwise it is new in each exchange.

    `control` and `case` are None where the value is not there.
    """

    step: str
    place: str
    control: str | None
    case: str | None
    meant: bool


def differences(finding: Line) -> tuple[Difference, ...]:
    """How the requests of a finding differ from those of its control; what is meant first.

    Where an error made a step go on with another request (a DPoP nonce), the last one counts; of an
    authorization only its first request is the client's.
    """
    controls, cases = _requests(finding.get("twin", ())), _requests(finding.get("exchanges", ()))
    found = [
        difference
        for step in controls
        if step in cases
        for difference in _compare(step, controls[step], cases[step], tuple(finding["sent"]))
    ]
    return tuple(sorted(found, key=lambda difference: not difference.meant))


def fields(exchange: Line) -> dict[str, str]:
    """Everything the client put into a request, by place: `headers.DPoP`, `dpop.claims.htm`, …."""
    found: dict[str, str] = {"http.method": exchange["method"]}
    url = urlsplit(exchange["url"])
    found["http.address"] = url._replace(query="", fragment="").geturl()
    for name, value in (*pairs(url.query), *pairs(exchange["request_body"])):
        _add(found, name, value)
    for name, value in exchange["request_headers"]:
        _add(found, f"headers.{name}", value)
    for part, members in (exchange.get("decoded") or {}).items():
        if isinstance(members, Mapping):
            for name, value in members.items():
                found[f"dpop.{part}.{name}"] = _plain(value)
    return found


def pairs(text: str) -> list[tuple[str, str]]:
    """Form or query parameters as they were meant; anything else is one value without a name."""
    if not text:
        return []
    if text.lstrip().startswith(("{", "[")) or "=" not in text:
        return [("(body)", text)]
    split = (pair.partition("=") for pair in text.split("&"))
    return [(unquote(name), unquote(value)) for name, _, value in split]


def _requests(exchanges: Any) -> dict[str, Line]:
    """The exchange of each step in which the client's own request stands."""
    found: dict[str, Line] = {}
    for exchange in exchanges:
        if exchange["step"].startswith("authorize"):
            found.setdefault(exchange["step"], exchange)
        else:
            found[exchange["step"]] = exchange
    return found


def _compare(step: str, control: Line, case: Line, sent: tuple[str, ...]) -> Iterator[Difference]:
    ours, theirs = fields(case), fields(control)
    for place in dict.fromkeys((*theirs, *ours)):
        if theirs.get(place) != ours.get(place):
            meant = _meant(step, place, sent)
            yield Difference(step, place, theirs.get(place), ours.get(place), meant)


def _meant(step: str, place: str, sent: tuple[str, ...]) -> bool:
    """Whether the words of the case name this place."""
    name = place.removeprefix("headers.")
    if any(text.startswith((f"{step}.{place}:", f"{step}.headers.{name}:")) for text in sent):
        return True
    if name in CREDENTIALS and any(text.startswith(f"{step}.client_auth.") for text in sent):
        return True
    http = place.startswith("http.") or name in ("Content-Type", "Authorization", "(body)")
    return http and any(text.startswith(f"{step}.http.") for text in sent)


def _add(found: dict[str, str], name: str, value: str) -> None:
    """A second value of the same name is shown beside the first: it was sent twice."""
    found[name] = f"{found[name]}  and again  {value}" if name in found else value


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
