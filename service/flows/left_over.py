"""What nothing uses any more: mails, partials, images, answers. Left over, or a sign that something was forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from service.domain.forms import BUTTON_ANSWERS
from service.domain.reading import LineOf, Path
from service.errors import Problem, Severity
from service.flows.content import SEQUENCES, TEMPLATES, Content
from service.flows.content_yaml import read_yaml
from service.mail.expansion import INCLUDE

_COMMENT = re.compile(r"\{#.*?(?:#\}|\Z)", re.DOTALL)
"""One that is never closed goes on to the end: looked for anew at each `{#`, it would take minutes."""
_ANSWER = re.compile(r"\banswers(?:\.|\[[\"'])([a-z][a-z0-9_]*)")


def left_over(content: Content, *, used: Iterable[str], images: Iterable[str]) -> list[Problem]:
    """What nothing in the folder uses. `used`: mails and partials that the service itself takes; `images`: the files
    in media/, by their paths relative to it."""
    own = frozenset(used)
    return [
        *_unused_answers(content),
        *_unused_mails(content, own),
        *_unused_partials(content, own),
        *_unused_images(content, images),
    ]


def _unused_answers(content: Content) -> Iterator[Problem]:
    """A question that changes nothing: asking for what is not needed is against the law (GDPR, article 5(1)(c))."""
    if content.forms is None or not _all_sequences_read(content):
        return
    texts = [_COMMENT.sub("", text) for text in content.templates.values()]
    used = {name for text in texts for name in _ANSWER.findall(text)} | set(BUTTON_ANSWERS)
    for sequence in content.sequences.values():
        used |= sequence.answers()
    yaml = None
    for form in content.forms.forms.values():
        for position, question in enumerate(form.questions):
            if question.name in used or any(option.chooses_topic for option in question.options):
                continue
            yaml = yaml or read_yaml(content.sources["forms.yaml"], "forms.yaml")
            yield told(
                "form-unused-answer",
                "forms.yaml",
                line_in(yaml.line_of, ("forms", form.name, "questions", position, "name")),
                f"no mail and no condition uses the answer `{question.name}`; use it, or ask no more than you need",
                f"geen mail en geen voorwaarde gebruikt het antwoord `{question.name}`; gebruik het, of vraag het niet",
            )


def _unused_mails(content: Content, used: frozenset[str]) -> Iterator[Problem]:
    """A mail that nobody gets: a step was forgotten, or the file."""
    if not _all_sequences_read(content):
        return
    sent = {name for sequence in content.sequences.values() for name in sequence.templates()} | used
    for name in _mail_names(content):
        if name not in sent:
            yield told(
                "mail.unused",
                f"{TEMPLATES}/{name}.md",
                1,
                f"no sequence sends this mail; add a step with `template: {name}`, or take the file away",
                f"geen reeks verstuurt deze mail; maak een stap met `template: {name}`, of haal het bestand weg",
            )


def _unused_partials(content: Content, used: frozenset[str]) -> Iterator[Problem]:
    """A partial that stands in no mail and on no page."""
    texts = {name: _COMMENT.sub("", text) for name, text in content.templates.items()}
    reached = {name for name in texts if not name.startswith("_") or name in used}
    waiting = list(reached)
    while waiting:
        for name in INCLUDE.findall(texts[waiting.pop()]):
            if name in texts and name not in reached:
                reached.add(name)
                waiting.append(name)
    for name in sorted(set(texts) - reached):
        include = f'{{% include "{name}" %}}'
        yield told(
            "mail.unused",
            f"{TEMPLATES}/{name}",
            1,
            f"no mail includes this partial; write {include} in one, or take the file away",
            f"geen mail gebruikt dit tekstblok; zet {include} in een mail, of haal het bestand weg",
        )


def _unused_images(content: Content, images: Iterable[str]) -> Iterator[Problem]:
    """Files in media/ that nothing names. `images`: their paths relative to that folder."""
    text = "\n".join((*content.templates.values(), content.sources.get("practice.yaml", "")))
    for image in images:
        if PurePosixPath(image).name not in text:
            yield told(
                "media.unused",
                f"media/{image}",
                None,
                "no mail shows this image; use it, or take the file away",
                "geen mail toont deze afbeelding; gebruik haar, of haal het bestand weg",
            )


def _all_sequences_read(content: Content) -> bool:
    """Whether every sequence is known: one that is broken would make what it uses look left over."""
    return set(_sequence_files(content)) == set(content.sequences)


def _sequence_files(content: Content) -> list[str]:
    start = f"{SEQUENCES}/"
    return [file.removeprefix(start).removesuffix(".yaml") for file in content.sources if file.startswith(start)]


def _mail_names(content: Content) -> list[str]:
    found = (name for name in content.templates if name.endswith(".md") and name[0] != "_" and "/" not in name)
    return sorted(name.removesuffix(".md") for name in found)


def line_in(line_of: LineOf, path: Path) -> int | None:
    """The line of a path in a YAML file, or of what it stands in."""
    return next((n for end in range(len(path), -1, -1) if (n := line_of(path[:end])) is not None), None)


def told(
    problem_id: str, file: str, line: int | None, message: str, dutch: str, severity: Severity = "warning"
) -> Problem:
    """A finding of a rule over the folder; a warning unless said otherwise."""
    return Problem(id=problem_id, file=file, line=line, message=message, dutch=dutch, severity=severity)
