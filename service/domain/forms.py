"""The opt-in forms as staff write them in `forms.yaml`: texts, questions, and consent texts with their versions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from service.domain.conditions import UNKNOWN
from service.domain.reading import Line, LineOf, Path, Report, Value, did_you_mean, in_dutch, items, mapping, repeated
from service.domain.sequence import Name
from service.errors import FieldProblem, InvalidInputError, Problem

BUTTON_ANSWERS: Mapping[str, frozenset[str]] = MappingProxyType({"helped": frozenset({"better", "same", "worse"})})
"""Answers given with the buttons in a mail, not on a form: name and possible values."""

MOST_QUESTIONS, LONGEST_VERSION = 20, 100
"""What one opt-in may carry: nobody could send in a form that has more."""

Text = Annotated[str, Field(min_length=1)]
FilledLine = Annotated[Line, Field(min_length=1)]
AnswerName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
AnswerValue = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Option(Value):
    """One possible answer; it may choose the topic, and with it the sequence."""

    value: AnswerValue = Field(
        description='small letters, digits, - and _, in quotes, such as "yes"',
        json_schema_extra=in_dutch('kleine letters, cijfers, - en _, tussen aanhalingstekens, zoals "yes"'),
    )
    label: FilledLine = Field(
        description="the words the lead sees, such as `Ja`",
        json_schema_extra=in_dutch("de woorden die de lezer ziet, zoals `Ja`"),
    )
    chooses_topic: Name | None = Field(
        default=None, description="a sequence's topic", json_schema_extra=in_dutch("het `topic` van een reeks")
    )


class Question(Value):
    """A question of the form; a lead may leave it open, and the answer is then "unknown"."""

    name: AnswerName = Field(
        description="small letters, digits and _, such as `posture`",
        json_schema_extra=in_dutch("kleine letters, cijfers en _, zoals `posture`"),
    )
    label: FilledLine = Field(
        description="the question in one line", json_schema_extra=in_dutch("de vraag op één regel")
    )
    help: Line = Field(
        default="", description="one line beneath the question", json_schema_extra=in_dutch("één regel onder de vraag")
    )
    options: tuple[Option, ...] = Field(
        min_length=2,
        description="two or more of `{value: ..., label: ...}`",
        json_schema_extra=in_dutch("twee of meer keer `{value: ..., label: ...}`"),
    )


class ConsentText(Value):
    """The exact words a lead agrees to; a new text is a new version."""

    version: FilledLine = Field(
        description='a version in quotes, such as "2026-1"',
        json_schema_extra=in_dutch('een versie tussen aanhalingstekens, zoals "2026-1"'),
    )
    text: Text = Field(description="the words beside the box", json_schema_extra=in_dutch("de woorden naast het vakje"))


class Consents(Value):
    """One text a purpose, each with a box of its own."""

    advice: ConsentText = Field(
        description="`{version: ..., text: ...}`", json_schema_extra=in_dutch("`{version: ..., text: ...}`")
    )
    follow_up: ConsentText = Field(
        description="`{version: ..., text: ...}`", json_schema_extra=in_dutch("`{version: ..., text: ...}`")
    )


class ThankYou(Value):
    """The page after the opt-in: which mail to look for, and which button to press."""

    title: FilledLine = Field(description="a heading", json_schema_extra=in_dutch("een kop"))
    texts: tuple[Text, ...] = Field(
        min_length=1, description="a list of paragraphs", json_schema_extra=in_dutch("een lijst met alinea's")
    )


class Form(Value):
    """One opt-in form."""

    name: Name
    title: FilledLine = Field(description="a heading", json_schema_extra=in_dutch("een kop"))
    topic: Name = Field(
        description="a sequence's topic, such as `lage-rug`",
        json_schema_extra=in_dutch("het `topic` van een reeks, zoals `lage-rug`"),
    )
    intro: str = Field(
        default="", description="text above the fields", json_schema_extra=in_dutch("tekst boven de velden")
    )
    button: FilledLine = Field(
        description="the words on the button", json_schema_extra=in_dutch("de woorden op de knop")
    )
    privacy: FilledLine = Field(
        description="the words of the link to the privacy page",
        json_schema_extra=in_dutch("de woorden van de link naar de privacypagina"),
    )
    require_token: bool = Field(
        default=False,
        description="`true`: a post without a fresh `form_token` is refused",
        json_schema_extra=in_dutch("`true`: wie geen verse `form_token` meestuurt, wordt geweigerd"),
    )
    questions: tuple[Question, ...] = Field(
        default=(), description="a list of questions", json_schema_extra=in_dutch("een lijst met vragen")
    )
    consent: Consents = Field(
        description="the texts `advice` and `follow_up`",
        json_schema_extra=in_dutch("de teksten `advice` en `follow_up`"),
    )
    thank_you: ThankYou = Field(description="`title` and `texts`", json_schema_extra=in_dutch("`title` en `texts`"))

    def question(self, name: str) -> Question | None:
        """The question with this name, or None."""
        return next((question for question in self.questions if question.name == name), None)

    def topics(self) -> tuple[str, ...]:
        """Every topic an opt-in by this form can lead to, its own first."""
        chosen = (o.chooses_topic for question in self.questions for o in question.options if o.chooses_topic)
        return tuple(dict.fromkeys((self.topic, *chosen)))

    def topic_for(self, answers: Mapping[str, str]) -> str:
        """The topic these answers choose: by the first question whose answer chooses one, else the form's own.

        A question that was left open is answered "unknown".
        """
        for question in self.questions:
            for option in question.options:
                if option.chooses_topic and answers.get(question.name, UNKNOWN) == option.value:
                    return option.chooses_topic
        return self.topic

    def checked_answers(self, answers: Mapping[str, str]) -> dict[str, str]:
        """The answers that were given, without "unknown"; raises InvalidInputError naming each that the form lacks."""
        problems = []
        for name, value in answers.items():
            question = self.question(name)
            pointer = f"/answers/{name.replace('~', '~0').replace('/', '~1')}"
            if question is None:
                problems.append(FieldProblem(pointer=pointer, detail="Deze vraag staat niet op het formulier."))
            elif value != UNKNOWN and all(value != option.value for option in question.options):
                problems.append(FieldProblem(pointer=pointer, detail="Dit antwoord hoort niet bij deze vraag."))
        if problems:
            raise InvalidInputError(
                "an answer does not belong to the form", "Een antwoord hoort niet bij het formulier.", fields=problems
            )
        return {name: value for name, value in answers.items() if value != UNKNOWN}


class Forms(Value):
    """All opt-in forms by name."""

    forms: Mapping[str, Form] = Field(
        min_length=1,
        description="a form by its name",
        json_schema_extra=in_dutch("formulieren, elk onder zijn eigen naam"),
    )

    def for_topic(self, topic: str) -> Form | None:
        """The form whose own topic this is, else the first that can choose it, or None."""
        own = (form for form in self.forms.values() if form.topic == topic)
        return next(own, None) or next((form for form in self.forms.values() if topic in form.topics()), None)

    def answers(self) -> dict[str, frozenset[str]]:
        """Every answer there can be, with its values: of all forms, of the buttons in mails, and "unknown"."""
        known: dict[str, frozenset[str]] = {name: values | {UNKNOWN} for name, values in BUTTON_ANSWERS.items()}
        for form in self.forms.values():
            for question in form.questions:
                values = {option.value for option in question.options} | {UNKNOWN}
                known[question.name] = known.get(question.name, frozenset()) | values
        return known

    def check(self, answers: Mapping[str, str]) -> None:
        """Raise InvalidInputError with each of these that nobody can have given."""
        known = self.answers()
        english, dutch = [], []
        for name, value in answers.items():
            if name not in known:
                english.append(f"nobody is asked {name!r}; {did_you_mean(name, sorted(known))}")
                dutch.append(f"niemand wordt {name!r} gevraagd; {did_you_mean(name, sorted(known), 'nl')}")
            elif value not in known[name]:
                there = sorted(known[name])
                english.append(f"{name} has no answer {value!r}; {did_you_mean(value, there)}")
                dutch.append(f"{name} heeft geen antwoord {value!r}; {did_you_mean(value, there, 'nl')}")
        if english:
            raise InvalidInputError("; ".join(english), "; ".join(dutch))


def parse_forms(data: object, line_of: LineOf, file: str) -> tuple[Forms | None, list[Problem]]:
    """The forms in the data of forms.yaml, or None, and every problem in it."""
    report = Report(file=file, line_of=line_of)
    raw_forms = mapping(data).get("forms")
    if not isinstance(raw_forms, Mapping) or not raw_forms:
        report.add(
            "forms-missing",
            (),
            "there are no forms; write `forms:` with a form by its name beneath it",
            "er zijn geen formulieren; schrijf `forms:` met daaronder een formulier onder zijn eigen naam",
        )
        return None, report.problems
    for key in mapping(data):
        if key != "forms":
            meant, bedoeld = (did_you_mean(str(key), ["forms"], language) for language in ("en", "nl"))
            say, zeg = f"unknown key `{key}`; {meant}", f"`{key}` bestaat hier niet; {bedoeld}"
            report.add("content-unknown-key", (str(key),), say, zeg)
    forms: dict[str, Form] = {}
    for name, raw in raw_forms.items():
        path: Path = ("forms", str(name))
        if "name" in mapping(raw):
            report.add(
                "content-unknown-key",
                (*path, "name"),
                "unknown key `name`; leave it out, the form has one above",
                "`name` bestaat hier niet; laat het weg, de naam van het formulier staat erboven",
            )
        form = report.read(Form, {**raw, "name": name} if isinstance(raw, Mapping) else raw, path)
        _check_questions(report, path, raw)
        _check_size(report, path, form)
        if form:
            forms[form.name] = form
    return (None if report.failed else Forms(forms=forms)), report.problems


def _check_size(report: Report, path: Path, form: Form | None) -> None:
    """Not in the model: what was published once must stay readable."""
    if form and len(form.questions) > MOST_QUESTIONS:
        say = f"these are {len(form.questions)} questions, and nobody could send them in; keep {MOST_QUESTIONS} at most"
        zeg = (
            f"dit zijn {len(form.questions)} vragen, en zo kan niemand het versturen; houd er hooguit {MOST_QUESTIONS}"
        )
        report.add("form-too-large", (*path, "questions"), say, zeg)
    if form and len(form.consent.advice.version) > LONGEST_VERSION:
        say = f"this version has over {LONGEST_VERSION} signs, and nobody could send the form in; write a short one"
        zeg = f"deze versie is langer dan {LONGEST_VERSION} tekens, en zo kan niemand het versturen; schrijf een korte"
        report.add("form-too-large", (*path, "consent", "advice", "version"), say, zeg)


def _check_questions(report: Report, path: Path, raw: object) -> None:
    questions = [mapping(each) for each in items(mapping(raw).get("questions"))]
    names = [str(question.get("name")).strip() for question in questions]  # as the models do
    for position, name in repeated(enumerate(names)):
        where = (*path, "questions", position, "name")
        report.add(
            "question-repeated",
            where,
            f"two questions have the name `{name}`; give each its own",
            f"twee vragen heten `{name}`; geef elke vraag een eigen naam",
        )
    for position, question in enumerate(questions):
        where = (*path, "questions", position)
        if names[position] in BUTTON_ANSWERS:
            say = f"`{names[position]}` is the answer of the buttons in the mails; choose another name"
            zeg = f"`{names[position]}` is het antwoord van de knoppen in de mails; kies een andere naam"
            report.add("question-reserved", (*where, "name"), say, zeg)
        values = [str(mapping(option).get("value")).strip() for option in items(question.get("options"))]
        for each, value in repeated(enumerate(values)):
            say = f"two answers have the value `{value}`; give each its own"
            zeg = f"twee antwoorden hebben de waarde `{value}`; geef elk antwoord een eigen waarde"
            report.add("answer-repeated", (*where, "options", each, "value"), say, zeg)
