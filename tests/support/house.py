"""A whole installation for a test: a database, published content, a clock to set, and a folder that mails land in."""

from __future__ import annotations

import asyncio
import email
import email.policy
import email.utils
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from service.domain.clock import RealClock
from service.domain.limits import parse_limits
from service.flows import publishing, signup, ticks
from service.flows.doctor_mail import Way
from service.flows.drafts import Draft, read_draft
from service.flows.opt_in_check import OptInRequest
from service.flows.sending import open_sender
from service.flows.services import Services
from service.mail.links import Keyring
from service.mail.mail_url import parse_mail_url
from service.mail.transport import open_transport
from service.store import events, leads, message_rows, reports
from service.store.db import open_database
from service.store.tables import Lead, Message, Table

ROOT = Path(__file__).resolve().parents[2]
BASE_URL = "https://praktijk.example"
SECRET_KEY = "a-first-key-for-tests-and-nothing-else-0123"
START = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Amsterdam; the clocks there change on the 29th."""


class FakeClock:
    """Stands still until a test moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.moment = now

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def advance(self, **by: float) -> datetime:
        """Move forward, as in `advance(days=2)`. Returns the new moment."""
        self.moment += timedelta(**by)
        return self.moment


@dataclass(frozen=True, kw_only=True)
class WrongClock(RealClock):
    """A machine's own clock that is off."""

    off_by: timedelta

    def now(self) -> datetime:
        """Real time, and what it is wrong by."""
        return super().now() + self.off_by


