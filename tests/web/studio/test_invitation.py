"""A link by which somebody sets a password: once, for three days, and nothing told to whoever has none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.domain.staff import Role
from service.errors import NotFoundError
from service.flows import staff, staff_login
from service.store.db import real_now
from tests.support import studio
from tests.support.house import House, words
from tests.support.studio import GIJS, OURS, PASSWORD, desk, hire, invited

pytestmark = pytest.mark.files

CHOSEN = "een heel ander wachtwoord"


def accept(house: House, token: str, password: str = CHOSEN, again: str | None = None) -> studio.Desk:
    here = desk(house)
    here.post(f"/studio/invitation/{token}", password=password, again=password if again is None else again)
    return here


def test_whoever_has_the_link_sets_a_password_and_is_in(house: House) -> None:
    token = invited(house, role=Role.MANAGER)
    page = desk(house).see(f"/studio/invitation/{token}")
    assert page.status_code == 200
    assert "Welkom, Gijs" in page.text
    assert GIJS in page.text
    assert token not in repr({name: rows for name, rows in house.rows().items() if name != "message"})
    here = accept(house, token)
    assert here.is_in()
    assert here.see("/studio/audit").status_code == 200
    assert CHOSEN not in repr(house.rows())
    assert desk(house).log_in(GIJS, CHOSEN).status_code == 303


def test_a_link_works_once_and_looking_at_it_uses_nothing_up(house: House) -> None:
    token = invited(house)
    for _ in range(2):
        assert desk(house).see(f"/studio/invitation/{token}").status_code == 200
    assert accept(house, token).is_in()
    gone = desk(house).see(f"/studio/invitation/{token}")
    assert (gone.status_code, "link uit een uitnodiging" in gone.text) == (404, True)
    assert "link uit een uitnodiging" not in desk(house).see("/studio/verzonnen").text
    assert not accept(house, token, "een derde wachtwoord dan").is_in()
    assert desk(house).log_in(GIJS, CHOSEN).status_code == 303


def test_setting_a_password_with_two_presses_lets_somebody_in(house: House) -> None:
    token = invited(house)
    fields = {"password": CHOSEN, "again": CHOSEN}
    answers = [desk(house).client.post(f"/studio/invitation/{token}", headers=OURS, data=fields) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["set-cookie"] == answers[1].headers["set-cookie"]
    other = desk(house).client.post(f"/studio/invitation/{token}", headers=OURS, data=fields | {"again": "x"})
    assert other.status_code == 404, "that is another form"


def test_a_password_that_will_not_do_is_told_and_uses_nothing_up(house: House) -> None:
    token = invited(house)
    here = desk(house)
    for password, again, told in [
        ("kort", "kort", "Gebruik minstens 12 tekens."),
        ("gijs is een goeie", "gijs is een goeie", "Laat je eigen naam"),
        (CHOSEN, "iets anders", "niet hetzelfde"),
    ]:
        answer = here.post(f"/studio/invitation/{token}", password=password, again=again)
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{password}"' not in answer.text
    assert accept(house, token).is_in()


def test_unknown_used_old_and_ended_links_are_answered_alike(house: House) -> None:
    used, replaced, removed, locked_out = (invited(house, f"{name}@praktijk.example") for name in ("a", "b", "c", "d"))
    accept(house, used)
    hire(house, "admin@praktijk.example", Role.ADMIN, "Admin")
    with house.services.database.transaction() as session:
        now = real_now(session)
        ids = [staff.find(session, f"{name}@praktijk.example") for name in ("b", "c", "d")]
        staff.reset(session, house.services, ids[0], actor="test", now=now)
        staff.remove(session, house.services, ids[1], actor="test", now=now)
        staff.disable(session, house.services, ids[2], actor="test", now=now)
    pages = {
        desk(house).see(f"/studio/invitation/{token}").text
        for token in ("verzonnen", "x" * 5_000, used, replaced, removed, locked_out)
    }
    assert len(pages) == 1


def test_after_three_days_it_works_no_longer(house: House) -> None:
    token = invited(house)
    with house.services.database.reading() as session:
        now = real_now(session)
        assert staff_login.invited(session, token, now + timedelta(hours=71)).name == "Gijs"
        with pytest.raises(NotFoundError):
            staff_login.invited(session, token, now + timedelta(hours=73))


def test_the_link_is_mailed_to_them_and_to_nobody_else(house: House) -> None:
    token = invited(house)
    house.send_due()
    [mail] = house.mails()
    assert mail["To"].addresses[0].addr_spec == GIJS
    assert f"https://praktijk.example/studio/invitation/{token}" in words(mail)
    assert "Welkom, Gijs" in words(mail)


def test_an_old_link_dies_with_a_new_one_and_a_reset_takes_password_and_sessions(house: House) -> None:
    first = invited(house)
    here = accept(house, first)
    with house.services.database.transaction() as session:
        number = staff.find(session, GIJS)
        second = staff.reset(session, house.services, number, actor="test", now=real_now(session))
    assert not here.is_in()
    assert desk(house).log_in(GIJS, CHOSEN).status_code == 422
    assert accept(house, second.url.rpartition("/")[2], PASSWORD).is_in()
