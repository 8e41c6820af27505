"""Requests and answers: seen as far as a role may, answered once, whoever presses and how often."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import col, select

from service.domain.staff import Role
from service.flows import privacy
from service.store import bookings, events, leads
from service.store.tables import AuditEntry, Booking, BookingRequest, TimelineEntry
from tests.support import acts, studio
from tests.support.acts import ANNA
from tests.support.answers import comes, comes_untied, reply
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, GIJS, Desk, desk, hire
from tests.support.two_at_once import at_once

PAGE = "/studio/waiting"
BOOKED = {"outcome": "booked"}


def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


def asked(house: House, **fields: str) -> BookingRequest:
    """Anna asked for a pain check."""
    acts.confirmed(house, first_name="Anna", answers={"leg": "no"})
    acts.request_pain_check(house, **({"name": "Anna Jansen", "phone": "06 12345678", "note": "na vieren"} | fields))
    return request(house)


def request(house: House) -> BookingRequest:
    with house.services.database.reading() as session:
        found = session.exec(select(BookingRequest).order_by(col(BookingRequest.id).desc())).first()
        assert found is not None
        return found


def audit(house: House, action: str) -> list[AuditEntry]:
    with house.services.database.reading() as session:
        return list(events.audit_log(session, limit=50, action=action))


def timeline(house: House, kind: str) -> list[TimelineEntry]:
    with house.services.database.reading() as session:
        return [each for each in leads.timeline(session, house.lead().id) if each.kind == kind]


def appointments(house: House) -> list[Booking]:
    with house.services.database.reading() as session:
        return list(bookings.of_lead(session, house.lead().id))


def follow(here: Desk, path: str, **fields: str) -> str:
    """What the page says that a press leads to."""
    answer = here.post(path, **fields)
    assert answer.status_code == 303, answer.text
    return studio.words(here.see(answer.headers["location"]))


def test_when_nobody_waits_the_page_says_what_will_show_up_there(house: House) -> None:
    page = studio.words(desk(house, hire(house)).see(PAGE))
    assert "Er wacht niemand op je." in page
    assert "Wie een pijncheck vraagt of terugschrijft, verschijnt hier." in page


def test_in_the_english_studio_a_wished_day_is_told_in_english(house: House) -> None:
    asked(house)
    page = studio.words(desk(house, hire(house, FRANK, Role.MANAGER, "Frank", language="en")).see(PAGE))
    assert "Best moment Monday" in page
    assert "maandag" not in page


def test_a_manager_sees_all_that_is_needed_to_call(house: House) -> None:
    asked(house)
    answer = manager(house).see(PAGE)
    page = studio.words(answer)
    for owed in (
        "Anna Jansen",
        "06 12345678",
        ANNA,
        "Liefst op maandag",
        "na vieren",
        "Straalt de pijn uit naar je been? Nee",
    ):
        assert owed in page
    assert 'href="tel:0612345678"' in answer.text
    assert f"/studio/leads/{house.lead().id}" in answer.text
    assert "Wacht al meer dan een werkdag" not in page
    house.clock.advance(days=4)
    assert "Wacht al meer dan een werkdag" in studio.words(manager_again(house).see(PAGE))


def manager_again(house: House) -> Desk:
    return desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))


def test_an_editor_sees_that_somebody_waits_and_no_word_of_who_and_has_no_buttons(house: House) -> None:
    asked(house)
    comes(house, reply(text="Mijn buurvrouw Truus heeft dat ook."))
    acts.answer(house, "worse")
    answer = desk(house, hire(house, ESRA, Role.EDITOR)).see(PAGE)
    page = studio.words(answer)
    assert "Wil een pijncheck 1" in page
    assert "Gaf antwoord 2" in page
    assert "Gaf antwoord ma 9 mrt" in page
    assert f"lead {house.lead().id}" in page
    for private in (
        "Anna",
        "Jansen",
        "12345678",
        "anna@",
        "vieren",
        "mon ",
        "Truus",
        "been",
        "praktijk@",
        "Schreef een mail",
    ):
        assert private.lower() not in page.lower(), private
    assert answer.text.count("<form") == 1, "the one to log out"
    managers = manager(house).see(PAGE).text
    for pressed in ("Zei dat het slechter gaat", "Drukte op", 'class="answer worse"'):
        assert pressed in managers
        assert pressed not in answer.text


def test_booked_by_phone_ends_the_follow_ups_and_keeps_the_moment_on_the_practices_clock(house: House) -> None:
    number = asked(house).id
    here = manager(house)
    page = follow(here, f"{PAGE}/request", request=str(number), **BOOKED, day="2026-03-20", time="14:30")
    assert f"Aanvraag {number} staat op geboekt. De vervolgmails aan deze persoon stoppen." in page
    assert f"Aanvraag {number}: afspraak gemaakt Frank" in page
    assert request(house).outcome == "booked"
    assert [each.starts_at for each in appointments(house)] == [datetime(2026, 3, 20, 13, 30, tzinfo=UTC)]
    assert acts.enrolment(house).state == "finished"
    assert house.live_through(days=40) == 0
    [entry] = audit(house, "request closed")
    assert entry.actor.startswith("studio:")
    assert entry.details == {"request": number, "lead": house.lead().id, "outcome": "booked"}


def test_booked_without_a_moment_is_booked_too(house: House) -> None:
    follow(manager(house), f"{PAGE}/request", request=str(asked(house).id), **BOOKED)
    assert [each.starts_at for each in appointments(house)] == [None]


@pytest.mark.parametrize(
    ("day", "time", "told"),
    [
        ("2026-03-20", "", "allebei"),
        ("", "14:30", "allebei"),
        ("2026-02-30", "14:30", "allebei"),
        ("2026-03-20", "25:00", "allebei"),
        ("٢٠٢٦-03-20", "14:30", "allebei"),
        ("9999-12-31", "23:59", "Klopt het jaar?"),
        ("0001-01-01", "00:00", ""),
        ("2006-03-20", "14:30", "Klopt het jaar?"),
    ],
)
def test_a_moment_that_is_none_or_a_slip_changes_nothing_and_says_why(
    house: House, day: str, time: str, told: str
) -> None:
    number, here = asked(house).id, manager(house)
    answer = here.post(f"{PAGE}/request", request=str(number), **BOOKED, day=day, time=time)
    assert answer.status_code == 422
    assert told in answer.text
    assert request(house).handled_at is None
    assert f'<a href="#request-{number}">' in answer.text, "of several requests it is said of which"
    assert f'<p class="error" id="told-{number}">' in answer.text
    assert f'value="{day}" aria-invalid="true"' in answer.text
    assert f'value="{time}" aria-invalid="true"' in answer.text


@pytest.mark.parametrize("outcome", ["declined", "cancelled", "handled"])
def test_another_outcome_closes_the_request_and_leaves_the_pause_to_end_by_itself(house: House, outcome: str) -> None:
    number = asked(house).id
    until = acts.enrolment(house).paused_until
    page = follow(manager(house), f"{PAGE}/request", request=str(number), outcome=outcome, day="2026-03-20")
    assert "is afgehandeld" in page
    assert request(house).outcome == outcome
    assert (acts.enrolment(house).state, acts.enrolment(house).paused_until) == ("active", until)
    assert appointments(house) == []


def test_nobody_reached_is_kept_with_who_and_when_and_the_request_stays(house: House) -> None:
    number, here = asked(house).id, manager(house)
    page = follow(here, f"{PAGE}/request", request=str(number), outcome="tried", tries="0")
    assert "Genoteerd: niet bereikt" in page
    assert re.search(r"1 keer niet bereikt: ma 9 mrt 2026, 10:00 \(Frank\)", page)
    assert request(house).handled_at is None
    again = follow(here, f"{PAGE}/request", request=str(number), outcome="tried", tries="0")
    assert "Er is niets veranderd" in again
    follow(here, f"{PAGE}/request", request=str(number), outcome="tried", tries="1")
    assert len(timeline(house, "pain_check_tried")) == len(audit(house, "request tried")) == 2


@pytest.mark.parametrize("outcome", ["booked", "declined", "tried"])
def test_of_two_people_who_press_at_once_one_is_told_that_nothing_changed(house: House, outcome: str) -> None:
    number = asked(house).id
    both = (manager(house), manager_again(house))
    fields = {"request": str(number), "outcome": outcome, "tries": "0"}
    answers = at_once([partial(here.post, f"{PAGE}/request", **fields) for here in both])
    assert sorted(each.headers["location"] for each in answers) == [
        f"{PAGE}?done=already&of={number}",
        f"{PAGE}?done={outcome}&of={number}",
    ]
    assert len(audit(house, "request tried" if outcome == "tried" else "request closed")) == 1
    assert len(appointments(house)) == (outcome == "booked")


def test_a_request_of_somebody_who_was_erased_is_closed_by_one_of_two(house: House) -> None:
    with house.services.database.transaction() as session:
        session.add(BookingRequest(name="Iemand", phone="06 87654321", created_at=house.clock.now()))
    number = request(house).id
    both = (manager(house), manager_again(house))
    assert "Deze persoon is hier gewist." in studio.words(both[0].see(PAGE))
    fields = {"request": str(number), "outcome": "handled"}
    answers = at_once([partial(here.post, f"{PAGE}/request", **fields) for here in both])
    assert len({each.headers["location"] for each in answers}) == 2
    assert len(audit(house, "request closed")) == 1


def test_a_request_that_is_not_there_or_an_outcome_that_is_none_is_refused(house: House) -> None:
    number, here = asked(house).id, manager(house)
    assert here.post(f"{PAGE}/request", request="99", outcome="handled").status_code == 404
    assert here.post(f"{PAGE}/request", request=str(number), outcome="lost").status_code == 422
    assert here.post(f"{PAGE}/request", request="x", outcome="handled").status_code == 422
    assert here.see(f"{PAGE}?done=lost").status_code == 422
    assert here.see(f"{PAGE}?done=booked&of=<b>").status_code == 422
    assert request(house).handled_at is None


def hidden(here: Desk, action: str) -> dict[str, str]:
    """What the first form that goes there carries."""
    form = here.see(PAGE).text.partition(f'action="{PAGE}/{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def erase(house: House) -> None:
    acts.commit(house, privacy.erase, house.services, house.lead().id, "staff", house.clock.now(), actor="Gijs")


def test_a_form_that_lay_open_reaches_nobody_else_who_has_the_number_of_one_who_was_erased(house: House) -> None:
    asked(house)
    comes(house, reply("a", text="een"))
    here = manager(house)
    for action, presses in (("request", [BOOKED, {"outcome": "tried"}]), ("read", [{}])):
        lay_open = hidden(here, action)
        erase(house)
        house.clock.advance(days=2)
        asked(house)
        comes(house, reply(action, text="twee"))
        for press in presses:
            assert here.post(f"{PAGE}/{action}", **lay_open, **press).status_code == 404
        page = studio.words(here.see(PAGE))
        assert "Wil een pijncheck 1" in page
        assert "Gaf antwoord 1" in page
        assert "niet bereikt:" not in page


def test_an_editor_who_posts_all_the_same_changes_nothing(house: House) -> None:
    number = asked(house).id
    here = desk(house, hire(house, ESRA, Role.EDITOR))
    before = house.rows()
    assert here.post(f"{PAGE}/request", request=str(number), outcome="booked").status_code == 403
    assert here.post(f"{PAGE}/read", lead=str(house.lead().id), upto="999999").status_code == 403
    assert house.rows() == before


def test_answers_stand_there_with_her_words_and_whom_we_told_until_somebody_read_them(house: House) -> None:
    acts.confirmed(house, first_name="Anna")
    comes(house, reply("a", text="Het gaat beter.\nMag ik fietsen?", subject="Re: Je advies"))
    house.clock.advance(hours=1)
    acts.answer(house, "worse")
    house.clock.advance(hours=1)
    comes_untied(house, reply("b", text="Ben ik het?"))
    acts.answer(house, "better")
    here = manager(house)
    page = studio.words(here.see(PAGE))
    for owed in (
        "Gaf antwoord 3",
        "Re: Je advies Het gaat beter. Mag ik fietsen?",
        "Drukte op “slechter”",
        "Een mail, misschien van deze persoon",
        "Ben ik het?",
        "Gemaild aan: praktijk@solidperformance.example",
        "Geen vervolgmails tot ma 23 mrt 2026, 11:00",
    ):
        assert owed in page
    lead, upto = here_form(here)
    assert "Gelezen. Dit antwoord staat nu onderaan." in follow(here, f"{PAGE}/read", lead=lead, upto=upto)
    page = studio.words(here.see(PAGE))
    assert "Gaf antwoord" not in page
    assert "Antwoord gelezen Frank" in page
    assert "een collega las dit antwoord al" in follow(here, f"{PAGE}/read", lead=lead, upto=upto)
    assert len(audit(house, "answers read")) == 1


def here_form(here: Desk) -> tuple[str, str]:
    """The lead and the entry that the first form for answers is about."""
    found = re.search(
        r'name="lead" value="(\d+)">\s*<input type="hidden" name="upto" value="(\d+)"', here.see(PAGE).text
    )
    assert found is not None
    return found[1], found[2]


def test_an_answer_that_came_after_the_page_was_opened_stays_to_be_read(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply("a", text="een"))
    here = manager(house)
    lead, upto = here_form(here)
    house.clock.advance(minutes=1)
    comes(house, reply("b", text="twee"))
    page = follow(here, f"{PAGE}/read", lead=lead, upto=upto)
    assert "twee" in page
    assert "Gaf antwoord 1" in page


def test_of_two_who_read_at_once_one_is_noted(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply())
    both = (manager(house), manager_again(house))
    lead, upto = here_form(both[0])
    answers = at_once([partial(here.post, f"{PAGE}/read", lead=lead, upto=upto) for here in both])
    assert {each.headers["location"] for each in answers} == {f"{PAGE}?done=read", f"{PAGE}?done=read-already"}
    assert len(timeline(house, "answers_read")) == 1


def test_what_staff_noted_themselves_and_other_presses_ask_for_nobody(house: House) -> None:
    acts.confirmed(house)
    acts.replied(house)
    acts.answer(house, "better")
    acts.answer(house, "same")
    assert "Gaf antwoord" not in studio.words(manager(house).see(PAGE))


def test_when_the_mail_with_her_words_is_gone_the_answer_still_stands_there(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply(text="Nog even dit."))
    with house.services.database.transaction() as session:
        for each in house.messages():
            if each.template == "dienst-antwoord":
                session.delete(session.merge(each))
    page = studio.words(manager(house).see(PAGE))
    assert "Gaf antwoord 1" in page
    assert "Nog even dit." not in page
    assert "De tekst zelf staat in de mail aan de praktijk." in page


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7919*7907 }}'


def test_nothing_that_a_lead_fills_in_runs_on_the_page(house: House) -> None:
    acts.confirmed(house)
    with house.services.database.transaction() as session:
        session.merge(house.lead()).first_name = HOSTILE
        session.add(
            BookingRequest(
                lead_id=house.lead().id,
                name=HOSTILE,
                phone=f"javascript:{HOSTILE}",
                preferred=[HOSTILE],
                note=HOSTILE,
                created_at=house.clock.now(),
            )
        )
    comes(house, reply(text=HOSTILE, subject=HOSTILE))
    page = manager(house).see(PAGE).text
    assert "<script" not in page
    assert "<img" not in page
    assert "62615533" not in page
    assert 'href="javascript' not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4


def test_only_what_is_shown_is_counted_as_shown_where_many_wait(house: House) -> None:
    with house.services.database.transaction() as session:
        now = house.clock.now()
        for at in range(53):
            session.add(BookingRequest(name=f"Nummer {at:03}", created_at=now + timedelta(minutes=at)))
    page = studio.words(manager(house).see(PAGE))
    assert "Nummer 000" in page
    assert "Nummer 050" not in page
    assert "Wil een pijncheck 53" in page
    assert "En nog 3." in page
