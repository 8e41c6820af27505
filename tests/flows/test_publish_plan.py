"""What the plan says before publishing is what then really leaves: told, published, and lived on, clock in hand."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from service.flows import plan_text, publish_plan, ticks, under_way
from service.flows.drafts import Draft
from service.flows.fates import Fates, fates
from service.flows.plan_shown import Choice, Plan, SequencePlan
from service.flows.under_way import Run
from service.store import enrolments
from service.store.tables import Message
from tests.support import acts, crowd
from tests.support.drafts import Document, publish, with_practice, with_sequence, with_steps
from tests.support.house import START, House, open_house, shipped

Said = dict[str, datetime]


@pytest.fixture(scope="module")
def standing(template_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The cast, to be looked at alone: a plan changes nothing."""
    folder = tmp_path_factory.mktemp("standing")
    shutil.copy(template_file("migrated"), folder / "nurture.db")
    with open_house(f"sqlite:///{folder / 'nurture.db'}", folder) as house:
        cast(house)
        yield house


def told(house: House, draft: Draft) -> Plan:
    """The plan for a draft, as of the house's clock; it must leave every row as it was."""
    before = house.rows()
    with house.services.database.reading() as session:
        found = publish_plan.plan(session, house.services, draft, house.clock.now())
    assert house.rows() == before, "a plan changes nothing"
    return found


def of(plan: Plan, name: str = "lage-rug") -> SequencePlan:
    """What a plan says of one sequence."""
    return next(each for each in plan.sequences if each.name == name)


def cast(house: House) -> None:
    """Seven leads who all stand otherwise, on Thursday 19 March at 10:00 in Amsterdam."""
    acts.confirmed(house)
    acts.confirmed(house, "daan@example.org")
    acts.confirmed(house, "worse@example.org")
    house.live_through(days=3)
    acts.answer(house, "same", "daan@example.org")
    acts.answer(house, "worse", "worse@example.org")
    acts.confirmed(house, "esra@example.org", topic="uitstraling-been")
    house.live_through(days=1)
    acts.confirmed(house, "esra@example.org")  # under way in both
    house.live_through(days=3)
    acts.confirmed(house, "gijs@example.org", answers={"posture": "hollow"})
    house.opt_in("bram@example.org")  # never presses the button
    house.live_through(days=2, hours=23)
    acts.confirmed(house, "carla@example.org")
    acts.withdraw(house, "carla@example.org")
    house.live_through(hours=1)


def left(house: House, plan: Plan) -> dict[int, Said]:
    """enrolment -> step -> the minute it really left, of what was made since the plan in its sequences."""
    since, names = plan.at, {each.name for each in plan.sequences}
    found: dict[int, Said] = {}
    with house.services.database.reading() as session:
        rows = session.exec(select(Message).where(Message.kind == "follow_up", col(Message.created_at) >= since)).all()
    for row in rows:
        if row.sequence in names and row.enrolment_id and row.step and row.state == "accepted" and row.settled_at:
            mine = found.setdefault(row.enrolment_id, {})
            assert row.step not in mine
            mine[row.step] = minute(row.settled_at)
    return found


def said(plan: Plan, *, move: bool) -> dict[int, Said]:
    """enrolment -> step -> the minute the plan gives, for one choice."""
    found = {}
    for each in plan.sequences:
        for lead in each.leads:
            fates = lead.move if move and lead.move is not None else lead.stay
            told = {fate.step: minute(fate.after) for fate in fates if fate.after is not None}
            if told:
                found[lead.enrolment] = told
    return found


def minute(moment: datetime) -> datetime:
    """Without its seconds."""
    return moment.replace(second=0, microsecond=0)


def edited(document: Document) -> None:
    """One step gone, two in another order, one with another wait, one new, and one with other words."""
    steps = [step for step in document["steps"] if step["key"] != "niets-te-zien"]
    steps[-3], steps[-2] = steps[-2], steps[-3]
    steps[2]["wait"] = "5 days"
    document["steps"] = [*steps, {"key": "extra", "template": "hoe-ging-het", "wait": "3 days"}]


