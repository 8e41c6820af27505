"""A backup holds everything, exactly, whichever engine it comes from and goes to (ACCEPTANCE L10)."""

from __future__ import annotations

import resource
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from service.errors import RefusedError
from service.flows import archive, restoring
from service.store.db import open_database
from service.store.tables import Table
from tests.support import backups
from tests.support.house import House, open_house


def test_every_row_comes_back_exactly_on_the_other_engine_and_back(
    house: House, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    backups.peopled(house)
    everything = house.rows()
    manifest = backups.make(house, tmp_path / "there.zip")
    assert {part.table: part.rows for part in manifest.parts} == {name: len(rows) for name, rows in everything.items()}
    other = f"sqlite:///{tmp_path / 'other.db'}"
    if house.services.database.is_sqlite:
        other = str(request.getfixturevalue("postgres_url"))
    load(other, tmp_path / "there.zip")
    with open_house(other, tmp_path, published=False) as middle:
        assert middle.rows() == everything
        backups.make(middle, tmp_path / "back.zip")
    load(f"sqlite:///{tmp_path / 'again.db'}", tmp_path / "back.zip")
    with open_house(f"sqlite:///{tmp_path / 'again.db'}", tmp_path, published=False) as last:
        assert last.rows() == everything
    with open_house(other, tmp_path, published=False) as middle:
        newest = max(middle.lead(each).id for each in (backups.ANNA, backups.BRAM, backups.CARLA, backups.ESRA))
        middle.opt_in("gijs@example.org")
        assert middle.lead("gijs@example.org").id > newest  # the ids go on where the backup's ended


def test_it_shows_one_moment_while_others_go_on_writing(house: House, tmp_path: Path) -> None:
    """A lead without her consent, or a message without its lead, could not be put back."""
    backups.peopled(house)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            house.opt_in(f"lead{number}@example.org")

    writer = threading.Thread(target=write)
    writer.start()
    counts: list[dict[str, int]] = []
    try:
        while len(counts) < 50 and (len(counts) < 3 or counts[-1]["lead"] < counts[0]["lead"] + 3):
            manifest = backups.make(house, tmp_path / f"{len(counts)}.zip")
            counts.append({part.table: part.rows for part in manifest.parts})
    finally:
        stop.set()
        writer.join()
    assert counts[-1]["lead"] >= counts[0]["lead"] + 3
    for number, rows in enumerate(counts):
        assert rows["opt_in"] == rows["lead"]
        load(f"sqlite:///{tmp_path / f'{number}.db'}", tmp_path / f"{number}.zip")  # its foreign keys hold


def test_it_is_for_its_owner_alone_and_never_replaces_a_file(house: House, tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    backups.make(house, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(RefusedError, match="never replaces"):
        backups.make(house, file)
    assert file.read_bytes() == before


def test_one_that_cannot_be_finished_leaves_nothing(house: House, tmp_path: Path) -> None:
    backups.peopled(house)
    folder = tmp_path / "disk"
    folder.mkdir()
    with no_file_beyond(4096), pytest.raises(RefusedError, match="cannot be written"):
        backups.make(house, folder / "a.zip")
    assert list(folder.iterdir()) == []
    with pytest.raises(RefusedError, match="No such file or directory"):
        backups.make(house, tmp_path / "nowhere" / "a.zip")


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """The system refuses to let a file grow beyond this many bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores the signal; the write fails
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_damaged_file_is_refused_before_anything_is_done(house: House, tmp_path: Path) -> None:
    backups.peopled(house)
    whole = tmp_path / "whole.zip"
    backups.make(house, whole)
    for name, damage in DAMAGES.items():
        damaged = tmp_path / f"{name}.zip"
        damage(whole, damaged)
        with pytest.raises(RefusedError) as refused, archive.reading(damaged):
            pass
        assert str(damaged) in refused.value.english, name


def test_no_two_tables_refer_to_each_other_so_that_rows_can_be_loaded_in_an_order(migrated_database_url: str) -> None:
    engine = create_engine(make_url(migrated_database_url))
    order = inspect(engine).get_sorted_table_and_fkc_names()
    engine.dispose()
    assert order[-1] == (None, [])
    assert {name for name, _ in order} - {None, "alembic_version"} == set(Table.metadata.tables)


def load(url: str, file: Path) -> None:
    """A backup's rows and nothing else, in an empty database."""
    database = open_database(url)
    try:
        with archive.reading(file) as opened, database.transaction() as session:
            restoring.load(session.connection(), opened)
    finally:
        database.close()


def _cut(whole: Path, damaged: Path) -> None:
    data = whole.read_bytes()
    damaged.write_bytes(data[: len(data) // 2])


def _nothing(_: Path, damaged: Path) -> None:
    assert not damaged.exists()


def _text(_: Path, damaged: Path) -> None:
    damaged.write_text("no zip")


def _flip(whole: Path, damaged: Path) -> None:
    data = bytearray(whole.read_bytes())
    data[len(data) // 3] ^= 0xFF
    damaged.write_bytes(data)


def _overwrite(place: int, value: int) -> Callable[[Path, Path], None]:
    """One byte of what the zip says of its first file, counted from the beginning of that."""

    def damage(whole: Path, damaged: Path) -> None:
        data = bytearray(whole.read_bytes())
        data[data.index(b"PK\x01\x02") + place] = value
        damaged.write_bytes(data)

    return damage


def _unnamed(whole: Path, damaged: Path) -> None:
    data = bytearray(whole.read_bytes())
    first = data.index(b"PK\x01\x02")
    data[first + 9] |= 0x08  # names are UTF-8, it says
    data[first + 46] = 0xFF
    damaged.write_bytes(data)


def _rewrite(change: Callable[[str, bytes], bytes | None]) -> Callable[[Path, Path], None]:
    """The same archive, sound as a zip, with other contents in some of its files."""

    def damage(whole: Path, damaged: Path) -> None:
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(damaged, "w") as new:
            for name in old.namelist():
                data = change(name, old.read(name))
                if data is not None:
                    new.writestr(name, data)

    return damage


DAMAGES: dict[str, Callable[[Path, Path], None]] = {
    "cut": _cut,
    "flipped": _flip,
    "missing": _nothing,
    "a-text": _text,
    "a-zip-of-the-future": _overwrite(6, 99),
    "a-name-that-is-no-text": _unnamed,
    "a-row-changed": _rewrite(lambda name, data: data.replace(b"anna@", b"eva@") if name == "lead.jsonl" else data),
    "a-table-less": _rewrite(lambda name, data: None if name == "suppression.jsonl" else data),
    "no-manifest": _rewrite(lambda name, data: None if name == "manifest.json" else data),
    "newer-format": _rewrite(lambda _, data: data.replace(b'"format": 1', b'"format": 2')),
}
