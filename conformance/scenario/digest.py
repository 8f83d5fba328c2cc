"""A fingerprint of what cases say, so that two records tell whether they are the same cases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from tokenspec.conformance.scenario.model import Case, Place

NOWHERE = Place("", 0)
LENGTH = 16  # hexadecimal digits
# Names of the model that were others when the first records were written. A case that has not
# changed keeps its digest, so that runs before and after a renaming can be compared.
FIRST_NAMES = (("Case(", "Variant("), (", concurrent_group=", ", moment="))
# Members that those records had no word for.
NEWER = (
    ", assumed=False", ", premises=()", ", user=''", ", other_kind=False", ", unpushed=False",
    ", request_object=False", ", request_object=None",
)  # fmt: skip


def case_digest(case: Case) -> str:
    """Of everything the case says, wherever its file stands."""
    return hashlib.sha256(_said(case)).hexdigest()[:LENGTH]


def suite_digest(cases: Iterable[Case]) -> str:
    """SHA-256 over everything the cases say, wherever their files stand."""
    digest = hashlib.sha256()
    for case in sorted(cases, key=lambda case: case.key):
        digest.update(_said(case))
    return digest.hexdigest()


def _said(case: Case) -> bytes:
    said = repr(replace(case, place=NOWHERE, premises=()))  # which follow from its steps
    for now, first in (*FIRST_NAMES, *((member, "") for member in NEWER)):
        said = said.replace(now, first)
    return said.encode()
