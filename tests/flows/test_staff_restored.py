"""A backup that is put back brings back no session and no invitation, nor rights that somebody had no more."""

from __future__ import annotations

from pathlib import Path

from service.domain.staff import Role
from service.flows import staff
from service.store.db import real_now
from tests.support import backups, studio
from tests.support.house import House


def test_after_a_restore_everybody_logs_in_anew_with_the_password_and_role_of_the_backup(
    house: House, tmp_path: Path
) -> None:
    number = studio.hire(house)
    here = studio.desk(house, number)
    backups.make(house, tmp_path / "a.zip")
    assert here.is_in()
    backups.restore(house, tmp_path / "a.zip", replace=True)
    assert not here.is_in()
    assert studio.person(house, number).role == "editor"
    assert studio.desk(house).log_in(studio.ESRA).status_code == 303


def test_an_invitation_that_was_used_since_cannot_be_used_again(house: House, tmp_path: Path) -> None:
    token = studio.invited(house)
    backups.make(house, tmp_path / "a.zip")
    chosen = "een heel ander wachtwoord"
    answer = studio.desk(house).post(f"/studio/invitation/{token}", password=chosen, again=chosen)
    assert answer.headers["location"] == "/studio/"
    backups.restore(house, tmp_path / "a.zip", replace=True)
    assert studio.desk(house).see(f"/studio/invitation/{token}").status_code == 404


def test_whoever_was_removed_or_locked_out_since_stays_out(house: House, tmp_path: Path) -> None:
    studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs")
    removed, locked_out = studio.hire(house), studio.hire(house, studio.FRANK, Role.MANAGER, "Frank")
    backups.keep_keys(house)
    backups.make(house, tmp_path / "a.zip")
    with house.services.database.transaction() as session:
        now = real_now(session)
        staff.remove(session, house.services, removed, actor="test", now=now)
        staff.disable(session, house.services, locked_out, actor="test", now=now)
    backups.restore(house, tmp_path / "a.zip", replace=True)
    found = [studio.desk(house).log_in(each).status_code for each in (studio.ESRA, studio.FRANK, studio.GIJS)]
    assert found == [422, 422, 303]
    assert (studio.person(house, removed).address, studio.person(house, removed).name) == (None, "Esra")
    assert studio.person(house, locked_out).address == studio.FRANK


def test_whoever_has_fewer_rights_since_gets_none_back_and_more_are_lost_with_all_else(
    house: House, tmp_path: Path
) -> None:
    studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs")
    fewer, more = studio.hire(house, studio.FRANK, Role.ADMIN, "Frank"), studio.hire(house)
    backups.keep_keys(house)
    backups.make(house, tmp_path / "a.zip")
    with house.services.database.transaction() as session:
        staff.give_role(session, house.services, fewer, Role.EDITOR, actor="test")
        staff.give_role(session, house.services, more, Role.MANAGER, actor="test")
    backups.restore(house, tmp_path / "a.zip", replace=True)
    assert [studio.person(house, each).role for each in (fewer, more)] == ["editor", "editor"]
