"""`nurture lead export`, `erase` and `traces`, `nurture retention`: run as staff would, on both databases."""

from __future__ import annotations

import json
import stat
from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.flows import booking
from service.store.tables import Lead, Message
from tests.support import acts
from tests.support.office import ANNA, Office


def test_export_is_one_object_with_what_is_stored(office: Office) -> None:
    office.confirmed()
    found = json.loads(office.nurture("lead", "export", ANNA).out)
    assert found["stored"]["message"][0]["content"]["first_name"] == "Anna"
    assert office.audited() == [("staff", "lead exported")]


def test_export_takes_the_option_of_its_sisters_that_asks_for_json(office: Office) -> None:
    office.confirmed()
    assert json.loads(office.nurture("lead", "export", ANNA, "--json").out)["address"] == ANNA
    both = office.nurture("lead", "export", ANNA, "--json", "--out", "there")
    assert (both.status, both.out) == (1, "")


def test_erase_leaves_no_trace(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "erase", ANNA, "--yes")
    assert said.status == 0
    assert said.out.startswith("Erased.\nSearched ")
    assert ": 0 traces.\n" in said.out
    assert ANNA not in repr(office.house.rows())
    assert office.audited() == [("staff", "lead erased")]
    if office.house.services.database.is_sqlite:
        files = [file.read_bytes() for file in office.folder.glob("nurture.db*")]
        assert files
        assert not any(ANNA.encode() in held or b"Anna" in held for held in files)


def test_a_mail_whose_row_is_damaged_hides_no_other_and_is_erased(office: Office) -> None:
    office.confirmed()
    office.house.live_through(days=5)
    acts.damage(office.house, acts.advice(office.house))
    shown = office.nurture("lead", "show", ANNA)
    assert (shown.status, shown.err) == (0, "")
    assert "hoe-ging-het (follow-up): accepted" in shown.out
    exported = json.loads(office.nurture("lead", "export", ANNA).out)
    assert [bool(mail["subject"]) for mail in exported["mails"]][:2] == [False, True]
    said = office.nurture("lead", "erase", ANNA, "--yes")
    assert (said.status, office.house.messages(ANNA)) == (0, [])
    assert ": 0 traces.\n" in said.out


def test_erase_asks_first(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "erase", ANNA, answers="n\n")
    assert said.status == 1
    assert "It cannot be undone" in said.out
    assert office.house.lead(ANNA)
    assert office.nurture("lead", "erase", ANNA, answers="y\n").status == 0
    assert not office.house.messages(ANNA)


# Export


def test_export_to_a_folder_is_json_a_page_and_every_mail_as_it_left(office: Office) -> None:
    office.confirmed()
    folder = office.folder / "for Anna"
    said = office.nurture("lead", "export", ANNA, "--out", str(folder))
    assert (said.status, said.err) == (0, "")
    assert "export.json, export.html and 1 mails" in said.out
    assert {path.name for path in folder.iterdir()} == {"export.json", "export.html", "mails"}
    (mail,) = (folder / "mails").iterdir()
    assert mail.read_bytes() == next((office.folder / "outbox").glob("*.eml")).read_bytes()
    assert json.loads((folder / "export.json").read_text(encoding="utf-8"))["address"] == ANNA
    assert ANNA in (folder / "export.html").read_text(encoding="utf-8")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder / "export.json", folder / "export.html", mail)}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
    assert office.audited() == [("staff", "lead exported")]


def test_export_replaces_no_folder_and_leaves_none_half_written(office: Office) -> None:
    office.confirmed()
    (office.folder / "there").mkdir()
    said = office.nurture("lead", "export", ANNA, "--out", str(office.folder / "there"))
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert "is there already" in said.err
    said = office.nurture("lead", "export", ANNA, "--out", str(office.folder / "nurture.db" / "x"), "--language", "nl")
    assert said.status == (1 if office.house.services.database.is_sqlite else 0)
    assert not list((office.folder / "there").iterdir())
    assert not list(office.folder.glob(".*-*"))


