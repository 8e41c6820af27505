"""From files to immutable revisions: what is refused, what is written, and what it means for leads under way."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from service import bootstrap
from service.errors import NotFoundError, ProblemsError, RefusedError, UnavailableError
from service.flows import open_forms, publishing, ticks
from service.flows.drafts import Draft, read_draft
from service.store import enrolments, sequences
from service.store.tables import AuditEntry, Revision
from tests.support import acts
from tests.support.drafts import Document, publish, with_practice, with_sequence, with_steps
from tests.support.house import ROOT, House, open_house, shipped

NEW = {"key": "nieuw", "template": "uitnodiging", "wait": "1 day"}
PARTS = ["forms", "lage-rug", "practice", "service", "uitstraling-been"]


@pytest.fixture
def empty(migrated_database_url: str, tmp_path: Path) -> Any:
    """A house in which nothing is published yet."""
    with open_house(migrated_database_url, tmp_path, published=False) as built:
        yield built


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped files, to spoil."""
    content = tmp_path / "content"
    content.mkdir()
    for name in ("practice.yaml", "forms.yaml"):
        shutil.copy(ROOT / name, content / name)
    for name in ("sequences", "email_templates"):
        shutil.copytree(ROOT / name, content / name)
    return content


def revisions(house: House) -> list[dict[str, Any]]:
    """Every revision, as it is stored."""
    with house.services.database.reading() as session:
        return [each.model_dump() for each in session.exec(select(Revision).order_by("id"))]


def live_id(house: House, name: str = "lage-rug") -> int:
    """The id of the revision a new opt-in would get."""
    with house.services.database.reading() as session:
        return sequences.live_ids(session)["sequence", name]


# What is written


def test_the_first_publish_writes_every_part_and_the_next_writes_nothing(empty: House) -> None:
    with pytest.raises(UnavailableError):
        empty.opt_in()
    assert publish(empty, shipped()) == len(PARTS)
    assert sorted(each["name"] for each in revisions(empty)) == PARTS
    assert publish(empty, shipped()) == 0
    assert len(revisions(empty)) == len(PARTS)
    empty.opt_in()
    assert empty.send_due() == 1


def test_a_change_becomes_a_revision_of_that_part_alone_and_leaves_the_old_ones_as_they_were(house: House) -> None:
    before = revisions(house)
    assert publish(house, with_practice(phone="020 123 45 67")) == 1
    after = revisions(house)
    assert after[:-1] == before
    assert (after[-1]["kind"], after[-1]["published_by"]) == ("practice", "Frank")
    assert publish(house, shipped()) == 1, "going back is a revision too"
    assert revisions(house)[-1]["hash"] == next(each["hash"] for each in before if each["kind"] == "practice")


def test_the_files_are_kept_byte_for_byte(house: House) -> None:
    for revision in revisions(house):
        for name, text in revision["source"].items():
            assert (ROOT / name).read_bytes().decode() == text, name


def test_services_that_start_at_once_publish_once(empty: House) -> None:
    meet = threading.Barrier(3)

    def start() -> None:
        meet.wait(30)
        bootstrap.publish_first(empty.services)

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(start) for _ in range(3)]:
            each.result(60)
    assert sorted(each["name"] for each in revisions(empty)) == PARTS


def test_only_what_was_named_is_published(empty: House) -> None:
    with empty.services.database.transaction() as session:
        found = publishing.changes(session, shipped(), ["lage-rug"])
        assert [str(each) for each in found] == ["sequence lage-rug: new"]
        with pytest.raises(NotFoundError, match="there is nothing called lage-rgu"):
            publishing.changes(session, shipped(), ["lage-rgu"])


def test_the_plan_counts_the_leads_under_way(house: House) -> None:
    acts.confirmed(house)
    house.opt_in("bram@example.org")
    draft = with_steps({"key": "a", "wait": "1 day"})
    with house.services.database.reading() as session:
        (change,) = publishing.changes(session, draft)
    assert (change.part.name, change.is_new, change.under_way) == ("lage-rug", False, 2)


def test_each_publication_is_in_the_audit_log_with_who_and_over_what(empty: House) -> None:
    publish(empty, shipped(), by="Frank", override_by="Gerda")
    with empty.services.database.reading() as session:
        entries = session.exec(select(AuditEntry).order_by("id")).all()
    assert [each.details["name"] for each in entries] == [part.name for part in shipped().parts]
    assert {(each.actor, each.action, each.details["override_by"]) for each in entries} == {
        ("Frank", "published", "Gerda")
    }
    assert all(each.details["warnings"] for each in entries), "which warnings she answers for"


