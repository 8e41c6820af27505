"""The part of a step's form that says when it goes to some alone: `only_if` or `skip_if`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from service.domain.conditions import MONTHS, Condition
from service.domain.step_words import Both
from service.flows.content_yaml import Data

Fields = Mapping[str, Sequence[str]]
PARTS = ("keep", "answer", "sent", "confirmed", "replied", "at_least", "at_most", "month")
YES_NO = ("", "true", "false")
CHOOSE: Both = "Kies uit de lijst.", "Choose from the list."
_MOST_DAYS = 3660
_DAYS: Both = "Vul een aantal dagen in, van 0 tot en met 3660.", "Fill in a number of days, from 0 to 3660."
_NO_STRETCH: Both = "Dit is minder dan het eerste getal.", "This is less than the first number."


def fields_of(kind: str, raw: Data) -> dict[str, list[str]]:
    """The fields as they show a condition; one that cannot be read is kept as it is."""
    if raw is None:
        return {}
    try:
        condition = Condition.model_validate(raw)
    except ValidationError:
        return {f"{kind}_keep": ["1"]}
    days = condition.days_since_opt_in
    found: dict[str, list[str]] = {
        "answer": [f"{name}={value}" for name, values in condition.answer.items() for value in values],
        "sent": list(condition.sent),
        "confirmed": [_yes_no(condition.confirmed)],
        "replied": [_yes_no(condition.replied)],
        "at_least": [str(days.at_least) if days and days.at_least is not None else ""],
        "at_most": [str(days.at_most) if days and days.at_most is not None else ""],
        "month": [*condition.month],
    }
    return {f"{kind}_{name}": values for name, values in found.items()}


def read(fields: Fields, kind: str, wrong: dict[str, Both]) -> dict[str, Data]:
    """The condition that the fields say, empty for none. What is wrong is added by field."""
    condition: dict[str, Data] = {}
    if answers := _answers(fields.get(f"{kind}_answer", ())):
        condition["answer"] = answers
    if sent := [each for each in fields.get(f"{kind}_sent", ()) if each]:
        condition["sent"] = [*sent]
    for fact in ("confirmed", "replied"):
        said = _one(fields, f"{kind}_{fact}")
        if said not in YES_NO:
            wrong[f"{kind}_{fact}"] = CHOOSE
        elif said:
            condition[fact] = said == "true"
    if days := _days(fields, kind, wrong):
        condition["days_since_opt_in"] = {**days}
    months = [each for each in fields.get(f"{kind}_month", ()) if each]
    if any(each not in MONTHS for each in months):
        wrong[f"{kind}_month"] = CHOOSE
    if months:
        condition["month"] = [*months]
    return condition


def means_the_same(one: Data, other: Data) -> bool:
    """Whether two conditions ask the same, whatever the order of what they list."""
    return _sorted(one) == _sorted(other)


def _answers(chosen: Sequence[str]) -> dict[str, Data]:
    pairs = [each.partition("=") for each in chosen if "=" in each]
    return {name: [value for other, _, value in pairs if other == name] for name, _, _ in pairs}


def _days(fields: Fields, kind: str, wrong: dict[str, Both]) -> dict[str, int]:
    days: dict[str, int] = {}
    for end in ("at_least", "at_most"):
        number = _one(fields, f"{kind}_{end}")
        if number and not (number.isascii() and number.isdigit() and len(number) < 5 and int(number) <= _MOST_DAYS):
            wrong[f"{kind}_{end}"] = _DAYS
        elif number:
            days[end] = int(number)
    if len(days) == 2 and days["at_least"] > days["at_most"]:
        wrong[f"{kind}_at_most"] = _NO_STRETCH
    return days


def _sorted(value: Data) -> object:
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    return sorted(map(repr, value)) if isinstance(value, list) else value


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "true" if value else "false"


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "").strip()
