"""Where each bar of a picture stands: numbers for an SVG, which has its words and colours elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 132
_LEFT, _TOP, _BOTTOM = 30, 8, 20
_STEPS = (1, 2, 3, 4, 6, 8)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, in the picture's own units; `told` is what it says when somebody points at it."""

    x: float
    y: float
    width: float
    height: float
    told: str
    front: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line across, with the number it stands for."""

    y: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """Words under the bars."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars over time. Where there is a second series it stands in front of the first, and narrower."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    left: float = _LEFT
    right: float = WIDTH
    width: int = WIDTH
    height: int = HEIGHT


def chart(days: Sequence[str], series: Sequence[Sequence[int]], told: Sequence[str]) -> Chart:
    """A picture of one or two series of the same length. `days` names each place, `told` says what is there."""
    top = _round_up(max((max(each, default=0) for each in series), default=0))
    room, floor = (WIDTH - _LEFT) / max(len(days), 1), HEIGHT - _BOTTOM

    def height(value: int) -> float:
        return round((floor - _TOP) * value / top, 1)

    bars = []
    for front, values in enumerate(series):
        wide = room * (0.8 if not front else 0.44)
        for place, value in enumerate(values):
            if value:
                bars.append(
                    Bar(
                        x=round(_LEFT + room * place + (room - wide) / 2, 1),
                        y=round(floor - height(value), 1),
                        width=round(wide, 1),
                        height=height(value),
                        told=told[place],
                        front=bool(front),
                    )
                )
    lines = tuple(Line(y=round(floor - height(each), 1), label=str(each)) for each in (0, top // 2, top))
    return Chart(bars=tuple(bars), lines=lines, labels=_labels(days, room))


def _labels(days: Sequence[str], room: float) -> tuple[Label, ...]:
    """The first day, the last, and one between them where there is room."""
    if not days:
        return ()
    last = len(days) - 1
    places = {0: "start", last: "end"} if last < 4 else {0: "start", last // 2: "middle", last: "end"}
    at = {"start": 0.0, "middle": room / 2, "end": room}
    return tuple(
        Label(x=round(_LEFT + room * place + at[anchor], 1), text=days[place], anchor=anchor)
        for place, anchor in places.items()
    )


def _round_up(most: int) -> int:
    """A round and even number that is no less: 4, 6, 8, 10, 20, 30 and so on. One alone is never a tower."""
    size = 1
    while True:
        for step in _STEPS:
            if max(most, 4) <= step * size:
                return step * size
        size *= 10


def shares(counts: Sequence[int], whole: int | None = None) -> tuple[tuple[float, float], ...]:
    """(begin, width) of each part of a bar of 100 wide, in their order; of `whole`, or of all of them together."""
    of = max(whole if whole is not None else sum(counts), 1)
    found, begin = [], 0.0
    for count in counts:
        wide = round(100 * count / of, 2)
        found.append((round(begin, 2), wide))
        begin += wide
    return tuple(found)