@dataclass(frozen=True, kw_only=True)
class House:
    """The parts of one installation. Nothing runs by itself: a test says when mail leaves and when time passes."""

    services: Services
    clock: FakeClock
    outbox: Path

    def with_changes(self, **changes: Any) -> House:
        """The same house with other parts, as in `with_changes(demo=True)`."""
        return replace(self, services=replace(self.services, **changes))

    def opt_in(self, address: str = "anna@example.org", **fields: Any) -> None:
        """An opt-in to the advice on lage-rug, both boxes ticked unless the fields say otherwise; commits."""
        given: dict[str, Any] = {"topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
        given |= {"email": address} | fields
        with self.services.database.transaction() as session:
            signup.register(session, self.services, OptInRequest(**given), self.clock.now())

    def send_due(self) -> int:
        """Hand over all that is due. Returns how many advices and follow-ups were accepted."""

        async def send() -> int:
            async with open_sender(self.services) as sender:
                return await sender.send_due()

        return asyncio.run(send())

    def tick(self, *, keep_house: bool = False) -> int:
        """Plan and send as of now, and keep house where asked. Returns how many advices and follow-ups left."""
        ticks.plan(self.services)
        sent = self._send_where_due()
        while ticks.plan(self.services):  # a run that waited for its last mail goes on
            sent += self._send_where_due()
        if keep_house:
            ticks.housekeeping(self.services)
        return sent

    def _send_where_due(self) -> int:
        """A sender that finds nothing costs as much as one for whom there is a mail."""
        with self.services.database.reading() as session:
            is_due = select(col(Message.id)).where(col(Message.state) == "due", col(Message.due_at) <= self.clock.now())
            found = session.execute(is_due.limit(1)).first()
        return self.send_due() if found else 0

    def live_through(self, *, keep_house: bool = False, **by: float) -> int:
        """Let this much time pass, with a tick at every due moment. Returns how many advices and follow-ups left.

        House is kept every fourth day, and at the end where that is what a test is about: each time is a hundred
        statements, and with one in each `tick` it took a third of all tests of flows.
        """
        target, kept = self.clock.now() + timedelta(**by), self.clock.now()
        sent = self.tick()
        while (moment := self._next_moment()) is not None and moment <= target:
            self.clock.moment = moment
            self._was_awake()
            again = moment - kept >= timedelta(days=4)
            kept = moment if again else kept
            sent += self.tick(keep_house=again)
        self.clock.moment = target
        self._was_awake()
        return sent + self.tick(keep_house=keep_house or target - kept >= timedelta(days=4))

    def _was_awake(self) -> None:
        """Its worker ticked all the while, though the clock jumped: this was no downtime."""
        with self.services.database.transaction() as session:
            events.set_fact(session, "worker_seen", {"at": self.clock.now().isoformat()})

    def mails(self, to: str | None = None) -> list[EmailMessage]:
        """What was handed over, oldest first; to one address, or all."""
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted(self.outbox.glob("*.eml"))
        ]
        return [mail for mail in found if to is None or recipient(mail) == to]

    def lead(self, address: str = "anna@example.org") -> Lead:
        """The lead of an address, as it is now."""
        with self.services.database.reading() as session:
            found = leads.by_address(session, address)
        assert found is not None, f"no lead {address}"
        return found

    def messages(self, address: str = "anna@example.org") -> list[Message]:
        """A lead's messages, oldest first."""
        with self.services.database.reading() as session:
            found = leads.by_address(session, address)
            return list(message_rows.of_lead(session, found.id)) if found else []

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, to compare two moments with."""
        with self.services.database.reading() as session:
            return {
                name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for name, table in Table.metadata.tables.items()
            }

    def _next_moment(self) -> datetime | None:
        with self.services.database.reading() as session:
            return reports.next_moment(session, after=self.clock.now())


@contextmanager
def open_house(database_url: str, folder: Path, *, published: bool = True, **changes: Any) -> Iterator[House]:
    """A house on a migrated database, its mails under `folder`; `changes` replace fields of Services."""
    clock = FakeClock()
    mails = folder / "outbox"
    services = Services(
        database=open_database(database_url),
        clock=clock,
        keyring=Keyring([SECRET_KEY]),
        suppression_key="a-suppression-key-for-tests-and-nothing-else",
        base_url=BASE_URL,
        mail_from="Solid Performance <advies@praktijk.example>",
        reply_to=None,
        content_dir=ROOT,
        limits=parse_limits(""),
        open_transport=partial(open_transport, f"file:{mails}"),
        ways=(file_way(mails),),
    )
    services = replace(services, **changes)
    try:
        if published:
            publish(services, clock.now())
        yield House(services=services, clock=clock, outbox=mails)
    finally:
        services.database.close()


def file_way(folder: Path) -> Way:
    """The way out into a folder, as a page tells of it."""
    url, _ = parse_mail_url(f"file:{folder}")
    assert url is not None
    return Way(setting="NURTURE_MAIL_URL", url=url, open=partial(open_transport, f"file:{folder}"))


def publish(services: Services, now: datetime) -> None:
    """Publish the shipped content."""
    with services.database.transaction() as session:
        draft = shipped()
        publishing.publish(session, services, draft, publishing.changes(session, draft), by="test", now=now)


@cache
def shipped() -> Draft:
    """The shipped content, compiled once for each process of the test run."""
    return read_draft(ROOT)


def recipient(mail: EmailMessage) -> str:
    """The one address in To."""
    return email.utils.parseaddr(str(mail["To"]))[1]


def part(mail: EmailMessage, kind: str) -> str:
    """The `plain` or the `html` part of a mail."""
    body = mail.get_body((kind,))
    assert body is not None, f"no {kind} part"
    return str(body.get_content())


def words(mail: EmailMessage) -> str:
    """What its text says, as one line."""
    return " ".join(part(mail, "plain").split())


def link(mail: EmailMessage, letter: str) -> str:
    """The mail's own link of one sort: c confirm, u unsubscribe, p my data, b pain check, a answer."""
    found = re.search(rf"https?://[^\s\"<>)\]]+/{letter}/[A-Za-z0-9_\-]+", part(mail, "plain"))
    assert found, f"no /{letter}/ link"
    return found[0]
