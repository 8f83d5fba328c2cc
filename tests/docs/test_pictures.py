"""The pictures are small, whole and of a run as it is told today."""

from __future__ import annotations

import struct
from xml.etree import ElementTree as ET

from tests.docs.pages import text_of
from tests.docs.pictures import FOLDER, MOST_BYTES, PAGE_SIZE, svg

SVG = "{http://www.w3.org/2000/svg}"


def test_pictures_are_there_and_small() -> None:
    for name in ("run.svg", "audit.png"):
        assert f"docs/pictures/{name}" in text_of("README.md")
        assert 2_000 < (FOLDER / name).stat().st_size < MOST_BYTES


def test_the_terminal_is_text() -> None:
    root = ET.fromstring((FOLDER / "run.svg").read_text(encoding="utf-8"))
    said = ["".join(line.itertext()) for line in root.iter(f"{SVG}text")]
    assert any("FAIL (accepted)  code-used-twice/in-turn" in line for line in said)
    assert any("Does not conform" in line for line in said)
    assert not any(word in line for line in said for word in ("127.0.0.1", "file:", "Generated"))


def test_the_audit_page_is_a_photograph_of_that_size() -> None:
    head = (FOLDER / "audit.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == tuple(map(int, PAGE_SIZE.split(",")))


def test_colours_and_signs_of_markup_survive() -> None:
    root = ET.fromstring(svg("\x1b[1m\x1b[31mFAIL\x1b[0m <valid> & more\nGenerated file:///x\n"))
    rows = list(root.iter(f"{SVG}text"))
    assert ["".join(row.itertext()) for row in rows][1:] == ["FAIL <valid> & more"]
    assert rows[1][0].get("font-weight") == "bold"
