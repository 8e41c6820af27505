"""One's own account: another password, the second step, the browsers one is logged in with, the language."""

from __future__ import annotations

import re

import pyotp
import pytest

from service.domain.staff import Role
from service.errors import RefusedError
from service.flows import staff_login, staff_secrets, staff_sessions
from service.store.db import real_now
from tests.support import studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, PASSWORD, Desk, desk, hire, person

NEW = "een ander wachtwoord, ook lang"


def change(here: Desk, current: str = PASSWORD, password: str = NEW, again: str = NEW) -> int:
    return here.post("/studio/account/password", current=current, password=password, again=again).status_code


def set_up(house: House, here: Desk) -> tuple[str, list[str]]:
    """Turn the second step on as the page says. Returns the secret and the codes to write down."""
    page = here.see("/studio/account/code").text
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    assert sealed
    secret = found[1].replace(" ", "")
    with house.services.database.reading() as session:
        code = pyotp.TOTP(secret).at(real_now(session))
    answer = here.post("/studio/account/code", sealed=sealed[1], code=str(code), current=PASSWORD)
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<li><code>([^<]+)</code></li>", answer.text)


def test_another_password_ends_every_session_but_this_browsers_which_gets_a_new_one(house: House) -> None:
    number = hire(house)
    here, there = desk(house, number), desk(house, number)
    before = here.token
    assert change(here) == 303
    assert here.is_in()
    assert here.token != before
    assert not there.is_in()
    there.client.cookies.set(studio.COOKIE, before, domain="praktijk.example")
    assert not there.is_in()
    assert [desk(house).log_in(ESRA, each).status_code for each in (PASSWORD, NEW)] == [422, 303]


def test_without_the_current_password_or_with_one_that_will_not_do_nothing_changes(house: House) -> None:
    number = hire(house)
    here = desk(house, number)
    kept = person(house, number).password_hash
    assert change(here, password="kort", again="kort") == 422
    assert change(here, again="iets anders dan dat") == 422
    assert [change(here, current="verkeerd") for _ in range(6)] == [422] * 5 + [429]
    assert person(house, number).password_hash == kept
    assert here.is_in()


def test_the_second_step_is_set_up_with_the_secret_of_the_page_and_only_encrypted_kept(house: House) -> None:
    number = hire(house)
    here, there = desk(house, number), desk(house, number)
    before = here.token
    secret, codes = set_up(house, here)
    assert len(set(codes)) == 10
    assert here.is_in()
    assert here.token != before
    assert not there.is_in()
    assert not any(each in repr(house.rows()) for each in (secret, *codes))
    assert "Aan." in here.see("/studio/account").text
    assert here.see("/studio/account/code").headers["location"] == "/studio/account"
    new = desk(house)
    assert new.log_in(ESRA).headers["location"] == "/studio/login/code"
    assert new.post("/studio/login/code", code=codes[0]).headers["location"] == "/studio/"
    assert "9 opgeschreven codes" in studio.words(new.see("/studio/account"))
    for code in codes[1:]:
        assert desk(house, number, stage="code").post("/studio/login/code", code=code).status_code == 303
    assert "Zet de tweede stap uit en weer aan voor nieuwe codes" in studio.words(new.see("/studio/account"))


def test_the_page_after_setting_up_logs_out_with_its_own_form(house: House) -> None:
    here = desk(house, hire(house))
    page = here.see("/studio/account/code").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    secret = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert sealed
    assert secret
    with house.services.database.reading() as session:
        code = pyotp.TOTP(secret[1].replace(" ", "")).at(real_now(session))
    answer = here.post("/studio/account/code", sealed=sealed[1], code=str(code), current=PASSWORD)
    assert f'name="form_token" value="{here.form_token}"' in answer.text


