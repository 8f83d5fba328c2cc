"""The picture of the rooms: boxes on floors, an arrow from each room to those it builds on.

An import that follows from others (`cli` imports `target`, as `run` does below it) has no arrow.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape

from tokenspec.conformance.pages.imports import read_modules
from tokenspec.conformance.pages.layers import Sizes, Spot, placed
from tokenspec.conformance.pages.rooms import FLOOR, FLOORS, ROOMS, Room, room_imports, room_of

WIDTH, HEIGHT = 210, 76  # of a box
RISE, MARGIN = 58, 28  # between floors, around all
SIZES = Sizes(box=WIDTH, lane=18, gap=20)
NAME, SMALL = 15, 12  # sizes of text
ADVANCE = 0.54  # of a letter, in sizes, at most on average
COLUMNS = int((WIDTH - 24) / (SMALL * ADVANCE))  # letters of a line in a box
ROUNDED = 100  # lines; so that not every change of code changes the picture
# by floor, from the top: faces, the run, the play, data, what stands alone
FILLS = (
    "#e8e3fb", "#e8e3fb", "#e8e3fb", "#dcebff", "#dcebff",
    "#dcebff", "#dff3e4", "#dff3e4", "#fff1d6", "#eceff3",
)  # fmt: skip
LEGEND = (
    "An arrow leads to what a room builds on;",
    "arrows that follow from others are left out.",
    "The number in a box: its lines of code, about.",
)
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="12" \
font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">
<title>The rooms of tokenspec, and which builds on which</title>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0 0.8 7.4 4 0 7.2z" fill="#57606a"/></marker></defs>
<rect width="100%" height="100%" rx="10" fill="#ffffff" stroke="#d0d7de"/>
<g transform="translate({margin})">"""


def text() -> str:
    """The picture as SVG."""
    modules = read_modules()
    lines: Counter[str] = Counter()
    for module in modules.values():
        lines[room_of(module.name)] += module.lines
    names = [[room.name for room in floor] for floor in FLOORS]
    floors = placed(names, direct(room_imports(modules)), SIZES)
    spots = [spot for floor in floors for spot in floor]
    width = max(spot.x + spot.width / 2 for spot in spots) + 2 * MARGIN
    height = len(floors) * (HEIGHT + RISE) - RISE + 2 * MARGIN
    arrows = [arrow for spot in spots for arrow in _arrows(spot)]
    boxes = [line for spot in spots for line in _box(spot, lines)]
    parts = [_HEAD.format(width=round(width), height=height, margin=MARGIN), *arrows, *boxes]
    parts += [
        f'<text x="0" y="{height - MARGIN - 4 - 17 * number}" fill="#59636e">{line}</text>'
        for number, line in enumerate(reversed(LEGEND))
    ]
    parts.append("</g>\n</svg>")
    return "\n".join(parts) + "\n"


def direct(imports: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Of each room those it imports that no other of them leads to."""
    reached: dict[str, set[str]] = {}
    for room in sorted(imports, key=FLOOR.__getitem__):
        reached[room] = set(imports[room]).union(*(reached[other] for other in imports[room]))
    return {
        room: sorted(other for other in others if not any(other in reached[way] for way in others))
        for room, others in imports.items()
    }


def shown(room: Room) -> list[str]:
    """What a room is for, in lines that fit its box."""
    return textwrap.wrap(room.purpose, COLUMNS)


def _top(floor: int) -> int:
    return MARGIN + floor * (HEIGHT + RISE)


def _arrows(spot: Spot) -> Iterator[str]:
    """The arrows that begin at a room, each through its lanes to its end."""
    if not spot.name:
        return
    for number, below in enumerate(spot.below):
        x, y = _port(spot, number, len(spot.below)), _top(spot.floor) + HEIGHT
        path = f"M{x:.0f} {y}"
        above, end = spot, below
        while not end.name:
            path += _curve(x, y, end.x, _top(end.floor)) + f"V{_top(end.floor) + HEIGHT}"
            x, y = end.x, _top(end.floor) + HEIGHT
            above, end = end, end.below[0]
        port = _port(end, end.above.index(above), len(end.above))
        path += _curve(x, y, port, _top(end.floor) - 2)
        yield f'<path d="{path}" fill="none" stroke="#57606a" marker-end="url(#head)"/>'


def _port(spot: Spot, number: int, count: int) -> float:
    """Where the arrow of that number meets a box: they share its edge."""
    return spot.x + (number - (count - 1) / 2) * min(28, (WIDTH - 40) / max(count, 1))


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (y + to_y) / 2
    return f"C{x:.0f} {half:.0f} {to_x:.0f} {half:.0f} {to_x:.0f} {to_y}"


def _box(spot: Spot, lines: Mapping[str, int]) -> Iterator[str]:
    if not spot.name:
        return
    x, y, room = spot.x - WIDTH / 2, _top(spot.floor), ROOMS[spot.name]
    about = max(round(lines[room.name] / ROUNDED) * ROUNDED, ROUNDED)
    yield (
        f'<rect x="{x:.0f}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8" '
        f'fill="{FILLS[spot.floor]}" stroke="#57606a" stroke-opacity="0.45"/>'
    )
    yield (
        f'<text x="{x + 12:.0f}" y="{y + 23}" font-size="{NAME}" font-weight="600" '
        f'fill="#1f2328">{room.name}</text>'
    )
    yield (
        f'<text x="{x + WIDTH - 12:.0f}" y="{y + 23}" text-anchor="end" font-size="11" '
        f'fill="#59636e">{about:,}</text>'
    )
    for number, line in enumerate(shown(room)):
        at = f'x="{x + 12:.0f}" y="{y + 44 + 16 * number}"'
        yield f'<text {at} fill="#32383f">{escape(line)}</text>'
