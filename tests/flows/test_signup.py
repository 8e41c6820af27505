"""One opt-in, and many of one address: what is written, and how much mail can come of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session, select

from service.domain.lead import SuppressionReason
from service.domain.limits import parse_limits
from service.flows import ticks
from service.store.tables import CapHit, Consent
from tests.support import acts
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.website import OPT_IN, opt_in, website

SPELLINGS = ("anna@example.org", "Anna@Example.org", "  ANNA@EXAMPLE.ORG ", "anna@EXAMPLE.org")
INTERNATIONAL = ("bram@münchen.example", "bram@xn--mnchen-3ya.example", "Bram@MÜNCHEN.example")


def consents_given(house: House) -> list[tuple[str, bool, bool]]:
    """Purpose, whether it counts already, and whether the very words are known, of every consent."""

    def read(session: Session) -> list[tuple[str, bool, bool]]:
        rows = session.exec(select(Consent).order_by("id"))
        return [(each.purpose, each.effective, each.wording is not None) for each in rows]

    return acts.commit(house, read)


# The box (ACCEPTANCE C5)


@pytest.mark.parametrize("confirmation", ["double", "single"])
def test_with_the_box_unticked_and_no_button_pressed_there_is_exactly_one_mail(house: House, confirmation: str) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, confirmation=confirmation))
    house.opt_in(consent_follow_up=False)
    assert house.live_through(days=13) == 1
    assert [each.kind for each in house.messages()] == ["advice"]
    assert [purpose for purpose, _, _ in consents_given(house)] == ["advice"]


@pytest.mark.parametrize(("confirmation", "sent"), [("double", 1), ("single", 2)])
def test_a_ticked_box_is_enough_where_the_sequence_says_so_and_there_alone(
    house: House, confirmation: str, sent: int
) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, confirmation=confirmation))
    house.opt_in(consent_follow_up=True)
    assert house.live_through(days=13) == sent
    assert [(purpose, effective) for purpose, effective, _ in consents_given(house)] == [
        ("advice", True),
        ("follow_up", confirmation == "single"),
    ]


def test_a_mailbox_that_was_not_there_a_month_ago_said_no_to_nothing(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, confirmation="single"))
    house.opt_in()
    house.send_due()
    acts.suppress(house, SuppressionReason.HARD_BOUNCE)
    house.live_through(days=30)
    house.opt_in()
    assert house.live_through(days=5) == 2, "the ticked box is enough here, as it is for everybody"


def test_the_words_are_kept_where_the_form_says_which_it_showed_and_are_never_guessed(house: House) -> None:
    live = acts.commit(house, lambda session: house.services.published.live_forms(session)[1])
    version = live.forms["lage-rug"].consent.advice.version
    house.opt_in(consent_version=version)
    house.opt_in("bram@example.org")
    assert [known for _, _, known in consents_given(house)] == [True, True, False, False]


# The cap of an address


def test_the_cap_of_an_address_is_one_a_quarter_two_a_day_and_three_a_month(house: House) -> None:
    waits: tuple[dict[str, float], ...] = (
        {},
        {"minutes": 14},
        {"minutes": 2},
        {"hours": 23},
        {"hours": 1},
        {"days": 2},
        {"days": 10},
        {"days": 20},
    )
    expected = (1, 0, 1, 0, 1, 0, 0, 1)
    sent = []
    for wait in waits:
        house.clock.advance(**wait)
        house.opt_in()
        sent.append(house.send_due())
    assert tuple(sent) == expected


@pytest.mark.parametrize("spellings", [SPELLINGS, INTERNATIONAL])
def test_one_address_however_it_is_written_is_one_lead_and_counts_together(
    house: House, spellings: tuple[str, ...]
) -> None:
    for spelling in spellings:
        opt_in(website(house), spelling)
    assert house.send_due() == 1
    assert len(house.rows()["lead"]) == 1
    assert len(house.rows()["opt_in"]) == len(spellings)


def test_the_cap_is_exact_when_many_ask_at_once(house: House) -> None:
    client = website(house)
    meet = threading.Barrier(8)

    def ask(_number: int) -> int:
        meet.wait(30)
        return client.post("/api/opt-ins", json=OPT_IN).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {202}
    assert house.send_due() == 1
    assert len(acts.opt_ins(house)) == 8
    assert len(acts.runs(house)) == 1


def test_a_cap_is_forgotten_when_its_longest_window_is_over(house: House) -> None:
    short = house.with_changes(limits=parse_limits("address=1/3h; network=30/15m; domain=200/2h; all=500/h"))
    opt_in(website(short))

    def counted_after(**time: float) -> set[str]:
        short.clock.advance(**time)
        ticks.housekeeping(short.services)
        with short.services.database.reading() as session:
            return set(session.exec(select(CapHit.scope)))

    assert counted_after(minutes=14) == {"address", "network", "domain", "all"}
    assert counted_after(minutes=2) == {"address", "domain", "all"}, "a network goes as soon as its window ends"
    assert counted_after(minutes=45) == {"address", "domain"}
    assert counted_after(hours=1) == {"address"}
    assert counted_after(hours=1) == set()
