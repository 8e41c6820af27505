"""What leaves the studio about leads: the list for a spreadsheet, an export, a receipt; each time noted."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlmodel import Session

from service.domain.staff import Role
from service.store import events, leads
from service.store.tables import AuditEntry, Lead
from tests.support import acts, crowd
from tests.support.house import House
from tests.support.studio import FRANK, Desk, desk, hire
from tests.web.studio.leads.test_lead_acts import mark


@pytest.fixture
def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def audited(house: House) -> AuditEntry:
    with house.services.database.reading() as session:
        return events.audit_log(session, limit=1)[0]


def test_the_list_is_a_file_that_a_spreadsheet_opens(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Zoë")
    acts.booked(house)
    house.opt_in("bram@example.org")
    answer = manager.post("/studio/leads.csv")
    assert answer.content.startswith(b"\xef\xbb\xbfnummer;e-mailadres;")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="leads-2026-03-09.csv"'
    assert answer.headers["cache-control"] == "no-store"
    _, bram, anna = rows(answer.content.decode("utf-8-sig"))
    assert anna[1:6] == [acts.ANNA, "Zoë", "2026-03-09 10:00", "2026-03-09 10:00", "Lage rugpijn: klaar"]
    assert anna[7] == "ja"
    assert bram[1] == "bram@example.org"


def test_it_holds_what_was_filtered_for_and_all_pages_of_it(house: House, manager: Desk) -> None:
    crowd.model(house)
    crowd.due_at(house, [house.clock.now() + timedelta(days=1)] * 1_100)
    house.opt_in("bram@example.org")
    assert len(rows(manager.post("/studio/leads.csv").text)) == 1 + 1_102
    assert len(rows(manager.post("/studio/leads.csv", stand="active").text)) == 1 + 1_101
    assert [row[1] for row in rows(manager.post("/studio/leads.csv", stand="awaiting_confirmation").text)][1:] == [
        "bram@example.org"
    ]
    found = manager.post("/studio/leads", q="bra").headers["location"].partition("search=")[2]
    assert len(rows(manager.post("/studio/leads.csv", search=found.replace("%3D", "=")).text)) == 2
    entry = audited(house)
    assert (entry.action, entry.details) == ("leads written to a file", {"searched": True})
    assert "bra" not in json.dumps(entry.details)
    assert manager.post("/studio/leads.csv", stand="alle").status_code == 422


@pytest.mark.parametrize(
    "text", ["=1+1", "+31", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x";"y")']
)
def test_no_cell_is_taken_for_a_formula(house: House, manager: Desk, text: str) -> None:
    house.opt_in()
    with house.services.database.transaction() as session:
        row = session.get_one(Lead, house.lead().id)
        row.first_name, row.address = text, f"{text.strip()}@example.org"
    _, anna = rows(manager.post("/studio/leads.csv").content.decode("utf-8-sig"))
    assert anna[2] == f"'{text}"
    assert anna[1].startswith("'")
    assert len(anna) == 9


def test_only_who_may_see_addresses_takes_the_list(house: House) -> None:
    house.opt_in()
    assert desk(house, hire(house)).post("/studio/leads.csv").status_code == 403


def test_an_export_is_all_that_is_held_and_is_noted_each_time(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Anna")
    lead = house.lead()
    at, carried = f"/studio/leads/{lead.id}/export", mark(manager, lead)
    shown = manager.post(at, mark=carried, shape="view")
    assert "anna@example.org" in shown.text
    assert "attachment" not in shown.headers.get("content-disposition", "")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    found = json.loads(manager.post(at, mark=carried, shape="json").text)
    assert found["address"] == acts.ANNA
    assert found["mails"]
    kept = manager.post(at, mark=carried, shape="html")
    assert kept.headers["content-disposition"] == f'attachment; filename="lead-{lead.id}.html"'
    with house.services.database.reading() as session:
        noted = events.audit_log(session, limit=9, action="lead exported")
    assert [each.details["shape"] for each in noted] == ["html", "json", "view"]
    assert manager.post(at, mark=carried, shape="exe").status_code == 422


def test_a_receipt_proves_what_was_agreed_to(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    lead = house.lead()
    at, carried = f"/studio/leads/{lead.id}/receipt", mark(manager, lead)
    page = manager.post(at, mark=carried, shape="html")
    assert acts.ANNA in page.text
    assert page.headers["content-disposition"] == f'attachment; filename="toestemming-lead-{lead.id}.html"'
    found = json.loads(manager.post(at, mark=carried, shape="json").text)
    assert len(found["receipts"]) == 3
    assert found["receipts"][0]["proof"]["digest"]
    assert audited(house).action == "consent receipt made"


def test_an_export_is_never_of_whoever_is_given_the_number_of_a_lead_who_was_erased(
    house: House, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts.confirmed(house)
    lead = house.lead()
    carried, look = mark(manager, lead), leads.by_public_id

    def another_meanwhile(session: Session, public_id: str) -> Lead | None:
        session.rollback()
        acts.replaced(house, lead, "bram@example.org")
        return look(session, public_id)

    monkeypatch.setattr(leads, "by_public_id", another_meanwhile)
    answer = manager.post(f"/studio/leads/{lead.id}/export", mark=carried, shape="json")
    assert answer.status_code == 404
    assert "bram" not in answer.text
