"""A copy is the same database elsewhere: a run under way goes on there, each mail once, and nothing goes on here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from service.bootstrap import prepare
from service.errors import RefusedError, UnavailableError
from service.flows import copy_marks, copying, privacy, receipts
from service.settings import load_settings
from service.store import db, dump, schema, sqlite_file
from service.store.db import open_database
from tests.support import acts, copies, studio
from tests.support.copies import ANNA, BRAM, CARLA, DAAN, ESRA, FRANK, HANS
from tests.support.house import House


@pytest.fixture
def elsewhere(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database on the other engine than the house's."""
    if house.services.database.is_sqlite:
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'elsewhere.db'}"


def test_a_run_under_way_goes_on_after_a_copy_and_each_lead_gets_the_rest_of_her_mails_once(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    copies.under_way(house)
    before = house.rows()
    done = copies.copy(house, elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        arrived = other.rows()
        assert done.rows == {name: len(rows) for name, rows in arrived.items()}
        assert [name for name, rows in before.items() if arrived[name] != rows] == ["audit"]
        assert len(arrived["audit"]) == len(before["audit"]) + 1  # that it was copied
        with other.services.database.reading() as session:
            assert receipts.verify(session) == done.receipts
        assert (done.receipts.broken, done.receipts.blanked > 0) == (None, True)
        copies.let_leases_end(other)
        [first] = copies.states(other, ANNA)
        assert [copies.states(other, each)[first] for each in (DAAN, ESRA, ANNA, HANS)] == [
            *("unknown", "due", "accepted", "held")
        ]
        other.live_through(days=50)
        became = Counter(copies.states(other, ANNA).values())
        assert became == {"accepted": 7, "skipped": 1}  # the one for who answered "same"
        assert copies.states(other, ESRA) == copies.states(other, ANNA)
        assert copies.states(other, DAAN) == copies.states(other, ANNA) | {first: "unknown"}
        assert copies.states(other, HANS) == {first: "held"}
        steps = became["accepted"]
        assert set(Counter(str(mail["Message-ID"]) for mail in other.mails()).values()) == {1}
        wanted = {ANNA: 1 + steps, ESRA: 1 + steps, DAAN: steps, HANS: 1, BRAM: 1, CARLA: 1, FRANK: 1}
        assert {each: len(other.mails(each)) for each in wanted} == wanted


def test_the_number_of_somebody_who_was_erased_is_nobodys_on_the_other_side(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    """Mails to the practice, commands in them and pages that are open name people by it."""
    copies.under_way(house)
    house.opt_in("iris@example.org")
    iris, now = house.lead("iris@example.org").id, house.clock.now()
    acts.commit(house, lambda session: privacy.erase(session, house.services, iris, "asked", now))
    copies.copy(house, elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        other.opt_in("jan@example.org")
        assert other.lead("jan@example.org").id > iris


def test_nothing_starts_and_nothing_leaves_where_it_was_copied_from(house: House, elsewhere: str) -> None:
    copies.under_way(house)
    copies.copy(house, elsewhere)
    with house.services.database.reading() as session, pytest.raises(RefusedError, match="was copied to") as refused:
        copy_marks.refuse_closed(session)
    assert "set NURTURE_DATABASE_URL to the copy" in str(refused.value)
    settings = load_settings({"NURTURE_DATABASE_URL": house.services.database.url.render_as_string(False)})
    with pytest.raises(RefusedError, match="was copied to"):
        prepare(house.services, settings)
    sent = len(house.mails())
    copies.let_leases_end(house)
    house.live_through(days=5)  # a worker that runs on in spite of it
    assert len(house.mails()) == sent


def test_a_copy_goes_back_the_same_way_and_further(house: House, elsewhere: str, tmp_path: Path) -> None:
    copies.under_way(house)
    copies.copy(house, elsewhere)
    home = f"sqlite:///{tmp_path / 'home.db'}"
    with copies.at(elsewhere, house, tmp_path) as other:
        newest = max(other.lead(each).id for each in (ANNA, BRAM, HANS))
        other.opt_in("iris@example.org")
        assert other.lead("iris@example.org").id > newest
        other.send_due()
        there = other.rows()
        copies.copy(other, home)
        with copies.at(home, house, tmp_path) as last:
            back = last.rows()
            assert [name for name, rows in there.items() if back[name] != rows] == ["audit"]
            with last.services.database.reading() as session:
                copy_marks.refuse_closed(session)
                assert receipts.verify(session).broken is None
        with pytest.raises(RefusedError, match="was copied to"):
            copies.copy(other, home)  # a second time: home may be in use by now


def test_taken_back_all_mail_is_held_for_the_copy_may_have_sent_it(house: House, elsewhere: str) -> None:
    copies.under_way(house)
    acts.pull_the_brake(house, name="lage-rug")
    copied_at = house.clock.now()
    copies.copy(house, elsewhere)
    house.clock.advance(hours=3)
    sent = len(house.mails())
    done = copies.take_back(house)
    assert (done.held.since, done.held.waiting, done.held.leaving, done.carried) == (copied_at, 1, 1, (0, 0))
    with house.services.database.reading() as session:
        copy_marks.refuse_closed(session)
    house.live_through(hours=3)
    acts.release_the_brake(house)
    house.live_through(days=1)
    assert len(house.mails()) == sent
    with pytest.raises(RefusedError, match="not copied"):
        copies.take_back(house)


def test_a_database_in_use_is_neither_copied_nor_filled(
    house: House, elsewhere: str, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_LEAVING_SECONDS", 0.1)
    monkeypatch.setattr(sqlite_file, "PRAGMAS", {**sqlite_file.PRAGMAS, "busy_timeout": 100})
    before = house.rows()
    for url in (migrated_database_url, elsewhere):
        other = open_database(url)
        with other.reading() as session:
            session.execute(text("SELECT 1"))
        with pytest.raises(RefusedError, match="stop `serve`"):
            copies.copy(house, elsewhere)
        other.close()
    assert house.rows() == before
    assert empty(elsewhere)


def test_the_same_database_by_another_name_is_refused(house: House, migrated_database_url: str) -> None:
    before = house.rows()
    same = f"{migrated_database_url}{'&' if '?' in migrated_database_url else '?'}keepalives=1"
    if house.services.database.is_sqlite:
        folder, _, name = migrated_database_url.rpartition("/")
        same = f"{folder}/./{name}"
    with pytest.raises(RefusedError, match="same database"):
        copies.copy(house, same)
    assert house.rows() == before


def test_a_target_that_holds_anything_stays_as_it_is(house: House, elsewhere: str, tmp_path: Path) -> None:
    copies.fill(elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        studio.hire(other)
        before = other.rows()
        other.services.database.close()
        with pytest.raises(RefusedError, match="not empty"):
            copies.copy(house, elsewhere)
        assert other.rows() == before
    assert not copies.closed(house)


@pytest.mark.parametrize("there", ["CREATE TABLE birds (name TEXT)", "UPDATE alembic_version SET version_num = '9999'"])
def test_a_target_of_something_else_or_of_another_version_is_refused(house: House, elsewhere: str, there: str) -> None:
    if there.startswith("UPDATE"):
        copies.fill(elsewhere)
    execute(elsewhere, there)
    with pytest.raises(RefusedError, match="something else or of another version"):
        copies.copy(house, elsewhere)
    assert not copies.closed(house)


@pytest.mark.parametrize("url", ["postgresql+psycopg://nobody@127.0.0.1:9/nowhere", "sqlite:////nowhere/at/all.db"])
def test_a_target_that_cannot_be_used_is_told_without_a_trace(house: House, url: str) -> None:
    with pytest.raises(RefusedError, match="target cannot be used"):
        copies.copy(house, url)
    assert not copies.closed(house)


def test_a_source_of_another_version_is_refused(house: House, elsewhere: str, migrated_database_url: str) -> None:
    execute(migrated_database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RefusedError, match="newer version"):
        copies.copy(house, elsewhere)
    assert empty(elsewhere)


def test_a_table_that_arrives_other_than_it_left_undoes_everything(
    house: House, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.under_way(house)
    load = dump.load

    def change_one(
        connection: Connection, dumped: dump.DumpedTable, columns: Iterable[str], rows: Iterable[str]
    ) -> int:
        count = load(connection, dumped, columns, rows)
        if dumped.name == "suppression":
            connection.execute(text("UPDATE suppression SET scope = 'follow_up'"))
        return count

    monkeypatch.setattr(dump, "load", change_one)
    with pytest.raises(RefusedError, match="table suppression arrived other"):
        copies.copy(house, elsewhere)
    assert empty(elsewhere)
    assert not copies.closed(house)


@pytest.mark.parametrize("moment", ["close_source", "open_copy"])
def test_cut_off_between_the_two_databases_neither_both_are_open_nor_is_anything_lost(
    house: House, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    copies.under_way(house)
    before = house.rows()

    def cut(*_: object, **__: object) -> None:
        raise UnavailableError("cut")

    with monkeypatch.context() as patched:
        patched.setattr(copy_marks, moment, cut)
        with pytest.raises((UnavailableError, RefusedError), match="cut"):
            copies.copy(house, elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        with other.services.database.reading() as session, pytest.raises(RefusedError, match="not finished"):
            copy_marks.refuse_closed(session)
        other.services.database.close()
        assert copies.closed(house) == (moment == "open_copy")
        assert (house.rows() == before) == (moment == "close_source")
        copies.copy(house, elsewhere)
        assert copies.closed(house)
        assert not copies.closed(other)
        after = other.rows()
        assert [name for name, rows in before.items() if after[name] != rows] == ["audit"]


def test_an_unfinished_copy_of_another_database_is_never_written_over(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    copies.copy(house, elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        now = house.clock.now()
        acts.commit(other, lambda s: copy_marks.close_copy(s, copy="x", source="another", at=now))
        other.services.database.close()
        acts.commit(house, copy_marks.open_copy)
        with pytest.raises(RefusedError, match="not empty"):
            copies.copy(house, elsewhere)


def test_keys_that_are_gone_are_told_before_anything_is_copied(house: House, elsewhere: str) -> None:
    def refuse(_: object) -> None:
        raise RefusedError("a key is gone")

    target = open_database(elsewhere)
    with pytest.raises(RefusedError, match="a key is gone"):
        copying.copy(house.services, target, check_keys=refuse, actor="Frank", now=house.clock.now())
    target.close()
    assert empty(elsewhere)
    assert not copies.closed(house)


def empty(url: str) -> bool:
    """Is there not one table?"""
    database = open_database(url)
    state = schema.schema_state(database)
    database.close()
    return state is schema.Schema.EMPTY


def execute(url: str, statement: str) -> None:
    """One statement, committed."""
    database = open_database(url)
    with database.transaction() as session:
        session.execute(text(statement))
    database.close()
