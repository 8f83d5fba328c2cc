"""The pages on profiles and on the seed document name what there is."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from tokenspec.conformance.profile.catalogue import names
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.suite import whole_suite

DOCS = Path(__file__).parents[3] / "docs"
PROFILES = (DOCS / "profiles.md").read_text(encoding="utf-8")
SEED = (DOCS / "seed.md").read_text(encoding="utf-8")
CASES = {case.key: case for case in whole_suite()}


def test_every_profile_and_preset_is_on_the_page() -> None:
    assert not [name for name in names() if f"`{name}`" not in PROFILES]


def test_every_document_in_force_is_on_the_page() -> None:
    for row in Registry.load().all:
        if row.prefix.startswith("RFC"):
            assert re.search(rf"\b{row.prefix.removeprefix('RFC')}\b", PROFILES), row.prefix


def test_every_row_of_the_seed_document_is_mapped() -> None:
    rows = {row.id for row in Registry.load().all if row.prefix == "AUTH0"}
    assert set(re.findall(r"`(AUTH0-[^`]+)`", SEED)) == rows


def test_every_case_named_exists_and_every_sentence_has_one_that_cites_it() -> None:
    for line in SEED.splitlines():
        cited = re.search(r"`(AUTH0-[^`]+)`", line)
        if cited is None:
            continue
        patterns = re.findall(r"`([a-z0-9-]+/[a-z0-9*-]+)`", line)
        found = {p: [key for key in CASES if fnmatch(key, p)] for p in patterns}
        assert all(found.values()), found
        named = [CASES[key] for keys in found.values() for key in keys]
        assert any(cited[1] in case.cited for case in named), line
