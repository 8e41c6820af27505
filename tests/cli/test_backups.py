"""`nurture backup` and `nurture restore`, as a person gives them (ACCEPTANCE L10)."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import build, prepare, publish_first
from service.flows.opt_in_check import OptInRequest
from service.flows.services import Services
from service.flows.signup import register
from service.settings import load_settings
from service.store.db import open_database
from tests.support.commands import Said, nurture
from tests.support.running import ROOT


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One installation in a folder of its own, with keys kept in its data folder."""

    folder: Path
    database_url: str

    def run(self, *command: str, answers: str = "", **settings: str) -> Said:
        """One command."""
        return nurture(*command, folder=self.folder, answers=answers, **(self.settings() | settings))

    def settings(self) -> dict[str, str]:
        """What its `.env` would hold."""
        return {
            "database_url": self.database_url,
            "data_dir": str(self.folder / "data"),
            "mail_url": f"file:{self.folder / 'outbox'}",
            "content_dir": str(ROOT),
        }

    def key(self, name: str) -> Path:
        """A kept key."""
        return self.folder / "data" / name

    def live(self) -> None:
        """Start once, as `serve` does, and take an opt-in."""
        settings = load_settings({f"NURTURE_{name.upper()}": value for name, value in self.settings().items()})
        services = build(settings)
        prepare(services, settings)
        publish_first(services)
        opt_in(services, "anna@example.org")
        services.database.close()


def opt_in(services: Services, address: str) -> None:
    """Both boxes ticked."""
    request = OptInRequest(topic="lage-rug", consent_advice=True, consent_follow_up=True, email=address)
    with services.database.transaction() as session:
        register(session, services, request, services.clock.now())


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Machine:
    """The machine that is backed up: it has a lead who said no."""
    folder = tmp_path / "old"
    folder.mkdir()
    machine = Machine(folder=folder, database_url=database_url.replace(str(tmp_path), str(folder)))
    machine.live()
    assert machine.run("lead", "stop", "anna@example.org").status == 0
    return machine


