"""A sequence as staff write it in `sequences/NAME.yaml`: frozen values, and all that is wrong with it at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_serializer, model_validator

from service.domain.reading import (
    ClockTime,
    Line,
    LineOf,
    ModelT,
    Path,
    Report,
    Value,
    Weekday,
    did_you_mean,
    items,
    mapping,
    repeated,
)
from service.errors import Problem

Unit = Literal["hours", "days", "working_days"]
Purpose = Literal["advice", "follow_up"]

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A stable name: small letters, digits and hyphens."""

_WAIT = re.compile(r"(\d{1,5}) +(hour|day|working[ _-]day)s?", re.IGNORECASE)
_LONGEST_WAIT_DAYS = 366
_HOW_TO_WAIT = 'a number with hours, days or working days, such as "2 days"'


class Wait(Value):
    """How long to wait: hours are absolute, days are calendar days, working days skip what the calendar closes.

    Written, and kept in JSON, as "2 days", "4 hours" or "3 working days".
    """

    amount: int = Field(ge=1)
    unit: Unit

    def __str__(self) -> str:
        name = self.unit.replace("_", " ")
        return f"{self.amount} {name if self.amount > 1 else name.removesuffix('s')}"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: object) -> object:
        if isinstance(data, Mapping) and {"amount", "unit"} == set(data):
            return data
        found = _WAIT.fullmatch(data.strip()) if isinstance(data, str) else None
        if not found:
            raise ValueError("that is no length of time")
        amount, unit = int(found[1]), re.sub(r"[ _-]", "_", found[2].lower()) + "s"
        if not amount:
            raise ValueError("nothing can be waited for; the shortest wait is 1 hour")
        if amount > _LONGEST_WAIT_DAYS * (24 if unit == "hours" else 1):
            raise ValueError("that is longer than a year")
        return {"amount": amount, "unit": unit}

    @model_serializer
    def _as_text(self) -> str:
        return str(self)


class Window(Value):
    """The local days and hours in which follow-ups may leave: from `opens` up to, and not including, `closes`."""

    days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"),
        min_length=1,
        description="days out of mon, tue, wed, thu, fri, sat, sun, such as `[mon, tue, wed]`",
    )
    opens: ClockTime = Field(alias="from", description='a time in quotes, such as "08:30"')
    closes: ClockTime = Field(alias="to", description='a time in quotes, such as "19:00"')
    skip_holidays: bool = Field(default=True, description="true or false")


class Condition(Value):
    """What must be so for a step; all that is written must hold together.

    `answer`: each named answer is one of the values; an answer never given is "unknown".
    `sent`: at least one of these steps went out.
    """

    answer: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="an answer with its values, such as `{helped: [same]}`"
    )
    sent: tuple[str, ...] = Field(default=(), description="keys of earlier steps, such as `[hoe-ging-het]`")

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.answer and not self.sent:
            raise ValueError("the condition is empty")
        return self


class Step(Value):
    """One mail of a sequence; its key is stable and is never given to another mail."""

    key: Name = Field(description="a name of small letters, digits and hyphens, such as `hoe-ging-het`")
    template: Name | None = Field(default=None, description="the name of a file in email_templates/, without .md")
    variants: Mapping[str, Name] | None = Field(
        default=None, description="two or more templates, such as `{a: uitnodiging-kort, b: uitnodiging-verhaal}`"
    )
    purpose: Purpose = Field(default="follow_up", description="`advice` or `follow_up`")
    wait: Wait | None = Field(default=None, description=_HOW_TO_WAIT)
    at: ClockTime | None = Field(default=None, description='a time in quotes, such as "09:00"')
    only_if: Condition | None = Field(default=None, description="a condition, such as `{answer: {helped: [same]}}`")
    skip_if: Condition | None = Field(default=None, description="a condition, such as `{sent: [eerder-uitnodigen]}`")
    max_late: Wait | None = Field(default=None, description=_HOW_TO_WAIT)

    @property
    def template_names(self) -> tuple[str, ...]:
        """Every template this step may send."""
        if self.variants:
            return tuple(self.variants.values())
        return (self.template,) if self.template else ()

    def template_for(self, split_id: str) -> str:
        """The template for one lead: an even split over the variants that never changes for a lead and a step."""
        names = [name for _, name in sorted(self.variants.items())] if self.variants else list(self.template_names)
        if not names:
            raise ValueError(f"step {self.key} has no template")
        digest = hashlib.sha256(f"{split_id}\n{self.key}".encode()).digest()
        return names[int.from_bytes(digest[:8], "big") % len(names)]


