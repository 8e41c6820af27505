"""The form of a step: from what stands in the file to its fields, and from its fields to what is to stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import ValidationError

from service.domain.reading import mapping
from service.domain.sequence import Step
from service.domain.step_words import Both
from service.domain.waits import Unit, Wait
from service.flows.content_yaml import Data
from service.web.studio.sequences import condition_fields
from service.web.studio.sequences.condition_fields import CHOOSE, Fields

CONDITIONS: tuple[Literal["only_if", "skip_if"], ...] = ("only_if", "skip_if")
UNITS: tuple[Unit, ...] = ("hours", "days", "working_days")
VARIANTS = ("1", "2", "3", "4", "5", "6")
KINDS = ("template", "variants")
FIELDS: Mapping[str, Sequence[str]] = {
    "seen": (),
    "kind": KINDS,
    "template": (),
    **{f"{part}_{each}": () for each in VARIANTS for part in ("variant", "variant_template")},
    "wait": (),
    "wait_unit": UNITS,
    "at": (),
    "max_late": (),
    "max_late_unit": UNITS,
    **{f"{kind}_{each}": () for kind in CONDITIONS for each in condition_fields.PARTS},
}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NUMBER: Both = "Vul een heel getal in, minstens 1.", "Fill in a whole number, at least 1."
NAME: Both = "Een naam heeft kleine letters, cijfers en streepjes.", "A name has small letters, digits and hyphens."


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a form says: the values of the step, None for what is not to stand there; or what is wrong, by field."""

    values: dict[str, Data] = field(default_factory=dict)
    wrong: dict[str, Both] = field(default_factory=dict)


def fields_of(raw: Mapping[str, Data], step: Step | None) -> dict[str, list[str]]:
    """The fields as they show a step of the file."""
    found: dict[str, list[str]] = {"kind": ["variants" if "variants" in raw else "template"]}
    found["template"] = [str(raw.get("template") or "")]
    for number, (name, template) in zip(VARIANTS, mapping(raw.get("variants")).items(), strict=False):
        found |= {f"variant_{number}": [str(name)], f"variant_template_{number}": [str(template)]}
    for key in ("wait", "max_late"):
        wait = _wait(raw.get(key))
        found |= {key: [str(wait.amount) if wait else ""], f"{key}_unit": [wait.unit if wait else "days"]}
    found["at"] = [f"{step.at:%H:%M}" if step and step.at else str(raw.get("at") or "")]
    for kind in CONDITIONS:
        found |= condition_fields.fields_of(kind, raw.get(kind))
    return found


def is_name(text: str) -> bool:
    """May a step, a variant or a mail be called so?"""
    return bool(_NAME.fullmatch(text))


def wrong_title(title: str) -> Both | None:
    """Why a sequence cannot be called so; None where it can."""
    if not title:
        return "Geef de reeks een titel.", "Give the sequence a title."
    if not title.isprintable():
        return (
            "In de titel staat een onzichtbaar teken, vaak door plakken of door een emoji. Typ hem opnieuw.",
            "The title holds an invisible character, often pasted or part of an emoji. Type it again.",
        )
    return None


def rows_of(typed: Fields) -> int:
    """How many rows of variants the form shows: one more than are filled in, and two at least."""
    filled = [number for number in VARIANTS if _one(typed, f"variant_{number}")]
    return min(len(VARIANTS), max(2, int(filled[-1]) + 1 if filled else 2))


def has_more_variants(raw: Mapping[str, Data]) -> bool:
    """Than the form has room for: it shows them, and leaves them alone."""
    return len(mapping(raw.get("variants"))) > len(VARIANTS)


def read(fields: Fields, raw: Mapping[str, Data], *, templates: Sequence[str], is_advice: bool) -> Read:
    """What the fields say. Every fault is told, not the first alone. `raw` is the step as it stands in the file."""
    found = Read()
    if not has_more_variants(raw):
        _read_mail(fields, found, raw, templates)
    if is_advice:
        return found
    found.values["wait"] = read_wait(fields, "wait", found.wrong)
    found.values["max_late"] = read_wait(fields, "max_late", found.wrong) if _one(fields, "max_late") else None
    at = _one(fields, "at")
    if at and not _CLOCK.fullmatch(at):
        found.wrong["at"] = "Schrijf een tijd als 09:00.", "Write a time such as 09:00."
    found.values["at"] = at or None
    for kind in CONDITIONS:
        if _one(fields, f"{kind}_keep"):
            found.values[kind] = raw.get(kind)
        else:
            found.values[kind] = condition_fields.read(fields, kind, found.wrong) or None
    return replace(found, values={key: _as_written(key, raw.get(key), each) for key, each in found.values.items()})


def _as_written(key: str, raw: Data, value: Data) -> Data:
    """What stands in the file, where it means the same: it is not written in another way for nothing."""
    if raw is None or value is None:
        return value
    if key in CONDITIONS:
        return raw if condition_fields.means_the_same(raw, value) else value
    if key in {"wait", "max_late"}:
        return raw if _wait(raw) == _wait(value) else value
    if key == "at":
        return raw if str(raw)[:5] == value and str(raw)[5:] in {"", ":00"} else value
    return value


def _read_mail(fields: Fields, found: Read, raw: Mapping[str, Data], templates: Sequence[str]) -> None:
    present = {str(raw.get("template"))} | {str(each) for each in mapping(raw.get("variants")).values()}
    known = set(templates) | present
    if _one(fields, "kind") != "variants":
        template = _one(fields, "template")
        if template not in known:
            found.wrong["template"] = CHOOSE
        found.values.update(template=template, variants=None)
        return
    variants: dict[str, Data] = {}
    named = mapping(raw.get("variants"))  # by hand they may be called anything, and another name moves leads
    for number in VARIANTS:
        name, template = _one(fields, f"variant_{number}"), _one(fields, f"variant_template_{number}")
        if not name and not template:
            continue
        if name not in named and not is_name(name):
            told = (
                "Een naam heeft kleine letters, cijfers en streepjes.",
                "A name has small letters, digits and hyphens.",
            )
            found.wrong[f"variant_{number}"] = told
        elif name in variants:
            found.wrong[f"variant_{number}"] = "Deze naam staat er al.", "This name is there already."
        if template not in known:
            found.wrong[f"variant_template_{number}"] = CHOOSE
        variants[name] = template
    if len(variants) < 2:
        found.wrong.setdefault("variant_1", ("Vul twee of meer varianten in.", "Fill in two variants or more."))
    found.values.update(variants=variants, template=None)


def read_wait(fields: Fields, key: str, wrong: dict[str, Both]) -> str | None:
    """A length of time from its number and its unit, as the file has it; None where it is not told, or wrong."""
    amount, unit = _one(fields, key), _one(fields, f"{key}_unit")
    if not (amount.isascii() and amount.isdigit() and len(amount) < 6 and int(amount)):
        wrong[key] = _NUMBER
        return None
    if unit not in UNITS:
        wrong[f"{key}_unit"] = CHOOSE
        return None
    wait = _wait({"amount": int(amount), "unit": unit})
    if wait is None or _wait(str(wait)) is None:
        wrong[key] = "Dat is langer dan een jaar.", "That is longer than a year."
        return None
    return str(wait)


def _wait(raw: object) -> Wait | None:
    try:
        return Wait.model_validate(raw)
    except ValidationError:
        return None


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "").strip()
