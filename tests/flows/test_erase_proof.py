"""The search after an erasing finds what is left, wherever and however it is written, and nothing else."""

from __future__ import annotations

import base64
import json
import quopri
import zipfile
from pathlib import Path

import pytest
from sqlmodel import col, select, update

from service.domain.staff import Role
from service.errors import RefusedError
from service.flows import alerts, erase_proof, privacy, staff
from service.flows.erase_proof import Proof, Sought
from service.store import events, schema
from service.store.db import open_database
from service.store.tables import ErasedToken, Fact, Lead, Message
from tests.support import acts, backups
from tests.support.house import House

ADDRESS = "annelies.vermeulen@example.org"
TYPED = {"name": "Annelies Vermeulen", "phone": "06 98765432", "note": 'Liefst "na" het\ntuinieren'}


def lived(house: House, address: str = ADDRESS) -> tuple[Sought, ...]:
    """Annelies left something everywhere. Returns what to look for."""
    acts.confirmed(house, address, first_name="Annelies")
    house.live_through(days=3, keep_house=True)
    acts.request_pain_check(house, address, **TYPED)
    house.tick(keep_house=True)
    with house.services.database.reading() as session:
        return erase_proof.sought_of(session, session.get_one(Lead, house.lead(address).id))


def erase(house: House, address: str = ADDRESS) -> None:
    acts.commit(house, privacy.erase, house.services, house.lead(address).id, "asked for it", house.clock.now())
    assert house.services.database.forget_for_good()


def search(house: House, sought: tuple[Sought, ...], *also: Path) -> Proof:
    return erase_proof.search(house.services, sought, also=also)


def test_before_erasing_everything_is_found(house: House) -> None:
    sought = lived(house)
    found = erase_proof.search(house.services, sought, lead_id=house.lead(ADDRESS).id)
    assert {each.what for each in found.traces} == {
        *("address", "name", "phone number", "remark", "id of a link", "Message-ID"),
    }
    places = {each.where.partition(" ")[0] for each in found.traces}
    assert {"lead", "message", "opt_in", "booking_request"} <= places
    if house.services.database.is_sqlite:
        assert any(place.endswith(".db") for place in places)


def test_after_erasing_nothing_is(house: House) -> None:
    sought = lived(house)
    house.opt_in("bram@example.org")
    erase(house)
    found = search(house, sought)
    assert found.traces == ()
    assert found.rows > len(house.messages("bram@example.org"))
    with house.services.database.reading() as session:
        assert session.exec(select(ErasedToken)).all(), "the ids of her links stay, and are no trace"


@pytest.mark.parametrize("what", ["name", "phone number", "remark", "address", "id of a link"])
def test_what_a_table_kept_against_the_rules_is_found(house: House, what: str) -> None:
    """Somewhere that nobody erases: a fact, an alert, a mail about nobody."""
    sought = lived(house)
    lead = house.lead(ADDRESS)
    text = {
        "address": ADDRESS.upper(),
        "id of a link": f"https://x/u/{house.services.keyring.sign('u', lead.public_id)}",
    }
    text |= {"name": "annelies vermeulen", "phone number": TYPED["phone"], "remark": TYPED["note"]}
    with house.services.database.transaction() as session:
        events.set_fact(session, "slip", {"deep": {"inside": [f"about {text[what]}!"]}})
        alerts.tell(session, "slip", dutch=f"Over {text[what]}", english="x", now=house.clock.now())
        session.exec(
            update(Message).where(col(Message.recipient) != ADDRESS).values(lead_id=None, cause=f"slip {text[what]}")
        )
    erase(house)
    found = {each.where for each in search(house, sought).traces if each.what == what}
    assert {"fact slip"} < found
    assert any(each.startswith("alert ") for each in found)
    assert any(each.startswith("message ") for each in found)
    assert ADDRESS not in repr(search(house, sought))


def test_a_name_that_others_have_too_is_no_trace(house: House) -> None:
    sought = lived(house)
    acts.confirmed(house, "annelies@elders.example", first_name="Annelies")
    erase(house)
    assert search(house, sought).traces == ()


