"""What is kept no longer goes once a day, by rules that can be looked at first (ACCEPTANCE P3)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select, update

from service.domain.audit_words import DUTCH_DETAILS
from service.domain.booking_events import BookingChange
from service.flows import booking, booking_events, privacy, retention, ticks
from service.flows.retention import Report
from service.flows.services import Retention
from service.store import events, leads
from service.store.tables import (
    Alert,
    Attempt,
    AuditEntry,
    Booking,
    BookingEvent,
    BookingRequest,
    ErasedToken,
    Message,
    Table,
    TimelineEntry,
)
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House, link, open_house

BRAM = "bram@example.org"
TERM = timedelta(days=183)


def look(house: House) -> Report:
    """What would go now."""
    with house.services.database.reading() as session:
        return retention.look(session, house.services, house.clock.now())


def run(house: House) -> Report:
    """Remove it."""
    return retention.run(house.services, house.clock.now())


def runs_kept(house: House) -> list[dict[str, int]]:
    """What the audit log holds of runs, oldest first."""
    with house.services.database.reading() as session:
        found = session.exec(
            select(AuditEntry).where(AuditEntry.action == "retention run").order_by(col(AuditEntry.id))
        )
        return [each.details for each in found]


def is_there(house: House, address: str = ANNA) -> bool:
    with house.services.database.reading() as session:
        return leads.by_address(session, address) is not None


def finished(house: House, address: str = ANNA) -> datetime:
    """A lead who got all the mails there are. Returns when the last one left."""
    acts.confirmed(house, address)
    house.live_through(days=60)
    assert acts.enrolment(house, address).state == "finished"
    return max(each.first_handed_at for each in house.messages(address) if each.first_handed_at)


# Leads


def test_whoever_reads_the_log_in_dutch_reads_what_went_in_dutch(house: House) -> None:
    with house.services.database.reading() as session:
        counted = retention.look(session, house.services, house.clock.now()).counts()
    assert counted.keys() <= DUTCH_DETAILS.keys()


def test_a_lead_goes_six_months_after_the_last_mail(house: House) -> None:
    last = finished(house)
    lead_id = house.lead().id
    house.clock.moment = last + TERM
    assert look(house).leads["last_mail"] == ()
    house.clock.advance(seconds=1)
    assert look(house).leads["last_mail"] == (lead_id,)
    assert is_there(house), "a look removes nobody"
    assert run(house).leads["last_mail"] == (lead_id,)
    assert not is_there(house)


def test_the_link_of_two_years_ago_still_says_no(house: House) -> None:
    last = finished(house)
    token = link(house.mails(ANNA)[0], "u").rpartition("/")[2]
    house.clock.moment = last + TERM + timedelta(days=1)
    run(house)
    house.clock.advance(days=730)
    run(house)
    with house.services.database.reading() as session:
        public_id = house.services.keyring.read("u", token)
        assert public_id
        assert leads.erased(session, public_id)


@pytest.mark.parametrize("kept_by", ["a new opt-in", "a run under way", "an open request", "mail that is held"])
def test_who_is_not_done_with_stays(house: House, kept_by: str) -> None:
    last = finished(house)
    if kept_by == "an open request":
        acts.request_pain_check(house, phone="06 12345678")
        house.send_due()
    house.clock.moment = last + TERM + timedelta(days=30)
    if kept_by == "a new opt-in":
        house.opt_in()
        house.send_due()
    elif kept_by == "a run under way":
        _set(house, "enrolment", state="active", next_at=None)
    elif kept_by == "mail that is held":
        _set(house, "message", state="held")
    assert look(house).leads["last_mail"] == ()
    run(house)
    assert is_there(house)


def test_a_run_that_was_never_confirmed_keeps_nobody(house: House) -> None:
    """She asked about something else too, and left it at that; her old yes still stands."""
    finished(house)
    house.opt_in(topic="uitstraling-been")
    house.send_due()
    house.clock.advance(days=184)
    assert acts.enrolment(house).state == "awaiting_confirmation"
    run(house)
    assert not is_there(house)


def test_both_rules_for_leads_are_told_apart(house: House) -> None:
    last = finished(house)
    house.clock.moment = last + TERM + timedelta(seconds=1)
    anna = house.lead().id
    house.opt_in(BRAM, consent_follow_up=False)
    bram = house.lead(BRAM).id
    _set(house, "lead", only=bram, erase_at=house.clock.now())
    found = look(house)
    assert found.leads == {"no_consent": (bram,), "last_mail": (anna,)}
    assert run(house).leads == found.leads
    assert look(house).counts() == dict.fromkeys(found.counts(), 0)


def test_terms_are_settings(house: House) -> None:
    short = house.with_changes(retention=Retention(after_last_mail=timedelta(days=40), events=timedelta(days=35)))
    last = finished(short)
    short.clock.moment = last + timedelta(days=41)
    assert len(look(short).leads["last_mail"]) == 1
    short.opt_in()
    short.clock.advance(days=34)
    assert look(short).events["timeline"] == 0
    short.clock.advance(days=2)
    assert look(short).events["timeline"] > 0


# Requests of people who were erased


def ask_after_erasing(house: House, address: str = ANNA) -> None:
    house.opt_in(address)
    house.send_due()
    advice = acts.advice(house, address)
    acts.commit(house, privacy.erase, house.services, house.lead(address).id, "asked for it", house.clock.now())
    wish = booking.PainCheckRequest(
        name="Anna de Vries", phone="06 98765432", email=address, note=f"graag snel, {address}"
    )

    def ask(session: Session) -> bool:
        return booking.request_after_erasing(session, house.services, advice.public_id, wish, house.clock.now())

    assert acts.commit(house, ask)
    house.send_due()


def test_a_request_by_an_erased_lead_goes_too_together_with_its_mail(house: House) -> None:
    ask_after_erasing(house)
    house.clock.moment += timedelta(days=90)
    found = run(house)
    assert (found.events["staff_mails"], found.requests) == (0, ())
    house.clock.advance(seconds=1)
    assert len(look(house).requests) == 1
    found = run(house)
    assert (found.events["staff_mails"], len(found.requests)) == (1, 1)
    with house.services.database.reading() as session:
        assert session.exec(select(BookingRequest)).all() == []
        assert session.exec(select(ErasedToken)).all(), "her links still lead to a friendly page"


@pytest.mark.parametrize("state", ["unknown", "held"])
def test_its_mail_goes_too_where_nobody_decided_about_it(house: House, state: str) -> None:
    ask_after_erasing(house)
    _set(house, "message", state=state)
    house.clock.advance(days=91)
    assert run(house).events["staff_mails"] == 1
    with house.services.database.reading() as session:
        assert session.exec(select(Message)).all() == []


def test_its_mail_stays_for_as_long_as_it_may_leave(house: House) -> None:
    ask_after_erasing(house)
    _set(house, "message", state="due")
    house.clock.advance(days=91)
    assert run(house).events["staff_mails"] == 0


def test_erasing_again_takes_what_was_asked_by_the_links_of_before(house: House) -> None:
    ask_after_erasing(house)
    ask_after_erasing(house, BRAM)
    house.clock.advance(hours=1)
    house.opt_in()
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for it", house.clock.now())
    with house.services.database.reading() as session:
        left = session.exec(select(Message)).all()
        requests = session.exec(select(BookingRequest)).all()
    assert [each.content["extra"]["request"]["email"] for each in left] == [BRAM]
    assert len(requests) == 1


# Events


def test_events_go_after_ninety_days_and_the_ledger_stays(house: House) -> None:
    finished(house)
    with house.services.database.transaction() as session:
        events.raise_alert(session, "old", dutch="x", english="x", now=house.clock.now())
        events.raise_alert(session, "standing", dutch="x", english="x", now=house.clock.now())
        session.flush()
        events.resolve_alert(session, "old", house.clock.now())
        session.exec(update(Attempt).values(opened_at=datetime.now(UTC) - timedelta(days=91), detail="busy"))
    mails = len(house.messages())
    house.clock.advance(days=91)
    before = look(house)
    assert all(before.events[name] > 0 for name in ("timeline", "answers_of_servers", "alerts"))
    after = run(house)
    assert after.events == before.events
    assert len(house.messages()) == mails
    with house.services.database.reading() as session:
        assert session.exec(select(TimelineEntry)).all() == []
        attempts = session.exec(select(Attempt)).all()
        assert {(each.outcome, each.detail, each.provider_id) for each in attempts} == {("accepted", None, None)}
        assert [each.cause for each in session.exec(select(Alert))] == ["standing"]


def test_events_of_appointments_go_and_appointments_of_nobody_with_them(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=1)
    with house.services.database.transaction() as session:
        for address in (ANNA, "nobody@example.org"):
            change = BookingChange(
                key=f"booked {address}",
                type="booked",
                booking=f"booking of {address}",
                kind="booked",
                at=house.clock.now(),
                address=address,
            )
            assert booking_events.take(session, house.services, "generic", change, house.clock.now())
    house.clock.advance(days=91)
    before = look(house)
    assert (before.events["booking_events"], before.events["bookings_of_nobody"]) == (2, 1)
    assert run(house).events == before.events
    with house.services.database.reading() as session:
        assert session.exec(select(BookingEvent)).all() == []
        assert [each.external_id for each in session.exec(select(Booking))] == [f"booking of {ANNA}"]


def test_what_is_younger_stays(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=89)
    assert run(house).counts() == dict.fromkeys(look(house).counts(), 0)
    assert is_there(house)


# Once a day


def test_housekeeping_runs_it_once_a_local_day(house: House) -> None:
    house.clock.moment = datetime.fromisoformat("2026-03-09T22:30:00+00:00")  # 23:30 in Amsterdam
    for minutes in (0, 20, 10, 60):  # the third is over midnight there
        house.clock.advance(minutes=minutes)
        ticks.housekeeping(house.services)
    assert len(runs_kept(house)) == 2


def test_a_run_is_kept_with_its_counts(house: House) -> None:
    last = finished(house)
    house.clock.moment = last + TERM + timedelta(days=1)
    ticks.housekeeping(house.services)
    kept = runs_kept(house)[-1]
    assert kept["last_mail"] == 1
    assert "@" not in repr(kept)


def test_several_workers_at_once_remove_each_row_once(house: House) -> None:
    finished(house)
    for number in range(30):
        house.opt_in(f"lead{number}@example.org")
    house.clock.advance(days=91)
    expected = look(house)
    meet = threading.Barrier(3)

    def keep() -> Report:
        meet.wait(30)
        return run(house)

    with ThreadPoolExecutor(3) as pool:
        found = [each.result(120) for each in [pool.submit(keep) for _ in range(3)]]
    removed = sorted(each for report in found for each in report.leads["no_consent"])
    assert removed == list(expected.leads["no_consent"])
    for name, count in expected.events.items():
        assert sum(report.events[name] for report in found) == count


def test_before_anything_is_published_there_is_nothing_to_do(migrated_database_url: str, tmp_path: Path) -> None:
    with open_house(migrated_database_url, tmp_path, published=False) as house:
        ticks.housekeeping(house.services)
        assert runs_kept(house) == []


def _set(house: House, table: str, *, only: int | None = None, **values: object) -> None:
    """Put rows of a table into another state."""
    rows = Table.metadata.tables[table]
    with house.services.database.transaction() as session:
        statement = rows.update().values(**values)
        session.execute(statement.where(rows.c.id == only) if only else statement)
