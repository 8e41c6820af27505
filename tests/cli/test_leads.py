"""`nurture lead` and `nurture message`, run as staff would run them, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.flows import planning
from service.store.tables import Enrolment
from tests.support.office import ANNA, Office

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def test_show_tells_what_was_sent_what_comes_and_why(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "show", ANNA)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"Lead {office.house.lead().id}: {ANNA} (Anna)\n")
    assert "Kept: a consent to the follow-ups stands." in said.out
    assert "advies-lage-rug (advice): accepted; on the consent of" in said.out
    assert "hoe-ging-het: 2 days after" in said.out
    assert "eerdere-uitnodiging: only if the answer to helped is: same" in said.out.replace(
        "not sent               ", ""
    )
    assert ", waits for the confirmation" not in said.out, (
        "nor does the box on the form, now that the button was pressed"
    )
    assert office.audited() == []


def test_show_tells_of_a_box_that_waits_for_the_button_until_it_is_taken_back(office: Office) -> None:
    office.house.opt_in(ANNA)
    assert ", waits for the confirmation\n" in office.nurture("lead", "show", ANNA).out
    office.nurture("lead", "stop", ANNA)
    assert ", waits for the confirmation" not in office.nurture("lead", "show", ANNA).out


def test_show_as_json_is_one_object(office: Office) -> None:
    office.confirmed()
    found = json.loads(office.nurture("lead", "show", ANNA, "--json").out)
    assert found["address"] == ANNA
    assert len([each for each in found["coming"] if each["at"]]) == 7
    assert all(datetime.fromisoformat(each["at"]).tzinfo for each in found["coming"] if each["at"])


def test_stop_ends_the_follow_ups_and_again_changes_nothing(office: Office) -> None:
    office.confirmed()
    assert office.nurture("lead", "stop", "Anna@Example.org").out == "Stopped: no follow-up leaves any more.\n"
    assert (office.run().state, office.run().end_reason) == ("stopped", "staff")
    assert office.nurture("lead", "stop", ANNA).out == "There was nothing left to stop.\n"
    assert (
        "Suppressed: no follow-ups, until a new yes by the button in a mail (unsubscribe)."
        in office.nurture("lead", "show", ANNA).out
    )
    assert office.house.live_through(days=60) == 0


def test_a_pause_lasts_until_the_day_that_is_named_and_is_ended_as_any_other(office: Office) -> None:
    office.confirmed()
    day = (datetime.now(UTC) + timedelta(days=20)).date()
    said = office.nurture("lead", "pause", ANNA, "--until", day.isoformat())
    assert (said.status, said.out) == (0, f"Paused: the mails go on on {day.isoformat()}.\n")
    assert office.run().pause_reason == planning.WISH
    ends = office.run().paused_until
    assert ends is not None
    assert (ends.astimezone(AMSTERDAM).date(), f"{ends.astimezone(AMSTERDAM):%H:%M}") == (day, "00:00")
    assert office.nurture("lead", "pause", ANNA, "--until", day.isoformat()).out == (
        "Nothing ran that could wait longer.\n"
    )
    assert office.nurture("lead", "resume", ANNA).out == "Resumed: lage-rug.\n"
    assert office.audited() == [("staff", "lead paused")] * 2 + [("staff", "lead resumed")]


@pytest.mark.parametrize("day", ["gisteren", "2020-01-01", "9999-12-31", "2026-02-30"])
def test_a_pause_until_no_day_to_come_is_one_sentence(office: Office, day: str) -> None:
    office.confirmed()
    said = office.nurture("lead", "pause", ANNA, "--until", day, "--language", "nl")
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert "binnen een jaar" in said.err
    assert office.run().paused_until is None
    assert office.audited() == []


def test_the_advice_goes_again_once_a_day_and_one_that_waited_is_let_go(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "advice", ANNA, opt_in_limits="address=9/h")
    assert (said.status, said.out, said.err) == (0, "The advice goes again.\n", "")
    assert [each.template for each in office.house.messages(ANNA)] == ["advies-lage-rug"] * 2
    refused = office.nurture("lead", "advice", ANNA, opt_in_limits="address=9/h")
    assert (refused.status, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "the advice was sent again" in refused.err
    office.house.opt_in("bram@example.org", trapped=True)
    assert office.nurture("lead", "advice", "bram@example.org").out == "The advice that waited may go now.\n"
    [held] = office.house.messages("bram@example.org")
    assert held.state == "due"
    assert office.audited() == [("staff", "advice sent again"), ("staff", "message resolved as resend")]


def test_resume_ends_a_pause(office: Office) -> None:
    office.confirmed()
    before = office.run().next_at
    with office.house.services.database.transaction() as session:
        row = session.get_one(Enrolment, office.run().id)
        now = office.house.clock.now()
        planning.pause(row, "worse", now + timedelta(days=14), now)
    assert "paused until" in office.nurture("lead", "show", ANNA).out
    assert office.nurture("lead", "resume", ANNA).out == "Resumed: lage-rug.\n"
    after = office.run().next_at
    assert office.run().paused_until is None
    assert before is not None
    assert after is not None
    assert abs(after - before) < timedelta(days=1)
    assert office.nurture("lead", "resume", ANNA).out == "Nothing was paused.\n"


def test_booked_ends_the_sequence(office: Office) -> None:
    office.confirmed()
    assert office.nurture("lead", "booked", ANNA).out == "Booked: the follow-ups end.\n"
    assert (office.run().state, office.run().end_reason) == ("finished", "booked")
    assert office.nurture("lead", "booked", ANNA).out == "There was nothing left to end.\n"
    assert office.audited() == [("staff", "lead booked")] * 2


@pytest.mark.parametrize("command", ["show", "export", "stop", "resume", "booked", "advice", "erase"])
def test_an_unknown_address_is_one_sentence(office: Office, command: str) -> None:
    for address in ("nobody@example.org", "nobody"):
        said = office.nurture("lead", command, address)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
        assert address in said.err
    assert office.audited() == []


def test_what_waits_for_a_person_is_listed_without_addresses(office: Office) -> None:
    assert office.nurture("message", "list").out == "Nothing waits for a person.\n"
    office.house.opt_in(ANNA, trapped=True)
    said = office.nurture("message", "list", "--state", "held")
    held = office.house.messages(ANNA)[0]
    assert said.out.splitlines()[1].split()[:4] == [str(held.id), "held", "advice", str(held.lead_id)]
    assert said.out.endswith("advies-lage-rug: honeypot: the field that people do not see was filled in\n")
    assert "@" not in said.out
    assert office.nurture("message", "list", "--state", "unknown").out == "Nothing waits for a person.\n"
    assert office.nurture("message", "list", "--state", "sent").status == 2


def test_a_throw_away_address_is_named_beside_its_lead(office: Office) -> None:
    address = "anna@mailinator.com"
    office.house.opt_in(address)
    said = office.nurture("lead", "show", address).out
    assert "throw-away addresses" in said
    assert "throw away address" in said.partition("What happened")[2]
    office.house.opt_in(ANNA)
    assert "throw" not in office.nurture("lead", "show", ANNA).out


def test_what_waits_is_resolved_by_id(office: Office) -> None:
    office.house.opt_in(ANNA, trapped=True)
    held = str(office.house.messages(ANNA)[0].id)
    refused = office.nurture("message", "resolve", held, "--as", "sent")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    said = office.nurture("message", "resolve", held, "--as", "resend")
    assert (said.status, said.out) == (0, f"Message {held}: resend.\n")
    office.house.clock.advance(minutes=1)
    assert office.house.send_due() == 1
    assert office.audited() == [("staff", "message resolved as resend")]


def test_a_reply_is_kept_and_the_mails_wait_a_week(office: Office) -> None:
    office.confirmed()
    assert office.nurture("lead", "replied", ANNA).out == "Paused for a week.\n"
    assert office.run().pause_reason == "reply"
    assert "paused until" in office.nurture("lead", "show", ANNA).out
    assert office.audited() == [("staff", "lead replied")]
