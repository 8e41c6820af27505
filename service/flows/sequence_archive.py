"""Closing a sequence to new leads: whoever is under way gets the rest, and no form leads to it any more."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import cast

from service.domain.forms import Forms, parse_forms
from service.domain.reading import Path, items, mapping
from service.errors import RefusedError
from service.flows import yaml_surgery as surgery
from service.flows.content_yaml import read_yaml

FORMS = "forms.yaml"


def forms_leading_to(forms: Forms | None, topic: str) -> tuple[str, ...]:
    """The forms that an archived sequence leaves without their topic, or without one of their answers' topic."""
    return tuple(form.name for form in (forms.forms.values() if forms else ()) if topic in form.topics())


def without_a_form(forms: Forms | None, topic: str) -> tuple[str, ...]:
    """The other topics that no form leads to any more, once those whose own topic this is are gone."""
    every = forms.forms.values() if forms else ()
    gone = {other for form in every if form.topic == topic for other in form.topics()}
    return tuple(sorted(gone - {other for form in every if form.topic != topic for other in form.topics()} - {topic}))


def forms_without(text: str, topic: str) -> str:
    """The text of forms.yaml without the forms whose own topic this is, wherever their answers lead, and without what
    chooses it in the answers of others.

    RefusedError where no form would be left, or where it is written in a way that cannot be changed here.
    """
    data = read_yaml(text, FORMS).data
    forms = mapping(mapping(data).get("forms"))
    expected = copy.deepcopy(data)
    for name in list(forms):
        if mapping(forms[name]).get("topic") == topic:
            if len(mapping(mapping(expected).get("forms"))) == 1:
                raise RefusedError(
                    "this is the only form; make another one first",
                    "Dit is het enige formulier. Maak eerst een ander, of laat dit naar een andere reeks leiden.",
                )
            text = surgery.without_key(text, ("forms", str(name)))
            cast("dict[object, object]", mapping(expected)["forms"]).pop(name)
            continue
        for path in _choosing(str(name), mapping(forms[name]), topic):
            text = surgery.put(text, path, {"chooses_topic": None}, ())
            _at(expected, path).pop("chooses_topic")
    read = read_yaml(text, FORMS)
    if read.data != expected or parse_forms(read.data, read.line_of, FORMS)[0] is None:
        raise surgery.OddlyWrittenError
    return text


def _choosing(name: str, form: Mapping[object, object], topic: str) -> list[Path]:
    found: list[Path] = []
    for q, question in enumerate(items(form.get("questions"))):
        for o, option in enumerate(items(mapping(question).get("options"))):
            if mapping(option).get("chooses_topic") == topic:
                found.append(("forms", name, "questions", q, "options", o))
    return found


def _at(data: object, path: Path) -> dict[str, object]:
    for part in path:
        data = cast("list[object]", data)[part] if isinstance(part, int) else mapping(data)[part]
    return cast("dict[str, object]", data)
