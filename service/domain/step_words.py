"""A step's wait and conditions as people say them, in Dutch and in English."""

from __future__ import annotations

from collections.abc import Mapping

from service.domain import skips
from service.domain.conditions import Condition, told
from service.domain.sequence import Sequence, Step, Window
from service.domain.waits import Unit, Wait
from service.domain.wording import dutch_wait, joined

Both = tuple[str, str]
"""The same in Dutch and in English."""

_WORKING_WEEK = ("mon", "tue", "wed", "thu", "fri")
_DUTCH_DAYS = {"mon": "ma", "tue": "di", "wed": "wo", "thu": "do", "fri": "vr", "sat": "za", "sun": "zo"}
_ENGLISH_DAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}
_IN_DAYS: dict[Unit, float] = {"hours": 1 / 24, "days": 1, "working_days": 7 / 5}


def wait_told(wait: Wait | None, *, is_first: bool, confirmation: str) -> Both:
    """From when a step waits, and how long. `is_first`: of the follow-ups."""
    if wait is None:
        return "Meteen na de aanvraag, op elk moment", "At once after the opt-in, at any moment"
    if not is_first:
        since = "na de vorige mail", "after the mail before"
    elif confirmation == "double":
        since = "na de druk op de knop in het advies", "after the press on the button in the advice"
    else:
        since = "na de aanvraag", "after the opt-in"
    return f"{dutch_wait(wait)} {since[0]}", f"{wait} {since[1]}"


def window_told(window: Window, step: Step | None = None) -> Both:
    """On which days and at what hours follow-ups leave, or this one with a time of its own."""
    if tuple(day for day in _DUTCH_DAYS if day in window.days) == _WORKING_WEEK and window.skip_holidays:
        days = "op een werkdag", "on a working day"
    else:
        besides = ("", "") if window.skip_holidays else (", ook op feestdagen", ", also on holidays")
        days = (
            f"op {joined([_DUTCH_DAYS[day] for day in window.days], last='of')}{besides[0]}",
            f"on {joined([_ENGLISH_DAYS[day] for day in window.days], last='or')}{besides[1]}",
        )
    if step is not None and step.at is not None:
        return f"{days[0]} om {step.at:%H:%M}", f"{days[1]} at {step.at:%H:%M}"
    hours = f"{window.opens:%H:%M}", f"{window.closes:%H:%M}"
    return f"{days[0]} tussen {hours[0]} en {hours[1]}", f"{days[1]} between {hours[0]} and {hours[1]}"


def conditions_told(step: Step, answers: Mapping[str, str], mails: Mapping[str, str]) -> list[Both]:
    """When it goes to some alone, a sentence for each.

    `answers` says what a question ("leg") and an answer to it ("leg=yes") are called, `mails` what an earlier step is.
    """
    found: list[Both] = []
    if step.only_if is not None:
        dutch, english = told(_named(step.only_if, answers, mails))
        found.append((f"Alleen als {dutch}", f"Only if {english}"))
    if step.skip_if is not None:
        dutch, english = told(_named(step.skip_if, answers, mails))
        found.append((f"Niet als {dutch}", f"Not if {english}"))
    return found


def skip_told(step: Step, why: str, answers: Mapping[str, str], mails: Mapping[str, str]) -> Both | None:
    """Why a step was passed over, named as in `conditions_told`; None where no condition of it was the reason.

    `why` is the reason as it is kept, in Dutch, with the names of the file.
    """
    for reason, condition in ((skips.only_if, step.only_if), (skips.skip_if, step.skip_if)):
        if condition is not None and reason(condition).dutch == why:
            again = reason(_named(condition, answers, mails))
            return again.dutch, again.english
    return None


def late_told(step: Step) -> Both:
    """When it is not worth sending any more; "" where it always is."""
    if step.max_late is None:
        return "", ""
    late = dutch_wait(step.max_late), str(step.max_late)
    return f"Vervalt als hij meer dan {late[0]} te laat zou zijn.", f"Lapses if it would be more than {late[1]} late."


def _named(condition: Condition, answers: Mapping[str, str], mails: Mapping[str, str]) -> Condition:
    named = {
        f"“{answers.get(name, name)}”": tuple(answers.get(f"{name}={value}", value) for value in values)
        for name, values in condition.answer.items()
    }
    sent = tuple(f"“{mails.get(key, key)}”" for key in condition.sent)
    return condition.model_copy(update={"answer": named, "sent": sent})


def days_in(sequence: Sequence) -> list[float]:
    """About how many days after the opt-in each step leaves, for a picture."""
    found, so_far = [], 0.0
    for step in sequence.steps:
        so_far += step.wait.amount * _IN_DAYS[step.wait.unit] if step.wait else 0
        found.append(so_far)
    return found
