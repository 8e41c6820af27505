"""How long a lead is kept, and that erasing leaves a keyed hash and the ids of old links, nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from service.flows import booking, consent, privacy, signup, ticks
from service.flows.opt_in_check import OptInRequest
from service.flows.services import Retention
from service.store import leads, suppressions
from service.store.tables import ErasedToken, Lead, Message, OptIn
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.answers import STAFF
from tests.support.house import House, link, words
from tests.support.transports import (
    Network,
    accepted,
    always,
    lost_after_the_dot,
    no_such_mailbox,
    refused_content,
    refused_for_now,
)
from tests.support.waiting import wait_until_it_waits

BRAM = "bram@example.org"
MINUTE = timedelta(minutes=1)


def is_kept(house: House, address: str = ANNA) -> bool:
    """Is there a lead of this address, after housekeeping now?"""
    ticks.housekeeping(house.services)
    with house.services.database.reading() as session:
        return leads.by_address(session, address) is not None


def kept_until(house: House, moment: datetime, address: str = ANNA) -> None:
    """The lead is there up to this moment, and gone at it."""
    house.clock.moment = moment - MINUTE
    assert is_kept(house, address), "erased too early"
    house.clock.moment = moment
    assert not is_kept(house, address), "kept too long"


# Until when (ACCEPTANCE C6)


def test_who_never_confirms_is_erased_14_days_after_the_advice_was_accepted(house: House) -> None:
    house.opt_in()
    house.clock.advance(hours=5)
    house.send_due()
    kept_until(house, house.clock.now() + timedelta(days=14))


def test_a_ticked_box_alone_keeps_nobody(house: House) -> None:
    house.opt_in(consent_follow_up=True)
    house.opt_in(BRAM, consent_follow_up=False)
    house.send_due()
    kept_until(house, house.clock.now() + timedelta(days=14))
    assert not is_kept(house, BRAM)


def test_who_cannot_be_reached_is_erased_14_days_after_the_advice_failed(house: House) -> None:
    network = Network(answer=always(refused_content()))
    house.opt_in()
    house.clock.advance(hours=5)
    house.with_changes(open_transport=network.open).send_due()
    assert acts.advice(house).state == "failed"
    kept_until(house, house.clock.now() + timedelta(days=14))


def test_an_advice_that_is_refused_for_days_counts_from_when_it_failed(house: House) -> None:
    slow = house.with_changes(open_transport=Network(answer=always(refused_for_now())).open)
    slow.opt_in()
    slow.send_due()
    assert acts.advice(house).state == "due"
    slow.clock.advance(days=4)
    slow.send_due()
    assert acts.advice(house).state == "failed"
    kept_until(house, house.clock.now() + timedelta(days=14))


@pytest.mark.parametrize("why", ["unknown", "held", "still due"])
def test_without_an_outcome_28_days_after_the_opt_in_is_the_latest(house: House, why: str) -> None:
    opted_in_at = house.clock.now()
    house.opt_in(trapped=why == "held")
    if why == "unknown":
        house.with_changes(open_transport=Network(answer=always(lost_after_the_dot())).open).send_due()
        assert acts.advice(house).state == "unknown"
    kept_until(house, opted_in_at + timedelta(days=28))


def test_a_second_opt_in_keeps_the_lead_until_14_days_after_its_own_advice(house: House) -> None:
    house.opt_in()
    house.send_due()
    house.clock.advance(days=10)
    house.opt_in()
    house.clock.advance(hours=1)
    house.send_due()
    kept_until(house, house.clock.now() + timedelta(days=14))


def test_what_a_cap_turned_away_keeps_nobody_longer(house: House) -> None:
    house.opt_in()
    house.send_due()
    accepted_at = house.clock.now()
    house.clock.advance(minutes=5)
    house.opt_in()
    assert len(acts.opt_ins(house)) == 2
    kept_until(house, accepted_at + timedelta(days=14))


def test_an_active_consent_keeps_the_lead_also_when_the_run_is_over(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=100)
    assert acts.enrolment(house).state == "finished"
    assert is_kept(house)


def test_who_confirms_after_booking_is_kept_as_asked(house: House) -> None:
    house.opt_in()
    house.send_due()
    acts.booked(house)
    assert acts.confirm(house) == "ended"
    house.clock.advance(days=30)
    assert is_kept(house)


def test_who_unsubscribes_later_than_that_is_erased_at_once_and_stays_unsubscribed(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=20)
    acts.withdraw(house)
    assert not is_kept(house)
    house.opt_in()
    assert house.live_through(days=5) == 1, "the advice, and no follow-up"


def test_who_unsubscribes_early_is_kept_until_14_days_after_the_advice(house: House) -> None:
    acts.confirmed(house)
    accepted_at = house.clock.now()
    house.live_through(days=3)
    acts.withdraw(house)
    kept_until(house, accepted_at + timedelta(days=14))


def test_a_mailbox_that_is_gone_is_erased_too_and_stays_suppressed(house: House) -> None:
    network = Network()
    posted = house.with_changes(open_transport=network.open)
    acts.confirmed(posted)
    posted.clock.advance(days=2)
    network.answer = always(no_such_mailbox())
    posted.tick()
    kept_until(house, datetime(2026, 3, 23, 9, 0, tzinfo=UTC))
    network.answer = always(accepted())
    posted.opt_in()
    assert posted.send_due() == 0


def test_an_open_pain_check_request_keeps_the_lead_until_it_is_handled(house: House) -> None:
    house.opt_in()
    house.send_due()
    acts.request_pain_check(house, name="Anna", phone="06 12345678")
    house.clock.advance(days=200)
    assert is_kept(house)
    acts.booked(house)
    assert not is_kept(house)


def test_both_terms_are_settings(house: House) -> None:
    short = house.with_changes(retention=Retention(after_advice=timedelta(days=3), after_opt_in=timedelta(days=5)))
    short.opt_in()
    short.send_due()
    short.opt_in(BRAM)
    start = short.clock.now()
    kept_until(short, start + timedelta(days=3))
    kept_until(short, start + timedelta(days=5), BRAM)


# At the very moment


@pytest.mark.parametrize("act", ["confirms", "opts in again", "asks for a pain check"])
def test_who_acts_while_the_erasing_waits_is_not_erased(house: House, act: str) -> None:
    """The housekeeping has found her, and waits for the transaction she is in."""
    house.opt_in()
    house.send_due()
    opt_in_id = acts.opt_ins(house)[0].id
    house.clock.advance(days=14)
    now, services = house.clock.now(), house.services
    looking = threading.Event()

    def keep_house() -> list[int]:
        looking.set()
        return acts.commit(house, privacy.erase_expired, services, now)

    def confirms(session: Session) -> None:
        consent.confirm(session, services, session.get_one(OptIn, opt_in_id), {}, now)

    def opts_in(session: Session) -> None:
        request = OptInRequest(email=ANNA, topic="lage-rug", consent_advice=True)
        signup.register(session, services, request, now)

    def asks(session: Session) -> None:
        message = session.exec(select(Message)).one()
        booking.request(session, services, message, booking.PainCheckRequest(phone="06 12345678"), now)

    acting: dict[str, Callable[[Session], None]] = {
        "confirms": confirms,
        "opts in again": opts_in,
        "asks for a pain check": asks,
    }
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction() as session:
            acting[act](session)
            session.flush()
            keeping = pool.submit(keep_house)
            looking.wait(30)
            wait_until_it_waits(house)
        assert keeping.result(30) == []
    assert house.lead().address == ANNA
    if act == "opts in again":
        assert house.send_due() == 1


def test_housekeepers_at_once_erase_everybody_once(house: House) -> None:
    for number in range(40):
        house.opt_in(f"lead{number}@example.org")
    house.send_due()
    house.clock.advance(days=14)
    meet = threading.Barrier(3)

    def keep_house() -> None:
        meet.wait(30)
        ticks.housekeeping(house.services)

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(keep_house) for _ in range(3)]:
            each.result(60)
    with house.services.database.reading() as session:
        assert session.exec(select(Lead)).all() == []
        assert len(session.exec(select(ErasedToken)).all()) == 3 * 40


def test_erasing_a_lead_whose_mail_is_on_its_way_disturbs_nobody(house: House) -> None:
    house.opt_in()
    (begun,) = acts.hand_over(house, "a-lease")
    now = house.clock.now()
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for it", now)
    acts.commit(house, acts.settle, house.services, begun, accepted(), now, datetime.now(UTC))
    ticks.reap(house.services)
    assert house.messages() == []


# What is left


def test_erasing_leaves_the_keyed_hash_and_the_ids_of_the_links_and_nothing_else(house: House) -> None:
    before = house.rows()
    address, page = "annelies.vermeulen@example.org", "https://praktijk.example/annelies"
    house.opt_in(address, first_name="Annelies", source_url=page)
    house.opt_in(BRAM)
    house.send_due()
    acts.confirm(house, address, posture="hollow")
    house.live_through(days=3)
    acts.answer(house, "worse", address)
    acts.request_pain_check(
        house,
        address,
        name="Annelies Vermeulen",
        phone="06 12345678",
        note="liefst na het werk",
    )
    house.send_due()
    acts.withdraw(house, address)
    lead = house.lead(address)
    tokens = {lead.public_id}
    tokens |= {each.public_id for each in acts.opt_ins(house, lead.address)}
    tokens |= {each.public_id for each in house.messages(lead.address)}
    acts.commit(house, privacy.erase, house.services, lead.id, "asked for it", house.clock.now(), actor="Frank")
    after = house.rows()

    traces = re.compile("annelies|vermeulen|12345678|na het werk", re.IGNORECASE)
    for table, rows in after.items():
        assert not [row for row in rows if traces.search(repr(row))], f"{table} still holds a trace"
    hmac = house.services.hmac(address)
    with house.services.database.reading() as session:
        left = session.exec(select(ErasedToken)).all()
        rules = suppressions.of(session, [hmac])[hmac]
    assert {each.public_id for each in left} == tokens
    assert {each.address_hmac for each in left} == {hmac}
    assert [(rule.reason, rule.until) for rule in rules] == [("unsubscribe", None)]
    assert house.messages(BRAM), "Bram is still there"
    assert before["revision"] == after["revision"]
    erased = [row for row in after["audit"] if "lead erased" in row]
    assert len(erased) == 1
    assert "Frank" in erased[0]
    assert files_without(house, b"annelies")


def test_old_links_of_an_erased_lead_still_say_no(house: House) -> None:
    acts.confirmed(house)
    u_link = link(house.mails(ANNA)[0], "u").rpartition("/")[2]
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for it", house.clock.now())
    public_id = house.services.keyring.read("u", u_link)
    assert public_id is not None
    with house.services.database.transaction() as session:
        token = leads.erased(session, public_id)
        assert token is not None
        assert consent.withdraw_erased(session, house.services, token.address_hmac, house.clock.now())
        assert not consent.withdraw_erased(session, house.services, token.address_hmac, house.clock.now())
    house.clock.advance(hours=1)
    house.opt_in()
    assert house.live_through(days=5) == 1


# Helpers


def files_without(house: House, trace: bytes) -> bool:
    """SQLite's own files hold no such bytes; on PostgreSQL live rows are what counts (ACCEPTANCE P1)."""
    assert house.services.database.forget_for_good()
    file = Path(house.services.database.url.database or "")
    return not house.services.database.is_sqlite or not any(
        trace in each.read_bytes().lower() for each in file.parent.glob(f"{file.name}*")
    )


def test_that_she_feels_worse_reaches_the_practice_before_she_is_erased(house: House) -> None:
    """Long after her advice a no erases her within the minute."""
    acts.confirmed(house)
    house.live_through(days=20)
    acts.pull_the_brake(house, all_mail=True)
    acts.answer(house, "worse")
    acts.withdraw(house)
    assert is_kept(house)
    acts.release_the_brake(house)
    house.send_due()
    assert "slechter" in words(house.mails(STAFF)[-1])
    house.clock.advance(days=10)
    assert not is_kept(house)