# Erase


def test_a_trace_is_told_by_its_place_and_ends_in_1(office: Office) -> None:
    office.confirmed()
    log = office.folder / "old.log"
    log.write_text(f"a mail to {ANNA} was refused")
    said = office.nurture("lead", "erase", ANNA, "--yes", "--also", str(log))
    assert said.status == 1
    assert said.out.startswith("Erased.\n")
    assert ": 1 traces.\n" in said.out
    assert f"  {log}: address\n" in said.out
    again = office.nurture("lead", "traces", ANNA, "--also", str(log), "--language", "nl")
    assert (again.status, "Sporen: 1." in again.out) == (1, True)
    log.write_text("a mail was refused")
    assert office.nurture("lead", "traces", ANNA, "--also", str(log)).status == 0


def test_a_path_that_is_not_there_is_told_before_anything_is_erased(office: Office) -> None:
    office.confirmed()
    said = office.nurture("lead", "erase", ANNA, "--yes", "--also", str(office.folder / "nowhere"))
    assert (said.status, "nothing was erased" in said.err) == (1, True)
    assert office.house.lead(ANNA)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_asked_after_an_erasing_can_be_erased_too(office: Office, *, damaged: bool) -> None:
    office.confirmed()
    link = acts.advice(office.house).public_id
    assert office.nurture("lead", "erase", ANNA, "--yes").status == 0
    wish = booking.PainCheckRequest(name="Anna", email=ANNA)
    acts.commit(
        office.house,
        lambda session: booking.request_after_erasing(
            session, office.house.services, link, wish, office.house.clock.now()
        ),
    )
    found = office.nurture("lead", "traces", ANNA)
    assert (found.status, "message" in found.out) == (1, True)
    if damaged:
        with office.house.services.database.reading() as session:
            mail = session.exec(select(Message).where(col(Message.cause).startswith("pain-check-request"))).one()
        acts.damage(office.house, mail)
    said = office.nurture("lead", "erase", ANNA)
    assert (said.status, said.out) == (
        0,
        "There is no lead any more; 1 requests made after the erasing are erased.\n",
    )
    assert office.nurture("lead", "traces", ANNA).status == 0
    assert office.audited()[-1] == ("staff", "requests erased")
    assert office.nurture("lead", "erase", ANNA).status == 1


# Retention


def test_retention_shows_what_would_go_and_then_removes_just_that(office: Office) -> None:
    office.confirmed()
    office.house.opt_in("bram@example.org")
    with office.house.services.database.transaction() as session:
        bram = session.get_one(Lead, office.house.lead("bram@example.org").id)
        bram.erase_at = office.house.clock.now() - timedelta(days=1)
        bram_id = bram.id
    would = office.nurture("retention", "--dry-run")
    assert (would.status, would.err) == (0, "")
    assert would.out.startswith("Would go:\n")
    assert f"1 leads, no consent to the follow-ups: {bram_id}\n" in would.out
    assert "@" not in would.out
    planned = json.loads(office.nurture("retention", "--dry-run", "--json").out)
    assert office.house.messages("bram@example.org")
    done = json.loads(office.nurture("retention", "--json").out)
    assert {**planned, "dry_run": False, "at": None} == {**done, "at": None}
    assert done["leads"] == [{"lead": bram_id, "why": "no_consent"}]
    assert not office.house.messages("bram@example.org")
    assert ("staff", "retention run") in office.audited()
    assert office.nurture("retention", "--language", "nl").out == "Er wordt niets langer bewaard dan is ingesteld.\n"


@pytest.mark.parametrize(("name", "value"), [("erase_after_last_mail_days", "29"), ("events_days", "731")])
def test_a_term_out_of_bounds_is_refused(office: Office, name: str, value: str) -> None:
    said = office.nurture("retention", "--dry-run", **{name: value})
    assert said.status == 1
    assert f"NURTURE_{name.upper()}: '{value}' is no number of days; write a whole number from 30 to 730" in said.err
