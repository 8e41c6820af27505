"""What only shows when the files of the content are held against each other.

All of it looks at the raw data, so that something else that is wrong in a file hides none of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.domain.forms import Form, Forms
from service.domain.practice import Practice
from service.domain.reading import Path, Report, did_you_mean, items, mapping


def tell_topic_taken(report: Report, topic: str, *, by: str) -> None:
    """Another sequence has this topic already."""
    say = f"the topic `{topic}` is taken by {by}; give this sequence its own"
    zeg = f"het topic `{topic}` is al van {by}; geef deze reeks een eigen topic"
    report.add("sequence-topic-taken", ("topic",), say, zeg)


def check_templates(report: Report, data: object, templates: Mapping[str, str]) -> None:
    """Is there a template for every step of this sequence?"""
    known = [
        name.removesuffix(".md") for name in templates if name.endswith(".md") and name[0] != "_" and "/" not in name
    ]
    for path, raw in _raw_steps(data):
        named: dict[Path, object] = {("template",): raw.get("template")}
        named |= {("variants", str(key)): value for key, value in mapping(raw.get("variants")).items()}
        for where, name in named.items():
            if isinstance(name, str) and name not in known:
                shown = name.removesuffix(".md")
                say = f"there is no email_templates/{shown}.md; {did_you_mean(shown, known)}"
                zeg = f"email_templates/{shown}.md bestaat niet; {did_you_mean(shown, known, 'nl')}"
                report.add("step-unknown-template", (*path, *where), say, zeg)


def check_answers(report: Report, data: object, known: Mapping[str, frozenset[str]]) -> None:
    """Can every answer that a condition of this sequence asks for be given in a form?"""
    for path, raw in _raw_steps(data):
        for kind in ("only_if", "skip_if"):
            for name, values in mapping(mapping(raw.get(kind)).get("answer")).items():
                where = (*path, kind, "answer", str(name))
                if str(name) not in known:
                    say = f"nothing asks for the answer `{name}`; {did_you_mean(str(name), known)}"
                    zeg = f"niets vraagt naar het antwoord `{name}`; {did_you_mean(str(name), known, 'nl')}"
                    report.add("answer-unknown", where, say, zeg)
                    continue
                for position, value in enumerate(items(values)):
                    possible = sorted(known[str(name)])
                    if isinstance(value, str) and value not in possible:
                        say = f"`{value}` is no answer to `{name}`; {did_you_mean(value, possible)}"
                        zeg = f"`{value}` is geen antwoord op `{name}`; {did_you_mean(value, possible, 'nl')}"
                        report.add("answer-unknown-value", (*where, position), say, zeg)


def check_form_topics(report: Report, data: object, topics: list[str], archived: list[str | None]) -> None:
    """Does every topic of a form have a sequence that people may enter?"""
    for path, topic in _raw_form_topics(data):
        if isinstance(topic, str) and topic not in topics:
            say = f"no sequence has the topic `{topic}`; {did_you_mean(topic, topics)}"
            zeg = f"geen reeks heeft het topic `{topic}`; {did_you_mean(topic, topics, 'nl')}"
            report.add("form-unknown-topic", path, say, zeg)
        elif topic in archived:
            say = f"the sequence of the topic `{topic}` is archived; take this away, or name another topic"
            zeg = f"de reeks van het topic `{topic}` is gearchiveerd; haal dit weg, of noem een ander topic"
            report.add("form-archived-topic", path, say, zeg)


def warn_about_practice(report: Report, practice: Practice) -> None:
    """Facts that are made up, and links that are not there: mails can be made, and say less."""
    if practice.placeholder:
        say = "these facts are made up; fill in your own and take `placeholder` out before you publish"
        zeg = "deze gegevens zijn verzonnen; vul je eigen gegevens in en haal `placeholder` weg voor je publiceert"
        report.add("practice-placeholder", ("placeholder",), say, zeg, severity="warning")
    for name in type(practice.links).model_fields:
        if not getattr(practice.links, name):
            say = f"`links.{name}` is empty, so the block about it is left out of the mails"
            zeg = f"`links.{name}` is leeg, dus het stukje daarover valt weg uit de mails"
            report.add("practice-link-empty", ("links", name), say, zeg, severity="warning")


def warn_about_wording(report: Report, forms: Forms, practice: Practice) -> None:
    """Consents and thank-you pages that do not name this practice: another may stand there."""
    for form in forms.forms.values():
        for path, text in _wording(form):
            if _plain(practice.name) not in _plain(text):
                say = (
                    f"this text does not name the practice, `{practice.name}`; change it with whoever sees to privacy, "
                    "and give a changed consent a new `version`"
                )
                zeg = (
                    f"deze tekst noemt de praktijk niet: `{practice.name}`; pas hem aan met wie over de privacy gaat, "
                    "en geef een veranderde toestemming een nieuwe `version`"
                )
                report.add("form-practice-unnamed", ("forms", form.name, *path), say, zeg, severity="warning")


def _wording(form: Form) -> Iterator[tuple[Path, str]]:
    """What says who gets the address and who mails, and where it stands in the form."""
    yield ("consent", "advice", "text"), form.consent.advice.text
    yield ("consent", "follow_up", "text"), form.consent.follow_up.text
    yield ("thank_you", "texts"), " ".join(form.thank_you.texts)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _raw_form_topics(data: object) -> Iterator[tuple[Path, object]]:
    """Every topic that a form or one of its answers chooses, and where it stands."""
    for name, form in mapping(mapping(data).get("forms")).items():
        yield ("forms", str(name), "topic"), mapping(form).get("topic")
        for q, question in enumerate(items(mapping(form).get("questions"))):
            for o, option in enumerate(items(mapping(question).get("options"))):
                where: Path = ("forms", str(name), "questions", q, "options", o, "chooses_topic")
                yield where, mapping(option).get("chooses_topic")


def _raw_steps(data: object) -> Iterator[tuple[Path, Mapping[object, object]]]:
    for position, raw in enumerate(items(mapping(data).get("steps"))):
        yield ("steps", position), mapping(raw)
