"""Makes the fault dictionary that findings are diagnosed by, or brings it up to date.

`python -m tokenspec.conformance.selftest.dictionary ROWS` plays the cases that are new or have
changed at every defect that they can notice, all cases at defects that are new, and packs what they
showed beside what was known; with `--anew` all is played (half an hour of one core). A run that was
ended goes on with the file ROWS. Beside it stands `selftest.json`, as `selftest --full` writes it.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jwt.warnings import InsecureKeyLengthWarning

from tokenspec.conformance.diagnosis.dictionary import (
    DIGITS,
    FILE,
    Dictionary,
    dictionary,
    packed,
)
from tokenspec.conformance.diagnosis.shown import shown
from tokenspec.conformance.selftest.matrix import noticed
from tokenspec.conformance.selftest.runner import (
    TURNED,
    Detection,
    SelftestRunner,
    settled_runner,
)
from tokenspec.conformance.selftest.trying import Row, digests_of, make_rows, rows, unknown_to
from tokenspec.reference_server.alterations.defects import DEFECTS

NOTHING = Dictionary({}, {}, {})


def grown(known: Dictionary, runner: SelftestRunner, tried: Mapping[str, Row]) -> Dictionary:
    """What is known with what was tried, less what is no more."""
    suite = {key: digest[:DIGITS] for key, digest in digests_of(runner).items()}
    digests = {key: suite[key] for key in sorted(runner.home)}
    usual = {k: str(f.verdict) for k, f in runner.good.items() if f.verdict != "pass"}
    kept = known.fitting(digests).rows
    looking = {key for key in digests if runner.cases[key].every_response}
    found = {}
    for defect in sorted(DEFECTS):
        new = tried.get(defect, Row(frozenset(), {}))
        given_up = new.played - (looking if defect in kept else frozenset())
        row = {k: s for k, s in kept.get(defect, {}).items() if k in digests and k not in given_up}
        row |= {
            key: shown(verdict, kind, observed, note)
            for key, (verdict, kind, _step, observed, note) in new.cases.items()
            if verdict != "not-applicable"
        }
        found[defect] = row
    return Dictionary(found, digests, usual)


def matrix(known: Dictionary) -> dict[str, Any]:
    """What notices what, in the form of a selftest."""
    detections = (
        Detection(defect, key, one.verdict, one.kind)
        for defect, row in known.rows.items()
        for key, one in row.items()
        if one.verdict in TURNED
    )
    return {"format": 1, "full": True, "defects": noticed(detections), "holes": []}


def _without(known: Dictionary, words: Sequence[str]) -> Dictionary:
    """What is known, less the defects of which a case says any of some words."""
    rows = {
        defect: row
        for defect, row in known.rows.items()
        if not any(said in one.seen for one in row.values() for said in words)
    }
    return replace(known, rows=rows)


def main() -> None:
    """Play what is missing, write both files, say how much it is."""
    # Some defects sign with a secret too short on purpose; that is theirs to do, not news.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, metavar="ROWS")
    parser.add_argument("--anew", action="store_true", help="forget what is known, play all")
    parser.add_argument(
        "--saying",
        action="append",
        default=[],
        metavar="WORDS",
        help="play all at defects of which a case says this; for words that have changed since",
    )
    given = parser.parse_args()
    known = NOTHING if given.anew else _without(dictionary(), given.saying)
    runner = settled_runner()
    wanted = unknown_to(known, runner)
    for number, defect in enumerate(make_rows(runner, given.rows, wanted), start=1):
        sys.stderr.write(f"{number} of {len(wanted)} {defect}\n")
    made = grown(known, runner, rows(given.rows))
    content = packed(made)
    FILE.write_bytes(content)
    text = json.dumps(matrix(made), indent=1) + "\n"
    given.rows.with_name("selftest.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(made.rows)} defects, {len(content)} bytes: {FILE}\n")


if __name__ == "__main__":
    main()
