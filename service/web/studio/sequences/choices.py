"""What answers can be asked for: the questions of the forms in their own words, and the buttons in the mails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from service.domain.conditions import UNKNOWN
from service.domain.forms import BUTTON_ANSWERS, Forms
from service.domain.step_words import Both
from service.web.studio.doors import Visit
from service.web.studio.sequences.condition_fields import Fields
from service.web.studio.sequences.shown import say
from service.web.studio.sequences.views import AnswerGroup, Choice

_HELPED: Both = "Hoe ging het? (knoppen in de mail)", "How did it go? (buttons in the mail)"
_BUTTONS: dict[str, Both] = {
    "better": ("beter", "better"),
    "same": ("hetzelfde", "the same"),
    "worse": ("slechter", "worse"),
}
_NOT_GIVEN: Both = "niet beantwoord", "not answered"


def answer_groups(
    visit: Visit, forms: Forms | None, typed: Fields, fields: Sequence[str], *, buttons: bool = True
) -> tuple[AnswerGroup, ...]:
    """Each question with its answers. What is chosen already is there, though nothing asks for it any more."""
    known: dict[str, tuple[str, dict[str, str]]] = {}
    asked: set[str] = set()  # by a form, in Dutch: each question by its name, each answer as `leg=yes`
    if buttons:
        for name, values in BUTTON_ANSWERS.items():
            ordered = sorted(values, key=list(_BUTTONS).index)
            known[name] = say(visit, _HELPED), {each: say(visit, _BUTTONS[each]) for each in ordered}
    for form in forms.forms.values() if forms else ():
        for question in form.questions:
            _, options = known.setdefault(question.name, (question.label, {}))
            asked |= {question.name, *(f"{question.name}={option.value}" for option in question.options)}
            for option in question.options:
                options.setdefault(option.value, option.label)
    for _, options in known.values():
        options[UNKNOWN] = options.get(UNKNOWN, say(visit, _NOT_GIVEN))
    for chosen in (each for field in fields for each in typed.get(field, ())):
        name, equals, value = chosen.partition("=")
        if equals:
            known.setdefault(name, (name, {}))[1].setdefault(value, value)
    return tuple(
        AnswerGroup(
            name=name,
            label=label,
            is_dutch=name in asked,
            choices=tuple(
                Choice(value=pair, label=text, is_dutch=pair in asked)
                for pair, text in ((f"{name}={value}", text) for value, text in options.items())
            ),
        )
        for name, (label, options) in known.items()
    )


def names(groups: Iterable[AnswerGroup]) -> dict[str, str]:
    """What each question ("leg") and each answer to it ("leg=yes") is called."""
    found: dict[str, str] = {}
    for group in groups:
        found[group.name] = group.label
        found |= {each.value: each.label for each in group.choices}
    return found
