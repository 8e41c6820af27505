"""Whoever asks what we hold gets all of it: every row, every word agreed to, every mail as it left (ACCEPTANCE P2)."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from sqlmodel import Session, select

from service.domain.lead import SuppressionReason
from service.flows import privacy
from service.flows.export import Export, export, readable
from service.mail.links import Keyring
from service.store import events, lead_rows
from service.store.tables import Lead, Message, Table
from tests.support import acts, drafts
from tests.support.acts import ANNA
from tests.support.house import SECRET_KEY, House

PRACTICE = "praktijk@solidperformance.example"


def of(house: House, address: str = ANNA) -> Export:
    """Her export as of now."""
    with house.services.database.reading() as session:
        return export(session, house.services, session.get_one(Lead, house.lead(address).id), house.clock.now())


def lived(house: House) -> None:
    """Anna did all that a lead can do; Carla's data stand beside hers."""
    house.opt_in("carla@example.org", first_name="Carla")
    acts.confirmed(house, first_name="Anna", consent_version=None, source_url="https://praktijk.example/rug")
    house.live_through(days=3)
    acts.answer(house, "same")
    acts.request_pain_check(house, name="Anna de Vries", phone="06 98765432", note="Liefst na zes uur")
    house.tick()
    acts.suppress(house, SuppressionReason.HARD_BOUNCE)


def test_every_mail_is_rebuilt_as_it_left(house: House) -> None:
    lived(house)
    left = {mail["Message-ID"]: mail for mail in house.mails()}
    files = {file.read_bytes() for file in house.outbox.glob("*.eml")}
    found = of(house).mails
    assert {mail.template for mail in found} == {
        *("advies-lage-rug", "hoe-ging-het", "dienst-aanvraag", "dienst-ontvangst"),
    }
    assert all(mail.data in files for mail in found)
    carlas = 1
    assert len(found) == len(left) - carlas
    assert [mail.to_practice for mail in found if mail.template == "dienst-aanvraag"] == [True]


def test_newer_revisions_and_keys_change_no_mail_of_before(house: House) -> None:
    lived(house)
    before = of(house).mails
    services = replace(
        house.services,
        keyring=Keyring(["a-newer-key-for-tests-and-nothing-else-0123", SECRET_KEY]),
        base_url="https://elders.example",
        mail_from="Iemand anders <anders@praktijk.example>",
    )
    moved = replace(house, services=services)
    assert drafts.publish(moved, drafts.with_practice(name="Een andere naam", phone="010 0000000")) > 0
    after = of(moved)
    assert after.practice == "Een andere naam"
    assert after.mails == before


def test_the_json_gives_the_bytes_back(house: House) -> None:
    lived(house)
    given = json.loads(json.dumps(of(house).as_json(), ensure_ascii=False))
    files = {file.read_bytes() for file in house.outbox.glob("*.eml")}
    assert given["address"] == ANNA
    assert len(given["mails"]) == 4
    assert {each["source"].encode() for each in given["mails"]} < files


def test_every_table_is_in_it_or_left_out_for_a_reason(house: House) -> None:
    lived(house)
    given = set(of(house).stored)
    assert given.isdisjoint(lead_rows.ABOUT_NOBODY)
    assert given | set(lead_rows.ABOUT_NOBODY) == set(Table.metadata.tables)
    for name, table in Table.metadata.tables.items():
        hashed = {column.name for column in table.columns if "hmac" in column.name}
        assert not hashed or lead_rows.KEPT_BY_HASH.get(name) in hashed, f"{name} keeps a hash that nobody looks up"


def test_every_row_about_her_is_in_it_and_none_about_others(house: House) -> None:
    lived(house)
    acts.withdraw(house)
    stored, told = of(house).stored, json.dumps(of(house).as_json(), default=str)
    assert "carla" not in told.lower()
    house_rows = house.rows()
    for table in ("lead", "opt_in", "consent", "message", "enrolment", "booking_request", "timeline", "withdrawal"):
        mine = stored[table]
        assert isinstance(mine, list)
        assert mine, f"nothing of {table}"
    hers = re.compile(r"anna|98765432|zes uur|praktijk\.example/rug", re.IGNORECASE)
    for table, rows in house_rows.items():
        if table not in stored:
            assert not [row for row in rows if hers.search(repr(row)) and table != "revision"], f"{table} is about her"
    hashed = stored["suppression"]
    assert isinstance(hashed, list)
    assert len(hashed) == 2
    assert stored["cap_hit"], "what is counted against her address"


