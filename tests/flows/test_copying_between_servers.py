"""From one PostgreSQL database to another, with workers that do not keep away: each mail leaves once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from service.errors import RefusedError
from service.store import db, dump
from tests.support import copies
from tests.support.copies import ANNA, DAAN
from tests.support.house import House
from tests.support.waiting import wait_until_it_waits

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("migrated_database_url", ["postgres"], indirect=True),
]
CROWD = [f"lead-{number}@example.org" for number in range(12)]


def test_while_a_worker_sends_nothing_is_copied_and_after_it_all_goes_on_in_the_copy(
    house: House, migrated_database_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.under_way(house)
    sends, enough = threading.Event(), threading.Event()

    def work() -> None:
        with copies.at(migrated_database_url, house, tmp_path) as worker:
            while not enough.is_set():
                worker.send_due()
                sends.set()

    with ThreadPoolExecutor(1) as threads, monkeypatch.context() as patched:
        patched.setattr(db, "_LEAVING_SECONDS", 0.1)
        working = threads.submit(work)
        try:
            assert sends.wait(20)
            for address in CROWD:
                house.opt_in(address)
            with pytest.raises(RefusedError, match="somebody else uses"):
                copies.copy(house, postgres_url)
        finally:
            enough.set()
        working.result(20)
    assert not copies.closed(house)
    done = copies.copy(house, postgres_url)
    assert done.receipts.broken is None
    with copies.at(postgres_url, house, tmp_path) as other:
        assert {name: len(rows) for name, rows in other.rows().items()} == done.rows
        copies.let_leases_end(other)
        other.live_through(days=1)
        assert [list(copies.states(other, each).values()) for each in (ANNA, DAAN)] == [["accepted"], ["unknown"]]
        assert {each: len(other.mails(each)) for each in CROWD} == dict.fromkeys(CROWD, 1)
        assert set(Counter(str(mail["Message-ID"]) for mail in other.mails()).values()) == {1}


def test_a_worker_that_comes_in_while_all_is_copied_waits_and_then_hands_nothing_over(
    house: House, migrated_database_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.under_way(house)
    for address in CROWD:
        house.opt_in(address)
    working: list[Future[int]] = []
    go_on_counting = dump.go_on_counting

    def work() -> int:
        with copies.at(migrated_database_url, house, tmp_path) as worker:
            return worker.send_due()

    with ThreadPoolExecutor(1) as threads:

        def while_it_waits(connection: Connection, beyond: Mapping[str, int]) -> None:
            working.append(threads.submit(work))
            wait_until_it_waits(house)
            go_on_counting(connection, beyond)

        monkeypatch.setattr(dump, "go_on_counting", while_it_waits)
        copies.copy(house, postgres_url)
        assert working[0].result(20) == 0
    with copies.at(postgres_url, house, tmp_path) as other:
        assert sum(len(other.mails(each)) for each in CROWD) == 0
        assert other.send_due() == len(CROWD)
        assert len(other.mails(ANNA)) == 2