def test_a_wrong_code_or_a_secret_of_somebody_else_turns_nothing_on(house: House) -> None:
    number = hire(house)
    other = hire(house, FRANK, Role.MANAGER, "Frank")
    here = desk(house, number)
    sealed = staff_secrets.encrypt(house.services.keyring, "totp offered", other, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    mine = re.search(r'name="sealed" value="([^"]+)"', here.see("/studio/account/code").text)
    assert mine
    with house.services.database.reading() as session:
        code = str(pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(real_now(session)))
    for given in ({"sealed": sealed, "code": code}, {"sealed": mine[1], "code": "12345"}, {"sealed": "", "code": code}):
        answer = here.post("/studio/account/code", **given, current=PASSWORD)
        assert answer.status_code == 422
        assert "Die code klopt niet" in answer.text
    assert mine[1] in here.post("/studio/account/code", sealed=mine[1], code="0", current=PASSWORD).text, (
        "the app has that one by now"
    )
    assert person(house, number).totp is None


def test_turning_it_on_asks_for_the_password_and_is_done_once(house: House) -> None:
    number = hire(house)
    here = desk(house, number)
    with house.services.database.reading() as session:
        member = staff_sessions.find(session, here.token, real_now(session))
        now = real_now(session)
    assert member is not None
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    sealed = staff_secrets.encrypt(house.services.keyring, "totp offered", number, secret)
    code = str(pyotp.TOTP(secret).at(now))
    for wrong in ({}, {"current": ""}, {"current": "verkeerd"}):
        answer = here.post("/studio/account/code", sealed=sealed, code=code, **wrong)
        assert answer.status_code == 422
        assert "Het huidige wachtwoord klopt niet." in answer.text
        assert sealed in answer.text, "the app has that one by now"
    assert person(house, number).totp is None
    set_up(house, here)
    kept = person(house, number).totp
    with house.services.database.transaction() as session:
        asked = staff_login.ask_again(session, house.services, member, "n", now)
        with pytest.raises(RefusedError, match="on already"):
            staff_login.turn_code_on(session, house.services, member, asked, sealed, code, agent="?", now=now)
    assert person(house, number).totp == kept


def test_turning_it_off_asks_for_the_password(house: House) -> None:
    number = hire(house)
    here = desk(house, number)
    set_up(house, here)
    assert here.post("/studio/account/code/off", current="verkeerd").status_code == 422
    assert person(house, number).totp is not None
    assert here.post("/studio/account/code/off", current=PASSWORD).status_code == 303
    assert (person(house, number).totp, person(house, number).recovery) == (None, [])
    assert here.is_in()
    assert desk(house).log_in(ESRA).headers["location"] == "/studio/"


def test_one_sees_where_one_is_logged_in_and_ends_it_there_and_nobody_elses(house: House) -> None:
    number, other = hire(house), hire(house, FRANK, Role.MANAGER, "Frank")
    here, there, third, franks = desk(house, number), desk(house, number), desk(house, number), desk(house, other)
    page = here.see("/studio/account").text
    ids = [int(each) for each in re.findall(r'name="session" value="(\d+)"', page)]
    assert len(ids) == 2
    assert page.count("<strong>Firefox</strong>") == 3
    here.post("/studio/account/session", session=str(min(ids)))
    assert [each.is_in() for each in (here, there, third)] == [True, False, True]
    for wrong in (str(max(ids) + 1), "x", "1e3", "9" * 30):
        here.post("/studio/account/session", session=wrong)
    assert franks.is_in()
    half = desk(house, number, stage="code")
    here.post("/studio/account/session", session="others")
    assert half.see("/studio/login/code").headers["location"] == "/studio/login"
    assert [each.is_in() for each in (here, third, franks)] == [True, False, True]


def test_of_a_browser_only_its_family_is_kept(house: House) -> None:
    hire(house)
    here = desk(house)
    here.client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Secret/9 AppleWebKit Chrome/140.0.1 Safari/537"
    assert here.log_in(ESRA).status_code == 303
    assert "<strong>Chrome</strong>" in here.see("/studio/account").text
    assert "Secret" not in repr(house.rows())


def test_the_pages_speak_the_language_one_chose(house: House) -> None:
    here = desk(house, hire(house))
    assert '<html lang="nl">' in here.see("/studio/").text
    assert here.post("/studio/account/language", language="en").status_code == 303
    assert '<html lang="en">' in here.see("/studio/").text
    assert "What needs you" in here.see("/studio/").text
    assert here.post("/studio/account/language", language="fy").status_code == 422
