"""Several workers on one database, none of them well-behaved: each step leaves once all the same (ACCEPTANCE L5)."""

from __future__ import annotations

import asyncio
import contextvars
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Self

import pytest
from sqlmodel import col, select

from service.flows import ticks
from service.flows.published import Published
from service.flows.sending import open_sender
from service.flows.services import Bell, Services
from service.mail.transport import OutboundMail, SendResult
from service.store import db
from service.store.db import open_database
from service.store.tables import Message
from tests.support import acts, cases
from tests.support.drafts import publish, with_steps
from tests.support.house import FakeClock, House
from tests.support.older_worker import OlderWorker
from tests.support.transports import Network, accepted

HOUR = timedelta(hours=1)
EVERY_DAY = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:30",
    "to": "23:30",
    "skip_holidays": False,
}
STEPS = ("a", "b")
TICKS = ("plan", "send", "send", "reap", "reap", "housekeeping")
_off_by = contextvars.ContextVar("_off_by", default=timedelta(0))


class _MachineTime(datetime):
    """`datetime`, on a machine whose clock is off; which machine, the thread's context says."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Wrong by what this worker is wrong by."""
        return super().now(tz) + _off_by.get()


@dataclass(frozen=True, kw_only=True)
class _WrongClock:
    """The service's clock, as a worker sees it that is off."""

    right: FakeClock
    off_by: timedelta

    def now(self) -> datetime:
        """Off."""
        return self.right.now() + self.off_by


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """What a process would be: its own connections, caches and clock."""

    services: Services
    off_by: timedelta

    def live(self, order: list[str], together: threading.Barrier) -> None:
        """One moment of its life: these ticks, one after the other; some twice, some not at all."""
        _off_by.set(self.off_by)
        together.wait(30)
        for tick in order:
            if tick == "send":
                asyncio.run(self._send())
            else:
                getattr(ticks, tick)(self.services)

    async def _send(self) -> None:
        async with open_sender(self.services) as sender:
            await sender.send_due()


@pytest.mark.parametrize("workers", [4] if cases.of_everything() else [2, 4])
def test_each_step_leaves_once_whatever_ticks_clocks_and_stalls_do(
    house: House, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not house.services.database.is_sqlite:  # on SQLite all workers are on one machine, and have its clock
        monkeypatch.setattr(db, "datetime", _MachineTime)
    publish(house, with_steps(*({"key": key, "wait": "1 day"} for key in STEPS), window=EVERY_DAY))
    network = Network(delay=0.02)
    addresses = [f"lead{number}@example.org" for number in range(8)]
    chance = random.Random(workers)
    crew = [_worker(house, network, off_by) for off_by in (HOUR, -HOUR, timedelta(0), timedelta(0))[:workers]]
    together = threading.Barrier(workers + 1)
    began = 0
    try:
        for round_number in range(32):
            house.clock.advance(hours=2)
            if newcomer := dict(enumerate(addresses)).get(round_number):
                house.opt_in(newcomer)
            with ThreadPoolExecutor(workers + 1) as pool:
                living = [
                    pool.submit(each.live, chance.choices(TICKS, k=chance.choice((0, 4, 8))), together) for each in crew
                ]
                older = pool.submit(_older_worker, house, together, network, stalls=round_number % 2 == 0)
                for running in living:
                    running.result(60)
                began += older.result(60)
            if newcomer:
                house.send_due()  # onto the house's own transport, whatever the others missed
                acts.confirm(house, newcomer)
    finally:
        for each in crew:
            each.services.database.close()

    house.live_through(days=2)

    assert began, "the older worker had nothing, so of it this shows nothing"
    assert not acts.all_alerts(house), "a mail in flight was given up while its worker was alive"
    with house.services.database.reading() as session:
        messages = session.exec(select(Message).where(col(Message.kind) != "service")).all()
    assert Counter((each.recipient, each.step or "advies") for each in messages) == {
        (address, step): 1 for address in addresses for step in ("advies", *STEPS)
    }
    assert {(each.state, each.attempts) for each in messages} == {("accepted", 1)}
    seen = network.counts() + Counter(str(mail["Message-ID"]) for mail in house.mails())
    assert seen == {each.message_id: 1 for each in messages}


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize(("senders", "reapers"), [(timedelta(0), HOUR), (-HOUR, timedelta(0))])
def test_a_mail_in_flight_is_not_given_up_because_two_machines_disagree_about_the_time(
    house: House, senders: timedelta, reapers: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "datetime", _MachineTime)

    def reap_meanwhile(_mail: OutboundMail, _before: int) -> SendResult:
        _off_by.set(reapers)
        assert ticks.reap(house.services) == 0
        _off_by.set(senders)
        return accepted()

    network = Network(answer=reap_meanwhile)
    house.opt_in()
    _off_by.set(senders)
    try:
        assert house.with_changes(open_transport=network.open).send_due() == 1
    finally:
        _off_by.set(timedelta(0))
    assert list(network.counts().values()) == [1]
    assert acts.advice(house).state == "accepted"


def _worker(house: House, network: Network, off_by: timedelta) -> _Worker:
    own = house.with_changes(
        database=open_database(house.services.database.url.render_as_string(hide_password=False)),
        clock=_WrongClock(right=house.clock, off_by=off_by),
        open_transport=network.open,
        published=Published(),
        bell=Bell(),
    )
    return _Worker(services=own.services, off_by=off_by)


def _older_worker(house: House, together: threading.Barrier, network: Network, *, stalls: bool) -> int:
    """One of an older version takes leases; where it hangs until they ran out, what it had is not its any more."""
    together.wait(30)
    older = OlderWorker(house=house)
    ids = older.lease(3, ran_out=stalls)
    ticks.reap(house.services)
    began = older.hand_over(ids, network)
    assert began == (0 if stalls else len(ids))
    return began