def test_a_name_that_a_colleague_has_too_is_no_trace(house: House) -> None:
    """She is told of alerts and works in the studio, and the log says that it was she who did the erasing."""
    told = house.with_changes(alert_to=("annelies@praktijk.example",))
    sought, number = lived(told), told.lead(ADDRESS).id
    now = told.clock.now()
    with told.services.database.transaction() as session:
        staff.add(
            session,
            told.services,
            address="annelies@praktijk.example",
            name="Annelies",
            role=Role.ADMIN,
            language="nl",
            actor="staff:frank",
            now=now,
        )
        alerts.tell(session, "kapot", dutch="Er is iets kapot.", english="something broke", now=now)
    assert alerts.deliver(told.services, now) == 1
    acts.commit(told, privacy.erase, told.services, number, "staff", now, actor="staff:annelies")
    assert told.services.database.forget_for_good()
    assert erase_proof.search(told.services, sought, lead_id=number).traces == ()
    with told.services.database.transaction() as session:
        events.audit(session, "staff:annelies", "odd", now, about="Annelies")
    assert {each.what for each in search(told, sought).traces} == {"name"}


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS.encode(),
        ADDRESS.upper().encode(),
        ADDRESS.replace("@", "%40").encode(),
        ADDRESS.replace("@", "&#64;").encode(),
        ADDRESS.replace("@", "=40").encode(),
        quopri.encodestring(f"To: {ADDRESS}".encode()),
        *(base64.b64encode(b"x" * before + ADDRESS.encode() + b" and on") for before in range(4)),
        json.dumps({"to": ADDRESS}).encode(),
    ],
)
def test_however_the_address_is_written_a_file_that_holds_it_is_found(
    house: House, tmp_path: Path, written: bytes
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_bytes(b"nothing here\n")
    (folder / "b.log").write_bytes(b"." * (4 << 20) + b"\n" + written + b"\n")
    found = search(house, erase_proof.sought_for(ADDRESS), folder)
    assert [(each.where, each.what) for each in found.traces] == [(str(folder / "b.log"), "address")]


def test_an_address_that_lies_over_two_pieces_of_a_file_is_found(house: House, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"." * ((4 << 20) - 7) + ADDRESS.encode())
    assert search(house, erase_proof.sought_for(ADDRESS), file).traces


def test_a_database_whose_name_looks_like_a_pattern_is_searched(house: House, tmp_path: Path) -> None:
    file = tmp_path / "nurture[1].db"
    database = open_database(f"sqlite:///{file}")
    schema.migrate(database)
    (tmp_path / f"{file.name}.old").write_text(ADDRESS)
    found = erase_proof.search(house.with_changes(database=database).services, erase_proof.sought_for(ADDRESS))
    database.close()
    assert str(file) in found.files
    assert [each.where for each in found.traces] == [f"{file}.old"]


def test_a_domain_of_other_letters_is_sought_both_ways(house: House, tmp_path: Path) -> None:
    file = tmp_path / "log"
    for written in ("info@xn--bcher-kva.example", "info@bücher.example"):
        file.write_text(written, encoding="utf-8")
        assert search(house, erase_proof.sought_for("info@xn--bcher-kva.example"), file).traces


def test_a_backup_that_holds_the_lead_is_named_and_is_no_trace(house: House, tmp_path: Path) -> None:
    sought = lived(house)
    backups.make(house, tmp_path / "nightly.zip")
    erase(house)
    found = search(house, sought, tmp_path / "nightly.zip")
    assert (found.traces, found.backups) == ((), (str(tmp_path / "nightly.zip"),))


def test_what_is_sought_is_shown_nowhere(house: House) -> None:
    assert "annelies" not in repr(lived(house)).lower()


def test_the_ids_of_links_may_stand_where_they_stay_by_design_alone(house: House) -> None:
    sought = lived(house)
    public_id = house.lead(ADDRESS).public_id
    erase(house)
    with house.services.database.transaction() as session:
        session.add(Fact(key="slip", value={"id": public_id}))
    assert [(each.where, each.what) for each in search(house, sought).traces] == [("fact slip", "id of a link")]


def test_a_search_that_may_take_no_time_says_that_it_is_not_whole(house: House) -> None:
    sought = lived(house)
    found = erase_proof.search(house.services, sought, patience=-1.0)
    assert (found.rows, found.files, found.traces, found.whole) == (0, (), (), False)
    assert erase_proof.search(house.services, sought, patience=3600).whole


def test_a_damaged_zip_among_the_files_is_told(house: House, tmp_path: Path) -> None:
    """She is erased by then: whoever asked must hear which file was not searched."""
    file = tmp_path / "old.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log", "nothing of anybody\n" * 1000)
    data = bytearray(file.read_bytes())
    data[33] ^= 0xFF  # the first byte of what was packed
    file.write_bytes(data)
    with pytest.raises(RefusedError, match="cannot be searched"):
        search(house, erase_proof.sought_for(ADDRESS), file)
