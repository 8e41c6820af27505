"""What `bench/year.py` found at a moment of the year, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COMES = ("lead", "opt_in", "consent", "withdrawal", "enrolment", "message", "attempt", "feedback_event", "timeline")
STAYS = ("receipt", "erased_token", "suppression", "audit")
STEADY_DAYS = 27 + 183
_TEN_YEARS = 520  # weeks
HEAD = (
    "weeks   leads  messages | come and go: rows     MB | stay: rows    MB | plan tick, none due   | plan tick, 500 due"
    "    | a minute of housekeep | a look for the day's  | the day's retention of so many leads"
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """One table: rows as VACUUM counted them, and bytes of it and of its indexes."""

    rows: int
    table: int
    indexes: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds by the clock, and the pages of 8 kB that PostgreSQL looked at, which depend on no other load."""

    seconds: float
    pages: int

    def __str__(self) -> str:
        return f"{1000 * self.seconds:7,.0f} ms {self.pages:8,} p"


@dataclass(frozen=True, kw_only=True)
class Period:
    """What is there after so many weeks, and what the ticks cost then. `erased`: how many leads the daily one took."""

    weeks: int
    sizes: dict[str, Size]
    plan_idle: Cost
    plan_due: Cost
    look: Cost
    daily: Cost
    erased: int
    minute: Cost

    def of(self, tables: Sequence[str]) -> tuple[int, float]:
        """Rows, and MB with the indexes, of these tables."""
        mine = [self.sizes[name] for name in tables]
        return sum(each.rows for each in mine), sum(each.table + each.indexes for each in mine) / 1e6


def line(period: Period) -> str:
    """One moment."""
    (moving, moving_mb), (kept, kept_mb) = period.of(COMES), period.of(STAYS)
    return (
        f"{period.weeks:5} {period.sizes['lead'].rows:7,} {period.sizes['message'].rows:9,} |"
        f" {moving:17,} {moving_mb:6,.0f} | {kept:10,} {kept_mb:5,.0f} | "
        f"{period.plan_idle} | {period.plan_due} | {period.minute} | {period.look} | {period.daily} {period.erased:3}"
    )


def print_tables(periods: Sequence[Period]) -> None:
    """Each table at the end, beside the first look at which as many go as come."""
    last = periods[-1]
    steady = next((each for each in periods if each.weeks * 7 > STEADY_DAYS + 7), last)
    print(f"\ntable              rows  MB table  indexes   B a row   MB at {last.weeks} weeks / at {steady.weeks}")
    for name in sorted(last.sizes, key=lambda name: -last.sizes[name].table - last.sizes[name].indexes):
        size, before = last.sizes[name], steady.sizes[name]
        whole = size.table + size.indexes
        if size.rows > 0:
            print(
                f"{name:<15} {size.rows:8,} {size.table / 1e6:9.1f} {size.indexes / 1e6:8.1f}"
                f" {whole / size.rows:9.0f}   {whole / (before.table + before.indexes):.2f}"
                f"{'   never removed' if name in STAYS else ''}"
            )
    grown = [one - other for one, other in zip(last.of(STAYS), periods[-2:][0].of(STAYS), strict=True)]
    rows, megabytes = (each * _TEN_YEARS / (last.weeks - periods[-2:][0].weeks or last.weeks) for each in grown)
    print(f"never removed, in ten years at the rate of the last weeks: {rows:,.0f} rows, {megabytes / 1000:.1f} GB")
