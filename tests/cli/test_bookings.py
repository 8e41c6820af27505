"""`nurture request`, `nurture bookings` and `nurture lead booked --at`, as staff run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import acts
from tests.support.commands import Said, nurture
from tests.support.house import House

ANNA, BRAM = "anna@example.org", "bram@example.org"


def run(house: House, folder: Path, *arguments: str) -> Said:
    """A command on the house's database. Its clock is the real one: months after the house's."""
    return nurture(
        *arguments,
        folder=folder,
        data_dir=str(folder / "data"),
        database_url=house.services.database.url.render_as_string(hide_password=False),
        mail_url=f"file:{folder / 'outbox'}",
        suppression_key=house.services.suppression_key,
    )


def test_open_requests_are_listed_with_whom_to_call_and_closed_by_number(house: House, tmp_path: Path) -> None:
    assert run(house, tmp_path, "request", "list").out == "Nobody waits for an answer.\n"
    acts.confirmed(house)
    acts.request_pain_check(house, name="Anna Bakker", phone="06 12345678")
    listed = run(house, tmp_path, "request", "list")
    head, line = listed.out.splitlines()
    assert "name, phone, e-mail" in head
    for told in (str(house.lead().id), "Anna Bakker", "06 12345678", ANNA):
        assert told in line
    number = line.split()[0]
    said = run(house, tmp_path, "request", "close", number, "--as", "booked")
    assert (said.status, said.out) == (0, f"Request {number}: booked, the follow-ups end.\n")
    assert acts.enrolment(house).state == "finished"
    again = run(house, tmp_path, "request", "close", number, "--as", "declined")
    assert (again.status, again.err) == (1, f"request {number} was closed before: booked\n")
    assert run(house, tmp_path, "request", "close", number, "--as", "perhaps").status == 2
    assert run(house, tmp_path, "request", "close", "4711", "--as", "handled").status == 1


def test_the_answers_are_dutch_where_that_is_asked(house: House, tmp_path: Path) -> None:
    acts.confirmed(house)
    acts.request_pain_check(house)
    assert "naam, telefoon, e-mail" in run(house, tmp_path, "request", "list", "--language", "nl").out
    said = run(house, tmp_path, "request", "close", "1", "--as", "declined", "--language", "nl")
    assert said.out == "Aanvraag 1: geen afspraak.\n"


def test_a_file_is_imported_whole_and_reported_by_its_lines(house: House, tmp_path: Path) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    file = tmp_path / "afspraken.csv"
    file.write_text(f"E-mailadres;Datum;Status\n{ANNA};20-11-2026 14:30;\n{BRAM};;afgezegd\nwie@example.org;;\n")
    tried = run(house, tmp_path, "bookings", "import", "afspraken.csv", "--dry-run")
    assert tried.status == 0, tried.err
    assert acts.enrolment(house).state == "active"
    done = run(house, tmp_path, "bookings", "import", "afspraken.csv")
    wanted = "booked: 1 (lines 2)\ncancelled: 1 (lines 3)\nknown already: 0\nno lead of ours: 1 (lines 4)\n"
    assert done.out == wanted
    assert tried.out == "Nothing was changed. This is what would happen:\n" + wanted
    assert acts.enrolment(house).state == "finished"
    assert acts.enrolment(house, BRAM).state == "active"
    again = run(house, tmp_path, "bookings", "import", "afspraken.csv", "--language", "nl")
    assert "al bekend: 2 (regels 2, 3)" in again.out


@pytest.mark.parametrize("text", ["email\nanna@example.org\nniets\n", "naam\nAnna\n"])
def test_a_file_with_anything_wrong_changes_nothing(house: House, tmp_path: Path, text: str) -> None:
    acts.confirmed(house)
    before = house.rows()["enrolment"]
    (tmp_path / "a.csv").write_text(text)
    said = run(house, tmp_path, "bookings", "import", "a.csv")
    assert said.status == 1
    assert said.err.startswith("a.csv:")
    assert "niets" not in said.err
    assert house.rows()["enrolment"] == before


def test_a_file_that_is_not_there_is_one_sentence(house: House, tmp_path: Path) -> None:
    said = run(house, tmp_path, "bookings", "import", "weg.csv")
    assert (said.status, said.err) == (1, "weg.csv: No such file or directory\n")


def test_booked_may_say_when_and_the_lead_shows_it(house: House, tmp_path: Path) -> None:
    acts.confirmed(house)
    said = run(house, tmp_path, "lead", "booked", ANNA, "--at", "2026-12-01T14:30")
    assert (said.status, said.out) == (0, "Booked: the follow-ups end.\n")
    wrong = run(house, tmp_path, "lead", "booked", ANNA, "--at", "morgen")
    assert (wrong.status, wrong.err.count("\n")) == (1, 1)
    shown = run(house, tmp_path, "lead", "show", ANNA)
    assert "Tue 01 Dec 2026 14:30  booked (staff) since" in shown.out
    assert (
        "di 01 dec 2026 14:30   staat (praktijk) sinds"
        in run(house, tmp_path, "lead", "show", ANNA, "--language", "nl").out
    )
    stored = json.loads(run(house, tmp_path, "lead", "export", ANNA).out)["stored"]
    assert [row["source"] for row in stored["booking"]] == ["staff"]
