"""A sequence's file as the studio edits it: read leniently, changed where asked, and proved to say what was meant."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from pydantic import ValidationError
from sqlmodel import Session

from service.domain.reading import ModelT, items, mapping
from service.domain.sequence import Sequence, Step, Window
from service.errors import NotFoundError, Problem, RefusedError
from service.flows import publishing
from service.flows import yaml_surgery as surgery
from service.flows.content import SEQUENCES, TEMPLATES, read_sequence
from service.flows.content_desk import NEW, ContentDesk, OpenFile
from service.flows.content_yaml import Data, YamlFile, read_yaml
from service.flows.drafts import Draft
from service.flows.whole_files import as_before, plain
from service.flows.yaml_surgery import OddlyWrittenError

STEP_KEYS = ("key", "template", "variants", "purpose", "wait", "at", "only_if", "skip_if", "max_late")
RULE_KEYS = ("title", "topic", "archived", "confirmation", "window", "exit_on", "again_after", "steps")
WINDOW_KEYS = ("days", "from", "to", "skip_holidays")
_PLACE = re.compile(r"\[\d+\]")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One step as it stands in the file. `step` is None where it cannot be read; `line` is where it begins."""

    position: int
    key: str
    raw: Mapping[str, Data]
    step: Step | None
    line: int
    problems: tuple[Problem, ...] = ()
    mail_problems: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Every mail it names, also where something else in it cannot be read."""
        named = [self.raw.get("template"), *mapping(self.raw.get("variants")).values()]
        return tuple(each for each in named if isinstance(each, str))


@dataclass(frozen=True, kw_only=True)
class OpenSequence:
    """A sequence's file as it was opened. `sequence` is None where there is an error in it; what can be read is there.

    `problems` are those that belong to no step; `text` has its line ends as LF, and `bytes_of` brings them back.
    """

    name: str
    file: str
    mark: str
    text: str
    yaml: YamlFile
    sequence: Sequence | None
    cards: tuple[Card, ...]
    problems: tuple[Problem, ...]
    before: bytes

    @property
    def rules(self) -> Mapping[str, Data]:
        """What stands in the file beside the steps, as it stands there."""
        return cast("Mapping[str, Data]", mapping(self.yaml.data))

    @property
    def title(self) -> str:
        """The title where there is one, else the name."""
        return str(self.rules.get("title") or self.name)

    @property
    def window(self) -> Window | None:
        """The send window, where it can be read."""
        return _quietly(Window, self.rules.get("window"))

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Of the file and its steps; not those in their mails."""
        return (*self.problems, *(each for card in self.cards for each in card.problems))

    def card(self, key: str) -> Card:
        """The step with this key. Else NotFoundError."""
        found = next((each for each in self.cards if each.key == key), None)
        if found is None:
            raise NotFoundError(f"there is no step {key!r}", "Die stap is er niet.")
        return found

    def bytes_of(self, text: str) -> bytes:
        """A new text as the file's bytes."""
        return as_before(self.before, text)


def require(desk: ContentDesk, name: str) -> OpenFile:
    """The file of this sequence. NotFoundError where there is none."""
    opened = desk.open(f"{SEQUENCES}/{name}.yaml")
    if opened.mark == NEW:
        raise NotFoundError(f"there is no sequence {name!r}", "Die reeks is er niet.")
    return opened


def open_sequence(desk: ContentDesk, draft: Draft, name: str) -> OpenSequence:
    """The file of this sequence with what is wrong in it. NotFoundError where there is none; RefusedError: no UTF-8."""
    opened = require(desk, name)
    file = opened.file
    try:
        text = plain(opened.data)
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"{file} is no UTF-8; save it as UTF-8 text first",
            f"{file} is in een oude codering bewaard. Bewaar het bestand opnieuw, met als codering UTF-8.",
        ) from error
    yaml = _yaml(text, file)
    as_drafted = draft.content.sources.get(file) == text
    mine = [each for each in draft.problems if each.file == file]
    cards = _cards(yaml, mine, draft)
    at_cards = {id(each) for card in cards for each in card.problems}
    return OpenSequence(
        name=name,
        file=file,
        mark=opened.mark,
        text=text,
        yaml=yaml,
        sequence=draft.content.sequences.get(name) if as_drafted else read_sequence(draft.content, name, text)[0],
        cards=cards,
        problems=tuple(each for each in mine if id(each) not in at_cards),
        before=opened.data,
    )


@lru_cache(maxsize=64)
def _yaml(text: str, file: str) -> YamlFile:
    """Read once for each state of a file: it takes longer than all else on a page. Nobody changes what it gives."""
    return read_yaml(text, file)


def with_step(opened: OpenSequence, key: str, values: Mapping[str, Data]) -> str:
    """The text with these values of a step; None takes one away, and what is the same stays as it is written."""
    card = opened.card(key)
    changed = _changed(card.raw, values)
    expected = _data(opened)
    _set(expected["steps"][card.position], changed)
    return _proved(surgery.put(opened.text, ("steps", card.position), changed, STEP_KEYS), expected)


def with_new_step(opened: OpenSequence, after: str, values: Mapping[str, Data]) -> str:
    """The text with one step more, behind this one."""
    card = opened.card(after)
    given = {key: values[key] for key in STEP_KEYS if values.get(key) is not None}
    expected = _data(opened)
    expected["steps"].insert(card.position + 1, dict(given))
    return _proved(surgery.inserted(opened.text, ("steps",), card.position, given), expected)


