"""When a step goes out, and when it does not: what `only_if` and `skip_if` may ask, and whether it is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from service.domain.reading import Value, WrongValueError, in_dutch
from service.domain.wording import DUTCH_MONTHS, ENGLISH_MONTHS, joined

Month = Literal["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
MONTHS: tuple[Month, ...] = get_args(Month)
UNKNOWN = "unknown"
"""The value of every answer that was never given."""
_LONGEST_DAYS = 3660
_DAYS_FIELD = Field(
    ge=0,
    le=_LONGEST_DAYS,
    description="a number of days, such as 10",
    json_schema_extra=in_dutch("een aantal dagen, zoals 10"),
)


class DayCount(Value):
    """A number of whole local days, from `at_least` up to and including `at_most`; one of the two may be left out."""

    at_least: Annotated[int | None, _DAYS_FIELD] = None
    at_most: Annotated[int | None, _DAYS_FIELD] = None

    @model_validator(mode="after")
    def _is_a_stretch(self) -> DayCount:
        if self.at_least is None and self.at_most is None:
            raise WrongValueError("it names no days", "er staan geen dagen")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise WrongValueError(
                f"no day is at least {self.at_least} and at most {self.at_most}",
                f"geen dag is minstens {self.at_least} en hoogstens {self.at_most}",
            )
        return self

    def holds(self, days: int) -> bool:
        """Whether this many days lie in the stretch."""
        return (self.at_least is None or days >= self.at_least) and (self.at_most is None or days <= self.at_most)


class Condition(Value):
    """What must be so for a step; all that is written must hold together.

    `answer`: each named answer is one of the values; an answer never given is "unknown". `sent`: at least one of these
    steps went out. `confirmed`: the button in the advice was pressed. `replied`: the lead answered a mail of this run
    in her own words. `days_since_opt_in` and `month` are those of the step's planned day, on the practice's calendar.
    """

    answer: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="an answer with its values, such as `{helped: [same]}`",
        json_schema_extra=in_dutch("een antwoord met de waarden, zoals `{helped: [same]}`"),
    )
    sent: tuple[str, ...] = Field(
        default=(),
        description="keys of earlier steps, such as `[hoe-ging-het]`",
        json_schema_extra=in_dutch("de `key` van eerdere stappen, zoals `[hoe-ging-het]`"),
    )
    confirmed: bool | None = Field(
        default=None, strict=True, description="true or false", json_schema_extra=in_dutch("true of false")
    )
    replied: bool | None = Field(
        default=None, strict=True, description="true or false", json_schema_extra=in_dutch("true of false")
    )
    days_since_opt_in: DayCount | None = Field(
        default=None,
        description="days, such as `{at_least: 10, at_most: 30}`",
        json_schema_extra=in_dutch("dagen, zoals `{at_least: 10, at_most: 30}`"),
    )
    month: tuple[Month, ...] = Field(
        default=(),
        description=f"months out of {', '.join(MONTHS)}, such as `[dec, jan]`",
        json_schema_extra=in_dutch(f"maanden uit {', '.join(MONTHS)}, zoals `[dec, jan]`"),
    )

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        asked = (self.answer, self.sent, self.month, self.days_since_opt_in)
        if not any(asked) and self.confirmed is None and self.replied is None:
            raise WrongValueError("the condition is empty", "de voorwaarde is leeg")
        return self


@dataclass(frozen=True, kw_only=True)
class Known:
    """What conditions look at for one lead and one step.

    `gone_out` are the keys of the steps that went out, or perhaps; `day` is the step's planned local day.
    """

    day: date
    opted_in_on: date
    answers: Mapping[str, str] = field(default_factory=dict)
    gone_out: frozenset[str] = frozenset()
    confirmed: bool = False
    replied: bool = False


def holds(condition: Condition, known: Known) -> bool:
    """Whether all that the condition asks is so."""
    days = condition.days_since_opt_in
    return (
        all(known.answers.get(name, UNKNOWN) in values for name, values in condition.answer.items())
        and (not condition.sent or not known.gone_out.isdisjoint(condition.sent))
        and condition.confirmed in {None, known.confirmed}
        and condition.replied in {None, known.replied}
        and (days is None or days.holds((known.day - known.opted_in_on).days))
        and (not condition.month or MONTHS[known.day.month - 1] in condition.month)
    )


def told(condition: Condition) -> tuple[str, str]:
    """The condition as the end of a sentence, in Dutch and in English."""
    dutch = [f"het antwoord op {name} is: {' of '.join(values)}" for name, values in condition.answer.items()]
    english = [f"the answer to {name} is: {' or '.join(values)}" for name, values in condition.answer.items()]
    if condition.sent:
        dutch.append(f"verstuurd is: {' of '.join(condition.sent)}")
        english.append(f"sent was: {' or '.join(condition.sent)}")
    for name, value in (("confirmed", condition.confirmed), ("replied", condition.replied)):
        if value is not None:
            dutch.append(_DUTCH_FACTS[name, value])
            english.append(_ENGLISH_FACTS[name, value])
    if condition.days_since_opt_in:
        days = condition.days_since_opt_in
        dutch.append(f"de aanvraag {_stretch(days, 'minstens', 'hoogstens', 'en')} dagen geleden is")
        english.append(f"the opt-in is {_stretch(days, 'at least', 'at most', 'and')} days ago")
    if condition.month:
        numbers = [MONTHS.index(month) for month in condition.month]
        dutch.append(f"het {joined([DUTCH_MONTHS[number] for number in numbers], last='of')} is")
        english.append(f"it is {joined([ENGLISH_MONTHS[number] for number in numbers], last='or')}")
    return " en ".join(dutch), " and ".join(english)


_DUTCH_FACTS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("confirmed", True): "er op de knop in het advies is gedrukt",
        ("confirmed", False): "er niet op de knop in het advies is gedrukt",
        ("replied", True): "er een antwoord per mail kwam",
        ("replied", False): "er geen antwoord per mail kwam",
    }
)
_ENGLISH_FACTS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("confirmed", True): "the button in the advice was pressed",
        ("confirmed", False): "the button in the advice was not pressed",
        ("replied", True): "a reply came by mail",
        ("replied", False): "no reply came by mail",
    }
)


def _stretch(days: DayCount, least: str, most: str, last: str) -> str:
    ends = [f"{least} {days.at_least}"] if days.at_least is not None else []
    ends += [f"{most} {days.at_most}"] if days.at_most is not None else []
    return joined(ends, last=last)
