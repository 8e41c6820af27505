"""A year of leads on PostgreSQL: do the tables stop growing, and do the ticks cost what is due and not what is stored?

`python -m bench.year` takes a million leads; `--leads 20000` is a quick look. Arrivals are even, and follow the
published sequence. Made in bulk, by INSERT ... SELECT, a day at a time: what `bench/lives.py` copies of three lives
that the real code lived first, and the removal of most of what is over its time. A copied mail is inserted in its last
state, though the service writes a mail's row four times. Autovacuum has no time here: VACUUM runs once in four weeks.

Real, at the end of each four weeks, at eleven on a Wednesday: `ticks.plan` with nothing due and with 500 due, and
`ticks.housekeeping` twice: with the daily retention in it, for which a day's events and some leads of each sort were
left, and in a minute with nothing to do. Before it `retention.look`, whose real rules must find those leads and nobody
else: so the bulk removed no more and no less than they would have. Real time is the simulation's, where retention asks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import LiteralString
from unittest import mock

import psycopg
from sqlalchemy import Connection, text

from bench import lives
from bench.databases import migrated
from bench.growth import COMES, HEAD, Cost, Period, Size, line, print_tables
from bench.lives import ROOM, Copier
from bench.quiet import logging_to_nowhere
from service.flows import opt_in_caps, retention, ticks
from service.store import events, leads
from service.store.tables import Table
from tests.support import crowd
from tests.support.house import START, House, open_house
from tests.support.postgres import postgres_server

WEEKS = 4
DUE, BY_HAND = 500, 100
EVENT_DAYS = 90
SHARES = (0.65, 0.05)
"""Of all leads: who never confirm, and who confirm and unsubscribe after nine days. The others read to the end."""


def main() -> None:
    """Print a line for each four weeks, then the tables one by one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000, help="who come in a year of 52 weeks")
    parser.add_argument("--periods", type=int, default=13, help="of four weeks each")
    given = parser.parse_args()
    arrivals = max(40, round(given.leads / 364))
    began = time.perf_counter()
    with logging_to_nowhere(), postgres_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        with server.connected("postgres") as administrator:
            for setting in ("max_wal_size = '8GB'", "autovacuum = off"):
                administrator.execute(f"ALTER SYSTEM SET {setting}".encode())
            administrator.execute("SELECT pg_reload_conf()")
        name = server.create()
        with (
            server.connected("postgres") as administrator,
            open_house(migrated(server.url(name)), Path(folder)) as house,
        ):
            print(f"{arrivals:,} leads a day; seconds by the clock, pages looked at\n{HEAD}", flush=True)
            year, periods = Year(house, arrivals, administrator), []
            for number in range(1, given.periods + 1):
                periods.append(year.go_on(WEEKS * number))
                print(f"{line(periods[-1])}   ({time.perf_counter() - began:.0f} s so far)", flush=True)
    print_tables(periods)


