"""`python -m tokenspec.conformance.pages [DIR]` writes every made page, into docs/ by default."""

from __future__ import annotations

import sys
from pathlib import Path

from tokenspec.conformance.pages.catalogue import DOCS, PAGES


def main() -> None:
    """Write them and say which."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    for name, text in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
