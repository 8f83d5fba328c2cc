"""The record of a run: one JSON object a line. Header first, findings as they come, footer last.

A record without footer is a run that was cut off. Every report is made from records alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from conformance import __version__
from conformance.errors import Problem, UnusableFile
from conformance.run.conclusion import Tally
from conformance.run.finding import Finding
from conformance.run.setup import Setup

FORMAT = 1
LINES = ("header", "finding", "footer")


def header_line(setup: Setup, *, started: float, suite: str, variants: int) -> dict[str, Any]:
    """What was tested, with what, when. `started` is in seconds since the epoch."""
    target = setup.target
    return {
        "type": "header",
        "format": FORMAT,
        "tokenspec": __version__,
        "started": _moment(started),
        "target": {
            "issuer": target.issuer,
            "vendor": target.product.vendor,
            "name": target.product.name,
            "version": target.product.version,
            "metadata": setup.discovered.source,
            "tls_verified": target.verify_tls,
        },
        "profile": target.profile,
        "suite": {"digest": suite, "variants": variants},
        "capabilities": {
            name: {"present": decision.present, "reason": decision.reason}
            for name, decision in setup.decisions.items()
        },
    }


def finding_line(finding: Finding) -> dict[str, Any]:
    """A finding as plain data."""
    plain = asdict(finding)
    plain["verdict"], plain["kind"] = str(finding.verdict), str(finding.kind)
    if finding.deviation is not None:
        plain["deviation"]["confidence"] = str(finding.deviation.confidence)
    return {"type": "finding", **plain}


def footer_line(counted: Tally, *, finished: float, seconds: float) -> dict[str, Any]:
    """How the run ended."""
    return {
        "type": "footer",
        "finished": _moment(finished),
        "seconds": round(seconds, 3),
        "counts": dict(sorted(counted.counts.items())),
        "faults": counted.faults,
        "exit_code": int(counted.exit_code),
    }


class RecordWriter:
    """Writes a record line by line; each line is on disk before the next is begun."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: IO[str] = path.open("w", encoding="utf-8")

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
        """Add one line."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        self._file.write(text.encode("utf-8", "replace").decode() + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Record:
    """A record read back."""

    header: Mapping[str, Any]
    findings: tuple[Mapping[str, Any], ...]
    footer: Mapping[str, Any] | None  # None: the run was cut off


def read_record(path: Path) -> Record:
    """Read a record.

    Raises:
        UnusableFile: it is no record, or a line of it is damaged.
    """
    header: Mapping[str, Any] = {}
    footer: Mapping[str, Any] | None = None
    findings = []
    for number, line in _lines(path):
        match line.get("type"):
            case "header":
                header = line
            case "finding":
                findings.append(line)
            case "footer":
                footer = line
            case _:
                raise UnusableFile([Problem(str(path), number, 1, "not a line of a record")])
    if header.get("format") != FORMAT:
        hint = f"this release reads records of format {FORMAT}"
        raise UnusableFile([Problem(str(path), 1, 1, "no header of a known format", hint)])
    return Record(header, tuple(findings), footer)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableFile([Problem(str(path), 1, 1, f"cannot be read: {error}")]) from error
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            value = json.loads(line)
        except ValueError as error:
            message = f"damaged line: {error}"
            raise UnusableFile([Problem(str(path), number, 1, message)]) from error
        yield number, value if isinstance(value, dict) else {}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
