"""As whom a mail is looked at: made-up leads, by the answers that the forms and the buttons in mails can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.domain.conditions import UNKNOWN
from service.domain.forms import BUTTON_ANSWERS
from service.errors import InvalidInputError
from service.flows.drafts import Draft

NAMES: Mapping[str, str | None] = MappingProxyType({"lead": "Anna", "long": "Wilhelmina-Alexandra", "nameless": None})
"""Who reads, and the first name they gave."""

PREFIX = "answer_"
"""Before the name of an answer in a form."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of a form. `options` are value and words of each answer; `label` is "" for the buttons in mails."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads a mail. `answers` holds what they answered, and nothing for what they left open."""

    first_name: str | None
    answers: Mapping[str, str]


def asked(draft: Draft) -> tuple[Asked, ...]:
    """Every question there is, each name once, those of the forms first."""
    found: dict[str, Asked] = {}
    for form in draft.content.forms.forms.values() if draft.content.forms else ():
        for each in form.questions:
            options = tuple((option.value, option.label) for option in each.options)
            found.setdefault(each.name, Asked(name=each.name, label=each.label, options=options))
    for name, values in BUTTON_ANSWERS.items():
        options = tuple((value, value) for value in sorted(values))
        found.setdefault(name, Asked(name=name, label="", options=options))
    return tuple(found.values())


def reader(draft: Draft, who: str, answers: Mapping[str, str]) -> Reader:
    """The reader that somebody chose. InvalidInputError for one, or for an answer, that cannot be."""
    if who not in NAMES:
        raise InvalidInputError("there is no such reader", "Die lezer is er niet.")
    given = {}
    for each in asked(draft):
        value = answers.get(each.name) or UNKNOWN
        if value == UNKNOWN:
            continue
        if value not in {known for known, _ in each.options}:
            raise InvalidInputError("that is no answer to this question", "Dat antwoord hoort niet bij deze vraag.")
        given[each.name] = value
    return Reader(first_name=NAMES[who], answers=given)
