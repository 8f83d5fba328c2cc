"""A fingerprint of what a case says, so that two records tell whether it is the same case."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tokenspec.conformance.scenario.model import Case, Place

NOWHERE = Place("", 0)
LENGTH = 16  # hexadecimal digits


def case_digest(case: Case) -> str:
    """Of everything the case says, wherever its file stands."""
    said = repr(replace(case, place=NOWHERE))
    return hashlib.sha256(said.encode()).hexdigest()[:LENGTH]