class Year:
    """The installation as its days pass."""

    def __init__(self, house: House, arrivals: int, administrator: psycopg.Connection) -> None:
        self._administrator, self._name = administrator, str(house.services.database.url.database)
        self._house, self._arrivals, self._today = house, arrivals, lives.FIRST_DAY
        silent, leaving = (round(arrivals * share) for share in SHARES)
        bounds = ((1, silent), (silent + 1, silent + leaving), (silent + leaving + 1, arrivals))
        self._copiers = [
            Copier(life, low=low, high=high, arrivals=arrivals)
            for life, (low, high) in zip(lives.live(house), bounds, strict=True)
        ]
        with self._bulk() as connection:  # the lives themselves are over
            lives.erase(connection, (1, ROOM), house.clock.moment)

    def go_on(self, weeks: int) -> Period:
        """As many weeks since the beginning, and a look at their end."""
        ends = lives.FIRST_DAY + 7 * weeks + 1  # a Wednesday, and no holiday
        left: list[int] = []
        while self._today < ends:
            left = self._pass(keep=BY_HAND if self._today == ends - 1 else 0)
        self._house.clock.moment = START + ends * lives.DAY
        self._renumber()
        self._vacuum()
        return self._measure(weeks, self._sizes(), left)

    def _pass(self, *, keep: int) -> list[int]:
        """One day. Returns the leads whose time is over and who were kept, for the real retention."""
        today, self._today = self._today, self._today + 1
        now, kept = START + self._today * lives.DAY, []
        with self._bulk() as connection:
            for each in self._copiers:
                each.write(connection, today)
                ids, others = each.over(today, keep)
                kept += ids
                lives.erase(connection, others, now)
            lives.forget(connection, today - EVENT_DAYS - 1, self._arrivals)
        if today % 7 == 0:
            with self._house.services.database.transaction() as session:
                opt_in_caps.forget(session, self._house.services, now)
        return kept

    @contextmanager
    def _bulk(self) -> Iterator[Connection]:
        """Without the checks of references and the triggers, by indexes, and with no wait for the disk."""
        settings = (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "enable_seqscan = off",
            "jit = off",
        )
        with self._house.services.database.engine.begin() as connection:
            for setting in settings:
                connection.execute(text(f"SET LOCAL {setting}"))
            yield connection

    def _renumber(self) -> None:
        """What the real code makes gets ids between those of yesterday and those of today."""
        free = self._today * lives.stride(self._arrivals) - lives.SPARE
        with self._house.services.database.engine.begin() as connection:
            for name in (*COMES, "suppression", "cap_hit"):
                if "id" in Table.metadata.tables[name].columns:
                    connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {free})"))

    def _vacuum(self) -> None:
        engine = self._house.services.database.engine
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (ANALYZE) {', '.join(Table.metadata.tables)}"))

    def _sizes(self) -> dict[str, Size]:
        look = "SELECT relname, reltuples, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class WHERE relkind = 'r'"
        with self._house.services.database.engine.connect() as connection:
            found = {name: [int(each) for each in sizes] for name, *sizes in connection.execute(text(look))}
        return {
            name: Size(rows=found[name][0], table=found[name][1], indexes=found[name][2])
            for name in Table.metadata.tables
        }

    def _measure(self, weeks: int, sizes: dict[str, Size], left: Sequence[int]) -> Period:
        house, services = self._house, self._house.services
        now = house.clock.moment
        with services.database.transaction() as session:  # the worker ticked all the while
            events.set_fact(session, "worker_seen", {"at": now.isoformat()})
        if ticks.plan(services):
            raise SystemExit("the bulk left steps that are due")
        idle = self._cost(lambda: ticks.plan(services))
        due = self._plan_those_due()
        with mock.patch.object(retention, "real_now", return_value=now):
            look = self._cost(lambda: self._look(now, left))
            daily = self._cost(lambda: ticks.housekeeping(services))
            house.clock.moment = now + timedelta(minutes=1)
            minute = self._cost(lambda: ticks.housekeeping(services))
        with services.database.reading() as session:
            if leads.to_erase(session, now, 1):
                raise SystemExit("housekeeping left a lead whose time is over")
        return Period(
            weeks=weeks,
            sizes=sizes,
            plan_idle=idle,
            plan_due=due,
            look=look,
            daily=daily,
            erased=len(left),
            minute=minute,
        )

    def _plan_those_due(self) -> Cost:
        """A plan tick with some due, who are gone afterwards."""
        house = self._house
        crowd.model(house)
        model = house.lead(crowd.MODEL).id
        people = crowd.due_at(house, [house.clock.moment] * DUE)
        planned: list[int] = []
        cost = self._cost(lambda: planned.append(ticks.plan(house.services)))
        if planned != [DUE]:
            raise SystemExit(f"{planned} of {DUE} runs were planned")
        with self._bulk() as connection:
            lives.erase(connection, (model, people[-1].lead_id), house.clock.moment)
        return cost

    def _look(self, now: datetime, left: Sequence[int]) -> None:
        with self._house.services.database.reading() as session:
            over = retention.look(session, self._house.services, now)
        found = {each for ids in over.leads.values() for each in ids}
        if found != set(left):
            raise SystemExit(f"over their time: {len(found)} leads by the rules, {len(left)} by the bulk")

    def _cost(self, work: Callable[[], object]) -> Cost:
        """Once, with connections of its own; opening them is counted before, and not in it."""
        empty, seconds = self._pages(self._open), 0.0

        def timed() -> None:
            nonlocal seconds
            self._open()
            began = time.perf_counter()
            work()
            seconds = time.perf_counter() - began

        return Cost(pages=max(0, self._pages(timed) - empty), seconds=seconds)

    def _open(self) -> None:
        with self._house.services.database.reading() as session:
            session.execute(text("SELECT 1"))

    def _pages(self, work: Callable[[], object]) -> int:
        before = self._counted()
        work()
        return self._counted() - before

    def _counted(self) -> int:
        """Pages since the database was made; a connection tells its own when it goes."""
        self._house.services.database.close()
        mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        while self._asked(mine):
            time.sleep(0.02)
        return self._asked("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s")

    def _asked(self, question: LiteralString) -> int:
        row = self._administrator.execute(question, [self._name]).fetchone()
        return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
