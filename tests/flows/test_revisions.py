"""Going back to an older revision, byte for byte, and giving its files back to staff."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from service.errors import NotFoundError, RefusedError
from service.flows import publish_plan, publishing, revisions
from service.flows.plan_shown import Plan
from service.flows.publishing import Publication
from service.store.tables import AuditEntry, Revision
from tests.support import acts
from tests.support.drafts import Document, publish, with_practice, with_sequence
from tests.support.house import ROOT, House, shipped


def slower(document: Document) -> None:
    """The first follow-up comes later, and the second no more."""
    document["steps"][1]["wait"] = "4 days"
    del document["steps"][2]


def back(house: House, name: str = "lage-rug", to: int | None = None, *, move_leads: bool = False) -> Publication:
    """Roll back, by the very steps of the command."""
    now = house.clock.now()
    with house.services.database.transaction() as session:
        older = revisions.to_roll_back_to(session, name, to)
        draft = revisions.as_draft(older)
        plan = publish_plan.plan(session, house.services, draft, now)
        done = publishing.publish(
            session,
            house.services,
            draft,
            plan.found,
            by="Frank",
            move_leads=move_leads,
            seen=plan.live,
            back_to=older.id,
            now=now,
        )
    publishing.look_again(house.services, done, now)
    return done


def stored(house: House, name: str = "lage-rug") -> list[Revision]:
    """Its revisions, oldest first."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Revision).where(Revision.name == name).order_by(col(Revision.id))))


def test_a_rollback_publishes_the_older_revision_byte_for_byte_and_is_in_the_audit_log(house: House) -> None:
    publish(house, with_sequence(slower))
    first, second = stored(house)
    assert first.hash != second.hash
    back(house)
    third = stored(house)[-1]
    same = {"hash", "kind", "name", "document", "compiled", "source"}
    assert third.model_dump(include=same) == first.model_dump(include=same)
    assert stored(house)[:2] == [first, second], "what was, stays"
    with house.services.database.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action) == ("Frank", "rolled back")
    assert entry.details == {
        "revision": third.id,
        "kind": "sequence",
        "name": "lage-rug",
        "moved": 0,
        "back_to": first.id,
    }


def test_after_a_rollback_leads_get_what_they_would_have_got_before_whether_they_move_or_are_new(house: House) -> None:
    publish(house, with_sequence(slower))
    acts.confirmed(house)
    assert back(house, move_leads=True).moved == 1
    acts.confirmed(house, "daan@example.org")
    house.live_through(days=40)
    annas, daans = acts.follow_ups(house), acts.follow_ups(house, "daan@example.org")
    assert list(annas) == [step["key"] for step in stored(house)[0].document["steps"]][1:]
    assert {step: each.settled_at for step, each in annas.items()} == {
        step: each.settled_at for step, each in daans.items()
    }


def test_practice_and_mails_go_back_too_and_any_revision_may_be_named(house: House) -> None:
    publish(house, with_practice(phone="020 123 45 67"))
    publish(house, with_practice(phone="020 765 43 21"))
    first, second, _ = stored(house, "practice")
    back(house, "practice")
    assert stored(house, "practice")[-1].hash == second.hash, "without a number: the one before"
    back(house, "practice", first.id)
    assert stored(house, "practice")[-1].hash == first.hash
    with house.services.database.reading() as session:
        assert [each.same_as for each in revisions.listed(session, "practice")] == [
            first.id,
            second.id,
            None,
            None,
            None,
        ]
        assert house.services.published.live_practice(session)[1] == shipped().content.practice


def test_the_list_says_who_published_when_which_is_live_and_how_many_are_on_it(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=1)
    publish(house, with_sequence(slower))
    with house.services.database.reading() as session:
        newest, oldest = revisions.listed(session, "lage-rug")
    assert (newest.live, newest.under_way, newest.published_by) == (True, 0, "Frank")
    assert (oldest.live, oldest.under_way, oldest.published_by) == (False, 1, "test")
    assert newest.published_at == house.clock.now()


@pytest.mark.parametrize(
    ("name", "to", "error", "said"),
    [
        ("nergens", None, NotFoundError, "nothing called nergens was ever published; there are: forms, lage-rug"),
        ("lage-rug", 999, NotFoundError, "lage-rug has no revision 999; there are: "),
        ("lage-rug", None, RefusedError, "there is no older revision of lage-rug to go back to"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused_with_what_there_is(
    house: House, name: str, to: int | None, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        back(house, name, to)


def test_a_revision_that_is_not_what_was_published_is_refused(house: House) -> None:
    with house.services.database.reading() as session:
        row = revisions.find(session, "lage-rug", stored(house)[0].id)
        session.expunge(row)
    row.document = row.document | {"title": "Iets anders"}
    with pytest.raises(RefusedError, match="its hash differs"):
        revisions.as_draft(row)


def test_a_plan_that_somebody_else_has_overtaken_is_refused_and_changes_nothing(house: House) -> None:
    draft = with_sequence(slower)

    def planned(session: Session) -> Plan:
        return publish_plan.plan(session, house.services, draft, house.clock.now())

    seen = acts.commit(house, planned)
    publish(house, with_practice(phone="020 123 45 67"))
    before = house.rows()
    with pytest.raises(RefusedError, match="somebody else published meanwhile") as caught:
        acts.commit(
            house,
            lambda session: publishing.publish(
                session, house.services, draft, seen.found, by="Frank", seen=seen.live, now=house.clock.now()
            ),
        )
    assert caught.value.dutch.startswith("Iemand anders heeft intussen gepubliceerd")
    assert house.rows() == before


def test_staff_get_the_files_of_a_revision_byte_for_byte_in_a_folder_of_their_own(house: House, tmp_path: Path) -> None:
    (row,) = stored(house)
    folder = tmp_path / "terug"
    assert revisions.write_files(row, folder) == len(row.source)
    for name in row.source:
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes(), name
    with pytest.raises(RefusedError, match="is not empty"):
        revisions.write_files(row, folder)