def narrower(document: Document) -> None:
    """All that, on fewer days and other hours, and a step that only some get."""
    edited(document)
    document["window"] |= {"days": ["tue", "thu"], "from": "13:00", "to": "17:00"}
    document["steps"][4]["only_if"] = {"answer": {"helped": ["same"]}}


CLOSED = ["2026-03-27", {"from": "2026-04-01", "to": "2026-04-08"}]


# Told, and lived


@pytest.mark.parametrize("move", [True, False], ids=["move", "stay"])
def test_what_leaves_after_publishing_is_what_the_plan_said_for_either_choice(house: House, move: bool) -> None:
    cast(house)
    draft = with_practice(with_sequence(narrower if move else edited), closed=CLOSED)
    plan = told(house, draft)
    here = of(plan)
    assert (here.under_way, here.waiting, len(here.leads)) == (6, 1, 5)
    assert [each.name for each in plan.sequences if each.leads] == ["lage-rug", "uitstraling-been"]
    publish(house, draft, move_leads=move)
    house.live_through(days=75)
    assert left(house, plan) == said(plan, move=move)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Callable[[Document], None], list[str], bool]:
    """Any order of any of the steps, any waits, closed days, and a choice."""
    keys = ["hoe-ging-het", "check", "niets-te-zien", "sterker-losser", "zitten-staan-tillen", "nieuw"]
    kept = draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    waits = {key: draw(st.sampled_from(["1 day", "2 days", "3 working days", "30 hours", "5 days"])) for key in kept}
    times = {key: draw(st.sampled_from([None, "09:00", "16:45"])) for key in kept}

    def change(document: Document) -> None:
        mails = {step["key"]: step["template"] for step in document["steps"]}
        steps = [
            {"key": key, "template": mails.get(key, "uitnodiging"), "wait": waits[key], "at": times[key]}
            for key in kept
        ]
        document["steps"] = [document["steps"][0], *steps]

    closed = draw(st.lists(st.integers(19, 31), max_size=4, unique=True))
    return change, [f"2026-03-{day}" for day in closed], draw(st.booleans())


@pytest.fixture
def migrated(template_file: Callable[[str], Path]) -> Path:
    """A SQLite file to copy, without rows."""
    return template_file("migrated")


@settings(max_examples=3, suppress_health_check=list(HealthCheck), derandomize=True)
@given(edit=edits())
def test_any_edit_is_told_to_the_minute(
    migrated: Path, edit: tuple[Callable[[Document], None], list[str], bool]
) -> None:
    change, closed, move = edit
    draft = with_practice(with_sequence(change), closed=closed)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(migrated, f"{folder}/nurture.db")
        with open_house(f"sqlite:///{folder}/nurture.db", Path(folder)) as house:
            cast(house)
            plan = told(house, draft)
            publish(house, draft, move_leads=move)
            house.live_through(days=75)
            # Who is under way in both may be told a day or two apart where both want one day (decision 9).
            esra = house.lead("esra@example.org").id
            both = {each.enrolment for sequence in plan.sequences for each in sequence.leads if each.lead == esra}
            really, told_so = left(house, plan), said(plan, move=move)
            assert {key: really[key] for key in really.keys() - both} == {
                key: told_so[key] for key in told_so.keys() - both
            }
            assert really.keys() == told_so.keys()


# What it says


def test_the_plan_counts_who_gets_what_when_and_who_does_not_in_both_languages(standing: House) -> None:
    plan = told(standing, with_sequence(edited))
    dutch, english = (list(plan_text.lines(plan, language)) for language in ("nl", "en"))
    assert dutch[:6] == [
        "reeks lage-rug: veranderd",
        "  stap `check`: veranderd (wait: 3 days -> 5 days)",
        "  stap `uitnodiging`: andere plaats",
        "  stap `extra`: erbij (wait: 3 days; template: hoe-ging-het-bij-extra)",
        "  stap `niets-te-zien`: weg",
        "  6 onderweg; 1 van hen moet nog op de knop drukken.",
    ]
    assert "  Blijven ze op hun eigen versie: voor niemand verandert er iets." in dutch
    assert "  Gaan ze mee (--move-leads): 0 merken niets, 0 krijgen iets dubbel." in dutch
    assert "    `extra`: 5 leads extra" in english
    assert "    `niets-te-zien`: 3 leads no more (this step is no longer there)" in english
    assert "    1 lead: the new revision once they press the button" in english
    assert len(dutch) == len(english)
    move = of(plan).move
    assert move is not None
    assert move.twice == 0
    assert sum(count.leads for count in move.counts if count.step == "extra") == 5


