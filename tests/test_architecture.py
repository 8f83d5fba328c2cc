"""The house stays one: no circles of imports, floors that hold, modules and folders of a size.

Imports count wherever they stand, also below `TYPE_CHECKING` and inside functions.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tokenspec.conformance.pages.architecture import ADVANCE, HEIGHT, NAME, SMALL, WIDTH, text
from tokenspec.conformance.pages.imports import (
    FOLDERS,
    ROOT,
    Module,
    cycles,
    read_modules,
)
from tokenspec.conformance.pages.rooms import FLOOR, FLOORS, ROOMS, room_imports, room_of

MOST_LINES, MOST_MODULES = 400, 22
SIZED = (*FOLDERS, "tests", "benchmarks")
MODULES = read_modules()
SVG = "{http://www.w3.org/2000/svg}"


def write(root: Path, **sources: str) -> dict[str, Module]:
    """The modules of a checkout with these sources, by dotted name with `__` for the dots."""
    for name, source in sources.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return read_modules(root)


def python_files(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]


def test_no_module_imports_itself_on_a_way_round() -> None:
    imports = {name: module.imports for name, module in MODULES.items()}
    assert cycles(imports) == []


def test_no_room_imports_itself_on_a_way_round() -> None:
    assert cycles(room_imports(MODULES)) == []


def test_every_room_is_on_a_floor() -> None:
    assert {room_of(name) for name in MODULES} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_lower_floors_alone(room: str) -> None:
    upwards = [
        f"{module.name} imports {name}"
        for module in MODULES.values()
        for name in sorted(module.imports)
        if room_of(module.name) == room != room_of(name) and FLOOR[room_of(name)] >= FLOOR[room]
    ]
    assert upwards == []


@pytest.mark.parametrize(
    ("room", "nothing_of"),
    [
        ("reports", ("conformance", "reference_server")),
        ("reference_server", ("conformance", "reports")),
        ("conformance.record", ("conformance.preflight", "conformance.run")),
        ("conformance.preflight", ("conformance.run",)),
        ("conformance.waivers", ("conformance.record", "conformance.run")),
        ("conformance.selftest", ("conformance.plugin",)),
        ("conformance.fuzz", ("conformance.plugin",)),
    ],
)
def test_what_a_room_never_knows_of(room: str, nothing_of: tuple[str, ...]) -> None:
    """Whatever the floors are moved to."""
    own = [module for module in MODULES.values() if _within(module.name, room)]
    known = sorted({name for module in own for name in module.imports})
    assert own
    assert [name for name in known if any(_within(name, other) for other in nothing_of)] == []


def _within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


@pytest.mark.parametrize("folder", SIZED)
def test_a_module_is_short(folder: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in python_files(folder)}
    assert lengths
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("folder", SIZED)
def test_a_folder_holds_few_modules(folder: str) -> None:
    parents = {path.parent for path in python_files(folder)}
    many = {str(parent): len(list(parent.glob("*.py"))) for parent in parents}
    assert {parent: number for parent, number in many.items() if number > MOST_MODULES} == {}


def test_imports_are_read_wherever_they_stand(tmp_path: Path) -> None:
    found = write(
        tmp_path,
        conformance__a="from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from tokenspec.conformance.b import B\n",
        conformance__b="def f():\n    from tokenspec.conformance import c\n",
        conformance__c="import tokenspec.reports.d\nfrom tokenspec import __version__\n",
        reports__d="import os\n",
    )
    assert {name: set(module.imports) for name, module in found.items()} == {
        "conformance.a": {"conformance.b"},
        "conformance.b": {"conformance.c"},
        "conformance.c": {"reports.d"},
        "reports.d": set(),
    }


def test_a_way_round_is_found(tmp_path: Path) -> None:
    found = write(
        tmp_path,
        conformance__a="from tokenspec.conformance.b import B\n",
        conformance__b="from tokenspec.conformance import c\n",
        conformance__c="from tokenspec.conformance.a import A\n",
        conformance__d="from tokenspec.conformance.a import A\n",
    )
    imports = {name: module.imports for name, module in found.items()}
    assert cycles(imports) == [["conformance.a", "conformance.b", "conformance.c"]]


def test_the_picture_has_every_room_and_its_text_fits() -> None:
    root = ET.fromstring(text())
    texts = list(root.iter(f"{SVG}text"))
    boxes = [box for box in root.iter(f"{SVG}rect") if box.get("width") == str(WIDTH)]
    assert len(boxes) == len(ROOMS)
    found_rooms = []
    for box in boxes:
        x, y = float(box.get("x", 0)), float(box.get("y", 0))
        inside = [
            found
            for found in texts
            if x <= float(found.get("x", 0)) <= x + WIDTH
            and y <= float(found.get("y", 0)) <= y + HEIGHT + SMALL
        ]
        name, lines, *said = inside
        found_rooms.append(name.text)
        assert len(f"{name.text}{lines.text} ") * NAME * ADVANCE < WIDTH
        assert said
        for line in said:
            assert float(line.get("y", 0)) < y + HEIGHT - 4
            assert len(str(line.text)) * SMALL * ADVANCE < WIDTH
    assert sorted(map(str, found_rooms)) == sorted(ROOMS)


def test_boxes_of_a_floor_stand_beside_each_other() -> None:
    root = ET.fromstring(text())
    places = sorted(
        (float(box.get("y", 0)), float(box.get("x", 0)))
        for box in root.iter(f"{SVG}rect")
        if box.get("width") == str(WIDTH)
    )
    assert len({y for y, _ in places}) == len(FLOORS)
    for (y, x), (next_y, next_x) in pairwise(places):
        assert next_y > y or next_x >= x + WIDTH


def test_the_page_on_the_architecture_is_short_and_its_paths_exist() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 120
    assert "docs/pictures/architecture.svg" in page
    paths = re.findall(r"`([a-z_]+/[\w./]*)`", page)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
