"""Each consent and each withdrawal has its receipt, in one chain (ACCEPTANCE C9)."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from service.domain import evidence
from service.flows import consent, privacy, receipts, ticks
from service.flows.receipts import Anchor
from service.store import events
from service.store.db import take_locks
from service.store.tables import Consent, ReceiptEntry
from tests.support import acts, chained
from tests.support.house import START, House, shipped
from tests.support.waiting import wait_until_it_waits

ANNA, BRAM, CARLA = (f"{name}@example.org" for name in ("anna", "bram", "carla"))
PAGE = "https://praktijk.example/artikel"


def agreed(house: House) -> None:
    """Anna ticks both boxes of version 2026-1, presses the button a day later, and takes it back a day after."""
    house.opt_in(ANNA, topic=None, form="lage-rug", consent_version="2026-1", source_url=PAGE)
    house.send_due()
    house.clock.advance(days=1)
    acts.confirm(house, ANNA)
    house.clock.advance(days=1)
    acts.withdraw(house, ANNA)


def test_a_receipt_gives_the_very_words_purposes_times_form_and_page(house: House) -> None:
    agreed(house)
    forms = shipped().content.forms
    assert forms is not None
    texts = forms.forms["lage-rug"].consent
    advice, ticked, pressed, first_end, second_end = chained.of_lead(house)
    assert [each.position for each in (advice, ticked, pressed, first_end, second_end)] == [1, 2, 3, 4, 5]
    assert (advice.purpose, advice.wording, advice.version) == ("advice", texts.advice.text, "2026-1")
    assert (ticked.purpose, ticked.wording, ticked.version) == ("follow_up", texts.follow_up.text, "2026-1")
    assert (advice.source, advice.effective, ticked.effective) == ("form", True, False)
    assert {(each.form, each.topic, each.page) for each in (advice, ticked, pressed)} == {
        ("lage-rug", "lage-rug", PAGE)
    }
    assert (pressed.source, pressed.effective, pressed.wording) == ("confirmation", True, texts.follow_up.text)
    assert (pressed.asked_at, pressed.at, pressed.at.tzinfo) == (START, START + timedelta(days=1), UTC)
    assert {(each.kind, each.source, each.at) for each in (first_end, second_end)} == {
        ("withdrawn", "link", START + timedelta(days=2))
    }
    assert {first_end.consent, second_end.consent} == {ticked.consent, pressed.consent}


def test_a_form_that_stated_no_version_proves_no_words(house: House) -> None:
    house.opt_in(ANNA, consent_follow_up=False)
    (advice,) = chained.of_lead(house)
    assert (advice.version, advice.wording, advice.form, advice.page) == (None, None, None, None)
    assert advice.follow_up_ticked is False
    assert advice.as_json()["wording"] is None


def test_what_the_button_stands_under_is_kept_also_where_no_form_is_left_for_the_topic(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.opt_in(ANNA)
    house.send_due()
    monkeypatch.setattr("service.domain.forms.Forms.for_topic", lambda _forms, _topic: None)
    acts.confirm(house, ANNA)
    pressed = chained.of_lead(house)[-1]
    assert pressed.version is None
    assert pressed.wording is not None
    assert pressed.wording.startswith("Stuur mij de vervolgmails.")


def test_anybody_can_reckon_a_receipt_from_its_json(house: House) -> None:
    agreed(house)
    before = evidence.BEGIN
    for receipt in chained.of_lead(house):
        told = receipt.as_json()
        proof = told.pop("proof")
        assert isinstance(proof, dict)
        document, salt = str(proof["document"]), str(proof["salt"])
        assert json.loads(document) == {name: value for name, value in told.items() if name != "position"}
        digest = hashlib.sha256(bytes.fromhex(salt) + document.encode()).hexdigest()
        link = f"{proof['previous']}:{told['position']}:{told['kind']}:{digest}"
        assert (digest, hashlib.sha256(link.encode()).hexdigest()) == (proof["digest"], proof["chain"])
        assert proof["previous"] == before
        before = str(proof["chain"])
    salts = [each.salt for each in chained.entries(house)]
    assert len(set(salts)) == len(salts)
    assert {len(salt or "") for salt in salts} == {32}


def test_what_is_refused_or_said_again_has_no_second_receipt(house: House) -> None:
    acts.confirmed(house, ANNA)
    acts.confirm(house, ANNA)
    acts.withdraw(house, ANNA)
    before = len(chained.entries(house))
    acts.withdraw(house, ANNA)
    with house.services.database.reading() as session:
        given = len(session.exec(select(Consent)).all())
    assert (before, given) == (5, 3)
    assert len(chained.entries(house)) == before


def test_an_opt_in_that_fails_leaves_no_receipt(house: House) -> None:
    def fail() -> None:
        with house.services.database.transaction() as session:
            lead = house.lead(ANNA)
            consent.withdraw(session, house.services, lead, "link", house.clock.now())
            raise RuntimeError("the power went")

    acts.confirmed(house, ANNA)
    before = chained.entries(house)
    with pytest.raises(RuntimeError, match="the power went"):
        fail()
    assert chained.entries(house) == before
    house.opt_in(BRAM)
    assert chained.verified(house).broken is None


def test_the_unbroken_chain_tells_its_end(house: House) -> None:
    assert chained.verified(house).end == Anchor(count=0, chain=evidence.BEGIN)
    agreed(house)
    found = chained.verified(house)
    assert (found.broken, found.blanked) == (None, 0)
    assert found.end == Anchor(count=5, chain=chained.entries(house)[-1].chain)


BLANK = "lead_id = NULL, consent_id = NULL, document = NULL, salt = NULL"
MEDDLED = {
    "the words": ("UPDATE receipt SET document = replace(document, 'form', 'farm') WHERE id = 2", 2, "was changed"),
    "a moment": ("UPDATE receipt SET document = replace(document, '2026', '2025') WHERE id = 3", 3, "was changed"),
    "the salt": ("UPDATE receipt SET salt = 'no hexadecimal' WHERE id = 1", 1, "was changed"),
    "whose it is": ("UPDATE receipt SET lead_id = 99 WHERE id = 2", 2, "was changed"),
    "its consent": ("UPDATE receipt SET consent_id = 99 WHERE id = 4", 4, "was changed"),
    "what it is": (f"UPDATE receipt SET kind = 'given', {BLANK} WHERE id = 4", 4, "does not follow"),
    "the digest of a blank": (f"UPDATE receipt SET digest = chain, {BLANK} WHERE id = 3", 3, "does not follow"),
    "the chain": ("UPDATE receipt SET chain = digest WHERE id = 2", 2, "does not follow"),
    "the first is gone": ("DELETE FROM receipt WHERE id = 1", 1, "is missing"),
    "one is gone": ("DELETE FROM receipt WHERE id = 3", 3, "is missing"),
}


@pytest.mark.parametrize(("statement", "position", "said"), MEDDLED.values(), ids=MEDDLED.keys())
def test_the_first_receipt_that_does_not_fit_is_named(house: House, statement: str, position: int, said: str) -> None:
    agreed(house)
    chained.meddle(house, statement)
    found = chained.verified(house)
    assert found.broken is not None
    assert found.broken.position == position
    assert said in found.broken.english
    assert str(position) in found.broken.dutch
    assert found.end.count == position - 1


def test_two_that_changed_places_are_found(house: House) -> None:
    agreed(house)
    chained.meddle(
        house,
        "UPDATE receipt SET id = 99 WHERE id = 2",
        "UPDATE receipt SET id = 2 WHERE id = 3",
        "UPDATE receipt SET id = 3 WHERE id = 99",
    )
    broken = chained.verified(house).broken
    assert broken is not None
    assert (broken.position, "does not follow" in broken.english) == (2, True)


def test_one_that_was_replaced_with_all_its_hashes_is_found_at_the_next(house: House) -> None:
    agreed(house)
    third = chained.entries(house)[2]
    document = (third.document or "").replace('"follow_up"', '"advice"')
    digest = evidence.digest(third.salt or "", document)
    link = evidence.chain(chained.entries(house)[1].chain, 3, third.kind, digest)
    chained.meddle(
        house, f"UPDATE receipt SET document = '{document}', digest = '{digest}', chain = '{link}' WHERE id = 3"
    )
    broken = chained.verified(house).broken
    assert broken is not None
    assert broken.position == 4


def test_an_end_that_was_noted_tells_what_was_cut_off_or_written_anew(house: House) -> None:
    agreed(house)
    noted = chained.verified(house).end
    house.opt_in(BRAM)
    assert chained.verified(house, noted).broken is None
    cut = chained.verified(house, Anchor(count=9, chain=noted.chain)).broken
    assert cut is not None
    assert (cut.position, cut.english.startswith("there were 9 receipts and now there are 7")) == (8, True)
    anew = chained.verified(house, Anchor(count=5, chain="f" * 64)).broken
    assert anew is not None
    assert (anew.position, "another chain value" in anew.english) == (5, True)


def test_erasing_blanks_the_receipts_of_that_lead_alone_and_the_chain_holds(house: House) -> None:
    agreed(house)
    house.opt_in(BRAM)
    before = chained.entries(house)
    acts.commit(house, privacy.erase, house.services, house.lead(ANNA).id, "asked", house.clock.now())
    after = chained.entries(house)
    personal = [(each.lead_id, each.consent_id, each.document, each.salt) for each in after]
    assert set(personal[:5]) == {(None, None, None, None)}
    assert after[5:] == before[5:]
    assert [(each.kind, each.digest, each.chain) for each in after] == [
        (each.kind, each.digest, each.chain) for each in before
    ]
    found = chained.verified(house)
    assert (found.broken, found.blanked, found.end.count) == (None, 5, 7)
    house.opt_in(ANNA)  # whoever comes back begins anew, whatever ids the database gives out again
    assert [each.position for each in chained.of_lead(house, ANNA)] == [8, 9]
    assert chained.verified(house).broken is None


def test_consents_of_code_of_before_get_their_receipts_within_a_day_and_once(house: House) -> None:
    agreed(house)
    chained.meddle(house, "DELETE FROM receipt WHERE id > 1")
    ticks.housekeeping(house.services)
    assert [each.kind for each in chained.entries(house)] == ["given"] * 3 + ["withdrawn"] * 2
    assert chained.verified(house).broken is None
    with house.services.database.transaction() as session:
        session.execute(text("DELETE FROM receipt WHERE id = 5"))
        assert receipts.make_up(session) == 0, "not every minute: it looks at all there are"
        events.forget_fact(session, "receipts_made_up")
        session.flush()
        assert receipts.make_up(session) == 1


def test_they_get_them_also_once_a_clock_that_was_a_year_ahead_is_right_again(house: House) -> None:
    agreed(house)
    chained.meddle(house, "DELETE FROM receipt WHERE id > 1")
    ahead = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    acts.commit(house, events.set_fact, "receipts_made_up", {"at": ahead})
    ticks.housekeeping(house.services)
    assert len(chained.entries(house)) == 5


def test_many_at_once_make_one_unbroken_chain(house: House) -> None:
    """Opt-ins, presses and erasings of several threads, each on a connection of its own."""
    people = [f"lead{number}@example.org" for number in range(12)]

    def live(address: str) -> None:
        house.opt_in(address)
        acts.confirm(house, address)
        acts.withdraw(house, address)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(live, people))
        gone = [house.lead(address).id for address in people[:4]]
        erasing = [
            pool.submit(acts.commit, house, privacy.erase, house.services, each, "asked", house.clock.now())
            for each in gone
        ]
        list(pool.map(live, [f"new{number}@example.org" for number in range(4)]))
        for each in erasing:
            each.result(30)
    found = chained.verified(house)
    assert (found.broken, found.end.count, found.blanked) == (None, 16 * 5, 4 * 5)


def test_the_lock_of_the_chain_is_taken_when_nothing_else_is_left_to_take(house: House) -> None:
    """Two who each withdraw one lead and then take the other's would otherwise wait in a circle."""
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    first_withdrew = threading.Event()

    def withdraw_bram() -> None:
        first_withdrew.wait(30)
        acts.withdraw(house, BRAM)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(withdraw_bram)
        with house.services.database.transaction() as session:
            consent.withdraw(session, house.services, house.lead(ANNA), "link", house.clock.now())
            session.flush()
            assert len(session.exec(select(ReceiptEntry)).all()) == 6, "none is written before the commit"
            first_withdrew.set()
            if not house.services.database.is_sqlite:
                other.result(30)  # nothing of ours holds it up
        other.result(30)
    assert chained.verified(house).end.count == 10


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_who_comes_second_to_the_chain_waits_and_goes_on_where_the_first_ended(house: House) -> None:
    began = threading.Event()

    def second() -> None:
        began.set()
        house.opt_in(BRAM)

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            take_locks(session, ["receipts"])
            waiting = pool.submit(second)
            began.wait(30)
            wait_until_it_waits(house)
        waiting.result(30)
    house.opt_in(CARLA)
    assert chained.verified(house).end.count == 4


def test_whoever_is_erased_while_her_receipts_are_made_up_is_in_none_of_them(house: House) -> None:
    house.opt_in(ANNA)
    chained.meddle(house, "DELETE FROM receipt")
    anna, now = house.lead(ANNA).id, house.clock.now()
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            assert receipts.make_up(session) == 2
            erasing = pool.submit(acts.commit, house, privacy.erase, house.services, anna, "asked", now)
            wait_until_it_waits(house)
        erasing.result(30)
    found = chained.verified(house)
    assert (found.broken, found.end.count, found.blanked) == (None, 2, 2)
