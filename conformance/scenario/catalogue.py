"""Where the bundled scenarios are. Light: imported by every pytest run of the environment."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).resolve().parents[2] / "scenarios"  # a folder for each area
SCHEMA_NAME = "scenario-1.schema.json"  # by which a file elsewhere says that it holds scenarios