def test_leads_who_opted_in_at_other_minutes_of_a_day_are_reckoned_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        house.opt_in(f"lead-{number}@example.org")
        house.clock.advance(minutes=1)
    house.send_due()
    for number in range(4):
        acts.confirm(house, f"lead-{number}@example.org")
    played: list[int] = []

    def counting(runs: list[Run], run: Run, *rest: Any) -> Fates:
        played.append(run.row.id)
        return fates(runs, run, *rest)

    monkeypatch.setattr(publish_plan, "fates", counting)
    assert of(told(house, with_sequence(edited))).under_way == 4
    assert len(played) == 1


def test_the_list_names_leads_by_number_and_holds_no_address(standing: House) -> None:
    plan = told(standing, with_practice(with_sequence(edited), closed=CLOSED))
    text = "\n".join(plan_text.lines(plan, "nl", by_lead=True))
    assert f"  lead {standing.lead().id}, gaat mee:" in text
    assert "zitten-staan-tillen: maandag 30 maart 08:30; was vrijdag 27 maart 08:30" in text
    as_json = json.dumps(plan_text.as_json(plan))
    assert "@" not in text + as_json
    row = json.loads(as_json)["sequences"][0]["leads"][0]
    assert datetime.fromisoformat(row["stay"][0]["after"]).utcoffset() == timedelta(hours=1)


