"""A database of the first schema, made by the code of then (`first_schema.zip`), goes on with the code of now.

In it, on 13 March 2026 at 10:10 in Amsterdam: Anna and Gijs had their first follow-up, Ilse's is due, Jan's is of
unknown fate, Bram never confirmed, Carla said no, Daan's mailbox does not exist, Frank filled in what nobody sees,
Karin has just asked, and Hugo was erased.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, inspect, text

from service.flows import archive, receipts, restoring
from service.store import dump, events, schema
from service.store.db import open_database
from service.store.schema import Schema, schema_state
from service.store.tables import Message, Table
from tests.support import acts, backups, chained
from tests.support.commands import nurture
from tests.support.house import House, open_house
from tests.support.postgres import PostgresServer
from tests.support.running import installation
from tests.support.waiting import wait_until_it_waits
from tests.support.website import website

FIRST = Path(__file__).with_name("first_schema.zip")
MADE_AT = datetime(2026, 3, 13, 9, 10, tzinfo=UTC)
PROCESSES = 4
OF_A_LEAD = ("booking_request", "message", "withdrawal", "consent", "opt_in", "enrolment", "timeline")
"""Tables that refer to a lead in the schema of 0006, each before those it refers to."""


def at(name: str) -> str:
    """An address of the cast."""
    return f"{name}@example.org"


@pytest.fixture
def first_url(database_url: str) -> str:
    """A database as the first schema left it, on both engines."""
    database = open_database(database_url)
    with archive.reading(FIRST) as opened, database.transaction() as session:
        restoring.load(session.connection(), opened)
    database.close()
    return database_url


@pytest.fixture
def upgraded(first_url: str, tmp_path: Path) -> Iterator[House]:
    """The same, after `nurture migrate`, with the keys of then and the clock where it was."""
    said = nurture("migrate", folder=tmp_path, database_url=first_url, data_dir=str(tmp_path))
    assert (said.status, said.out) == (0, "The schema was brought up to date.\n"), said
    with open_house(first_url, tmp_path, published=False) as house:
        house.clock.moment = MADE_AT
        yield house


def test_what_was_due_leaves_and_every_follow_up_on_the_very_days_of_a_lead_of_today(upgraded: House) -> None:
    """Lotte does with the code of now what Ilse did with the code of then, at the same moment."""
    upgraded.clock.moment = datetime(2026, 3, 11, 9, 10, tzinfo=UTC)
    acts.confirmed(upgraded, at("lotte"))
    upgraded.clock.moment = MADE_AT
    assert upgraded.tick(keep_house=True) == 3  # two follow-ups, and Karin's advice
    upgraded.live_through(days=40)
    ilse, lotte = acts.follow_ups(upgraded, at("ilse")), acts.follow_ups(upgraded, at("lotte"))
    assert len(ilse) == 8
    assert [told(each) for each in ilse.values()] == [told(each) for each in lotte.values()]
    assert acts.enrolment(upgraded, at("ilse")).state == "finished"
    for name in ("anna", "gijs"):
        steps = acts.follow_ups(upgraded, at(name))
        assert set(steps) == set(ilse)
        assert steps["hoe-ging-het"].attempts == 1  # it left before the upgrade, and never again


def told(message: Message) -> tuple[object, ...]:
    """What became of a step, and when."""
    return message.step, message.state, message.planned_at, message.settled_at


def test_who_ticked_the_box_where_that_was_enough_did_not_press_the_button(first_url: str, tmp_path: Path) -> None:
    database = open_database(first_url)
    with database.transaction() as session:
        session.execute(
            text("UPDATE consent SET source = 'form' WHERE lead_id = (SELECT id FROM lead WHERE address = :gijs)"),
            {"gijs": at("gijs")},
        )
    schema.migrate(database)
    database.close()
    with open_house(first_url, tmp_path, published=False) as house:
        assert acts.enrolment(house, at("gijs")).confirmed_at is None
        assert acts.enrolment(house, at("ilse")).confirmed_at is not None


def test_every_check_has_the_name_that_the_tables_give_it(house: House) -> None:
    found = inspect(house.services.database.engine)
    for name, table in Table.metadata.tables.items():
        written = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {each["name"] for each in found.get_check_constraints(name)} == written


def test_links_in_mails_of_before_the_upgrade_work(upgraded: House) -> None:
    client = website(upgraded)
    advice = acts.advice(upgraded, at("bram"))
    assert client.post(advice.content["confirm_url"]).status_code == 200
    assert acts.enrolment(upgraded, at("bram")).state == "active"
    for name, letter in (("anna", "unsubscribe_url"), ("gijs", "booking_url"), ("ilse", "preferences_url")):
        assert client.get(upgraded.messages(at(name))[-1].content[letter]).status_code == 200, letter
    assert client.post(upgraded.messages(at("anna"))[-1].content["unsubscribe_url"]).status_code == 200
    assert acts.enrolment(upgraded, at("anna")).state == "stopped"
    with upgraded.services.database.reading() as session:
        erased = str(session.execute(text("SELECT public_id FROM erased_token LIMIT 1")).scalar_one())
    token = upgraded.services.keyring.sign("u", erased)
    assert client.post(f"/u/{token}").status_code == 200  # Hugo, who was erased


def test_each_consent_and_each_no_of_before_has_its_receipt_in_an_unbroken_chain(upgraded: House) -> None:
    with upgraded.services.database.reading() as session:
        (given, ended) = (
            session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("consent", "withdrawal")
        )
    entries = chained.entries(upgraded)
    assert given > 10
    assert ended > 1
    assert [each.kind for each in entries].count("given") == given
    assert [each.kind for each in entries].count("withdrawn") == ended
    assert chained.verified(upgraded).broken is None
    times = [json.loads(each.document or "")["at"] for each in entries]
    assert times == sorted(times)
    ilse = chained.of_lead(upgraded, at("ilse"))
    assert [(each.purpose, each.source) for each in ilse] == [
        ("advice", "form"),
        ("follow_up", "form"),
        ("follow_up", "confirmation"),
    ]
    upgraded.opt_in(at("nora"))
    with upgraded.services.database.transaction() as session:
        assert receipts.make_up(session) == 0, "what the migration wrote is what the code of now would have"
    # Word for word the evidence that the code of now writes: all of it is written anew, and compared.
    chained.meddle(upgraded, "DELETE FROM receipt")
    with upgraded.services.database.transaction() as session:
        events.forget_fact(session, "receipts_made_up")
        session.flush()
        receipts.make_up(session)
    again = chained.entries(upgraded)
    assert [each.document for each in again[: len(entries)]] == [each.document for each in entries]


def test_whoever_is_erased_while_the_receipts_of_before_are_written_is_in_none_of_them(
    first_url: str, tmp_path: Path
) -> None:
    """Code of before goes on while the schema is brought up to date."""
    database = open_database(first_url)
    with database.transaction() as session:
        schema.upgrade(session.connection(), "0006")
    began = threading.Event()

    def migrate() -> bool:
        began.set()
        return schema.migrate(database)

    with open_house(first_url, tmp_path, published=False) as house, ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            karin = session.execute(text("SELECT id FROM lead WHERE address = :karin"), {"karin": at("karin")}).scalar()
            for table in ("attempt WHERE message_id IN (SELECT id FROM message", *OF_A_LEAD):
                end = ")" if "SELECT" in table else ""
                session.execute(text(f"DELETE FROM {table} WHERE lead_id = :karin{end}"), {"karin": karin})
            session.execute(text("DELETE FROM lead WHERE id = :karin"), {"karin": karin})
            migrating = pool.submit(migrate)
            began.wait(30)
            wait_until_it_waits(house)
        assert migrating.result(30)
        documents = [each.document or "" for each in chained.entries(house)]
        assert not [each for each in documents if at("karin") in each]
        assert chained.verified(house).broken is None
    database.close()


def test_everyone_who_was_not_to_get_mail_still_gets_none(upgraded: House) -> None:
    for name in ("carla", "daan", "hugo"):
        upgraded.opt_in(at(name))
    upgraded.live_through(days=14)
    assert upgraded.mails(at("daan")) == []
    assert len(upgraded.mails(at("carla"))) == 1  # the advice she asked for, and no follow-up
    assert acts.advice(upgraded, at("frank")).state == "held"
    assert acts.follow_ups(upgraded, at("jan"))["hoe-ging-het"].state == "unknown"
    assert upgraded.mails(at("frank")) == []


def test_a_backup_of_then_is_restored_into_the_schema_of_now(database_url: str, tmp_path: Path) -> None:
    with open_house(database_url, tmp_path, published=False) as house:
        house.clock.moment = MADE_AT
        done = backups.restore(house, FIRST)
        assert schema_state(house.services.database) is Schema.CURRENT
        assert (done.held.waiting, done.held.leaving) == (2, 0)
        assert done.proofs[0].startswith("proved: lead ")
        assert house.live_through(days=3) == 0


def test_a_backup_is_made_of_the_older_schema_before_it_is_migrated(first_url: str, tmp_path: Path) -> None:
    said = nurture(
        "backup", str(tmp_path / "before.zip"), folder=tmp_path, database_url=first_url, data_dir=str(tmp_path)
    )
    assert said.status == 0, said
    with archive.reading(tmp_path / "before.zip") as before, archive.reading(FIRST) as first:
        assert before.manifest.revision == "0001"
        assert [each.rows for each in before.manifest.parts] == [each.rows for each in first.manifest.parts]


def test_statements_of_the_first_version_run_on_the_schema_of_now(migrated_database_url: str) -> None:
    """While web and workers are replaced one after another, both run: no column of the new may be required."""
    database = open_database(migrated_database_url)
    with archive.reading(FIRST) as opened, database.transaction() as session:
        there = {each.name: each for each in dump.tables(session.connection())}
        for part in opened.manifest.parts:
            assert set(part.columns) <= set(there[part.table].columns)
        for name, table in there.items():
            for part in opened.manifest.parts:
                if part.table == name:
                    assert dump.load(session.connection(), table, part.columns, opened.lines(part)) == part.rows
    database.close()


@pytest.mark.parametrize("before", ["empty", "first"])
def test_of_several_that_migrate_at_once_one_works_and_all_are_content(
    database_url: str, tmp_path: Path, before: str, request: pytest.FixtureRequest
) -> None:
    if before == "first":
        request.getfixturevalue("first_url")
    with installation(tmp_path, database_url) as running:
        processes = [running.start("migrate") for _ in range(PROCESSES)]
        assert [each.wait(60) for each in processes] == [0] * PROCESSES, running.logs()
        said = [log.read_text() for log in sorted(tmp_path.glob("*.log"))]
    assert sorted(said) == ["The schema is current.\n"] * (PROCESSES - 1) + ["The schema was brought up to date.\n"]
    database = open_database(database_url)
    assert schema_state(database) is Schema.CURRENT
    database.close()


def test_tables_of_something_else_with_names_of_ours_are_told_and_left_alone(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url)
    with database.transaction() as session:
        session.execute(text("CREATE TABLE lead (naam text)"))
        session.execute(text("CREATE TABLE klant (naam text)"))
    for command in ("migrate", "stats"):
        said = nurture(command, folder=tmp_path, database_url=database_url, data_dir=str(tmp_path))
        assert (said.status, said.err.count("\n")) == (1, 1), said
        assert said.err.startswith(
            "the database has tables named as ours, but no version of ours: name another database"
        )
    said = nurture("doctor", folder=tmp_path, database_url=database_url, data_dir=str(tmp_path))
    assert "error    database-foreign" in said.out
    assert schema_state(database) is Schema.FOREIGN
    with database.transaction() as session:
        session.execute(text("DROP TABLE lead"))
    assert nurture("migrate", folder=tmp_path, database_url=database_url, data_dir=str(tmp_path)).status == 0
    assert schema_state(database) is Schema.CURRENT, "beside the table of the others"
    database.close()


@pytest.mark.postgres
def test_a_busy_table_ends_the_migration_in_one_sentence_with_nothing_changed(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_TABLE_SECONDS", 1)
    busy = open_database(postgres_url)
    with archive.reading(FIRST) as opened, busy.transaction() as session:
        restoring.load(session.connection(), opened)
    with busy.transaction() as session:
        session.execute(text("SELECT 1 FROM message LIMIT 1"))
        said = nurture("migrate", folder=tmp_path, database_url=postgres_url, data_dir=str(tmp_path))
        assert (said.status, said.err.count("\n")) == (1, 1), said
        assert "in use all the time, so nothing was changed" in said.err
    assert schema_state(busy) is Schema.OLDER
    assert nurture("migrate", folder=tmp_path, database_url=postgres_url, data_dir=str(tmp_path)).status == 0
    busy.close()


def test_the_demo_brings_its_own_database_along_and_nobody_else_does(tmp_path: Path) -> None:
    """Whoever tries it once more after an upgrade has no backup to make, and `nurture migrate` knows of another one."""
    url = f"sqlite:///{tmp_path}/nurture.db"
    database = open_database(url)
    with database.transaction() as session:
        schema.upgrade(session.connection(), "0016")
    refused = nurture("stats", folder=tmp_path, database_url=url, data_dir=str(tmp_path))
    assert (refused.status, refused.err) == (1, "the database has an older schema; run: nurture migrate\n")
    assert schema_state(database) is Schema.OLDER
    said = nurture("stats", folder=tmp_path, database_url=url, data_dir=str(tmp_path), demo="1")
    assert said.status == 0, said
    assert schema_state(database) is Schema.CURRENT
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_in_utf8_is_told_before_a_name_is_met_that_does_not_fit(
    request: pytest.FixtureRequest, tmp_path: Path, encoding: str
) -> None:
    """A cluster made where no language was set is in SQL_ASCII."""
    server: PostgresServer = request.getfixturevalue("_postgres")
    name = server.create(encoding=encoding)
    url = server.url(name)
    for command in (["migrate"], ["serve", "--port", "1"], ["stats"]):
        said = nurture(*command, folder=tmp_path, database_url=url, data_dir=str(tmp_path))
        assert (said.status, said.err.count("\n")) == (1, 1), said
        assert "another encoding than UTF-8, so not every name fits; make it anew with: createdb" in said.err
    said = nurture("doctor", folder=tmp_path, database_url=url, data_dir=str(tmp_path))
    assert "error    database-not-utf8" in said.out
    ours = f"sqlite:///{tmp_path}/ours.db"
    assert nurture("migrate", folder=tmp_path, database_url=ours, data_dir=str(tmp_path)).status == 0
    backup = str(tmp_path / "backup.zip")
    made = nurture("backup", backup, "--with-keys", folder=tmp_path, database_url=ours, data_dir=str(tmp_path))
    assert made.status == 0, made
    said = nurture("restore", backup, folder=tmp_path, database_url=url, data_dir=str(tmp_path))
    assert (said.status, "this database keeps text in another encoding" in said.err) == (1, True), said
    said = nurture("copy-database", "--to", url, folder=tmp_path, database_url=ours, data_dir=str(tmp_path))
    assert (said.status, "the target keeps text in another encoding" in said.err) == (1, True), said
    server.drop(name)
