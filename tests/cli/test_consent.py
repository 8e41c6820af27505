"""`nurture consent`: the proof of one lead's consents as a page and as JSON, and a look at the whole chain."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows import privacy
from service.store.tables import AuditEntry
from tests.support import acts, chained
from tests.support.commands import Said, nurture
from tests.support.house import House

ANNA = "anna@example.org"
PAGE = "https://praktijk.example/<b>artikel</b>"


class Office:
    """A house whose lead Anna agreed and took it back, and a keyboard beside it."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder

    def nurture(self, *arguments: str, **settings: str) -> Said:
        """Run a command on the house's database."""
        return nurture(
            *arguments,
            folder=self.folder,
            data_dir=str(self.folder / "data"),
            database_url=self.house.services.database.url.render_as_string(hide_password=False),
            mail_url=f"file:{self.folder / 'outbox'}",
            suppression_key=self.house.services.suppression_key,
            **settings,
        )

    def erase(self) -> None:
        """Anna asked to be forgotten."""
        lead, now = self.house.lead(ANNA).id, self.house.clock.now()
        acts.commit(self.house, privacy.erase, self.house.services, lead, "asked", now)


@pytest.fixture
def office(house: House, tmp_path: Path) -> Office:
    house.opt_in(ANNA, topic=None, form="lage-rug", consent_version="2026-1", source_url=PAGE)
    house.send_due()
    house.clock.advance(days=1)
    acts.confirm(house, ANNA)
    house.clock.advance(days=1)
    acts.withdraw(house, ANNA)
    return Office(house, tmp_path)


def test_the_receipt_is_a_page_and_json_for_the_eyes_of_its_owner(office: Office) -> None:
    said = office.nurture("consent", "receipt", "Anna@Example.org", "--out", "proof/anna")
    name = f"toestemming-lead-{office.house.lead(ANNA).id}"
    folder = office.folder / "proof/anna"
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [f"proof/anna/{name}.html", f"proof/anna/{name}.json"]
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.html", f"{name}.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    html = (folder / f"{name}.html").read_text()
    for receipt in chained.of_lead(office.house):
        assert receipt.digest in html
    assert "maandag 9 maart 2026, 10:00 (2026-03-09 09:00:00 UTC)" in " ".join(html.split())
    assert "versie 2026-1" in html
    assert "&lt;b&gt;artikel" in html
    assert "<b>artikel" not in html
    assert "<script" not in html
    assert "http" not in html.replace(PAGE.replace("<", "&lt;").replace(">", "&gt;"), "")
    told = json.loads((folder / f"{name}.json").read_text())
    assert [each["kind"] for each in told["receipts"]] == ["given"] * 3 + ["withdrawn"] * 2
    assert told["receipts"][0]["page"] == PAGE
    assert told["address"] == ANNA


def test_as_json_it_goes_to_stdout_and_writes_no_file(office: Office) -> None:
    before = sorted(office.folder.iterdir())
    told = json.loads(office.nurture("consent", "receipt", ANNA, "--json").out)
    assert [each["position"] for each in told["receipts"]] == [1, 2, 3, 4, 5]
    assert sorted(path for path in office.folder.iterdir() if path.name != "data") == before
    assert json.loads(office.nurture("consent", "receipt", ANNA, "--json", "--out", ".").out)["lead"] == told["lead"]
    assert len(list(office.folder.glob("toestemming-lead-*"))) == 2


def test_whoever_made_a_receipt_stands_in_the_audit_log_with_a_lead_id_alone(office: Office) -> None:
    assert office.nurture("consent", "receipt", ANNA).status == 0
    with office.house.services.database.reading() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "consent receipt made")).all()
    assert entry.details == {"lead": office.house.lead(ANNA).id}


def test_without_a_version_the_page_says_that_the_words_cannot_be_proved(office: Office) -> None:
    office.house.opt_in("bram@example.org", consent_follow_up=False)
    assert office.nurture("consent", "receipt", "bram@example.org").status == 0
    lead = office.house.lead("bram@example.org").id
    html = (office.folder / f"toestemming-lead-{lead}.html").read_text()
    assert "Het formulier noemde geen versie." in html
    assert "blockquote>" not in html.partition("</style>")[2]


def test_an_address_we_do_not_know_is_one_plain_sentence(office: Office) -> None:
    office.erase()
    for address in (ANNA, "nobody@example.org", "no address"):
        said = office.nurture("consent", "receipt", address)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1), said
    assert list(office.folder.glob("toestemming-*")) == []


def test_a_folder_that_cannot_be_written_to_is_one_plain_sentence(office: Office) -> None:
    (office.folder / "file").write_text("")
    said = office.nurture("consent", "receipt", ANNA, "--out", "file")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("file cannot be written to: ")


def test_verify_tells_the_end_and_takes_it_back(office: Office) -> None:
    said = office.nurture("consent", "verify")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("Unbroken: 5 receipts, 0 of them blanked")
    noted = said.out.split()[-1]
    assert noted == f"5:{chained.entries(office.house)[-1].chain}"
    assert office.nurture("consent", "verify", "--expect", noted).status == 0
    said = office.nurture("consent", "verify", "--expect", f"6:{'0' * 64}", language="nl")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("er waren 6 bewijzen en nu zijn er 5")


def test_verify_names_the_first_receipt_that_does_not_fit(office: Office) -> None:
    office.erase()
    office.house.opt_in("bram@example.org")
    told = json.loads(office.nurture("consent", "verify", "--json").out)
    assert (told["ok"], told["count"], told["blanked"], told["problem"]) == (True, 7, 5, None)
    assert told["chain"] == chained.entries(office.house)[-1].chain
    chained.meddle(office.house, "DELETE FROM receipt WHERE id = 6")
    said = office.nurture("consent", "verify")
    assert (said.status, said.out) == (1, "")
    assert said.err == "receipt 6 is missing: the next one there is, is 7\n"
    said = office.nurture("consent", "verify", "--json")
    assert (said.status, json.loads(said.out)["problem"]["position"]) == (1, 6)


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "0" * 64, "-1:" + "0" * 64, "5:" + "G" * 64])
def test_an_end_written_otherwise_is_wrong_usage(office: Office, text: str) -> None:
    said = office.nurture("consent", "verify", "--expect", text)
    assert (said.status, said.out) == (2, "")
    assert "COUNT:HASH" in said.err
