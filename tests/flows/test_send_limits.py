"""Limits on sending: how much leaves, what waits, and who goes first (ACCEPTANCE L12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from service.domain.send_limits import NO_LIMITS, parse_send_limits
from service.flows import ticks
from tests.support import acts
from tests.support.house import House
from tests.support.sending_limits import broken, follow_ups_wait, left, let_real_time_pass, per_domain, waiting
from tests.support.transports import Network, always, login_refused

WAITS = "wacht op de verzendlimiet"


def under(house: House, limits: str, network: Network | None = None) -> House:
    """The house with these limits, and a network that takes everything."""
    return house.with_changes(send_limits=parse_send_limits(limits), open_transport=(network or Network()).open)


def advice_for(house: House, *addresses: str) -> None:
    for address in addresses:
        house.opt_in(address)


def many(count: int, domain: str = "example.org") -> list[str]:
    return [f"lead{number}@{domain}" for number in range(count)]


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Every statement that reaches the database meanwhile, with its values."""
    seen: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        seen.append(f"{statement} {values}")

    engine = house.services.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", keep)


# Each limit alone, and all together


@pytest.mark.parametrize(
    ("limits", "passing", "expected"),
    [
        ("all=3/m", timedelta(seconds=61), [3, 3, 3, 1]),
        ("all=4/d", timedelta(hours=25), [4, 4, 2]),
        ("all=4/d", timedelta(hours=12), [4, 0, 4, 0, 2]),
        ("warm_up=2", timedelta(hours=25), [2, 3, 4, 1]),
        ("all=3/m,5/h", timedelta(minutes=25), [3, 2, 0, 3, 2]),
        ("all=4/h; warm_up=3", timedelta(hours=25), [3, 4, 3]),
    ],
)
def test_as_many_leave_as_the_limits_over_all_mail_allow(
    house: House, limits: str, passing: timedelta, expected: list[int]
) -> None:
    limited = under(house, limits)
    advice_for(house, *many(10))
    sent = []
    for _ in expected:
        sent.append(limited.send_due())
        assert limited.send_due() == 0, "nothing more without time passing"
        let_real_time_pass(limited, seconds=passing.total_seconds())
    assert sent == expected
    assert waiting(house) == []


def test_each_domain_has_a_limit_of_its_own(house: House) -> None:
    limited = under(house, "domain=2/m")
    advice_for(house, *many(5, "a.example"), *many(1, "b.example"), *many(2, "C.example"))
    assert limited.send_due() == 5
    assert per_domain(left(house)) == {"a.example": 2, "b.example": 1, "c.example": 2}
    put_off = waiting(house)
    assert [each.reason for each in put_off] == [WAITS] * 3
    assert all(each.due_at > house.clock.now() for each in put_off)
    for _ in range(3):
        let_real_time_pass(limited, seconds=63)
        limited.send_due()
    assert waiting(house) == []
    assert broken(left(house), limited.services.send_limits) == []


def test_all_limits_hold_together_and_everything_leaves_in_the_end(house: House) -> None:
    limited = under(house, "all=4/m,9/h; domain=2/m,6/h; warm_up=12")
    follow_ups_wait(house, 6, domains=2)
    advice_for(house, *many(3, "d0.example"))
    rounds = 0
    while waiting(house):
        limited.send_due()
        assert broken(left(house), limited.services.send_limits) == [], f"in round {rounds}"
        let_real_time_pass(limited, seconds=2_000 if rounds % 3 == 2 else 40)
        rounds += 1
        assert rounds < 200
    assert len(left(house)) == 10  # with the advice of the lead that the others are copied from


def test_what_is_under_its_limit_is_not_held_up_by_a_domain_that_is_over(house: House) -> None:
    limited = under(house, "domain=2/m")
    follow_ups_wait(house, 60)
    advice_for(house, "anna@b.example")
    limited.send_due()
    assert per_domain(left(house))["b.example"] == 1


# Advice first


def test_advice_goes_first_and_follow_ups_leave_it_a_quarter(house: House) -> None:
    limited = under(house, "all=8/d")
    follow_ups_wait(house, 20)
    before = len(left(house))
    advice_for(house, "anna@a.example")
    limited.send_due()
    first = [message.kind for _, message in left(house)][before:]
    assert first.count("advice") == 1
    assert first.count("follow_up") in {5, 6}, "six of eight are theirs, and an advice before them takes one"
    advice_for(house, *many(3, "b.example"))
    limited.send_due()
    second = [message.kind for _, message in left(house)][before + len(first) :]
    assert second == ["advice"] * (8 - len(first))
    let_real_time_pass(limited, hours=25)
    limited.send_due()
    assert [message.kind for message in waiting(house)] == ["follow_up"] * len(waiting(house))


