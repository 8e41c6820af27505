"""The file beside a SQLite database knows when an older copy of it was put back (ACCEPTANCE L10)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from service.bootstrap import prepare
from service.errors import RefusedError
from service.flows import put_back
from service.settings import load_settings
from service.store import high_water
from tests.support import acts, studio
from tests.support.house import House, open_house

ANNA, BRAM = "anna@example.org", "bram@example.org"


@pytest.fixture
def house(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[House]:
    """A house on SQLite, where there is such a file."""
    shutil.copyfile(template_file("published"), tmp_path / "nurture.db")
    with open_house(f"sqlite:///{tmp_path / 'nurture.db'}", tmp_path, published=False) as built:
        yield built


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "nurture.db.high-water"


def look(house: House) -> put_back.Held | None:
    """As `bootstrap.prepare` does at each start."""
    return put_back.hold_where_behind(house.services, house.clock.now())


def known(house: House) -> int:
    """What the database has counted."""
    with house.services.database.reading() as session:
        return high_water.counted(session)


def test_each_hand_over_counts_up_in_the_database_and_then_in_the_file(house: House, beside: Path) -> None:
    assert not beside.exists()
    for number, address in enumerate((ANNA, BRAM), start=1):
        house.opt_in(address)
        house.send_due()
        assert (known(house), int(beside.read_text())) == (number, number)
    house.send_due()  # nothing was due, nothing is counted
    assert known(house) == 2
    assert look(house) is None


def test_an_older_copy_put_back_by_hand_holds_all_mail(house: House, beside: Path, tmp_path: Path) -> None:
    house.opt_in(ANNA)
    house.send_due()
    copied_at = house.clock.now()
    house.services.database.close()
    shutil.copyfile(tmp_path / "nurture.db", tmp_path / "copy.db")
    house.clock.advance(hours=1)
    house.opt_in(BRAM)
    house.send_due()
    house.services.database.close()
    shutil.copyfile(tmp_path / "copy.db", tmp_path / "nurture.db")
    house.clock.advance(hours=1)
    held = look(house)
    assert held is not None
    assert held.since == copied_at
    assert "restored" in acts.alerts(house)
    house.opt_in("gijs@example.org")
    assert house.tick() == 0
    assert look(house) is None  # told once
    acts.release_the_brake(house)
    assert house.tick() == 1
    assert known(house) == int(beside.read_text()) == 3


def test_an_older_copy_brings_no_session_and_no_used_invitation_back(
    house: House, beside: Path, tmp_path: Path
) -> None:
    here, token = studio.desk(house, studio.hire(house)), studio.invited(house)
    house.services.database.close()
    shutil.copyfile(tmp_path / "nurture.db", tmp_path / "copy.db")
    house.opt_in(ANNA)
    house.send_due()
    house.services.database.close()
    shutil.copyfile(tmp_path / "copy.db", tmp_path / "nurture.db")
    assert here.is_in()
    assert look(house) is not None
    assert not here.is_in()
    assert here.see(f"/studio/invitation/{token}").status_code == 404


def test_what_was_due_in_the_copy_is_held_for_staff(house: House, beside: Path) -> None:
    house.opt_in(ANNA)
    beside.write_text("7\n")
    held = look(house)
    assert held is not None
    assert (held.waiting, held.since) == (1, house.clock.now())
    assert house.messages(ANNA)[0].hold == "restored"


def test_a_database_ahead_of_its_file_or_without_one_is_fine(house: House, beside: Path) -> None:
    house.opt_in(ANNA)
    house.send_due()
    beside.write_text("0\n")
    assert look(house) is None
    beside.unlink()
    assert look(house) is None
    beside.write_text("what is this")
    assert look(house) is None


def test_a_hand_over_that_is_rolled_back_leaves_the_file_alone(house: House, beside: Path) -> None:
    house.opt_in(ANNA)

    def full(_connection: object) -> None:
        raise RuntimeError("the commit fails")

    engine = house.services.database.engine
    with house.services.database.transaction() as session:
        high_water.count_up(session, house.clock.now())
        session.flush()
        session.rollback()
    assert not beside.exists()
    event.listen(engine, "commit", full)
    with pytest.raises(RuntimeError), house.services.database.transaction() as session:
        high_water.count_up(session, house.clock.now())
    event.remove(engine, "commit", full)
    assert not beside.exists()


def test_the_end_of_a_savepoint_is_none_of_the_hand_overs(house: House, beside: Path) -> None:
    with house.services.database.transaction() as session:
        high_water.count_up(session, house.clock.now())
        with session.begin_nested():
            pass
        assert not beside.exists()
        with session.begin_nested() as savepoint:
            savepoint.rollback()
        assert not beside.exists()
    assert int(beside.read_text()) == 1


def test_a_file_that_cannot_be_written_stops_no_mail(house: House, beside: Path) -> None:
    beside.mkdir()  # root may write any file, and no folder
    house.opt_in(ANNA)
    assert house.send_due() == 1
    with pytest.raises(RefusedError, match="make it ours, or remove it"):
        look(house)
    beside.rmdir()
    assert look(house) is None


def test_several_processes_never_turn_it_back(house: House, beside: Path) -> None:
    database = house.services.database
    high_water.start_anew(database, 1)

    def raise_often(start: int) -> None:
        for count in range(start, 400, 4):
            high_water._raise_to(beside, count)

    threads = [threading.Thread(target=raise_often, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert int(beside.read_text()) == 399


def test_a_database_made_anew_has_nothing_to_do_with_the_file_of_the_old(tmp_path: Path) -> None:
    beside = tmp_path / "nurture.db.high-water"
    beside.write_text("9\n")
    settings = load_settings(
        {"NURTURE_DATA_DIR": str(tmp_path), "NURTURE_DATABASE_URL": f"sqlite:///{tmp_path}/nurture.db"}
    )
    with open_house(settings.database_url, tmp_path, published=False) as house:
        prepare(house.services, settings)
        assert int(beside.read_text()) == 0
        beside.write_text("9\n")
        prepare(house.services, settings)
        assert "restored" in acts.alerts(house)
