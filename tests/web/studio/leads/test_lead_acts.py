"""What staff do for one lead from her page: by the flows of the command line, each once, each in the audit log."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from httpx2 import Response

from service.domain.lead import SuppressionReason
from service.domain.limits import parse_limits
from service.domain.staff import Role
from service.errors import RefusedError
from service.flows import erase_proof
from service.flows.erase_proof import Proof
from service.store import bookings, events, message_rows
from service.store.tables import AuditEntry, Lead, Message
from service.web.studio.leads import erasing
from tests.support import acts
from tests.support.house import House
from tests.support.studio import FRANK, GIJS, Desk, desk, hire, words


@pytest.fixture
def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


def mark(here: Desk, lead: Lead) -> str:
    """As the form on her page carries it."""
    found = re.search(r'name="mark" value="([^"]+)"', here.see(f"/studio/leads/{lead.id}").text)
    assert found
    return found[1]


def press(here: Desk, house: House, action: str, address: str = acts.ANNA, **fields: str) -> Response:
    lead = house.lead(address)
    given = {"mark": mark(here, lead)} | fields
    return here.post(f"/studio/leads/{lead.id}", action=action, **given)


def done(answer: Response) -> str:
    assert answer.status_code == 303, words(answer)
    return answer.headers["location"].partition("?done=")[2]


def audited(house: House, limit: int = 1) -> list[AuditEntry]:
    with house.services.database.reading() as session:
        return list(events.audit_log(session, limit=limit))


def test_stopping_ends_every_follow_up(house: House, manager: Desk) -> None:
    acts.follow_up_due(house)
    assert done(press(manager, house, "stop")) == "stopped"
    assert house.send_due() == 0
    assert acts.enrolment(house).state == "stopped"
    [entry] = audited(house)
    assert (entry.action, entry.details) == ("lead stopped", {"lead": house.lead().id, "changed": True})
    assert entry.actor.startswith("studio:")
    assert done(press(manager, house, "stop")) == "nothing"


def test_a_stop_goes_through_whatever_happened_since_the_page_was_opened(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    old = mark(manager, house.lead())
    acts.answer(house, "same")
    assert done(press(manager, house, "stop", mark=old)) == "stopped"


def test_a_pause_lasts_until_the_local_day_and_can_be_ended(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    assert done(press(manager, house, "pause", until="2026-03-30")) == "paused"
    assert acts.enrolment(house).paused_until == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert house.live_through(days=20) == 0
    assert "staan stil tot ma 30 mrt 2026 om 00:00: eigen wens" in words(
        manager.see(f"/studio/leads/{house.lead().id}")
    )
    assert done(press(manager, house, "pause", until="2026-03-30")) == "nothing"
    assert done(press(manager, house, "resume")) == "resumed"
    assert acts.enrolment(house).paused_until is None
    done_by_staff = [each.action for each in audited(house, 99) if each.actor.startswith("studio:")]
    assert done_by_staff == ["lead resumed", "lead paused", "lead paused"]


@pytest.mark.parametrize(
    "until", ["", "gisteren", "2026-03-09", "2020-01-01", "2027-04-01", "9999-12-31", "2026-02-30"]
)
def test_a_pause_needs_a_day_to_come_within_a_year(house: House, manager: Desk, until: str) -> None:
    acts.confirmed(house)
    answer = press(manager, house, "pause", until=until)
    assert answer.status_code == 422
    assert "Kies een dag die nog komt, binnen een jaar" in answer.text
    assert acts.enrolment(house).paused_until is None


def test_an_appointment_ends_the_run_and_answers_the_request(house: House, manager: Desk) -> None:
    acts.follow_up_due(house)
    acts.request_pain_check(house)
    assert done(press(manager, house, "booked", day="2026-03-20", time="14:30")) == "booked"
    with house.services.database.reading() as session:
        [row] = bookings.of_lead(session, house.lead().id)
        assert bookings.count_open(session) == 0
    assert (row.starts_at, row.state) == (datetime(2026, 3, 20, 13, 30, tzinfo=UTC), "booked")
    assert acts.enrolment(house).state == "finished"
    assert "vr 20 mrt 2026, 14:30" in manager.see(f"/studio/leads/{house.lead().id}").text
    assert done(press(manager, house, "booked", day="2026-03-20", time="14:30")) == "nothing"
    assert done(press(manager, house, "booked")) == "nothing"


def test_an_appointment_has_both_a_day_and_a_time_or_neither(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    for fields in ({"day": "2026-03-20"}, {"time": "14:30"}, {"day": "x", "time": "y"}):
        refused = press(manager, house, "booked", **fields)
        assert refused.status_code == 422
        assert [each for each in fields.values() if f'value="{each}"' not in refused.text] == [], "typed once is enough"
    in_a_slip = press(manager, house, "booked", day="2062-03-20", time="14:30")
    assert "Klopt het jaar?" in in_a_slip.text
    assert done(press(manager, house, "booked")) == "booked"


@pytest.mark.parametrize("day", ["0202-03-20", "2062-03-20", "9999-12-31"])
def test_an_appointment_in_a_year_that_must_be_a_slip_is_refused(house: House, manager: Desk, day: str) -> None:
    acts.confirmed(house)
    refused = press(manager, house, "booked", day=day, time="14:30")
    assert refused.status_code == 422
    assert "Klopt het jaar?" in refused.text
    assert acts.enrolment(house).state == "active"


def test_she_answered_pauses_a_week(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    assert done(press(manager, house, "replied")) == "replied"
    assert acts.enrolment(house).pause_reason == "reply"


def test_the_advice_goes_again_as_it_was_once_a_day(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Anna")
    house.clock.advance(hours=2)
    assert done(press(manager, house, "again")) == "again"
    refused = press(manager, house, "again")
    assert refused.status_code == 409
    assert "vandaag al een keer opnieuw gestuurd" in refused.text
    house.send_due()
    first, second = house.mails(acts.ANNA)
    for kind in ("plain", "html"):
        bodies = [mail.get_body((kind,)) for mail in (first, second)]
        assert all(bodies)
        assert len({str(body.get_content()) for body in bodies if body}) == 1
    assert first["Message-ID"] != second["Message-ID"]
    assert first["List-Unsubscribe"] == second["List-Unsubscribe"]
    assert press(manager, house, "again").status_code == 409
    house.clock.advance(days=1)
    assert done(press(manager, house, "again")) == "again"
    assert "Het advies nog een keer" in manager.see(f"/studio/leads/{house.lead().id}").text


@pytest.mark.parametrize("state", ["due", "held", "unknown"])
def test_the_advice_goes_again_no_more_while_the_last_copy_has_not_left(
    house: House, manager: Desk, state: str
) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=2)
    assert done(press(manager, house, "again")) == "again"
    copy = house.messages()[-1]
    with house.services.database.transaction() as session:
        session.get_one(Message, copy.id).state = state
    house.clock.advance(days=1)
    refused = press(manager, house, "again")
    assert refused.status_code == 409
    assert "die mail wacht nog" in refused.text
    assert house.messages()[-1].id == copy.id


def test_the_advice_goes_to_nobody_who_complained_nor_above_the_cap_of_an_address(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=8)
    capped = desk(house.with_changes(limits=parse_limits("address=2/d")), hire(house, GIJS, Role.ADMIN, "Gijs"))
    assert done(press(capped, house, "again")) == "again"
    house.send_due()
    house.clock.advance(hours=8)  # another day, and the same twenty-four hours
    assert "zoveel mail als het voorlopig mag krijgen" in press(capped, house, "again").text
    acts.suppress(house, SuppressionReason.COMPLAINT)
    assert "als ongewenst gemeld" in press(manager, house, "again").text
    assert len(house.mails(acts.ANNA)) == 2


def test_an_advice_that_waits_for_a_person_is_let_go_by_the_flow_for_that(house: House, manager: Desk) -> None:
    house.opt_in()
    [message] = house.messages()
    with house.services.database.transaction() as session:
        row = session.get_one(Message, message.id)
        row.state, row.reason = "held", "te snel ingevuld"
    assert done(press(manager, house, "again")) == "released"
    assert house.send_due() == 1
    assert [each.action for each in audited(house)] == ["message resolved as resend"]
    assert len(house.messages()) == 1


def test_whoever_stopped_gets_the_advice_again_and_no_follow_up(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    acts.withdraw(house)
    house.clock.advance(hours=2)
    assert done(press(manager, house, "again")) == "again"
    house.live_through(days=30)
    assert len(house.mails(acts.ANNA)) == 2


@pytest.mark.parametrize("action", ["replied", "booked", "pause", "resume", "again", "stop"])
def test_two_who_press_at_once_do_it_once(house: House, action: str) -> None:
    acts.confirmed(house)
    if action == "resume":
        acts.replied(house)
    house.clock.advance(hours=2)
    desks = [desk(house, hire(house, address, Role.MANAGER, "Frank")) for address in (FRANK, GIJS)]
    lead = house.lead()
    marks = [mark(each, lead) for each in desks]
    fields = {"action": action, "until": "2026-04-01", "day": "2026-03-20", "time": "14:30"}

    def go(at: int) -> Response:
        return desks[at].post(f"/studio/leads/{lead.id}", mark=marks[at], **fields)

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(go, range(2)))
    told = sorted(each.headers.get("location", "").partition("done=")[2] for each in answers)
    assert [each.status_code for each in answers].count(303) >= 1
    assert len([each for each in told if each not in ("", "nothing")]) == 1, told
    with house.services.database.reading() as session:
        assert len(bookings.of_lead(session, lead.id)) == (1 if action == "booked" else 0)
        mails = [each for each in message_rows.of_lead(session, lead.id) if each.kind == "service"]
    assert len(mails) == (1 if action == "again" else 0)


def test_a_stale_page_is_told_that_something_happened(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    old = mark(manager, house.lead())
    acts.booked(house)
    answer = press(manager, house, "replied", mark=old)
    assert answer.status_code == 409
    assert "Intussen is er iets gebeurd" in answer.text


def test_erasing_asks_for_the_number_and_leaves_no_trace(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Anna")
    lead = house.lead()
    at = f"/studio/leads/{lead.id}/erase"
    assert "Deze lead voorgoed wissen?" in manager.see(at).text
    carried = mark(manager, lead)
    for number in ("", "ja", str(lead.id + 1)):
        assert manager.post(at, mark=carried, number=number).status_code == 422
    assert manager.post(at, mark="", number=str(lead.id)).status_code == 404
    assert house.lead()
    answer = manager.post(at, mark=carried, number=f" {lead.id} ")
    told = words(answer)
    assert f"Lead {lead.id} is gewist" in told
    assert "Er is geen spoor meer" in told
    assert f"binnen {house.services.retention.backups.days} dagen" in told
    assert "Mailboxen" in told
    assert acts.ANNA not in repr(house.rows())
    [entry] = audited(house)
    assert (entry.action, entry.details["lead"], entry.actor[:7]) == ("lead erased", lead.id, "studio:")
    assert manager.see(f"/studio/leads/{lead.id}").status_code == 404
    assert manager.post(at, mark=carried, number=str(lead.id)).status_code == 404


def test_what_is_left_after_erasing_is_told_by_its_place_and_without_its_text(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Annelies")
    lead = house.lead()
    with house.services.database.transaction() as session:
        events.set_fact(session, "left", {"by": "somebody", "whom": acts.ANNA})
    told = words(manager.post(f"/studio/leads/{lead.id}/erase", mark=mark(manager, lead), number=str(lead.id)))
    assert "spoor is er nog" in told or "sporen zijn er nog" in told
    assert "fact left : adres" in told
    assert "geen spoor meer" not in told
    assert acts.ANNA not in told


def test_a_search_that_takes_too_long_for_a_page_says_how_far_it_came(
    house: House, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts.confirmed(house)
    lead = house.lead()
    monkeypatch.setattr(erasing, "_PATIENCE", -1.0)
    told = words(manager.post(f"/studio/leads/{lead.id}/erase", mark=mark(manager, lead), number=str(lead.id)))
    assert "de eerste 0 rijen" in told
    assert "nurture lead traces" in told
    assert acts.ANNA not in repr(house.rows())


def test_whoever_is_erased_is_told_as_erased_though_the_search_fails(
    house: House, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Proof:
        raise RefusedError("nurture.db cannot be searched", "nurture.db is niet te doorzoeken")

    acts.confirmed(house)
    lead = house.lead()
    monkeypatch.setattr(erase_proof, "search", fails)
    answer = manager.post(f"/studio/leads/{lead.id}/erase", mark=mark(manager, lead), number=str(lead.id))
    assert answer.status_code == 200
    assert f"Lead {lead.id} is gewist" in words(answer)
    assert "geen spoor" not in words(answer)


def test_a_form_that_lay_open_never_reaches_whoever_has_the_number_now(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    lead = house.lead()
    carried = mark(manager, lead)
    acts.replaced(house, lead, "bram@example.org")
    before = house.rows()
    for path, fields in {
        "": {"action": "stop"},
        "/erase": {"number": str(lead.id)},
        "/export": {"shape": "json"},
        "/receipt": {"shape": "json"},
    }.items():
        assert manager.post(f"/studio/leads/{lead.id}{path}", mark=carried, **fields).status_code == 404, path
    assert house.rows() == before


def test_an_action_that_is_none_and_a_lead_that_is_none_change_nothing(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    before = house.rows()
    assert press(manager, house, "alles").status_code == 422
    assert manager.post("/studio/leads/999", action="stop", mark="x").status_code == 404
    assert house.rows() == before
