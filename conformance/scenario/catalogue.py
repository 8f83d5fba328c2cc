"""Where scenarios are, and how their files are named. Light: every pytest run imports it."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).resolve().parents[2] / "scenarios"  # a folder for each area
SCHEMA_NAME = "scenario-1.schema.json"  # by which a file elsewhere says that it holds scenarios


def shown_name(path: Path) -> str:
    """The one name of a file in messages and records, however the way to it was written.

    A bundled file has the name it has in the checkout, such as `scenarios/pkce/verifier.yaml`; any
    other its whole path, without links.
    """
    resolved = path.resolve()
    if resolved.is_relative_to(BUNDLED):
        return str(Path(BUNDLED.name) / resolved.relative_to(BUNDLED))
    return str(resolved)