def without_step(opened: OpenSequence, key: str) -> str:
    """The text without a step, and without the comment right above it."""
    position = opened.card(key).position
    if position == 0:
        raise RefusedError("the advice stays: it is what was asked for", "Het advies blijft: daar vraagt de lezer om.")
    expected = _data(opened)
    del expected["steps"][position]
    return _proved(surgery.removed(opened.text, ("steps",), position), expected)


def moved(opened: OpenSequence, key: str, to: int) -> str:
    """The text with a step in this place, counted from the advice at 0; its comment goes along."""
    at, text = opened.card(key).position, opened.text
    if at == 0 or not 0 < to < len(opened.cards):
        raise RefusedError("the advice stays first", "Het advies blijft bovenaan staan.")
    expected = _data(opened)
    expected["steps"].insert(to, expected["steps"].pop(at))
    while at != to:
        text = surgery.swapped(text, ("steps",), at if at < to else at - 1)
        at += 1 if at < to else -1
    return _proved(text, expected)


def with_rules(opened: OpenSequence, values: Mapping[str, Data], window: Mapping[str, Data] | None = None) -> str:
    """The text with these values beside the steps, and these in its window."""
    text, expected = opened.text, _data(opened)
    if window is not None:
        changed = _changed(cast("Mapping[str, Data]", mapping(expected.get("window"))), window)
        text = surgery.put(text, ("window",), changed, WINDOW_KEYS)
        _set(expected["window"], changed)
    changed = _changed(expected, values)
    _set(expected, changed)
    return _proved(surgery.put(text, (), changed, RULE_KEYS), expected)


def new_errors(session: Session, draft: Draft, opened: OpenSequence, text: str) -> list[Problem]:
    """The errors that this text has and the file has not: bad values, and keys that are not their mail's any more."""
    old = {_told(each) for each in errors(session, draft, opened.name, opened.text)}
    return [each for each in errors(session, draft, opened.name, text) if _told(each) not in old]


def errors(session: Session, draft: Draft, name: str, text: str) -> list[Problem]:
    """Every error that a sequence would have with this text."""
    sequence, problems = read_sequence(draft.content, name, text)
    if sequence is not None:
        mails = {
            each: draft.mails[each].model_dump(mode="json") for each in sequence.templates() if each in draft.mails
        }
        problems += publishing.key_problems(session, sequence, mails, text)
    return [each for each in problems if each.severity == "error"]


def lines_of_step(opened: OpenSequence, text: str, position: int) -> dict[str, int]:
    """On which line each key of a step would stand with this text."""
    lines = read_yaml(text, opened.file).lines
    return {str(path[2]): line for path, line in lines.items() if path[:2] == ("steps", position) and len(path) == 3}


def _cards(yaml: YamlFile, problems: list[Problem], draft: Draft) -> tuple[Card, ...]:
    raws = [cast("Mapping[str, Data]", mapping(each)) for each in items(mapping(yaml.data).get("steps"))]
    starts = [_first_line(yaml, position) for position in range(len(raws))]
    steps_end = _end_of_steps(yaml)
    found = []
    for position, raw in enumerate(raws):
        end = starts[position + 1] if position + 1 < len(raws) else steps_end
        card = Card(
            position=position,
            key=str(raw.get("key", "")),
            raw=raw,
            step=_quietly(Step, raw),
            line=starts[position],
            problems=tuple(each for each in problems if each.line and starts[position] <= each.line < end),
        )
        files = {f"{TEMPLATES}/{name}.md" for name in card.templates}
        found.append(replace(card, mail_problems=tuple(each for each in draft.problems if each.file in files)))
    return tuple(found)


def _first_line(yaml: YamlFile, position: int) -> int:
    lines = [line for path, line in yaml.lines.items() if path[:2] == ("steps", position)]
    return min(lines, default=0)


def _end_of_steps(yaml: YamlFile) -> int:
    """The line of the first key behind the steps; far away where there is none."""
    top = yaml.lines.get(("steps",), 0)
    return min((line for path, line in yaml.lines.items() if len(path) == 1 and line > top), default=1 << 30)


def _data(opened: OpenSequence) -> dict[str, list[dict[str, Data]]]:
    if opened.yaml.problems or not isinstance(opened.yaml.data, dict):
        raise OddlyWrittenError
    return cast("dict[str, list[dict[str, Data]]]", copy.deepcopy(opened.yaml.data))


def _changed(present: Mapping[str, object], values: Mapping[str, Data]) -> dict[str, Data]:
    return {key: value for key, value in values.items() if present.get(key) != value}


def _set(data: object, values: Mapping[str, Data]) -> None:
    target = cast("dict[str, Data]", data)
    for key, value in values.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = value


def _proved(text: str, expected: object) -> str:
    """The text, when it says what is expected and nothing else."""
    yaml = read_yaml(text, "")
    if yaml.problems or yaml.data != expected:
        raise OddlyWrittenError
    return text


def _told(problem: Problem) -> tuple[str, str]:
    """What it says, wherever its step stands: an error that moved along is no new one."""
    return problem.id, _PLACE.sub("[]", problem.message)


def _quietly(model: type[ModelT], raw: object) -> ModelT | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None
