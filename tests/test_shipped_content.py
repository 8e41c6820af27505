"""The content that ships: both sequences keep the days of the content brief, and each mail keeps its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.domain.calendar import Calendar
from service.domain.enrolment import Enrolment, Facts, Finish, Send, Skip, State, Wait, after_step, decide
from service.flows.content import read_content
from service.mail.compile import compile_mail
from service.mail.compiled import CompiledMail
from service.mail.compose import MailValues, render

ROOT = Path(__file__).resolve().parent.parent
CONTENT = read_content(ROOT)
SEQUENCES = ("lage-rug", "uitstraling-been")
WEDNESDAY = datetime(2026, 6, 3, 8, 0, tzinfo=UTC)
SUBJECTS = {
    0: "Je gratis advies: begin vandaag",
    2: "Hoe ging de eerste stap?",
    5: "Een check van twee minuten",
    8: "Niets te zien, toch last?",
    12: "Wat sterker mag, wat losser mag",
    16: "Zitten, staan, tillen",
    20: "Zullen we samen kijken?",
    27: "Ons laatste bericht",
}
EARLIER = "eerdere-uitnodiging"


def _compiled(name: str) -> CompiledMail:
    mail, problems = compile_mail(name, CONTENT.templates)
    assert mail is not None, problems
    return mail


def _words(name: str, **answers: str) -> int:
    """Words of the text part without safety block, footer and web addresses."""
    assert CONTENT.practice is not None
    base = "https://praktijk.example"
    values = MailValues(
        practice=CONTENT.practice.model_dump(mode="json"),
        first_name="Anna",
        answers=answers,
        confirm_url=f"{base}/c/x",
        booking_url=f"{base}/b/x",
        unsubscribe_url=f"{base}/u/x",
        preferences_url=f"{base}/p/x",
        answer_url_base=f"{base}/a/x",
    )
    body = render(_compiled(name), values).text.rpartition("-" * 60)[0]
    body = re.sub(r"={60}\n.*?={60}\n", "", body, flags=re.DOTALL)
    return len(re.findall(r"\w[\w’'-]*", re.sub(r"https://\S+", "", body)))


def _mails_of(sequence: str) -> list[str]:
    return [step.template or "" for step in CONTENT.sequences[sequence].steps]


LEAD_MAILS = sorted({name for sequence in SEQUENCES for name in _mails_of(sequence)})
FOLLOW_UPS = [name for name in LEAD_MAILS if not name.startswith("advies-")]
ALL_MAILS = sorted(
    name[:-3] for name in CONTENT.templates if name.endswith(".md") and name[0] != "_" and "/" not in name
)


def _run(name: str, start: datetime, **answers: str) -> Iterator[tuple[int, str]]:
    """The local day number and the template of each follow-up, for a lead who confirms at once."""
    assert CONTENT.practice is not None
    calendar, sequence = Calendar.of(CONTENT.practice), CONTENT.sequences[name]
    enrolment = Enrolment(
        state=State.ACTIVE,
        anchor=start,
        split_id="split",
        next_step=sequence.steps[1].key,
        opted_in_at=start,
        confirmed_at=start,
        answers=answers,
    )
    now = start
    for _ in range(60):
        decision = decide(enrolment, sequence, Facts(calendar=calendar, may_follow_up=True), now)
        if isinstance(decision, Finish):
            return
        if isinstance(decision, Wait) and decision.until:
            now = decision.until
            continue
        assert isinstance(decision, Send | Skip), decision
        if isinstance(decision, Send):
            yield (calendar.local(decision.planned_at).date() - calendar.local(start).date()).days, decision.template
        enrolment = replace(
            enrolment,
            anchor=decision.planned_at,
            next_step=after_step(enrolment, sequence, decision.step),
            outcomes={**enrolment.outcomes, decision.step: "accepted" if isinstance(decision, Send) else "skipped"},
        )
    pytest.fail("the sequence does not end")


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_mails_come_on_the_days_of_the_brief_with_its_subjects(name: str) -> None:
    advice = CONTENT.sequences[name].steps[0].template
    mails = {0: advice, **dict(_run(name, WEDNESDAY))}
    assert {day: _compiled(template or "").subject for day, template in mails.items()} == SUBJECTS


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_answer_same_brings_an_earlier_invitation_in_place_of_the_one_on_day_20(name: str) -> None:
    days = dict(_run(name, WEDNESDAY, helped="same"))
    assert days[9] == EARLIER
    assert 20 not in days
    assert sorted(days) == [2, 5, 8, 9, 12, 16, 27]


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("later", range(7))
def test_the_earlier_invitation_moves_no_other_mail_whatever_the_weekday(name: str, later: int) -> None:
    start = WEDNESDAY + timedelta(days=later)
    usual = {template: day for day, template in _run(name, start)}
    with_earlier = {template: day for day, template in _run(name, start, helped="same")}
    assert with_earlier.pop(EARLIER) < usual.pop("uitnodiging")
    assert with_earlier == usual


@pytest.mark.parametrize("name", ALL_MAILS)
def test_each_mail_compiles_and_only_approvals_are_missing(name: str) -> None:
    mail, problems = compile_mail(name, CONTENT.templates)
    assert mail is not None, problems
    assert [problem for problem in problems if problem.id != "mail.approval"] == []


@pytest.mark.parametrize("name", LEAD_MAILS)
def test_each_mail_of_a_sequence_carries_the_pain_check_link_with_its_facts_beside_it(name: str) -> None:
    mail = _compiled(name)
    for part in (mail.html, mail.text):
        assert "booking_url" in part
        for fact in ("price", "duration", "location", "reimbursement", "bring", "cancellation"):
            assert f"practice.pain_check.{fact}" in part


@pytest.mark.parametrize("name", FOLLOW_UPS)
@pytest.mark.parametrize("posture", ["hollow", "flat", "unknown"])
@pytest.mark.parametrize("helped", ["better", "same", "worse", "unknown"])
def test_a_follow_up_has_120_to_250_words_the_safety_block_not_counted(name: str, posture: str, helped: str) -> None:
    assert 120 <= _words(name, posture=posture, helped=helped) <= 250


@pytest.mark.parametrize("name", [name for name in LEAD_MAILS if "uitstraling-been" in name])
def test_leg_radiation_gets_no_exercise_but_the_first_step_and_short_walks(name: str) -> None:
    exercises = {part.name for part in _compiled(name).contains if part.kind == "exercise"}
    assert exercises <= {"_oefening-eerste-stap.md", "_oefening-wandelen.md"}
