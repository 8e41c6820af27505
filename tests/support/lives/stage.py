"""What all acts of a life share: the house, its website, everybody's mailboxes, the book, and looks at the rows."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlmodel import select
from starlette.testclient import TestClient

from service.domain.limits import parse_limits
from service.errors import NurtureError, UnavailableError
from service.flows import ticks
from service.flows.published import Published
from service.store import leads, reports
from service.store.tables import Enrolment, Lead, Message, Table
from tests.support import comes_in
from tests.support.house import House
from tests.support.lives.book import OPEN_RUNS, Book
from tests.support.lives.far_side import FarSide, Mail
from tests.support.lives.terms import Terms
from tests.support.transports import Network
from tests.support.website import website

Opened = Callable[[], AbstractContextManager[House]]
PEOPLE = {
    "quirijn.q@alpha.example": "Quirijn",
    "wilhelmien@beta.example": "Wilhelmien",
    "yfkelina@gamma.example": "Yfkelina",
}
"""Address -> first name, neither of which stands anywhere else."""
CAPS = "address=3/1h,6/24h; network=9999/h; domain=9999/h; all=9999/h"
WHO = st.sampled_from(list(PEOPLE))
SOON = timedelta(days=4)
PLANNED = -1
AFTER = st.sampled_from((0, 0, 1, 2, PLANNED, PLANNED))
"""Days; or the next mail lies in the outbox, and no sender has come by yet."""
WHICH = st.integers(0, 30)
"""Of several things the one an act is about: the newest is 0, and counting goes round."""
_STAFF_ONLY = ("revision", "media", "staff")
_LINK = re.compile(r"https://praktijk\.example(/([cupbad])/[A-Za-z0-9_-]+)")
_T = TypeVar("_T")


def act(**given: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule, `after` some days; what the service refuses in words is no failure, and changes nothing."""

    def made(work: Callable[..., None]) -> Callable[..., None]:
        def done(stage: Stage, after: int, **drawn: Any) -> None:
            stage.is_well = False
            try:
                if after == PLANNED:
                    stage.plan_the_next()
                elif after:
                    stage.live(timedelta(days=after), [], keep_house=False)
                work(stage, **drawn)
            except UnavailableError:
                raise
            except NurtureError as error:
                stage.refusals.append(f"{work.__name__}: {error.english}")
            stage.keep_up()

        done.__name__, done.__doc__ = work.__name__, work.__doc__
        arguments: dict[str, Any] = {"after": AFTER, **given}
        wrap: Any = rule(**arguments)
        made_rule: Callable[..., None] = wrap(done)
        return made_rule

    return made


class Stage(RuleBasedStateMachine):
    """One house, and those who live by it."""

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self._open = ExitStack()
        house = comes_in.with_mailboxes(self._open.enter_context(opened()))
        house = house.with_changes(limits=parse_limits(CAPS), alert_to=("melding@praktijk.example",))
        network = Network()
        self.house = house.with_changes(open_transport=network.open)
        self.book, self.terms = Book(), Terms()
        self.far = FarSide(self.house, self.book, self.terms)
        network.answer = self.far.answer
        self.start_anew()
        self.refusals: list[str] = []
        self._links: dict[str, dict[str, str]] = {}
        self.is_well = False  # nothing failed so far: what holds at the end may be looked at

    @property
    def now(self) -> datetime:
        """By the house's clock."""
        return self.house.clock.now()

    def start_anew(self) -> None:
        """Every process: nothing is known but what the database holds."""
        self.house = self.far.house = self.house.with_changes(published=Published())
        self.client: TestClient = website(self.house)

    # what is there

    def rows(self, table: type[_T], *where: Any) -> list[_T]:
        """Rows of a table, oldest first."""
        return sorted(self.all_of(table, *where), key=attrgetter("id"))

    def all_of(self, table: type[_T], *where: Any) -> list[_T]:
        """Rows of a table, in no order."""
        with self.house.services.database.reading() as session:
            return list(session.exec(select(table).where(*where)))

    def lead(self, address: str) -> Lead | None:
        """As she is now; None where she is none."""
        with self.house.services.database.reading() as session:
            return leads.by_address(session, address)

    def runs(self, address: str, *states: str) -> list[Enrolment]:
        """Of a person, oldest first; in these states, or in any."""
        lead = self.lead(address)
        found = self.rows(Enrolment, Enrolment.lead_id == lead.id) if lead else []
        return [run for run in found if not states or run.state in states]

    def open_runs(self, address: str) -> list[int]:
        """The numbers of those that are under way."""
        return [run.id for run in self.runs(address, *OPEN_RUNS)]

    def everything(self) -> dict[str, list[str]]:
        """Every row but what staff made, as text."""
        tables = {name: table for name, table in Table.metadata.tables.items() if name not in _STAFF_ONLY}
        with self.house.services.database.reading() as session:
            return {name: sorted(map(repr, session.execute(table.select()))) for name, table in tables.items()}

    # what people do with what they have

    @staticmethod
    def pick(among: Sequence[_T], which: int) -> _T | None:
        """One of these, the newest for 0; None where there is none."""
        return among[-1 - which % len(among)] if among else None

    def mails(self, address: str, *kinds: str) -> list[Mail]:
        """What arrived for a person, oldest first, also of before she was erased."""
        return [mail for mail in self.far.arrived if mail.address == address and (not kinds or mail.kind in kinds)]

    def links(self, mail: Mail) -> dict[str, str]:
        """Letter -> path, of the links in a mail."""
        if mail.name not in self._links:
            parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
            body = parsed.get_body(("plain",))
            found = _LINK.findall(body.get_content() if body else "")
            self._links[mail.name] = {letter: path for path, letter in found}
        return self._links[mail.name]

    def press(self, path: str, **fields: str) -> str:
        """A button of a page, or a mail program's one click. Returns the page."""
        answer = self.client.post(path, data=fields)
        assert answer.status_code == 200, f"{path} {fields}: {answer.status_code} {answer.text[-300:]}"
        return answer.text

    def link_of(self, address: str, letter: str, which: int) -> str | None:
        """A link of one sort, of the mail that this is about."""
        found = [mail for mail in self.mails(address) if letter in self.links(mail)]
        mail = self.pick(found, which)
        return self.links(mail)[letter] if mail else None

    # after each act

    def live(self, by: timedelta, weather: Collection[str], *, keep_house: bool = True) -> None:
        """Time passes."""

    def plan_the_next(self) -> None:
        """On to the next moment at which something is due, and no further."""
        with self.house.services.database.reading() as session:
            moment = reports.next_moment(session, after=self.now)
        if moment is not None and moment < self.now + SOON:
            self.house.clock.moment = moment
            ticks.plan(self.house.services)

    def nothing_waits(self) -> None:
        """Workers ran and all was taken: what was due has left."""

    def keep_up(self) -> None:
        """Bring the book up to what the service may do of its own accord: erase whose time is over, pull the brake."""

    def nothing_is_left_of(self, words: Collection[str]) -> None:
        """None of these may stand in any row."""
        for table, rows in self.everything().items():
            for row in rows:
                for word in words:
                    assert word.lower() not in row.lower(), f"{word} is left in {table}: {row}"

    def message(self, number: int) -> Message | None:
        """One mail as it is now."""
        return next(iter(self.rows(Message, Message.id == number)), None)
