"""After `restore` nothing leaves until somebody says so, and nothing leaves twice (ACCEPTANCE L10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from service.errors import RefusedError
from service.flows import archive, resolving, restoring, ticks
from service.mail.links import Keyring
from service.store import dump, events, outbox, schema
from service.store.db import Database, open_database
from tests.support import acts, backups
from tests.support.backups import ANNA, CARLA, ESRA, FRANK
from tests.support.days import left_on, march
from tests.support.drafts import publish, with_steps
from tests.support.house import House, recipient


@pytest.fixture
def taken(house: House, tmp_path: Path) -> Path:
    """A backup of a house full of people."""
    backups.peopled(house)
    file = tmp_path / "taken.zip"
    backups.make(house, file)
    return file


def test_nothing_leaves_until_resume_and_nothing_that_may_have_left_already_ever_leaves_by_itself(
    house: House, taken: Path
) -> None:
    house.clock.advance(hours=1)
    give_back(house)
    assert house.tick(keep_house=True) == 2  # after the backup was made, Anna and Esra got theirs
    house.clock.advance(hours=3)
    sent = len(house.mails())
    done = backups.restore(house, taken, replace=True)
    assert (done.held.waiting, done.held.leaving) == (2, 0)
    held = [house.messages(address)[-1] for address in (ANNA, ESRA)]
    for message in held:
        assert (message.state, message.hold, message.lease_token) == ("held", "restored", None)
    house.opt_in("gijs@example.org")
    house.live_through(hours=2)
    assert len(house.mails()) == sent
    acts.release_the_brake(house)
    house.live_through(hours=2)
    assert [recipient(mail) for mail in house.mails()[sent:]] == ["gijs@example.org"]
    assert acts.alerts(house) == ["restored-mails"]
    for each in held:
        resolve(house, each.id, "drop")
    ticks.housekeeping(house.services)
    assert acts.alerts(house) == []


def test_a_number_that_was_given_since_the_backup_is_given_to_nobody_else(house: House, taken: Path) -> None:
    house.opt_in("gijs@example.org")
    gijs = house.lead("gijs@example.org").id
    backups.restore(house, taken, replace=True)
    house.opt_in("hans@example.org")
    assert house.lead("hans@example.org").id > gijs


def test_what_was_being_handed_over_is_of_unknown_fate_and_listed(house: House, tmp_path: Path) -> None:
    backups.peopled(house)
    house.opt_in(FRANK)
    give_back(house)
    hand_over_and_vanish(house)
    backups.make(house, tmp_path / "a.zip")
    done = backups.restore(house, tmp_path / "a.zip", replace=True)
    assert (done.held.waiting, done.held.leaving) == (0, 3)
    advice = house.messages(FRANK)[0]
    assert (advice.state, advice.hold) == ("unknown", None)
    assert [each.outcome for each in acts.attempts(house, advice)] == ["unknown"]
    assert {"message-unknown", "restored"} <= set(acts.alerts(house))


def test_staff_decide_about_each_and_it_then_leaves_as_the_same_mail(house: House, taken: Path) -> None:
    before = house.messages(ANNA)[-1]
    backups.restore(house, taken, replace=True)
    resolve(house, before.id, "resend")
    assert house.tick(keep_house=True) == 0
    acts.release_the_brake(house)
    assert house.tick(keep_house=True) == 1
    assert house.mails(ANNA)[-1]["Message-ID"] == before.message_id


def test_the_stretch_nobody_knows_of_is_kept_from_the_backup_to_the_resume(house: House, taken: Path) -> None:
    made_at = house.clock.now()
    restored_at = house.clock.advance(hours=5)
    backups.restore(house, taken, replace=True)
    assert gaps(house) == [(made_at.isoformat(), restored_at.isoformat(), "restored")]
    resumed_at = house.clock.advance(days=1)
    acts.release_the_brake(house)
    assert gaps(house) == [(made_at.isoformat(), resumed_at.isoformat(), "restored")]
    house.clock.advance(days=1)
    acts.pull_the_brake(house)
    acts.release_the_brake(house)
    assert gaps(house) == [(made_at.isoformat(), resumed_at.isoformat(), "restored")]


def test_a_follow_up_that_fell_due_in_that_stretch_is_not_sent_a_second_time(house: House, tmp_path: Path) -> None:
    acts.confirmed(house, ANNA)
    backups.make(house, tmp_path / "a.zip")
    house.clock.advance(days=2)
    assert house.tick(keep_house=True) == 1  # the backup knows nothing of it
    house.clock.advance(hours=1)
    backups.restore(house, tmp_path / "a.zip", replace=True)
    house.clock.advance(hours=1)
    acts.release_the_brake(house)
    assert house.live_through(hours=3) == 0
    message = acts.follow_ups(house, ANNA)["hoe-ging-het"]
    assert (message.state, message.hold) == ("held", "restored")
    resolve(house, message.id, "drop")
    assert house.live_through(days=20) > 3  # the sequence goes on


@pytest.mark.parametrize("queued", [False, True])
def test_two_steps_of_one_run_that_left_after_the_backup_both_wait_and_neither_leaves_a_second_time(
    house: House, tmp_path: Path, queued: bool
) -> None:
    publish(house, with_steps(*({"key": key, "wait": "2 days"} for key in "abc")))
    acts.confirmed(house, ANNA)
    if queued:  # then it is held by the restore itself, and staff may decide before `resume`
        house.clock.advance(days=2)
        ticks.plan(house.services)
    backups.make(house, tmp_path / "a.zip")
    house.live_through(days=4 - 2 * queued, hours=1)
    assert list(left_on(house)) == ["a", "b"]
    backups.restore(house, tmp_path / "a.zip", replace=True)
    if queued:
        resolve(house, acts.follow_ups(house)["a"].id, "drop")
    house.clock.advance(hours=1)
    acts.release_the_brake(house)
    for step in "b" if queued else "ab":
        assert house.tick(keep_house=True) == 0
        message = acts.follow_ups(house)[step]
        assert (message.state, message.hold) == ("held", "restored")
        resolve(house, message.id, "drop")
    house.live_through(days=20)
    assert left_on(house) == {"c": march(16)}


@pytest.mark.parametrize("held", [False, True])
def test_a_pause_after_a_restore_makes_no_step_leave_a_second_time(house: House, tmp_path: Path, held: bool) -> None:
    publish(house, with_steps(*({"key": key, "wait": "2 days"} for key in "abc")))
    acts.confirmed(house, ANNA)
    backups.make(house, tmp_path / "a.zip")
    house.live_through(days=4, hours=1)
    assert list(left_on(house)) == ["a", "b"]
    backups.restore(house, tmp_path / "a.zip", replace=True)
    if not held:
        assert acts.replied(house, ANNA)
    acts.release_the_brake(house)
    assert house.tick(keep_house=True) == 0
    if held:
        assert acts.replied(house, ANNA)
    for step in "ab":
        house.live_through(days=8)
        assert left_on(house) == {}
        message = acts.follow_ups(house)[step]
        assert (message.state, message.hold) == ("held", "restored")
        resolve(house, message.id, "drop")
    house.live_through(days=20)
    assert list(left_on(house)) == ["c"]


def test_a_step_that_is_sent_again_after_a_restore_takes_none_along_that_may_have_left_too(
    house: House, tmp_path: Path
) -> None:
    publish(house, with_steps(*({"key": key, "wait": "2 days"} for key in "abc")))
    acts.confirmed(house, ANNA)
    backups.make(house, tmp_path / "a.zip")
    house.live_through(days=7)  # Monday the 16th: all three left
    backups.restore(house, tmp_path / "a.zip", replace=True)
    acts.release_the_brake(house)
    house.tick(keep_house=True)
    resolve(house, acts.follow_ups(house)["a"].id, "resend")
    house.live_through(days=4)
    assert list(left_on(house)) == ["a"]
    waiting = acts.follow_ups(house)["b"]
    assert (waiting.state, waiting.hold) == ("held", "restored")


def test_an_advice_that_a_restore_holds_is_no_part_of_the_backlog(house: House, tmp_path: Path) -> None:
    backups.peopled(house)
    house.opt_in(FRANK)
    backups.make(house, tmp_path / "a.zip")
    backups.restore(house, tmp_path / "a.zip", replace=True)
    acts.release_the_brake(house)
    assert resolving.resolve_backlog(house.services, "drop", actor="Frank") == 2
    waiting = house.messages(FRANK)[0]
    assert (waiting.state, waiting.hold) == ("held", "restored")
    resolve(house, waiting.id, "resend")
    assert house.tick(keep_house=True) == 1


def test_it_proves_the_keys_on_a_suppressed_address_and_on_a_link(house: House, taken: Path) -> None:
    carla = house.lead(CARLA)
    done = backups.restore(house, taken, replace=True)
    assert done.proofs[0].startswith(f"proved: lead {carla.id} said no")
    assert "still opens" in done.proofs[1]


def test_other_keys_are_refused_and_nothing_is_changed(house: House, taken: Path) -> None:
    house.opt_in("gijs@example.org")
    before = house.rows()
    stranger = house.with_changes(keyring=Keyring(["another-key-that-never-signed-anything"]))
    with pytest.raises(RefusedError, match="links"):
        backups.restore(stranger, taken, replace=True)

    def refuse(session: Session) -> None:
        assert events.fact(session, "keys") is not None
        raise RefusedError("a key is gone")

    with pytest.raises(RefusedError, match="a key is gone"):
        backups.restore(house, taken, replace=True, check_keys=refuse)
    assert house.rows() == before


def test_without_a_suppressed_lead_it_says_that_only_the_fingerprint_was_compared(house: House, tmp_path: Path) -> None:
    acts.confirmed(house, ANNA)
    backups.make(house, tmp_path / "a.zip")
    assert "nobody is suppressed" in backups.restore(house, tmp_path / "a.zip", replace=True).proofs[0]
    acts.withdraw(house, ANNA)
    with house.services.database.transaction() as session:
        session.execute(text("UPDATE suppression SET address_hmac = 'of somebody who was erased'"))
    backups.make(house, tmp_path / "b.zip")
    assert "was erased" in backups.restore(house, tmp_path / "b.zip", replace=True).proofs[0]


def test_a_database_with_anything_in_it_is_refused_and_an_empty_one_is_not(
    house: House, taken: Path, tmp_path: Path
) -> None:
    before = house.rows()
    with pytest.raises(RefusedError, match="not empty"):
        backups.restore(house, taken)
    assert house.rows() == before
    with house.services.database.transaction() as session:
        dump.drop_all(session.connection())  # no row of the audit log can be removed, but the table can
    assert schema.migrate(house.services.database)
    assert backups.restore(house, taken).rows == sum(map(len, before.values())) - 1  # "backup made" came after it


def test_a_database_in_use_is_refused(house: House, taken: Path, migrated_database_url: str) -> None:
    other = open_database(migrated_database_url)
    with other.reading() as session:
        schema.revision_of(session.connection())
    with pytest.raises(RefusedError, match="stop `serve`"):
        backups.restore(house, taken, replace=True)
    other.close()
    backups.restore(house, taken, replace=True)


def test_who_comes_in_just_behind_that_look_is_seen_as_well(
    house: House, taken: Path, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on after the restore with what it read before: with the mails of other revisions, for one."""
    if house.services.database.is_sqlite:
        return  # nobody can come in there
    other, look = open_database(migrated_database_url), Database.wait_until_alone

    def look_too_early(database: Database) -> None:
        look(database)
        monkeypatch.setattr(Database, "wait_until_alone", look)
        with other.reading() as session:
            schema.revision_of(session.connection())

    monkeypatch.setattr(Database, "wait_until_alone", look_too_early)
    before = house.rows()
    with pytest.raises(RefusedError, match="stop `serve`"):
        backups.restore(house, taken, replace=True)
    other.close()
    assert house.rows() == before


