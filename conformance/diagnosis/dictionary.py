"""The fault dictionary: what each case shows at the reference server with each defect.

It is kept packed in `faults.json.xz`, which `tokenspec.conformance.selftest.dictionary` makes. A
case that has changed since, by its digest, is left out; so is a defect that is no more.
"""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from tokenspec.conformance.diagnosis.shown import Shown
from tokenspec.reference_server.alterations.defects import DEFECTS

FILE = Path(__file__).with_name("faults.json.xz")
FORMAT = 1
Rows = Mapping[str, Mapping[str, Shown]]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What is known of defects.

    Attributes:
        rows: by defect, then by case, what the case shows there and not at a conforming server.
        digests: by case, the digest it had when it was played.
        usual: by case its verdict at a conforming server, where that is no pass.
    """

    rows: Rows
    digests: Mapping[str, str]
    usual: Mapping[str, str]

    def fitting(self, digests: Mapping[str, str]) -> Dictionary:
        """The part about cases that are still what they were; empty digests are taken on trust."""
        stale = {k for k, d in digests.items() if d and self.digests.get(k, "") != d[:DIGITS]}
        if not stale:
            return self
        rows = {
            defect: {key: seen for key, seen in row.items() if key not in stale}
            for defect, row in self.rows.items()
        }
        return Dictionary(rows, self.digests, self.usual)


DIGITS = 8  # of a digest that are kept


@functools.cache
def dictionary() -> Dictionary:
    """The one of this release, read once a process."""
    return unpacked(FILE.read_bytes())


def packed(known: Dictionary) -> bytes:
    """A dictionary as it is kept: cases and what they show are numbered, numbers are distances."""
    keys = sorted(known.digests)
    number = {key: at for at, key in enumerate(keys)}
    seen = sorted({s for row in known.rows.values() for s in row.values()}, key=_members)
    place = {one: at for at, one in enumerate(seen)}
    content = {
        "format": FORMAT,
        "cases": [[key, known.digests[key], known.usual.get(key, "")] for key in keys],
        "shown": [_members(one) for one in seen],
        "defects": {
            defect: [
                _distances(sorted(number[key] for key in row)),
                [place[row[key]] for key in sorted(row)],
            ]
            for defect, row in known.rows.items()
        },
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


def unpacked(content: bytes) -> Dictionary:
    """What `packed` made."""
    plain = json.loads(lzma.decompress(content))
    keys = [key for key, _digest, _usual in plain["cases"]]
    seen = [Shown(*members) for members in plain["shown"]]
    rows = {
        defect: {keys[at]: seen[place] for at, place in zip(accumulate(steps), places, strict=True)}
        for defect, (steps, places) in plain["defects"].items()
        if defect in DEFECTS
    }
    digests = {key: digest for key, digest, _usual in plain["cases"]}
    return Dictionary(rows, digests, {key: usual for key, _d, usual in plain["cases"] if usual})


def _members(one: Shown) -> tuple[str, str, str]:
    return one.verdict, one.kind, one.seen


def _distances(numbers: Iterable[int]) -> list[int]:
    found, before = [], 0
    for number in numbers:
        found.append(number - before)
        before = number
    return found