# What is refused


def test_errors_in_files_block_everything_and_all_are_told_with_file_and_line(empty: House, folder: Path) -> None:
    spoil(folder, "sequences/lage-rug.yaml", "wait: 2 days", "wait: twee dagen")
    spoil(folder, "practice.yaml", 'kvk: "00000000"', 'kvk: "123"')
    spoil(folder, "email_templates/hoe-ging-het.md", "\n---\n", "\n---\nBeste {{ voornaam }},\n\n")
    draft = read_draft(folder)
    with pytest.raises(ProblemsError) as caught:
        publish(empty, draft, override_by="Gerda")
    told = {(problem.file, problem.line is not None) for problem in caught.value.problems}
    assert {
        ("sequences/lage-rug.yaml", True),
        ("practice.yaml", True),
        ("email_templates/hoe-ging-het.md", True),
    } <= told
    assert revisions(empty) == []


def test_an_advice_without_the_safety_block_is_refused(house: House, folder: Path) -> None:
    advice = folder / "email_templates/advies-lage-rug.md"
    text = advice.read_text(encoding="utf-8")
    assert "_veiligheid.md" in text
    advice.write_text(text.replace('{% include "_veiligheid.md" %}', ""), encoding="utf-8")
    with pytest.raises(ProblemsError, match="safety block"):
        publish(house, read_draft(folder))


def test_production_refuses_a_made_up_practice_whoever_answers_for_it(empty: House) -> None:
    production = empty.with_changes(production=True)
    with pytest.raises(ProblemsError, match="made-up facts"):
        publish(production, shipped(), override_by="Gerda")
    assert revisions(empty) == []


def test_production_publishes_over_warnings_only_in_somebodys_name(empty: House) -> None:
    production = empty.with_changes(production=True)
    draft = with_practice(placeholder=False)
    assert draft.warnings, "the shipped texts await approval"
    with pytest.raises(RefusedError, match="--override-by"):
        publish(production, draft)
    assert revisions(empty) == []
    publish(production, draft, override_by="Gerda")
    assert len(revisions(empty)) == len(PARTS)


# Leads under way


def under_way(house: House) -> int:
    """Anna got the first two follow-ups. Returns her revision."""
    acts.confirmed(house)
    house.live_through(days=8)
    assert list(acts.follow_ups(house)) == ["hoe-ging-het", "check"]
    return acts.enrolment(house).sequence_revision_id


def steps(draft: Draft) -> list[str]:
    """The keys of lage-rug in a draft."""
    part = next(part for part in draft.parts if part.name == "lage-rug")
    return [step["key"] for step in part.document["steps"]]


def removed(*keys: str) -> Draft:
    """lage-rug without these steps."""

    def change(document: Document) -> None:
        document["steps"] = [step for step in document["steps"] if step["key"] not in keys]

    return with_sequence(change)


def test_leads_under_way_keep_their_revision_and_new_ones_get_the_new(house: House) -> None:
    old = under_way(house)
    publish(house, with_steps({"key": "heel-anders", "wait": "1 day"}))
    assert live_id(house) != old
    acts.confirmed(house, "bram@example.org")
    house.live_through(days=40)
    assert acts.enrolment(house).sequence_revision_id == old
    assert list(acts.follow_ups(house)) == steps(shipped())[1:]
    assert list(acts.follow_ups(house, "bram@example.org")) == ["heel-anders"]


def test_an_opt_in_before_the_change_gets_the_steps_of_its_own_revision(house: House) -> None:
    house.opt_in()
    publish(house, with_steps({"key": "heel-anders", "wait": "1 day"}))
    assert house.send_due() == 1
    acts.confirm(house)
    house.live_through(days=3)
    assert list(acts.follow_ups(house)) == ["hoe-ging-het"]


def test_leads_who_are_moved_get_no_step_twice_and_the_rest_of_the_new_ones(house: House) -> None:
    under_way(house)
    publish(
        house,
        with_steps(
            {"key": "check", "wait": "1 day"},
            {"key": "hoe-ging-het", "wait": "1 day"},
            {"key": "nieuw", "wait": "1 day"},
            {"key": "laatste", "wait": "1 day"},
        ),
        move_leads=True,
    )
    assert acts.enrolment(house).sequence_revision_id == live_id(house)
    house.live_through(days=20)
    assert list(acts.follow_ups(house)) == ["hoe-ging-het", "check", "nieuw", "laatste"]
    assert {message.attempts for message in acts.follow_ups(house).values()} == {1}
    assert acts.enrolment(house).end_reason == "all_steps_done"