def test_a_backup_of_a_newer_version_is_refused(house: House, taken: Path) -> None:
    with archive.reading(taken) as opened:
        newer = archive.Archive(opened._archive, opened.manifest.model_copy(update={"revision": "9999"}))
        with pytest.raises(RefusedError, match="newer version"):
            restoring.restore(house.services, newer, check_keys=lambda _: None, replace=True, actor="Frank")


def resolve(house: House, message_id: int, choice: resolving.Choice) -> None:
    """Staff decide."""
    acts.commit(
        house,
        lambda s: resolving.resolve(s, house.services, [message_id], choice, actor="Frank", now=house.clock.now()),
    )


def give_back(house: House) -> None:
    """What a worker that is gone had leased is due again."""
    acts.commit(house, outbox.give_back_expired, datetime.now(UTC) + timedelta(minutes=1))


def hand_over_and_vanish(house: House) -> None:
    """A worker opens attempts for all that is due, and is never heard of again."""
    assert acts.hand_over(house, "worker-that-is-gone")


def gaps(house: House) -> list[tuple[str, str, str]]:
    """What the guard on backlogs is told, without the stretches it found itself."""
    with house.services.database.reading() as session:
        kept = events.fact(session, "gap") or {"gaps": []}
    return [(each["since"], each["until"], each["kind"]) for each in kept["gaps"] if each["kind"] == "restored"]
