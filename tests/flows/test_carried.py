"""An older backup undoes no "no" and no erasing that the replaced database still knows (ACCEPTANCE C3, C8, P1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from service.domain.lead import SuppressionReason
from service.flows import privacy
from service.store import events, suppressions
from service.store.tables import Lead
from tests.support import acts, backups, chained
from tests.support.backups import ANNA, BRAM, CARLA, ESRA
from tests.support.house import House, link
from tests.support.website import website


@pytest.fixture
def taken(house: House, tmp_path: Path) -> Path:
    """A backup; after it Anna says no, and Bram is erased."""
    backups.peopled(house)
    file = tmp_path / "taken.zip"
    backups.make(house, file)
    acts.withdraw(house, ANNA)
    bram = house.lead(BRAM).id
    acts.commit(house, privacy.erase, house.services, bram, "asked", house.clock.now())
    return file


def test_who_said_no_or_was_erased_since_the_backup_stays_so(house: House, taken: Path) -> None:
    link_of_bram = link(house.mails(BRAM)[0], "u")
    done = backups.restore(house, taken, replace=True)
    assert done.carried == (1, 1)
    assert acts.enrolment(house, ANNA).state == "stopped"
    assert acts.follow_ups(house, ANNA)["hoe-ging-het"].state == "cancelled"
    assert acts.enrolment(house, ESRA).state == "active"
    with house.services.database.reading() as session:
        assert BRAM not in session.exec(select(Lead.address)).all()
    assert website(house).get(link_of_bram).status_code == 200  # the friendly page
    acts.release_the_brake(house)
    sent = len(house.mails(ANNA)), len(house.mails(CARLA))
    house.live_through(days=20)
    assert (len(house.mails(ANNA)), len(house.mails(CARLA))) == sent


def test_receipts_of_who_was_erased_since_the_backup_are_blanked_in_it_and_the_chain_holds(
    house: House, taken: Path
) -> None:
    backups.restore(house, taken, replace=True)
    found = chained.verified(house)
    assert (found.broken, found.blanked) == (None, 2)
    assert BRAM not in repr(chained.entries(house))
    ends = [each for each in chained.of_lead(house, ANNA) if each.kind == "withdrawn"]
    assert {each.source for each in ends} == {"no said before the restore"}
    assert len(chained.of_lead(house, ESRA)) == 3


def test_a_backup_keeps_chain_and_blanks_to_the_byte(house: House, tmp_path: Path) -> None:
    backups.peopled(house)
    acts.commit(house, privacy.erase, house.services, house.lead(CARLA).id, "asked", house.clock.now())
    before, noted = chained.entries(house), chained.verified(house).end
    backups.make(house, tmp_path / "blanked.zip")
    backups.restore(house, tmp_path / "blanked.zip", replace=True)
    assert chained.entries(house) == before
    found = chained.verified(house, noted)
    assert (found.broken, found.blanked) == (None, 5)


def test_a_mailbox_that_was_found_gone_since_the_backup_is_no_unsubscribing(house: House, taken: Path) -> None:
    acts.suppress(house, SuppressionReason.HARD_BOUNCE, ESRA)
    assert backups.restore(house, taken, replace=True).carried == (2, 1)
    run = acts.enrolment(house, ESRA)
    assert (run.state, run.end_reason) == ("stopped", "hard_bounce")
    with house.services.database.reading() as session:
        found = suppressions.of(session, [house.services.hmac(ESRA)])[house.services.hmac(ESRA)]
    assert [each.reason for each in found] == [SuppressionReason.HARD_BOUNCE]


def test_hashes_made_with_another_key_are_left_behind(house: House, taken: Path) -> None:
    with house.services.database.transaction() as session:
        events.set_fact(session, "keys", {"signing": [], "suppression": "c" * 64})
    assert backups.restore(house, taken, replace=True).carried == (0, 0)
    assert house.lead(BRAM).id


def test_a_database_that_is_none_of_ours_is_replaced_all_the_same(house: House, taken: Path) -> None:
    with house.services.database.transaction() as session:
        session.execute(text("DROP TABLE erased_token"))
    assert backups.restore(house, taken, replace=True).carried == (0, 0)