class Sequence(Value):
    """The steps of one topic in their order; the first is the advice itself."""

    name: Name = Field(description="a file name of small letters, digits and hyphens, such as lage-rug.yaml")
    title: Line = Field(min_length=1, description="a title, such as `title: Lage rugpijn`")
    topic: Name = Field(description="a name of small letters, digits and hyphens, such as `topic: lage-rug`")
    confirmation: Literal["double", "single"] = Field(
        default="double", description="`double` (follow-ups wait for the confirm button) or `single`"
    )
    window: Window = Field(description='days and hours, such as `{days: [mon, tue], from: "08:30", to: "19:00"}`')
    exit_on: tuple[Literal["booked"], ...] = Field(
        default=("booked",), description="`[booked]` or `[]`; unsubscribe, hard bounce and complaint always end it"
    )
    steps: tuple[Step, ...] = Field(min_length=1, description="a list of steps; the first is the advice")

    @property
    def advice(self) -> Step:
        """The step that is sent at once, at the opt-in."""
        return self.steps[0]

    @property
    def follow_ups(self) -> tuple[Step, ...]:
        """The steps after the advice, in order."""
        return tuple(step for step in self.steps if step.purpose == "follow_up")

    def step(self, key: str) -> Step | None:
        """The step with this key, or None."""
        return next((step for step in self.steps if step.key == key), None)

    def templates(self) -> tuple[str, ...]:
        """Every template that some step may send, each once, in order."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.template_names))


def parse_sequence(name: str, data: object, line_of: LineOf, file: str) -> tuple[Sequence | None, list[Problem]]:
    """The sequence in the data of one YAML file, or None, and every problem in it; warnings alone leave it usable."""
    report = Report(file=file, line_of=line_of)
    if not isinstance(data, Mapping):
        report.add("sequence-wrong-shape", (), "this is no sequence; write `title:`, `topic:`, `window:` and `steps:`")
        return None, report.problems
    if "name" in data:
        report.add("content-unknown-key", ("name",), "unknown key `name`; leave it out, the file's name is used")
    sequence = report.read(Sequence, {**data, "name": name})
    _check_window(report, data.get("window"))
    _check_steps(report, data)
    return (None if report.failed else sequence), report.problems


def _check_window(report: Report, raw: object) -> None:
    window = _quietly(Window, raw)
    if not window:
        return
    if window.opens >= window.closes:
        report.add(
            "window-empty",
            ("window", "to"),
            f"the window closes at {window.closes:%H:%M}, not after it opens at {window.opens:%H:%M}; "
            "write a later time at `to`",
        )
    for position, day in repeated(enumerate(window.days)):
        report.add("window-repeats-day", ("window", "days", position), f"`{day}` stands here twice; leave one out")


def _check_steps(report: Report, data: Mapping[object, object]) -> None:
    """What a step cannot know by itself; looks at the raw data, so that one bad key does not hide the rest."""
    steps = [mapping(raw) for raw in items(data.get("steps"))]
    keys = [str(raw.get("key")) for raw in steps]
    for position, key in repeated((i, key) for i, key in enumerate(keys) if "key" in steps[i]):
        report.add("step-repeats-key", ("steps", position, "key"), f"two steps have the key `{key}`; give each its own")
    window = _quietly(Window, data.get("window"))
    for position, raw in enumerate(steps):
        if not raw:
            continue
        path: Path = ("steps", position)
        _check_template(report, path, raw)
        if position == 0:
            _check_advice(report, path, raw)
        else:
            _check_follow_up(report, path, raw)
        _check_at(report, path, raw, window)
        _check_sent(report, path, raw, keys[:position], keys)


def _check_template(report: Report, path: Path, raw: Mapping[object, object]) -> None:
    variants = raw.get("variants")
    if ("template" in raw) == ("variants" in raw):
        say = "has both `template` and `variants`; write one" if "template" in raw else "has no `template`; name one"
        report.add("step-template", path, f"step `{raw.get('key', path[-1])}` {say}")
    elif isinstance(variants, Mapping) and len(variants) < 2:
        report.add(
            "step-few-variants", (*path, "variants"), "`variants` needs two templates or more; for one write `template`"
        )


def _check_advice(report: Report, path: Path, raw: Mapping[object, object]) -> None:
    if raw.get("purpose") != "advice":
        report.add(
            "first-step-not-advice", path, "the first step must be the advice itself; write `purpose: advice` in it"
        )
        return
    for key in ("wait", "at", "only_if", "skip_if", "max_late"):
        if key in raw:
            report.add("advice-waits", (*path, key), f"the advice leaves at once, for everyone; leave out `{key}`")


def _check_follow_up(report: Report, path: Path, raw: Mapping[object, object]) -> None:
    if raw.get("purpose") == "advice":
        report.add(
            "second-advice", (*path, "purpose"), "only the first step can be the advice; leave out `purpose` here"
        )
    elif raw.get("wait") is None:
        report.add("step-no-wait", path, f"step `{raw.get('key', '?')}` has no `wait`; write {_HOW_TO_WAIT}")


def _check_at(report: Report, path: Path, raw: Mapping[object, object], window: Window | None) -> None:
    step = _quietly(Step, {"key": "x", "at": raw.get("at")})
    if not step or not step.at or not window or window.opens >= window.closes:
        return
    if not window.opens <= step.at < window.closes:
        report.add(
            "at-outside-window",
            (*path, "at"),
            f"{step.at:%H:%M} lies outside the window; write a time from {window.opens:%H:%M} up to, "
            f"and not including, {window.closes:%H:%M}",
        )


def _check_sent(
    report: Report, path: Path, raw: Mapping[object, object], earlier: list[str], all_keys: list[str]
) -> None:
    for where, key in _sent_references(raw):
        if key in earlier:
            continue
        if key in all_keys:
            report.add(
                "sent-not-earlier",
                (*path, *where),
                f"`{key}` comes later, or is this step itself, and cannot have been sent; name an earlier step",
            )
        else:
            report.add("sent-unknown-step", (*path, *where), f"there is no step `{key}`; {did_you_mean(key, earlier)}")


def _sent_references(raw: Mapping[object, object]) -> Iterator[tuple[Path, str]]:
    for condition in ("only_if", "skip_if"):
        for position, key in enumerate(items(mapping(raw.get(condition)).get("sent"))):
            if isinstance(key, str):
                yield (condition, "sent", position), key


def _quietly(model: type[ModelT], raw: object) -> ModelT | None:
    """The model when the data is right; what is wrong with it has been told already."""
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None