def test_closed_days_alone_move_the_dates_of_everybody_under_way_and_back_again(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    shut = with_practice(closed=["2026-03-16", "2026-03-17"])
    (each,) = (found for found in told(house, shut).sequences if found.leads)
    assert each.move is None
    first = each.stay.counts[0]
    assert (first.step, first.what, first.days) == ("check", "later", 2)
    publish(house, shut)
    assert acts.enrolment(house).next_at == datetime(2026, 3, 18, 7, 30, tzinfo=UTC)
    back = told(house, shipped())
    assert of(back).stay.counts[0].what == "earlier"
    publish(house, shipped())
    assert acts.enrolment(house).next_at == datetime(2026, 3, 16, 7, 30, tzinfo=UTC)


def test_other_words_reach_who_moves_and_nobody_else(standing: House) -> None:
    new = reworded("zitten-staan-tillen")
    here = of(told(standing, new))
    assert here.steps[0].texts == ("zitten-staan-tillen",)
    assert here.stay.counts == ()
    assert here.move is not None
    assert {(each.what, each.reworded, each.leads) for each in here.move.counts} == {("same", True, 5)}


def reworded(template: str) -> Draft:
    """The shipped content with another subject for one mail of lage-rug."""
    draft = shipped()
    mail = draft.mails[template].model_copy(update={"subject": "Anders"})
    return with_sequence(lambda _document: None, replace(draft, mails={**draft.mails, template: mail}), as_written=True)


def test_a_step_that_is_gone_ends_the_run_of_who_had_all_others_and_the_plan_says_so(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=8)

    def change(document: Document) -> None:
        document["steps"] = document["steps"][:3]

    here = of(told(house, with_sequence(change)))
    assert here.move is not None
    assert here.move.ending == 1
    publish(house, with_sequence(change), move_leads=True)
    assert acts.enrolment(house).state == "finished"


def test_a_step_behind_the_last_one_reaches_whoever_moves_before_her_run_is_over(house: House) -> None:
    publish(house, with_steps())
    house.opt_in()
    house.send_due()
    publish(house, with_steps({"key": "hoe-ging-het", "wait": "1 day"}), move_leads=True)
    acts.confirm(house)
    house.clock.advance(days=1)
    ticks.plan(house.services)  # and its last mail is on its way
    more = with_steps({"key": "hoe-ging-het", "wait": "1 day"}, {"key": "erbij", "wait": "1 day"})
    publish(house, more, move_leads=True)
    house.live_through(days=2)
    assert {step: each.state for step, each in acts.follow_ups(house).items()} == {
        "hoe-ging-het": "accepted",
        "erbij": "accepted",
    }


def test_what_the_brake_holds_back_gets_no_row_by_publishing_so_that_words_may_be_mended_twice(house: House) -> None:
    acts.confirmed(house)
    acts.pull_the_brake(house)
    house.clock.advance(days=2)
    for title in ("Eerste poging", "Tweede poging"):
        publish(house, with_sequence(partial(dict.update, title=title)), move_leads=True)
        assert acts.follow_ups(house) == {}
    acts.release_the_brake(house)
    house.tick()
    (mail,) = acts.follow_ups(house).values()
    assert (mail.state, mail.revision_id) == ("accepted", acts.enrolment(house).sequence_revision_id)


def test_while_the_brake_is_on_the_plan_says_that_its_dates_wait_for_it(house: House) -> None:
    acts.confirmed(house)
    acts.pull_the_brake(house)
    assert list(plan_text.lines(told(house, with_sequence(edited)), "en"))[-1].startswith("Mind: follow-ups are held")


@pytest.mark.parametrize("at", [None, "15:00"])
def test_leads_who_stand_alike_are_told_the_very_same_as_each_by_herself(house: House, at: str | None) -> None:
    """Played once for many, with each one's own hour put in: the same as what is played for her alone."""

    def change(document: Document) -> None:
        edited(document)
        document["steps"][3]["at"] = at

    crowd.model(house)
    luck = random.Random(7)
    crowd.due_at(house, [START + timedelta(minutes=luck.randrange(30, 14 * 24 * 60)) for _ in range(60)])
    draft = with_practice(with_sequence(change), closed=CLOSED)
    plan = told(house, draft)
    assert len(of(plan).leads) == 61
    with house.services.database.reading() as session:
        assert current(session, house) == played(of(plan), "before")
    publish(house, draft, move_leads=True)
    with house.services.database.reading() as session:
        assert current(session, house) == played(of(plan), "after")


def played(plan: SequencePlan, when: Literal["before", "after"]) -> dict[int, Said]:
    """enrolment -> step -> the moment the plan gives, of those who move."""
    found = {}
    for lead in plan.leads:
        moments = {fate.step: getattr(fate, when) for fate in lead.move or ()}
        found[lead.enrolment] = {step: at for step, at in moments.items() if at is not None}
    return found


def current(session: Session, house: House) -> dict[int, Said]:
    """enrolment -> step -> the moment, each run of lage-rug played by itself as it stands now."""
    found = {}
    for enrolment_id, _ in enrolments.open_in(session, "lage-rug"):
        (row,) = enrolments.by_ids(session, [enrolment_id])
        coming = under_way.upcoming(session, house.services, row.lead_id, house.clock.now())[row.id]
        found[enrolment_id] = {each.step: each.at for each in coming if each.at is not None}
    return found


@pytest.mark.parametrize(
    ("count", "dutch", "english"),
    [
        (
            1,
            "1 onderweg; 1 mag geen mail krijgen; 1 mail staat al klaar en gaat weg zoals hij is.",
            "1 under way; 1 may get no mail; 1 mail is ready and leaves as it is.",
        ),
        (
            2,
            "2 onderweg; 2 mogen geen mail krijgen; 2 mails staan al klaar en gaan weg zoals ze zijn.",
            "2 under way; 2 may get no mail; 2 mails are ready and leave as they are.",
        ),
    ],
)
def test_one_lead_and_one_mail_are_told_in_the_singular(count: int, dutch: str, english: str) -> None:
    nothing = Choice(unchanged=0, ending=0, twice=0, counts=())
    told = SequencePlan(
        name="lage-rug",
        is_new=False,
        rules=(),
        steps=(),
        under_way=count,
        waiting=0,
        silent=count,
        outbox=count,
        stay=nothing,
        move=None,
        leads=(),
    )
    assert (plan_text.in_words(told, "nl"), plan_text.in_words(told, "en")) == (dutch, english)
