"""docs/matrix.md and docs/matrix.html, from records of runs at the peers.

`python -m tests.peers.matrix` runs every peer that can be installed here and writes both pages,
with `--heavy` those that take minutes too; with records as arguments it only writes them. Ends
with 1 where a red verdict was not judged. What touches security and is not public is judged
nowhere: `--judged` keeps such verdicts out of the pages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.peers.judgements import FINDINGS, judgement, read_judgements
from tests.peers.launch import running
from tests.peers.recipes import RECIPES
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.conformance.record.reading import read_record
from tokenspec.reports import matrix
from tokenspec.reports.record import Record

DOCS = FINDINGS.parent
SAYS_NOTHING = ("pass", "not-applicable", "deviation")
AGAIN = "python -m tests.peers.matrix"
NEEDS = {
    "oidc-provider": "npm", "node-oauth": "npm", "workers-oauth": "npm", "better-auth": "npm",
    "zitadel-oidc": "go", "dex": "go", "hydra": "go",
    "keycloak": "mvn", "spring-authorization-server": "mvn",
}  # fmt: skip


def records(folder: Path, *, heavy: bool) -> Iterator[Path]:
    """Run the suite at every peer, at the heavy ones where that is asked for; gives the records."""
    for name, recipe in RECIPES.items():
        if recipe.heavy and not heavy:
            continue
        needed = NEEDS.get(name)
        if needed and shutil.which(needed) is None:
            sys.stderr.write(f"{name} is left out: {needed} is not installed\n")
            continue
        report = folder / name
        with running(name) as peer:
            subprocess.run(
                [sys.executable, "-m", "tokenspec", "run", str(peer.target_file),
                 "--report-dir", str(report)],
                env={**os.environ, **peer.env}, capture_output=True, check=False,
            )  # fmt: skip
        yield report / "record.ndjson"


def judge(one: matrix.Server, key: str) -> matrix.Judged | None:
    """The judgement in docs/findings.md."""
    found = judgement(read_judgements(FINDINGS), one.name, key)
    if found is None:
        return None
    anchor = matrix.anchor(found.heading)
    return matrix.Judged(found.text, f"findings.md#{anchor}")


def told(record: Record, left: set[str]) -> matrix.Server:
    """The server of a record without the findings of `left`, its causes those of the rest."""
    kept = [finding for finding in record.findings if finding["key"] not in left]
    return matrix.server(diagnosed(replace(record, findings=tuple(kept))))


def _not_judged(one: matrix.Server) -> set[str]:
    """The cases whose verdicts nobody judged; what is documented needs no judgement."""
    says = [f["key"] for f in one.findings if f["verdict"] not in SAYS_NOTHING]
    return {key for key in says if judge(one, key) is None}


def write(paths: list[Path], folder: Path, *, judged: bool = False) -> list[str]:
    """Write both pages, with `judged` of judged verdicts alone; gives those that were not."""
    servers, left = [], []
    for path in paths:
        try:
            record = read_record(path)
            whole = matrix.server(record)
        except ValueError as error:
            raise SystemExit(f"{path}: {error}") from None
        servers.append(told(record, _not_judged(whole) if judged else set()))
        left += matrix.unjudged([whole], judge)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matrix.md").write_text(matrix.markdown(servers, judge, AGAIN), encoding="utf-8")
    (folder / "matrix.html").write_text(matrix.html(servers, judge, AGAIN), encoding="utf-8")
    return left


def main() -> int:
    """Run what has to be run, write the pages."""
    parser = argparse.ArgumentParser(prog=AGAIN, description=__doc__)
    parser.add_argument("records", nargs="*", type=Path, metavar="RECORD")
    parser.add_argument("--output", type=Path, default=DOCS, metavar="DIR")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep reports and records there")
    parser.add_argument("--heavy", action="store_true", help="also the peers that take minutes")
    parser.add_argument("--judged", action="store_true", help="leave out what was not judged")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tokenspec-matrix-") as folder:
        place = options.keep or Path(folder)
        paths = options.records or list(records(place, heavy=options.heavy))
        left = write(paths, options.output, judged=options.judged)
    for one in left:
        sys.stderr.write(f"not judged: {one}\n")
    return int(bool(left))


if __name__ == "__main__":
    raise SystemExit(main())