@pytest.fixture
def new(tmp_path: Path) -> Machine:
    """An empty machine, on SQLite."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "data").mkdir()
    return Machine(folder=folder, database_url=f"sqlite:///{folder}/nurture.db")


def test_a_backup_names_the_keys_and_goes_back_on_another_machine_with_them_alone(
    old: Machine, new: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "a.zip"
    said = old.run("backup", str(file))
    assert (said.status, said.err) == (0, ""), said
    assert "NURTURE_SECRET_KEYS and NURTURE_SUPPRESSION_KEY" in said.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert old.key("secret-key").read_text().strip() not in file.read_bytes().decode("latin-1")
    refused = new.run("restore", str(file))
    assert refused.status == 1
    assert "the backup does not hold its keys" in refused.err
    assert list((new.folder / "data").iterdir()) == []  # no new key was made that would stand in the way
    for name in ("secret-key", "suppression-key"):
        new.key(name).write_text(old.key(name).read_text())
    restored = new.run("restore", str(file))
    assert restored.status == 0, restored
    assert "proved: lead 1 said no" in restored.out
    assert "All mail is on hold" in restored.out
    assert "suppress" in new.run("lead", "show", "anna@example.org").out.lower()
    resumed = new.run("resume")
    assert "stays held until you decide" in resumed.out
    assert "nurture message list" not in new.run("resume").out  # the second time there is nothing to tell


def test_with_its_keys_it_needs_nothing_else(old: Machine, new: Machine, tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    said = old.run("backup", str(file), "--with-keys")
    assert "whoever has the file can read everything" in said.out
    assert new.run("restore", str(file)).status == 0
    for name in ("secret-key", "suppression-key"):
        assert new.key(name).read_text() == old.key(name).read_text()
        assert stat.S_IMODE(new.key(name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["secret-key", "suppression-key"])
def test_other_keys_than_the_backups_are_refused_and_stay(
    old: Machine, new: Machine, tmp_path: Path, name: str
) -> None:
    old.run("backup", str(tmp_path / "a.zip"), "--with-keys")
    new.key(name).write_text("another-key-0123456789-another-key-0123456789\n")
    refused = new.run("restore", str(tmp_path / "a.zip"))
    assert refused.status == 1
    assert "NURTURE_S" in refused.err
    assert new.key(name).read_text().startswith("another-key")
    assert tables(new) == []


def test_a_place_of_keys_that_is_no_file_is_told_before_anything_is_done(
    old: Machine, new: Machine, tmp_path: Path
) -> None:
    """Docker makes a folder of a file that it is to mount and does not find."""
    assert old.run("backup", str(tmp_path / "a.zip"), "--with-keys").status == 0
    new.key("secret-key").mkdir()
    said = new.run("restore", str(tmp_path / "a.zip"))
    assert (said.status, said.err) == (
        1,
        f"the secrets kept in {new.key('secret-key')} cannot be used: Is a directory\n",
    )
    assert not (new.folder / "nurture.db").exists()
    new.key("secret-key").rmdir()
    new.key("secret-key").parent.rmdir()
    new.key("secret-key").parent.write_text("a file")
    assert "cannot be used: File exists" in new.run("restore", str(tmp_path / "a.zip")).err


def test_keys_that_the_settings_hold_are_never_in_a_backup(old: Machine, tmp_path: Path) -> None:
    keys = {each: old.key(each).read_text().strip() for each in ("secret-key", "suppression-key")}
    for each in keys:
        old.key(each).unlink()
    settings = {"secret_keys": keys["secret-key"], "suppression_key": keys["suppression-key"]}
    refused = old.run("backup", str(tmp_path / "a.zip"), "--with-keys", **settings)
    assert "leave --with-keys out" in refused.err
    assert old.run("backup", str(tmp_path / "a.zip"), **settings).status == 0


def test_replacing_asks_for_a_word_and_without_it_nothing_happens(old: Machine, tmp_path: Path) -> None:
    file = str(tmp_path / "a.zip")
    old.run("backup", file)
    refused = old.run("restore", file)
    assert (refused.status, "--replace" in refused.err) == (1, True)
    for answers in ("no\n", "yes\n", ""):
        assert old.run("restore", file, "--replace", answers=answers).status == 1
    assert "All mail is on hold" not in old.run("lead", "show", "anna@example.org").out
    assert old.run("restore", file, "--replace", answers="replace\n").status == 0
    assert old.run("restore", file, "--replace", "--yes").status == 0


def test_both_are_kept_in_the_audit_log(old: Machine, tmp_path: Path) -> None:
    file = str(tmp_path / "a.zip")
    old.run("backup", file)
    assert audited(old)[-1] == "backup made"
    old.run("restore", file, "--replace", "--yes")
    assert {"restored", "put back", "paused"} <= set(audited(old))


@pytest.mark.parametrize("given", ["nothing.zip", "folder", "text"])
def test_what_is_no_backup_is_refused_in_one_sentence(new: Machine, given: str) -> None:
    (new.folder / "folder").mkdir()
    (new.folder / "text").write_text("no backup")
    refused = new.run("restore", given)
    assert (refused.status, refused.err.count("\n")) == (1, 1), refused
    assert given in refused.err
    assert tables(new) == []


def test_there_is_nothing_to_back_up_before_the_first_start(new: Machine, tmp_path: Path) -> None:
    refused = new.run("backup", str(tmp_path / "a.zip"))
    assert (refused.status, refused.err.count("\n")) == (1, 1), refused
    assert "is NURTURE_DATABASE_URL right?" in refused.err
    assert not (tmp_path / "a.zip").exists()


def test_a_backup_that_is_told_to_have_failed_is_not_there(new: Machine, tmp_path: Path) -> None:
    new.live()
    with closing(sqlite3.connect(new.folder / "nurture.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write in the audit log
        said = new.run("backup", str(tmp_path / "a.zip"))
    assert (said.status, "locked" in said.err) == (1, True), said
    assert list(tmp_path.glob("*a.zip*")) == []


def audited(machine: Machine) -> list[str]:
    """What was done, oldest first."""
    database = open_database(machine.database_url)
    with database.reading() as session:
        found = [str(each) for each in session.execute(text("SELECT action FROM audit ORDER BY id")).scalars()]
    database.close()
    return found


def tables(machine: Machine) -> list[str]:
    """The tables of a SQLite database."""
    database = open_database(machine.database_url)
    with database.reading() as session:
        found = [str(each) for each in session.execute(text("SELECT name FROM sqlite_master")).scalars()]
    database.close()
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL would not take such a value
def test_a_damaged_row_is_told_and_leaves_no_file(old: Machine, tmp_path: Path) -> None:
    database = open_database(old.database_url)
    with database.transaction() as session:
        session.execute(text("UPDATE message SET content = '{'"))
    database.close()
    said = old.run("backup", str(tmp_path / "a.zip"))
    assert (said.status, said.out) == (1, "")
    assert "a row of the table message is damaged: it holds a value that cannot be read; mend or remove it" in said.err
    assert not list(tmp_path.glob("a.zip*"))


@pytest.mark.parametrize("content", [b"no database" * 40, None], ids=["another file", "cut short"])
def test_a_database_file_that_is_none_any_more_is_told_and_what_to_do(
    new: Machine, tmp_path: Path, content: bytes | None
) -> None:
    new.live()
    backup, file = tmp_path / "a.zip", new.folder / "nurture.db"
    assert new.run("backup", str(backup), "--with-keys").status == 0
    for each in new.folder.glob("nurture.db-*"):
        each.unlink()
    file.write_bytes(content or file.read_bytes()[:200_000])
    for command in (["stats"], ["message", "list"], ["lead", "show", "a@b.nl"], ["migrate"], ["restore", str(backup)]):
        said = new.run(*command)
        assert said.status == 1
        assert said.err.startswith("the database file is damaged, or no SQLite database at all ("), said.err
        assert said.err.endswith("and put a backup back: nurture restore FILE\n")
    for each in new.folder.glob("nurture.db*"):
        each.unlink()
    assert new.run("restore", str(backup)).status == 0


def test_the_rehearsal_of_the_documentation_leaves_all_that_it_makes_in_one_folder(
    old: Machine, tmp_path: Path
) -> None:
    page = (ROOT / "docs/backup.md").read_text(encoding="utf-8").partition("## A rehearsal")[2]
    commands = page.partition("```sh\n")[2].partition("```")[0].replace("/safe/place", str(old.folder / "data"))
    there = tmp_path / "there"
    there.mkdir()
    assert old.run("backup", str(there / "nurture-20261120-030000.zip")).status == 0
    script = f'nurture() {{ "{sys.executable}" -m service "$@"; }}\n{commands}'
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=there, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("proved: ")) == (0, 2), done.stderr
    assert {path.name for path in there.iterdir()} == {"nurture-20261120-030000.zip", "rehearsal"}
    assert (there / "rehearsal/nurture.db").exists(), "where everybody's data is, the page says to delete"