def test_the_proofs_of_consent_are_in_it(house: House) -> None:
    lived(house)
    acts.withdraw(house)
    found = of(house)
    assert [(each["kind"], each["purpose"]) for each in found.receipts] == [
        *(("given", "advice"), ("given", "follow_up"), ("given", "follow_up")),
        *(("withdrawn", "follow_up"), ("withdrawn", "follow_up")),
    ]
    assert found.as_json()["receipts"] == list(found.receipts)
    for each in found.receipts:
        proof = each["proof"]
        assert isinstance(proof, dict)
        assert str(proof["digest"]) in readable(found)


def test_what_staff_did_is_told_without_their_names(house: House) -> None:
    lived(house)
    lead_id = house.lead().id
    for actor, action, whose in (
        ("staff:frank", "lead exported", lead_id),
        ("staff:esra", "lead stopped", house.lead("carla@example.org").id),
    ):
        with house.services.database.transaction() as session:
            events.audit(session, actor, action, house.clock.now(), lead=whose)
    found = of(house)
    assert [(each["by"], each["what"]) for each in found.handled] == [("staff", "lead exported")]
    assert "gegevens opgevraagd (praktijk)" in readable(found)
    assert "frank" not in readable(found)


def test_a_mail_that_cannot_be_made_any_more_keeps_the_rest(house: House) -> None:
    lived(house)
    broken = acts.advice(house).id

    def harm(session: Session) -> None:
        row = session.get_one(Message, broken)
        row.content = row.content | {"unsubscribe_url": ""}

    acts.commit(house, harm)
    found = {mail.message: mail.data for mail in of(house).mails}
    assert found.pop(broken) is None
    assert all(found.values())
    assert "niet meer te maken" in readable(of(house))


# To read


def test_answers_are_told_in_the_words_of_the_form_and_of_the_buttons(house: House) -> None:
    acts.confirmed(house, answers={"posture": "hollow"})
    with house.services.database.transaction() as session:
        lead = session.exec(select(Lead)).one()
        lead.answers = {**lead.answers, "helped": "same", "gone": "x"}
    page = readable(of(house))
    for told in (
        ("Hoe is de stand van je onderrug?", "Eerder hol"),
        ("Hoe ging het?", "Hetzelfde"),
        ("Antwoord op “gone”", "x"),
    ):
        assert "<dt>{}</dt><dd>{}</dd>".format(*told) in page


def test_topics_sequences_forms_and_mails_to_come_go_by_their_titles(house: House) -> None:
    acts.confirmed(house, answers={"leg": "yes"}, topic="uitstraling-been", form="lage-rug")
    page = readable(of(house)).partition("Precies zoals het is opgeslagen")[0]
    shown = page.partition("<details>")[0] + page.rpartition("</details>")[2]  # the proofs are as they are kept
    title = "Uitstraling naar het been"
    for told in (
        f"<dt>Onderwerp</dt><dd>{title}</dd>",
        f"<h3>{title}</h3>",
        "<dt>Formulier</dt><dd>Gratis pijnadvies</dd>",
        ": Hoe ging de eerste stap?</li>",
        ": Een check van twee minuten</li>",
    ):
        assert told in page, told
    for name in ("uitstraling-been", "lage-rug", "hoe-ging"):
        assert name not in shown, name


def test_the_page_says_all_of_it_in_words(house: House) -> None:
    lived(house)
    page = readable(of(house))
    for word in (
        *("anna@example.org", "Anna de Vries", "06 98765432", "Liefst na zes uur", "maandag 9 maart 2026"),
        *(
            "via formulier",
            "de knop in de mail",
            "https://praktijk.example/rug",
            "Je gratis advies",
            "antwoord gegeven",
        ),
        "adres bestaat niet",
    ):
        assert word in page, word


def test_the_page_runs_nothing_fetches_nothing_and_has_no_link_to_press(house: House) -> None:
    lived(house)
    page = readable(of(house))
    assert not re.search(r"<(script|img|link|iframe|a)\b|https?://[^\s\"<]*\burl\(", page)
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in page
    assert not re.search(r"/[cubpad]/[A-Za-z0-9_-]{20}", page)
    assert re.search(r"/u/[A-Za-z0-9_-]{4}…", page)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_what_a_lead_typed_stays_text(house: House, text: str) -> None:
    house.opt_in()
    house.send_due()
    acts.request_pain_check(house, name=text, note=text)
    page = readable(of(house))
    assert text.replace("{{", "").strip() not in page or text == "{{ 7*7 }}"
    assert "49" not in re.findall(r"<dt>Naam</dt><dd>(.*?)</dd>", page)
    assert page.count("<script") == page.count("<img") == 0


def test_what_was_done_with_the_data_of_somebody_before_her_is_not_told(house: House) -> None:
    """SQLite gives the newest id out again once its row is gone."""
    house.opt_in("bram@example.org")
    acts.commit(house, privacy.erase, house.services, house.lead("bram@example.org").id, "asked", house.clock.now())
    house.opt_in(ANNA)
    assert of(house).handled == ()