@pytest.mark.parametrize("had", [None, 0, 1], ids=["not-pressed", "nothing-yet", "one"])
def test_a_new_step_reaches_whoever_moves_and_has_had_nothing_behind_it(house: House, had: int | None) -> None:
    house.opt_in()
    house.send_due()
    if had is not None:
        acts.confirm(house)
        house.live_through(days=3 * had)
    place = 1 + (had or 0)
    publish(house, with_sequence(lambda document: document["steps"].insert(place, dict(NEW))), move_leads=True)
    if had is None:
        acts.confirm(house)
    house.live_through(days=40)
    assert list(acts.follow_ups(house)) == [*steps(shipped())[1:place], "nieuw", *steps(shipped())[place:]]


@pytest.mark.parametrize("gone", [("niets-te-zien", "eerdere-uitnodiging"), ("hoe-ging-het", "check")])
def test_a_step_that_was_removed_strands_nobody(house: House, gone: tuple[str, ...]) -> None:
    under_way(house)
    publish(house, removed(*gone), move_leads=True)
    house.live_through(days=40)
    got = list(acts.follow_ups(house))
    assert got == [key for key in steps(shipped())[1:] if key not in gone or key in {"hoe-ging-het", "check"}]
    assert acts.enrolment(house).end_reason == "all_steps_done"


def test_removing_all_that_was_left_finishes_the_run(house: House) -> None:
    under_way(house)
    publish(house, removed(*steps(shipped())[3:]), move_leads=True)
    assert (acts.enrolment(house).state, acts.enrolment(house).end_reason) == ("finished", "all_steps_done")


def test_a_lead_who_waits_for_the_button_is_moved_too(house: House) -> None:
    house.opt_in()
    house.send_due()
    publish(house, with_steps({"key": "nieuw", "wait": "1 day"}), move_leads=True)
    assert acts.enrolment(house).sequence_revision_id == live_id(house)
    acts.confirm(house)
    house.live_through(days=3)
    assert list(acts.follow_ups(house)) == ["nieuw"]


def test_moving_ends_no_pause_and_moves_nobody_who_stopped(house: House) -> None:
    under_way(house)
    acts.answer(house, "worse")
    until = acts.enrolment(house).paused_until
    acts.confirmed(house, "carla@example.org")
    acts.withdraw(house, "carla@example.org")
    carlas = acts.enrolment(house, "carla@example.org").sequence_revision_id
    publish(house, with_steps({"key": "nieuw", "wait": "1 day"}), move_leads=True)
    assert acts.enrolment(house).paused_until == until
    assert acts.enrolment(house, "carla@example.org").sequence_revision_id == carlas
    house.live_through(days=12)
    assert list(acts.follow_ups(house)) == ["hoe-ging-het", "check"]


def test_a_mail_in_the_outbox_leaves_as_it_was_made(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    publish(house, with_steps({"key": "nieuw", "wait": "1 day"}), move_leads=True)
    publish(house, with_practice(phone="020 123 45 67"))
    assert house.send_due() == 1
    mail = house.mails(acts.ANNA)[-1]
    assert mail["Subject"] == "Hoe ging de eerste stap?"
    assert "020 123 45 67" not in str(mail.get_body(("plain",)))


def test_nobody_is_counted_as_under_way_twice(house: House) -> None:
    under_way(house)
    acts.booked(house)
    with house.services.database.reading() as session:
        assert enrolments.count_open(session, "lage-rug") == 0


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    """Put something else in a file."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {name}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def archive(document: Document) -> None:
    document["archived"] = True


def test_nothing_is_published_that_leaves_a_form_of_the_website_without_its_sequence(house: House) -> None:
    before = revisions(house)
    with pytest.raises(ProblemsError) as refused:
        publish(house, with_sequence(archive))
    assert {problem.id for problem in refused.value.problems} == {"form-left-alone"}
    assert revisions(house) == before
    house.opt_in()


def test_a_form_that_had_no_sequence_before_keeps_nothing_else_from_being_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(open_forms, "refuse_closing", lambda *_: None)
        publish(house, with_sequence(archive))
    assert publish(house, with_practice(with_sequence(archive), closed=["2026-03-11"])) == 1
