"""Of many who try the same at once, as many get through as the limit says, on both databases."""

from __future__ import annotations

import threading

import pytest

from service.errors import TooManyError
from service.flows import staff_secrets, staff_sessions, staff_throttle
from service.mail.links import Keyring
from service.store import caps
from service.store.db import real_now
from tests.support.house import House


def test_of_thirty_at_once_five_are_let_through(house: House) -> None:
    through: list[bool] = []
    begin = threading.Barrier(10)

    def guess() -> None:
        begin.wait()
        for _ in range(3):
            try:
                with house.services.database.transaction() as session:
                    staff_throttle.count(session, house.services, "esra@praktijk.example", "net", real_now(session))
            except TooManyError:
                continue
            through.append(True)

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(through) == 5


def test_what_is_counted_names_nobody_and_is_forgotten(house: House) -> None:
    with house.services.database.transaction() as session:
        now = real_now(session)
        made = staff_throttle.count(session, house.services, "esra@praktijk.example", "net", now)
        staff_throttle.was_right(session, made)
    kept = house.rows()["cap_hit"]
    assert len(kept) == 1
    assert "esra" not in repr(kept)
    with house.services.database.transaction() as session:
        caps.count(session, staff_throttle.PAIR, "x", now)
        staff_throttle.forget(session, now + staff_throttle._KNOWN_FOR * 2)
        staff_sessions.forget(session, now)
    assert house.rows()["cap_hit"] == []


def test_secrets_open_with_the_keys_of_this_installation_for_the_same_person_and_purpose_alone() -> None:
    old, both, new = (Keyring(keys) for keys in (["k" * 40], ["n" * 40, "k" * 40], ["n" * 40]))
    sealed = staff_secrets.encrypt(old, "totp", 7, "GEHEIM")
    assert "GEHEIM" not in sealed
    assert staff_secrets.decrypt(both, "totp", 7, sealed) == "GEHEIM"
    assert staff_secrets.decrypt(new, "totp", 7, sealed) is None
    assert staff_secrets.decrypt(old, "totp", 8, sealed) is None
    assert staff_secrets.decrypt(old, "other", 7, sealed) is None
    for broken in ("", "x", sealed[:-4], f"{sealed}AAAA", "é", sealed.swapcase()):
        assert staff_secrets.decrypt(old, "totp", 7, broken) is None


def test_a_form_outlives_a_rotation_of_keys_and_is_of_no_use_to_another_session() -> None:
    before, after = Keyring(["k" * 40]), Keyring(["n" * 40, "k" * 40])
    given = staff_secrets.form_token(before, "session")
    assert staff_secrets.is_form_token(after, "session", given)
    assert not staff_secrets.is_form_token(after, "another", given)
    assert not staff_secrets.is_form_token(after, "session", "\ud800")


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 20_000, "\x00"])
def test_no_text_is_too_odd_to_be_compared(password: str) -> None:
    assert not staff_secrets.is_password(None, password)
    assert not staff_secrets.is_password("no hash at all", password)
