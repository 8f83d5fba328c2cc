"""Boxes on floors and arrows between them, placed so that few arrows cross.

An arrow over several floors takes a lane through each that it passes. Lanes and boxes are ordered
by where their neighbours are, from the top and from the bottom in turn: the same each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

SWEEPS = 60
SETTLING = 2  # last sweeps, which move and do not reorder


@dataclass(slots=True)
class Spot:
    """What takes room on a floor: a box of this name, or the lane of an arrow (no name)."""

    name: str
    floor: int  # counted from the top
    width: float
    x: float = 0.0  # of its middle
    above: list[Spot] = field(default_factory=list, repr=False)  # where its arrows come from
    below: list[Spot] = field(default_factory=list, repr=False)  # and where they go


@dataclass(frozen=True, slots=True)
class Sizes:
    """How wide boxes and lanes are, and how far apart."""

    box: float
    lane: float
    gap: float


def placed(
    names: Sequence[Sequence[str]], arrows: Mapping[str, Iterable[str]], sizes: Sizes
) -> list[list[Spot]]:
    """The spots of every floor from the left, the leftmost edge of all at 0.

    Args:
        names: the boxes of every floor, from the top.
        arrows: of each box those it points to, on lower floors.
        sizes: of what is placed.
    """
    floors = _floors(names, arrows, sizes)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for floor in floors if down else reversed(floors):
            if sweep < SWEEPS - SETTLING:
                floor.sort(key=lambda spot: _wanted(spot, down=down))
            _spread(floor, [_wanted(spot, down=down) for spot in floor], sizes.gap)
    spots = [spot for floor in floors for spot in floor]
    left = min(spot.x - spot.width / 2 for spot in spots)
    for spot in spots:
        spot.x -= left
    for spot in spots:
        spot.above.sort(key=attrgetter("x"))
        spot.below.sort(key=attrgetter("x"))
    return floors


def _floors(
    names: Sequence[Sequence[str]], arrows: Mapping[str, Iterable[str]], sizes: Sizes
) -> list[list[Spot]]:
    floors = [[Spot(name, n, sizes.box) for name in floor] for n, floor in enumerate(names)]
    boxes = {spot.name: spot for floor in floors for spot in floor}
    for box in boxes.values():
        for name in arrows[box.name]:
            above, end = box, boxes[name]
            for number in range(above.floor + 1, end.floor):
                lane = Spot("", number, sizes.lane)
                floors[number].append(lane)
                _join(above, lane)
                above = lane
            _join(above, end)
    for floor in floors:
        _spread(floor, [0.0] * len(floor), sizes.gap)
    return floors


def _join(above: Spot, below: Spot) -> None:
    above.below.append(below)
    below.above.append(above)


def _wanted(spot: Spot, *, down: bool) -> float:
    """The middle of its neighbours on the side that was placed last."""
    others = spot.above if down else spot.below
    return _mean([other.x for other in others]) if others else spot.x


def _spread(floor: Sequence[Spot], wanted: Sequence[float], gap: float) -> None:
    """Put each as near to where it is wanted as those beside it let it, in their order."""
    offsets, reach = [], 0.0
    for number, spot in enumerate(floor):
        reach += spot.width / 2 + (gap + floor[number - 1].width / 2 if number else 0)
        offsets.append(reach)
    # but for the offsets places may not descend: those that would share their middle
    groups: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        groups.append([want - offset])
        while len(groups) > 1 and _mean(groups[-2]) > _mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    starts = [_mean(group) for group in groups for _ in group]
    for spot, offset, start in zip(floor, offsets, starts, strict=True):
        spot.x = start + offset


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
