"""Logging in and out: what is kept, what an answer tells, how often it may be tried, and what ends a session."""

from __future__ import annotations

import threading
from datetime import timedelta

import argon2
import pyotp
import pytest

from service.domain.staff import Role
from service.flows import staff, staff_codes, staff_login, staff_secrets, staff_sessions
from service.flows.staff_sessions import IDLE, LONGEST
from service.flows.staff_throttle import Try
from service.store import events
from service.store import staff as rows
from service.store import staff_sessions as kept
from service.store.db import real_now
from service.web.studio import hashing
from tests.support import studio
from tests.support.house import House
from tests.support.passwords import costly_passwords
from tests.support.studio import COOKIE, ESRA, FRANK, Desk, desk, hire, person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def with_code(house: House, number: int) -> list[str]:
    """The second step turned on, with `SECRET`. Returns the codes that are written down."""
    with house.services.database.transaction() as session:
        found = rows.locked(session, number)
        assert found is not None
        found.totp = staff_secrets.encrypt(house.services.keyring, "totp", number, SECRET)
        return staff_codes.new_codes(house.services, found)


def code(house: House, steps: int = 0) -> str:
    with house.services.database.reading() as session:
        return str(pyotp.TOTP(SECRET).at(int(real_now(session).timestamp()) + 30 * steps))


def sessions(house: House, number: int) -> int:
    with house.services.database.reading() as session:
        return len(kept.of(session, number))


def test_the_right_password_opens_the_studio_and_only_a_hash_of_the_session_is_kept(house: House) -> None:
    hire(house)
    here = desk(house)
    assert here.see("/studio/").headers["location"] == "/studio/login"
    answer = here.log_in(f"  {ESRA.upper()} ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/")
    told = answer.headers["set-cookie"]
    assert told.startswith(f"{COOKIE}=")
    for owed in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert owed in told
    assert "Domain" not in told
    assert here.is_in()
    assert len(here.token) == 43
    assert here.token not in repr(house.rows())
    assert staff_secrets.token_hash(here.token) in repr(house.rows())


def test_where_there_is_no_https_the_cookie_has_a_plain_name(house: House) -> None:
    hire(house)
    told = desk(house.with_changes(base_url="http://localhost:8000")).client.post(
        "/studio/login",
        headers=studio.OURS | {"Origin": "http://localhost:8000"},
        data={"address": ESRA, "password": studio.PASSWORD},
    )
    assert told.headers["set-cookie"].startswith("nurture-staff=")
    assert "Secure" not in told.headers["set-cookie"]


def test_a_wrong_password_and_an_unknown_locked_out_or_invited_address_are_answered_alike(house: House) -> None:
    hire(house)
    locked_out = hire(house, FRANK, Role.MANAGER, "Frank")
    with house.services.database.transaction() as session:
        found = rows.locked(session, locked_out)
        assert found is not None
        found.disabled_at = house.clock.now()
    studio.invited(house)
    tries = [(ESRA, "verkeerd"), (FRANK, studio.PASSWORD), (studio.GIJS, studio.PASSWORD), ("nobody@example.org", "x")]
    answers = [desk(house, peer=f"203.0.{at}.7").log_in(*given) for at, given in enumerate(tries)]
    assert {answer.status_code for answer in answers} == {422}
    pages = {answer.text.replace(address, "") for answer, (address, _) in zip(answers, tries, strict=True)}
    assert len(pages) == 1
    assert (
        len({tuple(item for item in answer.headers.items() if item[0] != "content-length") for answer in answers}) == 1
    )
    assert "klopt niet" in pages.pop()


def test_after_five_wrong_tries_the_account_waits_for_this_network_known_or_not(house: House) -> None:
    hire(house)
    for address in (ESRA, "nobody@example.org"):
        here = desk(house)
        found = [here.log_in(address, "verkeerd").status_code for _ in range(5)]
        refused = here.log_in(address)
        assert [*found, refused.status_code] == [422] * 5 + [429]
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert "Probeer het over 15 minuten" in refused.text
    assert desk(house, peer="198.51.100.9").log_in(ESRA).status_code == 303


