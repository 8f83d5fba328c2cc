"""Every page that is made from the code, by its place under docs/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tokenspec.conformance.pages import (
    architecture,
    checks,
    commands,
    errors,
    formats,
    python,
    scenarios,
    verdicts,
)
from tokenspec.conformance.selftest import page as requirements
from tokenspec.conformance.target import reference as target_file

DOCS = Path(__file__).resolve().parents[2] / "docs"
AGAIN = "python -m tokenspec.conformance.pages"
PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "pictures/architecture.svg": architecture.text,
        "target-file.md": target_file.reference,
        "requirements.md": requirements.text,
        "reference/commands.md": commands.text,
        "reference/scenarios.md": scenarios.text,
        "reference/checks.md": checks.text,
        "reference/verdicts.md": verdicts.text,
        "reference/errors.md": errors.text,
        "reference/formats.md": formats.text,
        "reference/python.md": python.text,
    }
)
