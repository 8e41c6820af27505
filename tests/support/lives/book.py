"""Who may get which mail now, kept by a test in the plainest way: from what people did, never by the service's code.

A run is known here by its number alone. Who said what, and until when, is this book's own reckoning.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

MONTH = timedelta(days=30)
OPEN_RUNS = ("awaiting_confirmation", "active")
ALL_MAIL, FOLLOW_UPS = "all mail", "follow-ups"
"""What the brake may hold back, beside single sequences by their names."""


@dataclass(kw_only=True)
class Rest:
    """Until when the follow-ups of a run stand still, and for which reasons."""

    until: datetime
    reasons: set[str]


@dataclass(kw_only=True)
class Book:
    """What stands now; an address is in its normalised spelling."""

    yes: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # address -> runs it agreed to
    unsubscribed: set[str] = field(default_factory=set)
    complained: set[str] = field(default_factory=set)
    bounced: dict[str, datetime] = field(default_factory=dict)  # until when
    goals: set[int] = field(default_factory=set)  # runs that a booking ended
    rests: dict[int, Rest] = field(default_factory=dict)
    brake: set[str] = field(default_factory=set)
    pressed: dict[str, datetime] = field(default_factory=dict)  # the button of a mail, at last
    asked: dict[str, datetime] = field(default_factory=dict)  # for the advice, at last
    advised: dict[str, datetime] = field(default_factory=dict)  # as above, where one was to come of it
    soft: dict[str, list[tuple[int, datetime]]] = field(default_factory=lambda: defaultdict(list))
    counted: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # each advice, for the caps
    worse: dict[str, date] = field(default_factory=dict)  # the day on which they last said so
    waiting: set[str] = field(default_factory=set)  # whose request for a pain check is open
    sent_again: Counter[str] = field(default_factory=Counter)  # Message-ID -> how often staff had it sent again
    told: Counter[str] = field(default_factory=Counter)  # how often "spam" and "nobody" were told

    def said_yes(self, address: str, run: int, now: datetime) -> None:
        """By the button in a mail."""
        self.yes[address].add(run)
        self.unsubscribed.discard(address)
        self.pressed[address] = max(now, self.pressed.get(address, now))

    def said_no(self, address: str) -> None:
        """By any road: to all follow-ups."""
        self.yes[address].clear()
        self.unsubscribed.add(address)

    def calls_it_spam(self, address: str) -> None:
        """A no to all mail, for good."""
        self.told["spam"] += 1
        self.yes[address].clear()
        self.complained.add(address)

    def has_no_mailbox(self, address: str, at: datetime, now: datetime) -> None:
        """As was told of that moment: no mail for thirty days, unless a button was pressed since."""
        self.told["nobody"] += 1
        if at + MONTH > now and self.pressed.get(address, at) <= at:
            self.is_turned_away(address, at)

    def is_turned_away(self, address: str, at: datetime) -> None:
        """By the server itself, as it was asked."""
        self.yes[address].clear()
        self.bounced[address] = max(at + MONTH, self.bounced.get(address, at))

    def comes_back(self, address: str, mail: int, at: datetime, now: datetime) -> None:
        """For now. Three different mails within thirty days: nobody is there."""
        told = self.soft[address]
        told.append((mail, at))
        moments = [end for _, end in told if len({each for each, when in told if end - MONTH < when <= end}) >= 3]
        if moments:
            self.has_no_mailbox(address, max(moments), now)

    def is_known_as_no(self, address: str) -> bool:
        """Did it ever say no, but for an unsubscribing that a button undid? Then a ticked box is not enough."""
        return address in self.unsubscribed | self.complained

    def rest(self, runs: Iterable[int], until: datetime, reason: str, now: datetime) -> None:
        """No follow-ups of these; no rest gets shorter."""
        for run in runs:
            old = self.rests.get(run)
            if old is None or old.until <= now:
                self.rests[run] = Rest(until=until, reasons={reason})
            else:
                self.rests[run] = Rest(until=max(until, old.until), reasons=old.reasons | {reason})

    def goes_on(self, runs: Iterable[int]) -> None:
        """Whatever these waited for is over."""
        for run in runs:
            self.rests.pop(run, None)

    def forgets(self, address: str, runs: Collection[int]) -> None:
        """Everything was erased; a no stays."""
        self.yes[address].clear()
        for known in (self.asked, self.advised, self.pressed, self.soft):
            known.pop(address, None)
        self.waiting.discard(address)
        self.goes_on(runs)

    def remembers_noes_of(self, other: Book) -> None:
        """This one is of an older backup: no "no" that was said since is forgotten."""
        for address in other.unsubscribed - self.unsubscribed:
            self.said_no(address)
        for address in other.complained - self.complained:
            self.calls_it_spam(address)
        for address, until in other.bounced.items():
            if address not in self.bounced or until > self.bounced[address]:
                self.is_turned_away(address, until - MONTH)

    def why_not(self, kind: str, address: str, run: int | None, sequence: str | None, now: datetime) -> str | None:
        """Why a mail of this kind may not leave for this address now; None where nothing stands in its way."""
        if ALL_MAIL in self.brake or (kind == "follow_up" and self.brake & {FOLLOW_UPS, sequence}):
            return "the brake is on"
        if address in self.complained:
            return "they called a mail of ours spam"
        if now < self.bounced.get(address, now):
            return "there is no such mailbox"
        return self._why_no_follow_up(address, run, now) if kind == "follow_up" else None

    def _why_no_follow_up(self, address: str, run: int | None, now: datetime) -> str | None:
        if address in self.unsubscribed:
            return "they said no"
        if run not in self.yes[address]:
            return "they did not say yes to this sequence"
        if run in self.goals:
            return "they have an appointment"
        rest = self.rests.get(run) if run is not None else None
        if rest is not None and now < rest.until:
            return f"it rests until {rest.until} ({', '.join(sorted(rest.reasons))})"
        return None