def test_no_text_is_too_odd_to_be_refused(house: House) -> None:
    hire(house)
    odd = ["", "\x00", f"{ESRA}\x00", "x" * 5_000, "' OR 1=1 --", "é@ë.nl", "\u202e", "<script>alert(1)</script>"]
    for at, text in enumerate(odd):
        answer = desk(house, peer=f"203.{at}.113.7").log_in(text, text)
        assert answer.status_code == 422
        assert "<script" not in answer.text


def test_one_network_may_try_twenty_times_over_all_accounts(house: House) -> None:
    found = [desk(house).log_in(f"{at}@example.org", "verkeerd").status_code for at in range(21)]
    assert found == [422] * 20 + [429]


def test_a_guesser_with_many_networks_is_held_back_and_does_not_keep_the_owner_out(house: House) -> None:
    hire(house)
    assert desk(house).log_in(ESRA).status_code == 303
    guesses = [desk(house, peer=f"198.51.{at}.9").log_in(ESRA, "verkeerd").status_code for at in range(21)]
    assert guesses == [422] * 20 + [429]
    assert desk(house, peer="192.0.2.1").log_in(ESRA).status_code == 429
    assert desk(house).log_in(ESRA).status_code == 303


def test_who_slipped_four_times_and_is_right_then_may_slip_again(house: House) -> None:
    hire(house)
    for _ in range(2):
        found = [desk(house).log_in(ESRA, "verkeerd").status_code for _ in range(4)]
        assert found == [422] * 4
        assert desk(house).log_in(ESRA).status_code == 303


def test_with_the_second_step_the_password_alone_opens_nothing(house: House) -> None:
    number = hire(house)
    with_code(house, number)
    here = desk(house)
    assert here.log_in(ESRA).headers["location"] == "/studio/login/code"
    half = here.token
    assert here.see("/studio/").headers["location"] == "/studio/login/code"
    assert here.see("/studio/account").headers["location"] == "/studio/login/code"
    assert here.post("/studio/login/code", code="000000" if code(house) != "000000" else "111111").status_code == 422
    assert here.post("/studio/login/code", code=code(house)).headers["location"] == "/studio/"
    assert here.is_in()
    assert here.token != half
    here.client.cookies.set(COOKIE, half, domain="praktijk.example")
    assert not here.is_in()


def test_a_code_works_once_and_so_does_one_that_was_written_down(house: House) -> None:
    number = hire(house)
    written = with_code(house, number)

    def enter(given: str) -> bool:
        here = desk(house, number, stage="code")
        here.post("/studio/login/code", code=given)
        return here.is_in()

    now = code(house)
    assert enter(f"{now[:3]} {now[3:]}")
    assert not enter(now)
    assert not enter(code(house, -1)), "an older one than was used"
    assert enter(written[3].upper().replace("-", " "))
    assert not enter(written[3])
    assert enter(written[4])
    assert len(person(house, number).recovery) == len(written) - 2
    assert not any(each in repr(house.rows()) for each in [SECRET, *written])


def test_codes_cannot_be_guessed_for_long(house: House) -> None:
    number = hire(house)
    with_code(house, number)
    here = desk(house, number, stage="code")
    found = [here.post("/studio/login/code", code="abcdef").status_code for _ in range(6)]
    assert found == [422] * 5 + [429]


def test_who_has_the_password_and_many_networks_guesses_twenty_codes_a_day_and_the_log_tells(house: House) -> None:
    number = hire(house)
    with_code(house, number)
    assert desk(house, number, stage="code").post("/studio/login/code", code=code(house, -1)).status_code == 303
    token = desk(house, number, stage="code").token
    with house.services.database.transaction() as session:
        now = real_now(session)
        member = staff_sessions.find(session, token, now)
        assert member is not None
        for at in range(20):  # at a pace at which passwords might be tried for ever
            when = now - timedelta(minutes=121 - 5 * at)
            made = staff_login.count_code(session, house.services, member, f"network {at}", when)
            given = staff_login.enter_code(session, house.services, member, made, "000 00", agent="?", now=when)
            assert given is None
    away = desk(house, number, stage="code", peer="198.51.100.9")
    refused = away.post("/studio/login/code", code=code(house))
    assert refused.status_code == 429
    assert "Probeer het over 22 uur." in refused.text
    at_home = desk(house, number, stage="code")
    assert at_home.post("/studio/login/code", code=code(house)).status_code == 303, "the owner is not kept out"
    assert away.post("/studio/login/code", code=code(house, 1)).status_code == 303, "and ends it by being right"
    with house.services.database.reading() as session:
        told = [each.actor for each in events.audit_log(session, limit=100, action="staff gave a wrong code")]
    assert told == [f"studio:{number}"] * 20


