"""When a step leaves and for whom, as staff read it."""

from __future__ import annotations

from typing import Any

from service.domain.sequence import Sequence, Step, Window
from service.domain.step_words import conditions_told, days_in, late_told, skip_told, wait_told, window_told

OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:30", "to": "19:00"}


def step(**given: Any) -> Step:
    return Step.model_validate({"key": "a", "template": "x"} | given)


def test_a_wait_says_what_it_counts_from() -> None:
    waits = step(wait="2 days").wait
    assert wait_told(None, is_first=False, confirmation="double")[0] == "Meteen na de aanvraag, op elk moment"
    assert wait_told(waits, is_first=False, confirmation="double")[0] == "2 dagen na de vorige mail"
    assert wait_told(waits, is_first=True, confirmation="double")[0] == "2 dagen na de druk op de knop in het advies"
    assert wait_told(waits, is_first=True, confirmation="single") == (
        "2 dagen na de aanvraag",
        "2 days after the opt-in",
    )
    one = step(wait="1 working day").wait
    assert wait_told(one, is_first=False, confirmation="double") == (
        "1 werkdag na de vorige mail",
        "1 working day after the mail before",
    )


def test_a_window_is_said_in_days_and_hours() -> None:
    assert window_told(Window.model_validate(OFFICE))[0] == "op een werkdag tussen 08:30 en 19:00"
    assert window_told(Window.model_validate(OFFICE), step(at="09:00"))[0] == "op een werkdag om 09:00"
    some = Window.model_validate(OFFICE | {"days": ["mon", "sat"], "skip_holidays": False})
    assert window_told(some) == (
        "op ma of za, ook op feestdagen tussen 08:30 en 19:00",
        "on Mon or Sat, also on holidays between 08:30 and 19:00",
    )


def test_conditions_name_questions_answers_and_mails_as_people_know_them() -> None:
    asked = step(only_if={"answer": {"leg": ["yes", "odd"]}}, skip_if={"sent": ["b", "c"]})
    named = {"leg": "Straalt het uit?", "leg=yes": "Ja"}
    assert [dutch for dutch, _ in conditions_told(asked, named, {"b": "Hoe ging het?"})] == [
        "Alleen als het antwoord op “Straalt het uit?” is: Ja of odd",
        "Niet als verstuurd is: “Hoe ging het?” of “c”",
    ]
    assert conditions_told(step(), {}, {}) == []
    assert late_told(step(max_late="4 days"))[0] == "Vervalt als hij meer dan 4 dagen te laat zou zijn."
    assert late_told(step()) == ("", "")


def test_the_picture_of_a_sequence_counts_hours_and_working_days_as_parts_of_a_week() -> None:
    steps = [
        {"key": "advies", "template": "x", "purpose": "advice"},
        {"key": "b", "template": "x", "wait": "12 hours"},
        {"key": "c", "template": "x", "wait": "5 working days"},
        {"key": "d", "template": "x", "wait": "1 day"},
    ]
    sequence = Sequence.model_validate({"name": "a", "title": "A", "topic": "a", "window": OFFICE, "steps": steps})
    assert days_in(sequence) == [0, 0.5, 7.5, 8.5]


def test_a_step_that_was_passed_over_says_why_in_the_names_that_staff_know() -> None:
    named = {"leg": "Trekt het naar je been?", "leg=yes": "ja"}
    found = step(wait="1 day", only_if={"answer": {"leg": ["yes"]}}, skip_if={"sent": ["b"]})
    assert skip_told(found, "alleen als het antwoord op leg is: yes", named, {}) == (
        "alleen als het antwoord op “Trekt het naar je been?” is: ja",
        "only if the answer to “Trekt het naar je been?” is: ja",
    )
    assert skip_told(found, "niet als verstuurd is: b", {}, {"b": "Hoi"}) == (
        "niet als verstuurd is: “Hoi”",
        "not if sent was: “Hoi”",
    )
    assert skip_told(found, "meer dan 4 dagen te laat", named, {}) is None
    assert skip_told(step(wait="1 day"), "alleen als het antwoord op leg is: yes", named, {}) is None
