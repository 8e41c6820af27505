"""A second step that an admin demands: whoever has none is led to where it is set up, and nowhere else."""

from __future__ import annotations

import re

import pytest

from service.domain.staff import Least, Role
from service.flows import staff_secrets, studio_settings
from service.flows.studio_settings import StudioSettings
from service.store import staff as rows
from service.web.studio.doors import SET_UP, Door
from service.web.studio.routes import DOORS
from tests.support import studio
from tests.support.house import House
from tests.support.house import words as mail_words
from tests.support.studio import Desk, words

pytestmark = pytest.mark.files

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BEHIND = [door for door in DOORS if door.least > Least.CODE]


@pytest.fixture
def house(house: House) -> House:
    with house.services.database.transaction() as session:
        studio_settings.change(session, StudioSettings(second_step=True), actor="test", now=house.clock.now())
    return house


def led(desk: Desk, door: Door) -> bool:
    path = re.sub(r"{\w+}", "verzonnen", door.path)
    answer = desk.see(path) if door.method == "GET" else desk.post(path)
    return answer.status_code == 303 and answer.headers["location"] == SET_UP


def test_whoever_has_none_gets_through_no_door_but_that_one(house: House) -> None:
    desk = studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN))
    before = house.rows()
    closed = [door for door in BEHIND if door.path != SET_UP]
    assert [door.path for door in closed if not led(desk, door)] == []
    assert house.rows() == before
    assert not any(led(desk, door) for door in BEHIND if door.path == SET_UP)
    page = desk.see(SET_UP)
    assert "Iedereen logt hier in met een tweede stap" in words(page)
    assert "/studio/leads" not in page.text, "no menu that leads nowhere"
    assert desk.post("/studio/logout").status_code == 303
    assert not desk.is_in()


def test_what_somebody_was_typing_when_it_was_asked_for_is_shown_back_and_can_be_sent_afterwards(house: House) -> None:
    number = studio.hire(house, studio.ESRA, Role.EDITOR)
    desk = studio.desk(house, number)
    mail = {"tab": "text", "body": "Een uur werk.\nEn nog een regel.\n", "mark": "x"}
    answer = desk.post("/studio/mails/uitnodiging", **mail)
    assert answer.status_code == 403
    assert "Een uur werk." in answer.text
    assert "Een beheerder vraagt intussen iedereen om een tweede stap" in words(answer)
    assert f'href="{SET_UP}"' in answer.text
    assert led(desk, next(door for door in BEHIND if door.path == "/studio/pause")), "nothing long was typed there"
    with house.services.database.transaction() as session:
        person = rows.locked(session, number)
        assert person is not None
        person.totp = staff_secrets.encrypt(house.services.keyring, "totp", number, SECRET)
    assert "Een uur werk." in desk.post("/studio/mails/uitnodiging", **mail).text, (
        "the file is another: both stand there"
    )


def test_an_editor_is_led_there_too_before_being_refused(house: House) -> None:
    desk = studio.desk(house, studio.hire(house, studio.ESRA, Role.EDITOR))
    assert desk.see("/studio/staff").headers["location"] == SET_UP


def test_whoever_has_one_comes_and_goes_and_cannot_turn_it_off(house: House) -> None:
    number = studio.hire(house, studio.GIJS, Role.ADMIN)
    with house.services.database.transaction() as session:
        person = rows.locked(session, number)
        assert person is not None
        person.totp = staff_secrets.encrypt(house.services.keyring, "totp", number, SECRET)
    desk = studio.desk(house, number)
    assert desk.is_in()
    page = words(desk.see("/studio/account"))
    assert "Hij blijft dus aan" in page
    assert "Er is geen opgeschreven code meer over. Vraag een beheerder om een nieuwe uitnodiging" in page
    answer = desk.post("/studio/account/code/off", current=studio.PASSWORD)
    assert answer.status_code == 409
    assert studio.person(house, number).totp is not None


def test_a_refusal_keeps_the_menu_of_whoever_is_logged_in(house: House) -> None:
    with house.services.database.transaction() as session:
        studio_settings.change(session, StudioSettings(), actor="test", now=house.clock.now())
    desk = studio.desk(house, studio.hire(house, studio.ESRA, Role.EDITOR))
    for path, status in (("/studio/staff", 403), ("/studio/account?x=1", 422)):
        answer = desk.see(path)
        assert answer.status_code == status
        assert 'href="/studio/leads"' in answer.text
        assert "Uitloggen" in answer.text
    assert "Uitloggen" not in studio.desk(house).see("/studio/invitation/verzonnen").text


def test_removing_somebody_is_asked_once_more(house: House) -> None:
    with house.services.database.transaction() as session:
        studio_settings.change(session, StudioSettings(), actor="test", now=house.clock.now())
    admin = studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs"))
    number = studio.hire(house, studio.FRANK, Role.MANAGER, "Frank")
    page = admin.see(f"/studio/staff/{number}/remove")
    assert "Frank verwijderen?" in words(page)
    assert studio.person(house, number).removed_at is None
    assert admin.see("/studio/staff/999/remove").status_code == 404


def test_whoever_changes_a_password_is_mailed_that_it_was_changed_and_no_secret(house: House) -> None:
    with house.services.database.transaction() as session:
        studio_settings.change(session, StudioSettings(), actor="test", now=house.clock.now())
    desk = studio.desk(house, studio.hire(house, studio.ESRA, Role.EDITOR))
    fields = {
        "current": studio.PASSWORD,
        "password": "een heel andere zin van mij",
        "again": "een heel andere zin van mij",
    }
    assert desk.post("/studio/account/password", **fields).status_code == 303
    house.send_due()
    (mail,) = house.mails(to=studio.ESRA)
    assert str(mail["Subject"]) == "Er is iets veranderd aan je account"
    said = mail_words(mail)
    assert "Je wachtwoord is veranderd" in said
    assert "een heel andere zin" not in said
    assert "/studio/" not in said
