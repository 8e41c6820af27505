"""`nurture lead` and `nurture message`, run as staff would run them, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows import consent, planning
from service.store import enrolments, leads
from service.store.tables import AuditEntry, Enrolment
from tests.support.commands import Said, nurture
from tests.support.house import House, open_house

ANNA = "anna@example.org"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A house, and a keyboard beside it."""

    house: House
    folder: Path

    def nurture(self, *arguments: str, answers: str = "") -> Said:
        """Run a command on the house's database."""
        return nurture(
            *arguments,
            folder=self.folder,
            answers=answers,
            data_dir=str(self.folder / "data"),
            database_url=self.house.services.database.url.render_as_string(hide_password=False),
            mail_url=f"file:{self.folder / 'outbox'}",
            suppression_key=self.house.services.suppression_key,
        )

    def confirmed(self) -> None:
        """Anna asked, got her advice, and confirmed."""
        self.house.opt_in(ANNA, first_name="Anna")
        self.house.send_due()
        with self.house.services.database.transaction() as session:
            opt_in = leads.opt_ins(session, self.house.lead(ANNA).id)[-1]
            consent.confirm(session, self.house.services, opt_in, {}, self.house.clock.now())

    def run(self) -> Enrolment:
        """Anna's run through her sequence."""
        with self.house.services.database.reading() as session:
            return enrolments.of_lead(session, self.house.lead(ANNA).id)[0]

    def audited(self) -> list[tuple[str, str]]:
        """Who did what to leads and messages."""
        with self.house.services.database.reading() as session:
            rows = session.exec(select(AuditEntry)).all()
        assert "@" not in repr([row.details for row in rows])
        return [(row.actor.partition(":")[0], row.action) for row in rows if row.action != "published"]


@pytest.fixture
def office(migrated_database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A house whose clock shows the real time, as the commands' does."""
    with open_house(migrated_database_url, tmp_path) as house:
        house.clock.moment = datetime.now(UTC)
        yield Office(house=house, folder=tmp_path)


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
    assert office.audited() == []


def test_show_as_json_is_one_object(office: Office) -> None:
    office.confirmed()
    found = json.loads(office.nurture("lead", "show", ANNA, "--json").out)
    assert found["address"] == ANNA
    assert len([each for each in found["coming"] if each["at"]]) == 7
    assert all(datetime.fromisoformat(each["at"]).tzinfo for each in found["coming"] if each["at"])


def test_export_is_one_object_with_what_is_stored(office: Office) -> None:
    office.confirmed()
    found = json.loads(office.nurture("lead", "export", ANNA).out)
    assert found["stored"]["message"][0]["content"]["first_name"] == "Anna"
    assert office.audited() == [("staff", "lead exported")]


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


def test_erase_leaves_no_trace(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "erase", ANNA, "--yes")
    assert (said.status, said.out) == (0, "Erased.\n")
    assert ANNA not in repr(office.house.rows())
    assert office.audited() == [("staff", "lead erased")]
    if office.house.services.database.is_sqlite:
        files = [file.read_bytes() for file in office.folder.glob("nurture.db*")]
        assert files
        assert not any(ANNA.encode() in held or b"Anna" in held for held in files)


def test_erase_asks_first(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "erase", ANNA, answers="n\n")
    assert said.status == 1
    assert "It cannot be undone" in said.out
    assert office.house.lead(ANNA)
    assert office.nurture("lead", "erase", ANNA, answers="y\n").status == 0
    assert not office.house.messages(ANNA)


@pytest.mark.parametrize("command", ["show", "export", "stop", "resume", "booked", "erase"])
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
    assert said.out.endswith("advies-lage-rug: honeypot: het veld dat mensen niet zien was ingevuld\n")
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
