"""A change of the content folder and its entry in the audit log: both or neither, though the process is killed."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from service.errors import UnavailableError
from service.flows import content_journal, content_log
from service.flows.content_desk import NEW, Change, ContentDesk, NotWritableError
from service.flows.content_log import ContentLog, Entry
from service.flows.whole_files import replace_file
from service.store import events
from service.store.db import Database
from tests.support import cases
from tests.support.folders import content_copy
from tests.support.house import ROOT, House
from tests.support.running import installation

MAIL, NEWS = "email_templates/uitnodiging.md", "sequences/nieuw.yaml"

KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from service.flows import content_journal
from service.flows.content_desk import NEW, Change, ContentDesk
from service.flows.content_log import ContentLog, Entry
from service.store.db import open_database
where, url, when, MAIL, NEWS = sys.argv[1:]
if when == "before anything is written":
    content_journal.replace_file = lambda *_, **__: os.kill(os.getpid(), 9)
class Killed(ContentLog):
    def keep(self, note):
        if when == "once it is in the log":
            super().keep(note)
        os.kill(os.getpid(), 9)
def entries(written):
    assert sorted(written) == [MAIL, NEWS]
    for action in ("content saved", "approved"):
        yield Entry(actor="Frank", action=action, at=datetime.now(UTC), details={"files": sorted(written)})
desk = ContentDesk(Path(where), log=Killed(open_database(url)))
mail = desk.open(MAIL)
changes = {mail.file: Change(data=b"nieuw", seen=mail.mark), NEWS: Change(data=b"title: Nieuw", seen=NEW)}
desk.save(changes, lambda written: list(entries(written)))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return content_copy(tmp_path)


def save_and_be_killed(house: House, folder: Path, when: str) -> None:
    url = house.services.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, str(folder), url, when, MAIL, NEWS]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -9


def logged(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.action for each in reversed(events.audit_log(session, limit=50)) if each.actor == "Frank"]


def saved(folder: Path) -> list[bool]:
    return [(folder / MAIL).read_bytes() == b"nieuw", (folder / NEWS).exists()]


@pytest.mark.parametrize("when", ["before it is in the log", "once it is in the log"])
def test_what_stands_in_the_files_stands_in_the_log_once_the_service_is_back(
    house: House, folder: Path, when: str
) -> None:
    save_and_be_killed(house, folder, when)
    assert saved(folder) == [True, True]
    for _ in range(2):
        content_log.catch_up(house.services.database, folder)
        assert logged(house) == ["content saved", "approved"]
    assert [each.name for each in folder.glob(".studio-*")] == [".studio-lock"]


@pytest.mark.parametrize("migrated_database_url", cases.engines("sqlite"), indirect=True)
def test_that_is_looked_after_as_the_service_starts(house: House, folder: Path, tmp_path: Path) -> None:
    url = house.services.database.url.render_as_string(hide_password=False)
    with installation(tmp_path, url, NURTURE_CONTENT_DIR=str(folder)) as running:
        running.start()
        save_and_be_killed(house, folder, "before it is in the log")
        running.stop()
        running.start()
        assert logged(house) == ["content saved", "approved"]


def test_what_was_never_saved_is_not_in_the_log(house: House, folder: Path) -> None:
    save_and_be_killed(house, folder, "before anything is written")
    content_log.catch_up(house.services.database, folder)
    assert (saved(folder), logged(house)) == ([False, False], [])


def test_whoever_reads_meanwhile_takes_nothing_from_the_log_and_the_next_save_writes_it_too(
    house: House, folder: Path
) -> None:
    save_and_be_killed(house, folder, "before it is in the log")
    for _ in range(2):
        ContentDesk(folder).open(MAIL)  # by a process that has no log, such as `nurture check`
    desk = ContentDesk(folder, log=ContentLog(house.services.database))
    theirs = Entry(actor="Frank", action="theirs", at=house.clock.now(), details={})
    desk.save({"sequences/ander.yaml": Change(data=b"x", seen=NEW)}, lambda _: [theirs])
    assert logged(house) == ["content saved", "approved", "theirs"]


def test_a_save_that_somebody_undid_by_hand_before_it_was_finished_is_not_told(house: House, folder: Path) -> None:
    save_and_be_killed(house, folder, "before it is in the log")
    (folder / MAIL).write_text("met de hand")
    (folder / NEWS).write_text("title: Met de hand")
    content_log.catch_up(house.services.database, folder)
    assert logged(house) == []
    assert list(folder.glob(".studio-left-*"))


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_where_the_database_goes_away_during_the_commit_both_are_there_in_the_end(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    database = house.services.database
    desk = ContentDesk(folder, log=ContentLog(database))
    mail = desk.open(MAIL)
    changes = {MAIL: Change(data=b"nieuw", seen=mail.mark), NEWS: Change(data=b"x", seen=NEW)}
    told = Entry(actor="Frank", action="content saved", at=house.clock.now(), details={})

    @contextmanager
    def lost(_: Database) -> Iterator[Session]:
        with database.reading() as session:
            yield session
            if arrived:
                session.commit()
        raise UnavailableError("the database went away")

    with monkeypatch.context() as gone:
        gone.setattr(Database, "transaction", lost)
        desk.save(changes, lambda _: [told])
    assert (saved(folder), logged(house)) == ([True, True], ["content saved"] * arrived)
    ContentDesk(folder).open(MAIL)
    content_log.catch_up(database, folder)
    assert (saved(folder), logged(house)) == ([True, True], ["content saved"])
    assert [each.name for each in folder.glob(".studio-*")] == [".studio-lock"]


@pytest.mark.parametrize("found", ["", '{"note"', "[]", "{}"])
def test_a_note_that_cannot_be_read_is_set_aside_and_keeps_nobody_from_saving(
    house: House, folder: Path, found: str
) -> None:
    (folder / ".studio-unnoted-1.json").write_text(found)
    content_log.catch_up(house.services.database, folder)
    (folder / ".studio-unnoted-2.json").write_text(found)
    told = Entry(actor="Frank", action="content saved", at=house.clock.now(), details={})
    desk = ContentDesk(folder, log=ContentLog(house.services.database))
    desk.save({NEWS: Change(data=b"x", seen=NEW)}, lambda _: [told])
    assert logged(house) == ["content saved"]
    assert [(folder / f".studio-left-{number}.json").read_text() for number in (1, 2)] == [found, found]


def test_where_the_log_cannot_be_written_nothing_is_saved(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ContentDesk(folder, log=ContentLog(house.services.database))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no log today")

    monkeypatch.setattr(events, "audit", broken)
    before, mail = (folder / MAIL).read_bytes(), desk.open(MAIL)
    changes = {MAIL: Change(data=b"nieuw", seen=mail.mark), NEWS: Change(data=b"x", seen=NEW)}
    told = Entry(actor="Frank", action="content saved", at=house.clock.now(), details={})
    with pytest.raises(RuntimeError):
        desk.save(changes, lambda _: [told])
    assert ((folder / MAIL).read_bytes(), (folder / NEWS).exists()) == (before, False)
    assert [each.name for each in folder.glob(".studio-*")] == [".studio-lock"]


def test_what_somebody_wrote_by_hand_while_the_log_was_waited_for_stays(house: House, folder: Path) -> None:
    class Away(ContentLog):
        def keep(self, note: str) -> None:
            (folder / MAIL).write_text("met de hand")
            raise UnavailableError(f"the database is away: {note}")

    desk = ContentDesk(folder, log=Away(house.services.database))
    changes = {MAIL: Change(data=b"nieuw", seen=desk.open(MAIL).mark), NEWS: Change(data=b"x", seen=NEW)}
    told = Entry(actor="Frank", action="content saved", at=house.clock.now(), details={})
    with pytest.raises(UnavailableError):
        desk.save(changes, lambda _: [told])
    assert ((folder / MAIL).read_text(), (folder / NEWS).exists()) == ("met de hand", False)


def test_where_there_is_no_room_to_catch_up_that_waits_and_the_service_starts(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_and_be_killed(house, folder, "before it is in the log")

    def full(path: Path, data: bytes, **more: Any) -> None:
        if ".studio" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, data, **more)

    with monkeypatch.context() as disk:
        disk.setattr(content_journal, "replace_file", full)
        content_log.catch_up(house.services.database, folder)
        desk = ContentDesk(folder)
        with pytest.raises(NotWritableError):
            desk.save({NEWS: Change(data=b"x", seen=NEW)})
    assert logged(house) == []
    content_log.catch_up(house.services.database, folder)
    assert logged(house) == ["content saved", "approved"]
