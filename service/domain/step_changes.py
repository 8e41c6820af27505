"""What differs between two revisions of a sequence, step by step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from service.domain.sequence import Condition, Sequence, Step, Window

StepKind = Literal["added", "removed", "moved", "changed"]
FIELDS = ("wait", "at", "only_if", "skip_if", "max_late", "template", "variants", "purpose")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that was so and is otherwise now, as it stands in the file; "" where it was not there."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """One step that is new, gone, in another place, or otherwise.

    `texts` names those of its mails whose words or layout are new. A step in another place may be otherwise too.
    """

    key: str
    kind: StepKind
    differences: tuple[Difference, ...] = ()
    texts: tuple[str, ...] = ()


def compare_steps(old: Sequence, new: Sequence, texts: Collection[str]) -> tuple[StepChange, ...]:
    """Every step that differs, in the new order, those that are gone last. `texts` are the mails with new words."""
    before, after = [step.key for step in old.steps], [step.key for step in new.steps]
    stays = _keep_their_order(before, after)
    found = []
    for step in new.steps:
        was = old.step(step.key)
        reworded = tuple(name for name in step.template_names if name in texts)
        if was is None:
            said = {name: each for name, each in _written(step).items() if name != "purpose"}
            found.append(StepChange(key=step.key, kind="added", differences=_differences({}, said)))
            continue
        differences = _differences(_written(was), _written(step))
        if step.key not in stays:
            found.append(StepChange(key=step.key, kind="moved", differences=differences, texts=reworded))
        elif differences or reworded:
            found.append(StepChange(key=step.key, kind="changed", differences=differences, texts=reworded))
    return (*found, *(StepChange(key=key, kind="removed") for key in before if key not in after))


def written(value: object) -> str:
    """A value in the one-line style of YAML, without what is empty."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {written(each)}' for name, each in value.items() if each != '')}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return str(value)


def compare_rules(old: Sequence, new: Sequence) -> tuple[Difference, ...]:
    """What differs beside the steps: everything that holds for the whole sequence."""
    return _differences(_rules(old), _rules(new))


def _keep_their_order(before: list[str], after: list[str]) -> set[str]:
    """The steps that stand in both and need not be called moved: the longest run of them in one order."""
    shared = set(before) & set(after)
    one, other = [key for key in before if key in shared], [key for key in after if key in shared]
    blocks = SequenceMatcher(a=one, b=other, autojunk=False).get_matching_blocks()
    return {key for block in blocks for key in one[block.a : block.a + block.size]}


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    names = dict.fromkeys([*before, *after])
    pairs = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return tuple(Difference(what=name, before=was, after=now) for name, was, now in pairs if was != now)


def _written(step: Step) -> dict[str, str]:
    """What stands at a step, as staff write it."""
    values = {
        "wait": str(step.wait) if step.wait else "",
        "at": f"{step.at:%H:%M}" if step.at else "",
        "only_if": _condition(step.only_if),
        "skip_if": _condition(step.skip_if),
        "max_late": str(step.max_late) if step.max_late else "",
        "template": step.template or "",
        "variants": written(step.variants) if step.variants else "",
        "purpose": step.purpose,
    }
    return {name: values[name] for name in FIELDS if values[name]}


def _rules(sequence: Sequence) -> dict[str, str]:
    return {
        "title": sequence.title,
        "topic": sequence.topic,
        "confirmation": sequence.confirmation,
        "window": _window(sequence.window),
        "exit_on": f"[{', '.join(sequence.exit_on)}]",
        "again_after": str(sequence.again_after),
        "archived": "true" if sequence.archived else "",
    }


def _window(window: Window) -> str:
    holidays = "" if window.skip_holidays else ", also on holidays"
    return f"{', '.join(window.days)} {window.opens:%H:%M}-{window.closes:%H:%M}{holidays}"


def _condition(condition: Condition | None) -> str:
    """All that is written in a condition, whatever conditions there are."""
    if condition is None:
        return ""
    return written(condition.model_dump(mode="json", exclude_defaults=True))
