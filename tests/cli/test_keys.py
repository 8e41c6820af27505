"""`nurture keys`: a new key signs, the old ones go on verifying, and one is given up only knowingly."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.kept_secrets import put_in_front, read_kept
from service.mail.links import Keyring, fingerprint
from service.settings import load_settings
from service.store.db import open_database
from service.store.schema import Schema, schema_state
from tests.cli.test_backups import Machine
from tests.support.commands import Said


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Machine:
    """An installation whose keys are kept in its data folder, with one lead."""
    machine = Machine(folder=tmp_path, database_url=database_url)
    machine.live()
    return machine


@pytest.mark.parametrize("command", ["keys list", "keys retire abc", "copy-database --take-back --yes"])
def test_an_empty_database_is_told_and_left_as_it_is(database_url: str, tmp_path: Path, command: str) -> None:
    machine = Machine(folder=tmp_path, database_url=database_url)
    said = machine.run(*command.split())
    assert (said.status, said.out) == (1, "")
    assert said.err == "the database is empty: is NURTURE_DATABASE_URL the right one?\n"
    database = open_database(database_url)
    assert schema_state(database) is Schema.EMPTY
    database.close()


def keys_of(machine: Machine) -> tuple[str, ...]:
    return load_settings({f"NURTURE_{name.upper()}": each for name, each in machine.settings().items()}).secret_keys


def listed(machine: Machine) -> list[str]:
    said = machine.run("keys", "list")
    assert (said.status, said.err) == (0, "")
    return said.out.splitlines()


def shown_nowhere(machine: Machine, *said: Said) -> bool:
    """Keys stay where they are kept."""
    told = "".join(each.out + each.err for each in said)
    return not any(key in told for key in keys_of(machine))


def test_a_rotation_puts_a_new_key_in_front_and_the_old_one_goes_on_verifying(machine: Machine) -> None:
    (old,) = keys_of(machine)
    said = machine.run("keys", "rotate")
    assert (said.status, said.err) == (0, "")
    assert "Restart serve and every worker now" in said.out
    new, kept = keys_of(machine)
    assert kept == old
    assert new != old
    assert stat.S_IMODE(machine.key("secret-key").stat().st_mode) == 0o600
    token = Keyring([old]).sign("u", "A" * 22)
    assert Keyring(keys_of(machine)).read("u", token) == "A" * 22
    first, second, suppression, _ = listed(machine)
    assert first == f"{fingerprint(new)[:12]}  signs, no mail holds links of it"
    assert re.fullmatch(rf"{fingerprint(old)[:12]}  verifies, links in 1 mails, made \S+ to \S+", second)
    assert "never rotates" in suppression
    assert shown_nowhere(machine, said)
    assert "key rotated" in machine.run("audit").out


def test_rotations_at_once_lose_no_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: put_in_front(tmp_path, "secret-key", setting="X"), range(8)))
    kept = read_kept(tmp_path)["secret-key"].split()
    assert len(kept) == len(set(kept)) == 9
    assert made < set(kept)


def test_a_key_that_was_set_is_changed_by_hand(machine: Machine) -> None:
    (old,) = keys_of(machine)
    said = machine.run("keys", "rotate", secret_keys=old)
    assert (said.status, said.out) == (1, "")
    assert "add a new key behind the others" in said.err
    assert keys_of(machine) == (old,)


def test_a_key_is_retired_with_yes_alone_and_never_the_one_that_signs(machine: Machine) -> None:
    (old,) = keys_of(machine)
    name = fingerprint(old)[:12]
    signing = machine.run("keys", "retire", name, "--yes")
    assert (signing.status, "signs the links of every new mail" in signing.err) == (1, True)
    assert machine.run("keys", "rotate").status == 0
    asked = machine.run("keys", "retire", name)
    assert (asked.status, asked.out) == (1, "")
    assert "links in 1 mails would stop working" in asked.err
    assert len(keys_of(machine)) == 2
    done = machine.run("keys", "retire", name, "--yes")
    assert (done.status, done.err) == (0, "")
    assert f"{name} is retired." in done.out
    assert len(keys_of(machine)) == 1
    assert name not in machine.run("keys", "list").out
    assert machine.run("lead", "show", "anna@example.org").status == 0, "and everything starts without it"
    assert shown_nowhere(machine, signing, asked, done)
    assert "key retired" in machine.run("audit").out


def test_a_key_that_is_lost_stops_a_start_until_it_is_retired(machine: Machine) -> None:
    (old,) = keys_of(machine)
    new = "n" * 20 + "0123456789abcdefghij"
    refused = machine.run("lead", "show", "anna@example.org", secret_keys=new)
    assert (refused.status, "nurture keys retire" in refused.err) == (1, True)
    name = fingerprint(old)[:12]
    assert f"{name}  missing" in machine.run("keys", "list", secret_keys=new).out
    assert machine.run("keys", "retire", name, "--yes", secret_keys=new).status == 0
    assert machine.run("lead", "show", "anna@example.org", secret_keys=new).status == 0


def test_a_retired_key_that_is_still_set_is_not_taken_up_again_and_may_not_sign(machine: Machine) -> None:
    (old,) = keys_of(machine)
    new = "n" * 20 + "0123456789abcdefghij"
    both = f"{new},{old}"
    assert machine.run("lead", "show", "anna@example.org", secret_keys=both).status == 0
    said = machine.run("keys", "retire", fingerprint(old)[:12], "--yes", secret_keys=both)
    assert "Take it out of NURTURE_SECRET_KEYS" in said.out
    assert machine.run("lead", "show", "anna@example.org", secret_keys=both).status == 0
    assert machine.run("lead", "show", "anna@example.org", secret_keys=new).status == 0
    wrong = machine.run("lead", "show", "anna@example.org", secret_keys=f"{old},{new}")
    assert (wrong.status, "was retired" in wrong.err) == (1, True)


@pytest.mark.parametrize("name", ["", "zz", "0"])
def test_a_fingerprint_that_names_no_key_is_told_with_those_there_are(machine: Machine, name: str) -> None:
    if fingerprint(keys_of(machine)[0]).startswith(name or "-"):
        name = "zz"
    said = machine.run("keys", "retire", name, "--yes")
    assert (said.status, said.out) == (1, "")
    assert fingerprint(keys_of(machine)[0])[:12] in said.err


def test_a_backup_with_its_keys_brings_all_of_them_back(machine: Machine, tmp_path: Path) -> None:
    assert machine.run("keys", "rotate").status == 0
    kept = keys_of(machine)
    assert machine.run("backup", str(tmp_path / "b.zip"), "--with-keys").status == 0
    folder = tmp_path / "new"
    (folder / "data").mkdir(parents=True)
    new = Machine(folder=folder, database_url=f"sqlite:///{folder}/nurture.db")
    assert new.run("restore", str(tmp_path / "b.zip")).status == 0
    assert keys_of(new) == kept


def test_a_place_that_cannot_be_written_is_told_in_one_sentence(machine: Machine) -> None:
    kept = keys_of(machine)
    (machine.folder / "data" / ".secret-key.lock").mkdir()
    said = machine.run("keys", "rotate")
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert f"{machine.key('secret-key')} cannot be used: Is a directory" in said.err
    assert keys_of(machine) == kept
