"""`nurture backup --into DIR`: a dated file each time, and none kept longer than it may (ACCEPTANCE P1)."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.flows import archive, backup_folder
from service.flows.archive import Manifest
from tests.cli.test_backups import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An installation on SQLite; folders of files know no database."""
    machine = Machine(folder=tmp_path, database_url=f"sqlite:///{tmp_path}/nurture.db")
    machine.live()
    return machine


def aged(machine: Machine, folder: Path, days: float, **keys: str) -> Path:
    """A backup of ours that says it was made so many days ago, by an installation with other `keys` where told so."""
    assert machine.run("backup", str(machine.folder / "fresh.zip")).status == 0
    made_at = datetime.now(UTC) - timedelta(days=days)
    path = folder / f"nurture-{made_at:%Y%m%d-%H%M%S}.zip"
    with zipfile.ZipFile(machine.folder / "fresh.zip") as fresh, zipfile.ZipFile(path, "w") as old:
        for name in fresh.namelist():
            data = fresh.read(name)
            if name == "manifest.json":
                found = Manifest.model_validate_json(data)
                assert found.keys is not None
                told = {"made_at": made_at, "keys": found.keys.model_copy(update=keys)}
                data = found.model_copy(update=told).model_dump_json().encode()
            old.writestr(name, data)
    (machine.folder / "fresh.zip").unlink()
    return path


def test_backups_expire_before_they_are_thirty_days_old(machine: Machine) -> None:
    folder = machine.folder / "backups"
    folder.mkdir()
    old, last, young = aged(machine, folder, 31), aged(machine, folder, 29.1), aged(machine, folder, 28.9)
    said = machine.run("backup", "--into", str(folder))
    assert (said.status, said.err) == (0, "")
    left = set(folder.iterdir())
    assert not {old, last} & left
    assert young in left
    assert len(left) == 2
    assert f"Expired and removed: {old}\n" in said.out
    assert "backups expired" in machine.run("audit").out
    made = next(iter(left - {young}))
    assert machine.run("restore", str(made), "--replace", "--yes").status == 0


def test_backups_expire_also_where_the_command_is_given_without_the_settings_that_hold_the_keys(
    machine: Machine,
) -> None:
    folder = machine.folder / "backups"
    folder.mkdir()
    old = aged(machine, folder, 31)
    said = machine.run("backup", "--into", str(folder), data_dir=str(machine.folder / "elsewhere"))
    assert (said.status, said.err, old.exists()) == (0, "", False)


def test_only_what_is_surely_a_backup_of_ours_is_removed(machine: Machine) -> None:
    folder = machine.folder / "backups"
    folder.mkdir()
    backup = aged(machine, folder, 40)
    (folder / "holiday.zip").write_bytes(backup.read_bytes())  # another name
    (folder / "nurture-20200101-000000.zip").write_text("no archive at all")
    (folder / "nurture-20200102-000000.zip").symlink_to(folder / "holiday.zip")
    with zipfile.ZipFile(folder / "nurture-20200103-000000.zip", "w") as other:
        other.writestr("photo.jpg", b"x")
    said = machine.run("backup", "--into", str(folder))
    assert said.status == 0
    assert not backup.exists()
    assert {path.name for path in folder.iterdir()} >= {
        "holiday.zip",
        *(f"nurture-2020010{day}-000000.zip" for day in (1, 2, 3)),
    }
    assert said.err.count("has the name of a backup of ours and is none") == 2


def test_what_a_killed_backup_had_come_to_goes_the_day_after(machine: Machine) -> None:
    """It holds everybody, cannot say when it was made, and no listing shows it."""
    folder = machine.folder / "backups"
    halves = [half_of(folder, datetime.now(UTC) - timedelta(days=days)) for days in (1.01, 0.9)]
    other = folder / ".holiday.zip-abcdefgh"
    other.write_bytes(halves[0].read_bytes())
    for path, days in ((halves[0], 1.01), (halves[1], 0.9), (other, 40)):
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))
    said = machine.run("backup", "--into", str(folder))
    assert (said.status, said.err) == (0, "")
    assert f"Expired and removed: {halves[0]}\n" in said.out
    assert [path.exists() for path in (*halves, other)] == [False, True, True]


def half_of(folder: Path, now: datetime) -> Path:
    """What is left of a backup that was killed while it was written."""
    with archive.writing(backup_folder.new_file(folder, now)):
        (half,) = (path for path in folder.iterdir() if f"{now:%Y%m%d-%H%M%S}" in path.name)
    (folder / f"nurture-{now:%Y%m%d-%H%M%S}.zip").unlink()
    half.write_bytes(b"PK and half of everybody")
    return half


def test_what_another_installation_keeps_in_the_same_folder_stays(machine: Machine) -> None:
    folder = machine.folder / "backups"
    folder.mkdir()
    theirs = aged(machine, folder, 40, suppression="0" * 64)
    said = machine.run("backup", "--into", str(folder))
    assert (said.status, theirs.exists()) == (0, True)
    assert said.err == f"{theirs} is old, but of another installation: give each a folder of its own\n"


def test_the_term_is_a_setting_of_thirty_days_at_most(machine: Machine) -> None:
    folder = machine.folder / "backups"
    folder.mkdir()
    old = aged(machine, folder, 6.5)
    assert machine.run("backup", "--into", str(folder), backup_days="7").status == 0
    assert not old.exists()
    refused = machine.run("backup", "--into", str(folder), backup_days="31")
    assert (refused.status, "NURTURE_BACKUP_DAYS" in refused.err) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("b.zip", "--into", "backups")])
def test_a_file_or_a_folder_must_be_named(machine: Machine, arguments: tuple[str, ...]) -> None:
    said = machine.run("backup", *arguments)
    assert (said.status, "name a FILE, or a folder with --into" in said.err) == (2, True)
    assert not (machine.folder / "b.zip").exists()