def test_of_many_at_once_one_uses_a_code(house: House) -> None:
    number = hire(house)
    written = with_code(house, number)
    for given in (code(house), written[0]):
        begin = threading.Barrier(4)
        through: list[str] = []

        def enter(given: str = given, begin: threading.Barrier = begin, through: list[str] = through) -> None:
            with house.services.database.transaction() as session:
                person = rows.locked(session, number)
                assert person is not None
                token = staff_sessions.begin(session, person, agent="?", now=real_now(session), stage="code")
            with house.services.database.reading() as session:
                now = real_now(session)
                member = staff_sessions.find(session, token, now)
            assert member is not None
            made = Try(account="a", network="n", at=now)
            begin.wait()
            with house.services.database.transaction() as session:
                if staff_login.enter_code(session, house.services, member, made, given, agent="?", now=now):
                    through.append(given)

        threads = [threading.Thread(target=enter) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert through == [given]


def test_logging_in_again_and_being_reset_meanwhile_do_not_wait_for_each_other(house: House) -> None:
    number = hire(house)
    here = desk(house, number)
    answers: list[int] = []
    with house.services.database.transaction() as session:
        assert rows.locked(session, number)
        trying = threading.Thread(target=lambda: answers.append(here.log_in(ESRA).status_code))
        trying.start()
        trying.join(timeout=0.7)  # by now it waits for the person
        assert trying.is_alive()
        kept.end_all(session, number)
    trying.join()
    assert answers == [303]


def test_where_there_was_no_time_to_compare_nothing_counts_as_a_guess(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = hire(house)
    here, known = desk(house), desk(house, number)
    monkeypatch.setattr(hashing, "_AT_ONCE", -hashing._MOST_WAITING)
    assert [here.log_in(ESRA).status_code for _ in range(8)] == [429] * 8
    assert known.post("/studio/account/code/off", current=studio.PASSWORD).status_code == 429
    monkeypatch.undo()
    assert here.log_in(ESRA).status_code == 303


def test_whoever_has_a_domain_with_accents_logs_in_as_they_write_it(house: House) -> None:
    hire(house, "esra@xn--praktijk-caf-meb.example")
    assert desk(house).log_in("Esra@praktijk-café.example").status_code == 303


def test_what_everybody_may_know_of_the_demo_opens_nothing_elsewhere(house: House) -> None:
    demo = house.with_changes(demo=True)
    assert desk(demo).see("/studio/login").status_code == 200
    assert desk(house).log_in("demo@praktijk.example", "kijk-maar-rond").status_code == 422


def test_where_the_key_of_the_secret_is_gone_no_code_is_right(house: House) -> None:
    number = hire(house)
    with_code(house, number)
    with house.services.database.transaction() as session:
        found = rows.locked(session, number)
        assert found is not None
        found.totp = staff_secrets.encrypt(house.services.keyring, "totp", number + 1, SECRET)
    here = desk(house, number, stage="code")
    assert here.post("/studio/login/code", code=code(house)).status_code == 422


def test_logging_out_ends_the_session_itself_and_not_the_cookie_alone(house: House) -> None:
    number = hire(house)
    here = desk(house, number)
    token = here.token
    answer = here.post("/studio/logout")
    assert answer.headers["location"] == "/studio/login"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    here.client.cookies.set(COOKIE, token, domain="praktijk.example")
    assert not here.is_in()


@pytest.mark.parametrize("change", ["role", "disable", "remove", "reset"])
def test_another_role_locking_out_removing_and_resetting_end_every_session_at_once(house: House, change: str) -> None:
    hire(house, FRANK, Role.ADMIN, "Frank")
    number = hire(house)
    here, half = desk(house, number), desk(house, number, stage="code")
    assert here.is_in()
    with house.services.database.transaction() as session:
        now = real_now(session)
        match change:
            case "role":
                staff.give_role(session, house.services, number, Role.MANAGER, actor="test")
            case "disable":
                staff.disable(session, house.services, number, actor="test", now=now)
            case "remove":
                staff.remove(session, house.services, number, actor="test", now=now)
            case _:
                staff.reset(session, house.services, number, actor="test", now=now)
    assert not here.is_in()
    assert half.see("/studio/login/code").headers["location"] == "/studio/login"
    assert (desk(house).log_in(ESRA).status_code == 303) == (change == "role")


def test_a_session_ends_after_twelve_hours_unused_and_after_a_week_anyway(house: House) -> None:
    number = hire(house)
    token = desk(house, number).token
    with house.services.database.reading() as session:
        began = real_now(session)
        a_minute = timedelta(minutes=1)
        assert staff_sessions.find(session, token, began + IDLE - a_minute)
        assert staff_sessions.find(session, token, began + IDLE + a_minute) is None
    at = began
    while at < began + LONGEST - a_minute:
        with house.services.database.transaction() as session:
            member = staff_sessions.find(session, token, at)
            assert member is not None
        staff_sessions.note_use(house.services, member, at)
        at += IDLE - a_minute
    with house.services.database.transaction() as session:
        assert staff_sessions.find(session, token, began + LONGEST + a_minute) is None
        staff_sessions.forget(session, began + LONGEST + a_minute)
    assert sessions(house, number) == 0


def test_half_a_session_ends_after_ten_minutes(house: House) -> None:
    token = desk(house, hire(house), stage="code").token
    with house.services.database.reading() as session:
        began = real_now(session)
        assert staff_sessions.find(session, token, began + timedelta(minutes=9))
        assert staff_sessions.find(session, token, began + timedelta(minutes=11)) is None


def test_a_password_of_an_older_measure_is_kept_by_todays_after_it_was_right(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    costly_passwords(monkeypatch)
    number = hire(house)
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(studio.PASSWORD)
    with house.services.database.transaction() as session:
        found = rows.locked(session, number)
        assert found is not None
        found.password_hash = old
    here = desk(house)
    assert here.log_in(ESRA, "verkeerd").status_code == 422
    assert person(house, number).password_hash == old
    assert here.log_in(ESRA).status_code == 303
    kept_now = person(house, number).password_hash or ""
    assert kept_now.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert desk(house).log_in(ESRA).status_code == 303


def test_logging_in_again_leaves_no_session_behind(house: House) -> None:
    number = hire(house)
    here = desk(house)
    for _ in range(2):
        assert here.log_in(ESRA).status_code == 303
    assert sessions(house, number) == 1


def test_who_is_logged_in_does_not_see_the_form_again(house: House) -> None:
    here: Desk = desk(house, hire(house))
    assert here.see("/studio/login").headers["location"] == "/studio/"
    assert here.see("/studio/login/code").headers["location"] == "/studio/"
    assert here.see("/studio").headers["location"] == "/studio/"


def test_only_the_demo_says_how_to_log_in(house: House) -> None:
    assert "kijk-maar-rond" not in desk(house).see("/studio/login").text
    assert "demo@" not in repr(house.rows())
    demo = house.with_changes(demo=True)
    here = desk(demo)
    assert "kijk-maar-rond" in here.see("/studio/login").text
    assert "kijk-maar-rond" in here.log_in("demo@praktijk.example", "mis").text, "said again after a mistake"
    assert here.log_in("demo@praktijk.example", "kijk-maar-rond").headers["location"] == "/studio/"
    assert here.see("/studio/staff").status_code == 200
    in_production = desk(house.with_changes(demo=True, production=True)).see("/studio/login")
    assert in_production.status_code == 409
    assert "kijk-maar-rond" not in in_production.text
