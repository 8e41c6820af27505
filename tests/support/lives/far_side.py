"""Everybody's mailboxes: takes what is handed over as the weather is, and holds each mail against the book."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import select

from service.mail.transport import OutboundMail, SendResult
from service.store.tables import Enrolment, Message
from tests.support import transports
from tests.support.house import House
from tests.support.lives.almanac import local_day
from tests.support.lives.book import Book
from tests.support.lives.terms import Terms

OUTCOMES: Mapping[str, Any] = MappingProxyType(
    {
        "taken": transports.accepted,
        "lost": transports.lost_after_the_dot,
        "later": transports.refused_for_now,
        "content": transports.refused_content,
        "nobody": transports.no_such_mailbox,
        "policy": transports.refused_by_policy,
        "login": transports.login_refused,
    }
)
_ARRIVED = ("taken", "lost")
_MOST = {"advice": 3, "follow_up": 1, "service": 1}
"""How often one mail may arrive where its fate is unknown each time."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail at the far side. `began`: when its run did, which tells two runs of one number apart."""

    number: int
    public_id: str
    name: str  # its Message-ID
    kind: str
    address: str
    run: int | None
    sequence: str | None
    step: str | None
    began: datetime | None
    revision: int
    at: datetime
    data: bytes


class FarSide:
    """What lies behind every transport of one life. `problems` is what may never be seen here."""

    def __init__(self, house: House, book: Book, terms: Terms) -> None:
        self.house, self.book, self.terms = house, book, terms
        self.weather: deque[str] = deque()  # what becomes of the next mails; then all are taken
        self.problems: list[str] = []
        self.arrived: list[Mail] = []
        self.taken: set[str] = set()  # Message-IDs that we were told were taken
        self.times: Counter[str] = Counter()  # Message-ID -> how often it arrived
        self.days: dict[tuple[str, date], set[str]] = defaultdict(set)
        self.steps: dict[tuple[object, ...], set[str]] = defaultdict(set)
        self.nobody: list[tuple[datetime, str]] = []  # whom a server did not know, and the book does not know of yet

    def answer(self, mail: OutboundMail, _before: int) -> SendResult:
        """As a transport tells it."""
        outcome = self.weather.popleft() if self.weather else "taken"
        self.handed(mail, outcome)
        result: SendResult = OUTCOMES[outcome]()
        return result

    def handed(self, outbound: OutboundMail, outcome: str) -> None:
        """A worker hands this over, and this becomes of it."""
        now = self.house.clock.now()
        self.hear(before=now)
        mail = self._known(outbound, now)
        if mail is None:
            self.problems.append(f"{outbound.message_id} is no mail of the ledger's")
            return
        self._may_leave(mail)
        if outcome in _ARRIVED:
            self._arrives(mail)
        if outcome == "taken":
            self.taken.add(mail.name)
        if outcome == "nobody":
            self.nobody.append((now, mail.address))

    def hear(self, *, before: datetime | None = None) -> None:
        """Tell the book whom a server did not know: what was handed over together with that mail was under way."""
        heard = [each for each in self.nobody if before is None or each[0] < before]
        self.nobody = [each for each in self.nobody if each not in heard]
        for at, address in heard:
            self.book.told["nobody"] += 1
            self.book.is_turned_away(address, at)

    def _known(self, outbound: OutboundMail, now: datetime) -> Mail | None:
        with self.house.services.database.reading() as session:
            row = session.exec(select(Message).where(Message.message_id == outbound.message_id)).first()
            if row is None or row.recipient != outbound.recipient:
                return None
            run = session.get(Enrolment, row.enrolment_id) if row.enrolment_id is not None else None
            return Mail(
                number=row.id,
                public_id=row.public_id,
                name=row.message_id,
                kind=row.kind,
                address=row.recipient,
                run=row.enrolment_id,
                sequence=row.sequence,
                step=row.step,
                began=run.created_at if run else None,
                revision=row.revision_id,
                at=now,
                data=bytes(outbound.data),
            )

    def _may_leave(self, mail: Mail) -> None:
        told = f"{mail.kind} {mail.number} ({mail.step}) to {mail.address} at {mail.at}"
        if why := self.book.why_not(mail.kind, mail.address, mail.run, mail.sequence, mail.at):
            self.problems.append(f"{told}: {why}")
        if mail.kind == "follow_up" and not self.terms.plans[mail.revision].hours.hold(mail.at, self.terms.closed):
            self.problems.append(f"{told}: outside its hours")
        if mail.name in self.taken and not self.book.sent_again[mail.name]:
            self.problems.append(f"{told}: it had been taken before")

    def _arrives(self, mail: Mail) -> None:
        again = self.book.sent_again[mail.name]
        self.arrived.append(mail)
        self.times[mail.name] += 1
        if self.times[mail.name] > _MOST[mail.kind] * (1 + again):
            self.problems.append(f"{mail.kind} {mail.number} to {mail.address} arrives {self.times[mail.name]} times")
        if mail.kind != "follow_up":
            return
        today = self.days[mail.address, local_day(mail.at)]
        today.add(mail.name)
        if len(today) > 1:
            self.problems.append(f"two follow-ups to {mail.address} on {local_day(mail.at)}")
        step = self.steps[mail.address, mail.sequence, mail.began, mail.step]
        step.add(mail.name)
        if len(step) > 1 and not again:
            self.problems.append(f"step {mail.step} of {mail.sequence} twice to {mail.address}")
