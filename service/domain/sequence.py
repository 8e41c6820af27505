"""A sequence as staff write it in `sequences/NAME.yaml`: frozen values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from service.domain.conditions import Condition
from service.domain.reading import ClockTime, Line, Value, Weekday, in_dutch
from service.domain.waits import HOE_TE_WACHTEN, HOW_TO_WAIT, Unit, Wait

__all__ = ["Condition", "Name", "Purpose", "Sequence", "Step", "Unit", "Wait", "Window"]

Purpose = Literal["advice", "follow_up"]

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A stable name: small letters, digits and hyphens."""


class Window(Value):
    """The local days and hours in which follow-ups may leave: from `opens` up to, and not including, `closes`."""

    days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"),
        min_length=1,
        description="days out of mon, tue, wed, thu, fri, sat, sun, such as `[mon, tue, wed]`",
        json_schema_extra=in_dutch("dagen uit mon, tue, wed, thu, fri, sat, sun, zoals `[mon, tue, wed]`"),
    )
    opens: ClockTime = Field(
        alias="from",
        description='a time in quotes, such as "08:30"',
        json_schema_extra=in_dutch('een tijd tussen aanhalingstekens, zoals "08:30"'),
    )
    closes: ClockTime = Field(
        alias="to",
        description='a time in quotes, such as "19:00"',
        json_schema_extra=in_dutch('een tijd tussen aanhalingstekens, zoals "19:00"'),
    )
    skip_holidays: bool = Field(default=True, description="true or false", json_schema_extra=in_dutch("true of false"))


class Step(Value):
    """One mail of a sequence; its key is stable and is never given to another mail."""

    key: Name = Field(
        description="a name of small letters, digits and hyphens, such as `hoe-ging-het`",
        json_schema_extra=in_dutch("een naam van kleine letters, cijfers en streepjes, zoals `hoe-ging-het`"),
    )
    template: Name | None = Field(
        default=None,
        description="the name of a file in email_templates/, without .md",
        json_schema_extra=in_dutch("de naam van een bestand in email_templates/, zonder .md"),
    )
    variants: Mapping[str, Name] | None = Field(  # any name will do: published revisions hold such
        default=None,
        description="two or more templates, such as `{a: uitnodiging-kort, b: uitnodiging-verhaal}`",
        json_schema_extra=in_dutch("twee of meer mails, zoals `{a: uitnodiging-kort, b: uitnodiging-verhaal}`"),
    )
    purpose: Purpose = Field(
        default="follow_up",
        description="`advice` or `follow_up`",
        json_schema_extra=in_dutch("`advice` (het advies) of `follow_up` (een vervolgmail)"),
    )
    wait: Wait | None = Field(default=None, description=HOW_TO_WAIT, json_schema_extra=in_dutch(HOE_TE_WACHTEN))
    at: ClockTime | None = Field(
        default=None,
        description='a time in quotes, such as "09:00"',
        json_schema_extra=in_dutch('een tijd tussen aanhalingstekens, zoals "09:00"'),
    )
    only_if: Condition | None = Field(
        default=None,
        description="a condition, such as `{answer: {helped: [same]}}`",
        json_schema_extra=in_dutch("een voorwaarde, zoals `{answer: {helped: [same]}}`"),
    )
    skip_if: Condition | None = Field(
        default=None,
        description="a condition, such as `{sent: [eerder-uitnodigen]}`",
        json_schema_extra=in_dutch("een voorwaarde, zoals `{sent: [eerder-uitnodigen]}`"),
    )
    max_late: Wait | None = Field(default=None, description=HOW_TO_WAIT, json_schema_extra=in_dutch(HOE_TE_WACHTEN))

    @property
    def template_names(self) -> tuple[str, ...]:
        """Every template this step may send."""
        if self.variants:
            return tuple(self.variants.values())
        return (self.template,) if self.template else ()

    def variant_for(self, split_id: str) -> str | None:
        """The name of the lead's variant, or None where the step has none: an even split, the same for ever.

        The variant with the highest hash wins (rendezvous hashing), so that one more variant takes its share from the
        others and moves nobody between them. Only its name counts: another template under it moves nobody either.
        """
        if not self.variants:
            return None
        return max(
            sorted(self.variants),
            key=lambda name: hashlib.sha256(f"{split_id}\n{self.key}\n{name}".encode()).digest(),
        )

    def template_for(self, split_id: str) -> str:
        """The template for one lead. A mail that has its row keeps what it had then."""
        variant = self.variant_for(split_id)
        if self.variants and variant is not None:
            return self.variants[variant]
        if self.template is None:
            raise ValueError(f"step {self.key} has no template")
        return self.template


class Sequence(Value):
    """The steps of one topic in their order; the first is the advice itself."""

    name: Name = Field(
        description="a file name of small letters, digits and hyphens, such as lage-rug.yaml",
        json_schema_extra=in_dutch("een bestandsnaam van kleine letters, cijfers en streepjes, zoals lage-rug.yaml"),
    )
    title: Line = Field(
        min_length=1,
        description="a title, such as `title: Lage rugpijn`",
        json_schema_extra=in_dutch("een titel, zoals `title: Lage rugpijn`"),
    )
    topic: Name = Field(
        description="a name of small letters, digits and hyphens, such as `topic: lage-rug`",
        json_schema_extra=in_dutch("een naam van kleine letters, cijfers en streepjes, zoals `topic: lage-rug`"),
    )
    confirmation: Literal["double", "single"] = Field(
        default="double",
        description="`double` (follow-ups wait for the confirm button) or `single`",
        json_schema_extra=in_dutch("`double` (vervolgmails wachten op de knop in het advies) of `single`"),
    )
    window: Window = Field(
        description='days and hours, such as `{days: [mon, tue], from: "08:30", to: "19:00"}`',
        json_schema_extra=in_dutch('dagen en uren, zoals `{days: [mon, tue], from: "08:30", to: "19:00"}`'),
    )
    exit_on: tuple[Literal["booked"], ...] = Field(
        default=("booked",),
        description="`[booked]` or `[]`; unsubscribe, hard bounce and complaint always end it",
        json_schema_extra=in_dutch(
            "`[booked]` of `[]`; afmelden, een adres dat niet bestaat en een klacht stoppen altijd"
        ),
    )
    again_after: Wait = Field(
        default=Wait(amount=180, unit="days"),
        description='a length of time, such as "180 days"; who got all mails less long ago gets the advice alone',
        json_schema_extra=in_dutch(
            'een tijdsduur, zoals "180 days"; wie alle mails korter geleden kreeg, krijgt alleen het advies'
        ),
    )
    archived: bool = Field(
        default=False,
        exclude_if=lambda archived: not archived,  # so that what is published without it stays the same
        description="`true`: nobody enters any more, and whoever is under way gets the rest",
        json_schema_extra=in_dutch("`true`: niemand komt er meer in, en wie bezig is krijgt de rest"),
    )
    steps: tuple[Step, ...] = Field(
        min_length=1,
        description="a list of steps; the first is the advice",
        json_schema_extra=in_dutch("een lijst met stappen; de eerste is het advies"),
    )

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

    def answers(self) -> frozenset[str]:
        """Every answer that a condition looks at."""
        conditions = (each for step in self.steps for each in (step.only_if, step.skip_if) if each)
        return frozenset(name for condition in conditions for name in condition.answer)

    def templates(self) -> tuple[str, ...]:
        """Every template that some step may send, each once, in order."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.template_names))
