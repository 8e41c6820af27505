"""Once a day the service unsubscribes a lead of its own over HTTP, and tells staff when that fails."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows import self_test, ticks
from service.store import events
from service.store.tables import Lead
from tests.support import acts
from tests.support.house import House, open_house
from tests.support.web_servers import Elsewhere, elsewhere, serving

FACT = "self_test"


def reached_at(house: House, base_url: str) -> House:
    """The same installation with the test on, reached at this URL."""
    return house.with_changes(base_url=base_url, self_test=True)


def move_back(house: House, **by: float) -> None:
    """Let the last test have been this long ago: it goes by real time."""
    with house.services.database.transaction() as session:
        kept = events.fact(session, FACT) or {}
        at = datetime.fromisoformat(kept["at"]) - timedelta(**by)
        events.set_fact(session, FACT, {**kept, "at": at.isoformat()})


def alert(house: House) -> tuple[str, str]:
    """The one alert that stands, in Dutch and English."""
    (found,) = [each for each in acts.all_alerts(house) if each.resolved_at is None]
    assert found.cause == "self-test"
    return found.dutch, found.english


def test_a_way_out_that_works_leaves_nothing_but_when_it_was_tested(house: House) -> None:
    acts.confirmed(house)
    house.tick(keep_house=True)
    before = house.rows()
    with serving(house) as url:
        here = reached_at(house, url)
        self_test.run_where_due(here.services)
    after = house.rows()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"fact"}
    with house.services.database.reading() as session:
        kept = events.fact(session, FACT) or {}
    assert (kept["address"], kept["faulty"]) == (None, False)
    assert datetime.fromisoformat(kept["at"]) <= datetime.now(UTC)


def test_it_runs_once_a_day_and_not_at_all_where_it_is_off(house: House) -> None:
    with elsewhere() as server:
        self_test.run_where_due(house.with_changes(base_url=server.url).services)
        assert server.asked == []
    with serving(house) as url:
        here = reached_at(house, url)
        ticks.housekeeping(here.services)
    with elsewhere() as server:  # whoever asks now is answered by somebody else
        there = reached_at(house, server.url)
        move_back(house, hours=23)
        ticks.housekeeping(there.services)
        assert server.asked == []
        move_back(house, hours=1)
        ticks.housekeeping(there.services)
        assert len(server.asked) == 1


def test_where_it_is_tested_no_more_nothing_that_was_told_of_it_stands(house: House) -> None:
    with elsewhere() as server:
        self_test.run_where_due(reached_at(house, server.url).services)
    alert(house)
    ticks.housekeeping(house.services)
    assert [each.cause for each in acts.all_alerts(house) if each.resolved_at is None] == []


def test_it_goes_on_once_a_clock_that_was_a_year_ahead_is_right_again(house: House) -> None:
    with elsewhere() as server:
        there = reached_at(house, server.url)
        self_test.run_where_due(there.services)
        move_back(house, days=-400)
        self_test.run_where_due(there.services)
        assert len(server.asked) == 2


def test_before_anything_is_published_there_is_no_link_to_test(migrated_database_url: str, tmp_path: Path) -> None:
    with elsewhere() as server, open_house(migrated_database_url, tmp_path, published=False) as house:
        self_test.run_where_due(reached_at(house, server.url).services)
        assert server.asked == []


def test_of_several_workers_one_does_it(house: House) -> None:
    with elsewhere() as server, ThreadPoolExecutor(4) as pool:
        here = reached_at(house, server.url)
        for each in [pool.submit(self_test.run_where_due, here.services) for _ in range(4)]:
            each.result(30)
        assert len(server.asked) == 1


SILENT = "geen antwoord in"
FAULTS: dict[str, tuple[Callable[[], AbstractContextManager[Elsewhere]], str, str]] = {
    "not found": (lambda: elsewhere(404), "het antwoord was 404 in plaats van 200", "it answered 404 instead of 200"),
    "redirect": (lambda: elsewhere(301, Location="https://www.example"), "het antwoord was 301", "it answered 301"),
    "cookie": (lambda: elsewhere(Set_Cookie="a=b"), "zet Set-Cookie bij het", "adds Set-Cookie to the answer"),
    "location": (lambda: elsewhere(Location="/"), "zet Location bij het antwoord", "adds Location to the answer"),
    "somebody else": (elsewhere, "hier is niets afgemeld", "nothing was withdrawn here"),
    "silent": (lambda: elsewhere(silent=True), SILENT, "no answer within"),
}


@pytest.mark.parametrize(("answering", "dutch", "english"), FAULTS.values(), ids=FAULTS.keys())
def test_each_way_to_be_shut_is_told_in_plain_words(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    answering: Callable[[], AbstractContextManager[Elsewhere]],
    dutch: str,
    english: str,
) -> None:
    if dutch == SILENT:
        monkeypatch.setattr(self_test, "_SECONDS", 0.3)
    with answering() as server:
        self_test.run_where_due(reached_at(house, server.url).services)
        assert [method for method, _ in server.asked] == ["POST"], "nothing was followed"
        told = alert(house)
        assert dutch in told[0]
        assert english in told[1]
        assert f"{server.url}/healthz" in told[0]
        assert server.asked[0][1].startswith("/u/")
        assert server.asked[0][1].rpartition("/")[2] not in "".join(told), "links are no business of an alert's"
    with house.services.database.reading() as session:
        assert session.exec(select(Lead)).all() == []


def test_an_address_where_nobody_listens_is_told(house: House) -> None:
    with elsewhere() as server:
        gone = server.url
    self_test.run_where_due(reached_at(house, gone).services)
    assert "niet te bereiken (ConnectError)" in alert(house)[0]


def test_a_fault_is_told_once_tried_each_hour_and_closed_by_the_first_that_works(house: House) -> None:
    with elsewhere(404) as server:
        there = reached_at(house, server.url).with_changes(alert_to=("baas@praktijk.example",))
        for _ in range(2):
            ticks.housekeeping(there.services)
        assert len(server.asked) == 1
        move_back(house, hours=1)
        ticks.housekeeping(there.services)
        assert len(server.asked) == 2
    there.send_due()
    (mail,) = house.mails()
    assert "Afmelden met" in str(mail.get_body(("plain",)))
    move_back(house, hours=1)
    with serving(house) as url:
        ticks.housekeeping(reached_at(house, url).services)
    assert acts.alerts(house) == []


def test_a_test_that_was_cut_short_is_cleared_away_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_url: str) -> None:
        raise KeyboardInterrupt

    with serving(house) as url:
        here = reached_at(house, url)
        with monkeypatch.context() as patched:
            patched.setattr(self_test, "_press", killed)
            with pytest.raises(KeyboardInterrupt):
                self_test.run_where_due(here.services)
        with house.services.database.reading() as session:
            (left,) = session.exec(select(Lead)).all()
        assert left.address.endswith("@self-test.invalid")
        assert left.erase_at is not None, "or it would stay where the test is turned off meanwhile"
        move_back(house, days=1)
        self_test.run_where_due(here.services)
    rows = house.rows()
    assert (rows["lead"], rows["suppression"], rows["timeline"], rows["erased_token"]) == ([], [], [], [])


def test_no_transaction_is_open_while_it_waits_for_the_answer(house: House) -> None:
    with elsewhere(silent=True) as server, ThreadPoolExecutor(1) as pool:
        testing_it = pool.submit(self_test.run_where_due, reached_at(house, server.url).services)
        assert server.was_asked.wait(30)
        house.opt_in("bram@example.org")  # on SQLite there is one writer alone
        server.may_answer.set()
        testing_it.result(30)
    assert house.lead("bram@example.org").id
