"""What the pages of this room are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from service.flows.results import SequenceResult, Together
from service.flows.results_by_week import Week
from service.web.studio.results.charts import Chart
from service.web.studio.views import StudioPage


@dataclass(frozen=True, kw_only=True)
class Version:
    """One of the versions of a step's mail: how many booked, how sure that is, and a bar of its share of bookings."""

    name: str
    sure: str
    wide: float


@dataclass(frozen=True, kw_only=True)
class Step(Together):
    """One step of a sequence, with each mail it sends. `wide` is the width of its bar of a hundred.

    `versions` where it has several that were sent; `said` compares them.
    """

    title: str
    wide: float
    versions: tuple[Version, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def booked(self) -> int:
        """How many bookings are to its credit."""
        return sum(mail.booked for mail in self.mails)

    @property
    def before_split(self) -> int:
        """How many mails of it are of before it had these versions."""
        return sum(mail.accepted for mail in self.mails if mail.before_split)

    @property
    def said_something(self) -> bool:
        """Did anything come of it that is worth a word?"""
        came = self.bounced or self.left or self.requests or self.booked
        return bool(came or any(self.answers.values()))


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """A sequence in five lines: (how many, how wide its bar is) of each."""

    found: SequenceResult
    opt_ins: float
    confirmed: float
    mails: float
    booked: float


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A picture over time: which one, and whether there is anything in it."""

    name: str
    chart: Chart
    is_empty: bool


@dataclass(frozen=True, kw_only=True)
class WeekRow:
    """A week in the table under the pictures."""

    day: str
    week: Week


@dataclass(frozen=True, kw_only=True)
class ResultsPage(StudioPage):
    """How every sequence does. `weeks` is the period; `counted_at` as of when."""

    template: ClassVar[str] = "studio/results/all.html"

    weeks: int
    periods: tuple[int, ...]
    funnels: tuple[Funnel, ...]
    held_back: frozenset[str]
    counted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SequencePage(StudioPage):
    """How one sequence does. `answers` are (how often, begin, width) of better, same and worse; `few`: say so.

    `held_back`: by its own brake; `all_held_back`: by that of the first page.
    """

    template: ClassVar[str] = "studio/results/sequence.html"

    weeks: int
    periods: tuple[int, ...]
    found: SequenceResult
    funnel: Funnel
    steps: tuple[Step, ...]
    pictures: tuple[Drawn, ...]
    rows: tuple[WeekRow, ...]
    answers: tuple[tuple[int, float, float], ...]
    answers_kept: int  # days; 0 where the period is no longer than that
    few: bool
    held_back: bool
    all_held_back: bool
    counted_at: datetime
