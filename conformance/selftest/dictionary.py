"""Makes the fault dictionary that findings are diagnosed by.

`python -m tokenspec.conformance.selftest.dictionary ROWS` plays every case at every defect that it
can notice (about 20 minutes of one core; rows that the file ROWS has are not made again), and packs
what they showed. Beside it stands `selftest.json`, as `selftest --full` writes it.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jwt.warnings import InsecureKeyLengthWarning

from tokenspec.conformance.diagnosis.dictionary import DIGITS, FILE, Dictionary, packed
from tokenspec.conformance.diagnosis.shown import shown
from tokenspec.conformance.selftest.matrix import noticed
from tokenspec.conformance.selftest.runner import (
    TURNED,
    Detection,
    SelftestRunner,
    selftest_runner,
)
from tokenspec.conformance.selftest.trying import Row, make_rows, rows, suite_of
from tokenspec.reference_server.alterations.defects import DEFECTS

Rows = Mapping[str, Mapping[str, Row]]


def made(runner: SelftestRunner, tried: Rows, suite: Mapping[str, str]) -> Dictionary:
    """The dictionary of rows, less what is no more; `suite` has the digests of their cases."""
    digests = {key: suite[key][:DIGITS] for key in sorted(runner.home) if key in suite}
    usual = {k: str(f.verdict) for k, f in runner.good.items() if f.verdict != "pass"}
    found = {
        defect: {
            key: shown(verdict, kind, observed, note)
            for key, (verdict, kind, _step, observed, note) in tried[defect].items()
            if key in digests and verdict != "not-applicable"
        }
        for defect in DEFECTS
        if defect in tried
    }
    return Dictionary(found, digests, usual)


def matrix(tried: Rows) -> dict[str, Any]:
    """What notices what, in the form of a selftest."""
    detections = (
        Detection(defect, key, verdict, kind)
        for defect in sorted(DEFECTS.keys() & tried.keys())
        for key, (verdict, kind, *_) in tried[defect].items()
        if verdict in TURNED
    )
    return {"format": 1, "full": True, "defects": noticed(detections), "holes": []}


def main() -> None:
    """Play what is missing, write both files, say how much it is."""
    # Some defects sign with a secret too short on purpose; that is theirs to do, not news.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    path = Path(sys.argv[1])
    runner = selftest_runner()
    for number, defect in enumerate(make_rows(runner, path, DEFECTS), start=1):
        sys.stderr.write(f"{number} {defect}\n")
    tried = rows(path)
    content = packed(made(runner, tried, suite_of(path)))
    FILE.write_bytes(content)
    text = json.dumps(matrix(tried), indent=1) + "\n"
    path.with_name("selftest.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(tried)} defects, {len(content)} bytes: {FILE}\n")


if __name__ == "__main__":
    main()
