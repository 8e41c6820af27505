"""What befalls the installation: time, weather, a worker that dies, a clock that leaps, a backup that is put back."""

from __future__ import annotations

import copy
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from service.flows import retention, settling, ticks
from service.flows.handover import Begun
from service.store.tables import ErasedToken, Lead, Message
from tests.support import acts, backups
from tests.support.lives.book import ALL_MAIL, FOLLOW_UPS, Book
from tests.support.lives.far_side import OUTCOMES
from tests.support.lives.outside import Outside
from tests.support.lives.stage import PEOPLE, WHICH, act
from tests.support.lives.terms import Terms

WEATHER: st.SearchStrategy[list[str]] = st.one_of(st.just([]), st.lists(st.sampled_from(list(OUTCOMES)), max_size=4))
SOON = st.sampled_from([timedelta(minutes=20), timedelta(hours=3), timedelta(hours=9)])
DAYS = st.sampled_from([timedelta(days=days) for days in (1, 1, 2, 3, 16)])
LATE_ANSWERS = ("taken", "lost", "later", "content", "login")


class Hours(Outside):
    """Time goes on by these alone."""

    kept: tuple[Path, Book, Terms] | None = None  # the last backup, and what stood in the book then
    was_put_back = False
    in_flight: tuple[tuple[Begun, str], ...] = ()

    @act(by=SOON, weather=WEATHER)
    def hours_pass(self, by: timedelta, weather: list[str]) -> None:
        self.live(by, weather)

    @act(by=DAYS, weather=WEATHER)
    def days_pass(self, by: timedelta, weather: list[str]) -> None:
        self.live(by, weather)

    @act(by=DAYS)
    def calm_days_pass(self, by: timedelta) -> None:
        self.live(by, [])

    def live(self, by: timedelta, weather: Collection[str], *, keep_house: bool = True) -> None:
        """Workers run all the while; the next mails fare like this, and all others are taken."""
        self.far.weather.extend(weather)
        self.house.live_through(seconds=by.total_seconds(), keep_house=keep_house)
        if keep_house:
            self.house.tick(keep_house=False)  # what it had to tell leaves at once as well
        if not weather:
            self.nothing_waits()
        self.far.weather.clear()

    @act(by=st.sampled_from([timedelta(hours=7), timedelta(days=2), timedelta(days=200)]))
    def the_machine_is_off(self, by: timedelta) -> None:
        self.house.clock.moment += by
        self.house.tick()

    @act(by=st.sampled_from([timedelta(minutes=5), timedelta(hours=2), timedelta(hours=26)]))
    def the_clock_is_put_back(self, by: timedelta) -> None:
        self.house.clock.moment -= by
        self.house.tick()

    @act()
    def processes_start_anew(self) -> None:
        self.start_anew()

    @act()
    def house_is_kept(self) -> None:
        ticks.housekeeping(self.house.services)
        retention.run(self.house.services, self.now)

    @act(most=st.integers(1, 3), outcome=st.sampled_from(LATE_ANSWERS))
    def a_worker_hangs(self, most: int, outcome: str) -> None:
        """It has handed mails over, and does not say what became of them yet."""
        for begun in acts.hand_over(self.house, f"worker-{self.now}-{len(self.in_flight)}", limit=most):
            self.far.handed(begun.mail, "lost" if outcome == "taken" else outcome)
            self.in_flight += ((begun, outcome),)

    @act(which=WHICH)
    def its_answer_comes_late(self, which: int) -> None:
        if not self.in_flight:
            return
        begun, outcome = self.in_flight[which % len(self.in_flight)]
        self.in_flight = tuple(each for each in self.in_flight if each[0] is not begun)
        said = OUTCOMES[outcome]()
        acts.commit(self.house, acts.settle, self.house.services, begun, said, self.now, datetime.now(UTC))
        if outcome == "taken":
            self.far.taken.add(begun.mail.message_id)

    @act()
    def it_is_given_up(self) -> None:
        self.gives_up()

    def gives_up(self) -> None:
        """Its lease ran out."""
        acts.commit(self.house, settling.reap, self.now, datetime.now(UTC) + timedelta(minutes=1))

    @act()
    def a_backup_is_made(self) -> None:
        backups.keep_keys(self.house)
        file = self.house.outbox.parent / f"backup-{len(self.far.arrived)}-{self.now:%d%H%M%S%f}.zip"
        if not file.exists():
            backups.make(self.house, file)
            self.kept = file, copy.deepcopy(self.book), copy.deepcopy(self.terms)

    @act()
    def a_backup_is_put_back(self) -> None:
        """Once: it takes long. What was said since is known no more, but for each no; and no mail leaves until staff
        say so."""
        if self.kept is None or self.was_put_back:
            return
        file, book, terms = self.kept
        before = copy.deepcopy(self.book)
        gone = {row.public_id for row in self.all_of(ErasedToken)}
        backups.restore(self.house, file, replace=True)
        self.start_anew()
        self.in_flight, self.was_put_back = (), True
        vars(self.book).update(vars(copy.deepcopy(book)))
        vars(self.terms).update(vars(copy.deepcopy(terms)))
        self.book.remembers_noes_of(before)
        self.book.brake |= {ALL_MAIL, FOLLOW_UPS}
        assert gone <= {row.public_id for row in self.all_of(ErasedToken)}, "who was erased is known no more"
        assert not any(lead.public_id in gone for lead in self.rows(Lead)), "somebody who was erased is back"
        for who in PEOPLE:
            if self.lead(who) is None:
                self.book.forgets(who, ())
        there = {row.public_id for row in self.all_of(ErasedToken)} | {row.public_id for row in self.rows(Message)}
        self.far.arrived = [mail for mail in self.far.arrived if mail.public_id in there]
