"""The record of a run: one JSON object a line. Header first, findings as they come, footer last.

A record without footer is a run that was cut off. Every report is made from records alone, which
`reading` reads. The form of each line is published in `conformance/schema/record-1.schema.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tokenspec.conformance.profile import Evidence
from tokenspec.conformance.record.conclusion import Tally
from tokenspec.conformance.record.evidence import ShownExchange
from tokenspec.conformance.record.finding import RECORD_KEYS, UNRECORDED, Finding, SecondPlay
from tokenspec.conformance.record.header import NOTHING, moment
from tokenspec.conformance.record.look import LookedAt
from tokenspec.conformance.record.memory import MemoryTrim
from tokenspec.conformance.verdicts import Verdict

MEMBERS = tuple(member.name for member in fields(Finding) if member.name not in UNRECORDED)
SILENT = (Verdict.PASS, Verdict.NOT_APPLICABLE)
EXCHANGE_MEMBERS = tuple(member.name for member in fields(ShownExchange))


def coverage_line(requirements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Every requirement known, tested or not (see `Suite.coverage`)."""
    return {"type": "coverage", "requirements": list(requirements)}


def fault_line(key: str, message: str) -> dict[str, Any]:
    """The harness failed at a case: nothing is said about the target. `message` is redacted."""
    return {"type": "fault", "key": key, "message": message}


def look_line(look: LookedAt) -> dict[str, Any]:
    """What a case that looks at every answer has seen, as plain data."""
    seen = look.sighting
    return {
        "type": "look",
        "key": look.key,
        "looked_at": look.looked_at,
        "sighting": seen
        and {
            "case": seen.case,
            "step": seen.step,
            "problem": seen.problem,
            "excuse": _deviation_line(seen.excuse) if seen.excuse else None,
            "exchanges": tuple(map(_exchange_line, seen.exchanges)),
        },
    }


def finding_line(finding: Finding) -> dict[str, Any]:
    """A finding as plain data."""
    plain: dict[str, Any] = {"type": "finding"}
    plain |= {RECORD_KEYS.get(name, name): getattr(finding, name) for name in MEMBERS}
    plain["verdict"], plain["kind"] = str(finding.verdict), str(finding.kind)
    if finding.deviation is not None:
        plain["deviation"] = _deviation_line(finding.deviation)
    plain["waiver"] = finding.waiver.line() if finding.waiver else None
    silent = finding.verdict in SILENT  # tokens of so many cases would double a record
    plain["exchanges"] = tuple(_exchange_line(one, tokens=not silent) for one in finding.exchanges)
    plain["twin"] = tuple(map(_exchange_line, finding.control_exchanges))
    plain["second_play"] = _second_line(finding.second_play) if finding.second_play else None
    return plain


def _deviation_line(deviation: Evidence) -> dict[str, Any]:
    return asdict(deviation) | {"confidence": str(deviation.confidence)}


def _second_line(second: SecondPlay) -> dict[str, Any]:
    return {
        "verdict": str(second.verdict),
        "kind": str(second.kind),
        "step": second.step,
        "observed": second.observed,
        "note": second.note,
        "exchanges": tuple(map(_exchange_line, second.exchanges)),
    }


def _exchange_line(shown: ShownExchange, *, tokens: bool = True) -> dict[str, Any]:
    plain = {name: getattr(shown, name) for name in EXCHANGE_MEMBERS}
    if not shown.tokens or not tokens:
        del plain["tokens"]
    return plain


def footer_line(
    counted: Tally, *, finished: float, seconds: float, cost: Mapping[str, int] = NOTHING
) -> dict[str, Any]:
    """How the run ended; `cost` says how many requests and codes it took."""
    return {
        "type": "footer",
        "finished": moment(finished),
        "seconds": round(seconds, 3),
        "counts": dict(sorted(counted.counts.items())),
        "faults": counted.faults,
        **cost,
        "ended": str(counted.ended),
        "left": counted.left,
        "at_once": list(counted.at_once),
        "exit_code": int(counted.exit_code),
    }


class RecordWriter:
    """Writes a record line by line, each whole or not at all.

    Args:
        path: where it goes; a file that is there already stays until the first lines are written.
        first: those lines.

    Raises:
        OSError: the machine does not take them; the file that was there is as it was.
    """

    def __init__(self, path: Path, first: Iterable[Mapping[str, Any]] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._whole = 0  # octets of lines that are written
        self._memory = MemoryTrim()
        begun = path.with_name(f"{path.name}.part")
        self._file = begun.open("wb", buffering=0)
        try:
            for line in first:
                self.write(line)
            begun.replace(path)
        except BaseException:
            self._file.close()
            begun.unlink(missing_ok=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, line: Mapping[str, Any]) -> None:
        """Add one line.

        Raises:
            OSError: the machine does not take it; what was written before is as it was.
        """
        octets = memoryview(_octets(line))
        try:
            written = 0
            while written < len(octets):
                written += self._file.write(octets[written:])
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
            raise
        self._whole += len(octets)
        self._memory.gone(len(octets))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _octets(line: Mapping[str, Any]) -> bytes:
    try:
        text = _json(line)
    except ValueError:  # a target may send what no JSON has (RFC 8259 §6)
        text = _json(_finite(line))
    return text.encode("utf-8", "replace") + b"\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    """The same with texts in place of NaN and the infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