def test_a_domain_full_of_follow_ups_has_room_for_an_advice(house: House) -> None:
    limited = under(house, "domain=4/d")
    follow_ups_wait(house, 10)
    limited.send_due()
    advice_for(house, "anna@d0.example", "bram@d0.example")
    limited.send_due()
    assert [m.kind for _, m in left(house) if m.recipient.endswith("d0.example")] == ["follow_up"] * 3 + ["advice"]


# What is counted


def test_an_attempt_counts_whatever_became_of_it(house: House) -> None:
    limited = under(house, "all=1/m", Network(answer=always(login_refused())))
    advice_for(house, *many(2))
    limited.send_due()
    assert acts.advice(house, "lead0@example.org").attempts == 0, "given back: no attempt is burnt"
    working = under(house, "all=1/m")
    assert working.send_due() == 0
    let_real_time_pass(working, seconds=61)
    assert working.send_due() == 1


def test_without_a_limit_nothing_is_asked_or_locked(house: House) -> None:
    advice_for(house, *many(3))
    with statements(house) as asked:
        assert under(house, "").send_due() == 3
    assert not [each for each in asked if "cap_hit" in each or "limits:send" in each]
    advice_for(house, *many(3, "a.example"))
    with statements(house) as asked:
        assert under(house, "all=9/m").send_due() == 3
    assert [each for each in asked if "cap_hit" in each], "or this looks at the wrong thing"


# Nothing is taken in vain


@pytest.mark.parametrize("limits", ["all=4/m", "all=4/d; domain=9/m", "warm_up=4"])
def test_where_nothing_may_leave_nothing_is_taken(house: House, limits: str) -> None:
    limited = under(house, limits)
    follow_ups_wait(house, 40)
    assert limited.send_due() == 3
    with statements(house) as asked:
        assert limited.send_due() == 0
    looks = [each for each in asked if each.startswith("SELECT") and "ORDER BY message.priority" in each]
    assert all("message.priority <" in each for each in looks), "an advice might go; there is none"
    assert len(looks) <= 4, "on PostgreSQL two each, for what is about a lead and what is not"
    assert not [each for each in asked if each.startswith("UPDATE")]


def test_thousands_for_one_domain_are_put_off_once_and_come_back_spread_out(house: House) -> None:
    limited = under(house, "domain=40/h")
    follow_ups_wait(house, 300)
    with statements(house) as asked:
        assert limited.send_due() == 30
    looks = [each for each in asked if "ORDER BY message.priority" in each and "message.priority =" in each]
    assert len(looks) < 300 / 8 + 20
    put_off = sorted(each.due_at for each in waiting(house) if each.recipient.endswith("d0.example"))
    assert len(put_off) == 270
    for first, later in zip(put_off, put_off[30:], strict=False):
        assert later - first >= timedelta(hours=1)


# What is kept


def test_what_no_limit_looks_at_any_more_is_forgotten(house: House) -> None:
    limited = under(house, "all=9/2d; domain=9/m; warm_up=9")
    advice_for(house, *many(2))
    limited.send_due()
    house.clock.advance(days=100)  # the service's clock is not what counts
    ticks.housekeeping(limited.services)
    assert _kept(house) == {"send": 2, "send-domain": 2}
    let_real_time_pass(limited, hours=47)
    ticks.housekeeping(limited.services)
    assert _kept(house) == {"send": 2, "send-domain": 2}
    let_real_time_pass(limited, hours=2)
    ticks.housekeeping(limited.services)
    assert _kept(house) == {}


def test_no_domain_is_kept_in_plain_words(house: House) -> None:
    limited = under(house, "domain=9/m")
    advice_for(house, "anna@anna-de-vries.example")
    limited.send_due()
    assert "anna-de-vries" not in repr(house.rows()["cap_hit"])


def test_a_warm_up_that_was_taken_out_begins_anew(house: House) -> None:
    limited = under(house, "warm_up=2")
    advice_for(house, *many(20))
    limited.send_due()
    let_real_time_pass(limited, days=2)
    ticks.housekeeping(limited.services)
    assert limited.send_due() == 4
    ticks.housekeeping(house.with_changes(send_limits=NO_LIMITS).services)
    let_real_time_pass(limited, days=2)
    assert limited.send_due() == 2


def _kept(house: House) -> dict[str, int]:
    scopes = [str(row[1]) for row in house.rows()["cap_hit"]]
    return {scope: scopes.count(scope) for scope in scopes if scope.startswith("send")}
