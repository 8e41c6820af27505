"""What each page of the sequences is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from service.web.studio.views import StudioPage

SequenceState = Literal["live", "changed", "new", "gone"]


@dataclass(frozen=True, kw_only=True)
class ProblemLine:
    """One problem in words. `line` is in the sequence's file, None for one elsewhere."""

    text: str
    is_error: bool
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One step in the small picture of a sequence: on about which day, and does everybody get it?"""

    key: str
    day: int
    is_advice: bool
    is_for_some: bool


@dataclass(frozen=True, kw_only=True)
class SequenceLine:
    """One sequence in the list. `state` is of the draft beside what is live; "gone": live, and without a file."""

    name: str
    title: str
    state: SequenceState
    archived: bool
    live_archived: bool
    errors: int
    warnings: int
    under_way: int
    dots: tuple[Dot, ...]


@dataclass(frozen=True, kw_only=True)
class SequencesPage(StudioPage):
    """Every sequence, of the draft and live."""

    template: ClassVar[str] = "studio/sequences/list.html"

    lines: tuple[SequenceLine, ...]
    problems: tuple[ProblemLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MailView:
    """One mail of a step: its variant's name, "" for none; subject and preheader as Anna would see them."""

    template: str
    variant: str
    subject: str
    preheader: str
    is_drawn: bool


@dataclass(frozen=True, kw_only=True)
class StepCard:
    """One step of the timeline. `waiting`: leads whose next mail it is; `day`: about how long after the opt-in.

    `can_edit`: it has a name to be found by; without one it is changed as text.
    """

    position: int
    key: str
    line: int
    day: int | None
    when: str
    window: str
    conditions: tuple[str, ...]
    late: str
    mails: tuple[MailView, ...]
    waiting: int
    problems: tuple[ProblemLine, ...]
    mail_problems: int
    can_edit: bool

    @property
    def is_for_some(self) -> bool:
        """Does not everybody get it?"""
        return bool(self.conditions)


@dataclass(frozen=True, kw_only=True)
class TimelinePage(StudioPage):
    """A sequence as a timeline. `done` names what was just done, `told` is what was refused, with its problems."""

    template: ClassVar[str] = "studio/sequences/timeline.html"
    scripts: ClassVar[bool] = True
    frames: ClassVar[bool] = True

    name: str
    title: str
    mark: str
    state: SequenceState
    archived: bool
    cards: tuple[StepCard, ...]
    problems: tuple[ProblemLine, ...]
    waits_for_button: int
    under_way: int
    confirmation: str
    window: str
    exits_on_booking: bool
    again: str
    can_edit: bool
    done: str = ""
    told: str = ""
    refused: tuple[ProblemLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing to choose on a form, by its value and what staff call it; `is_dutch` on English pages, too."""

    value: str
    label: str
    is_dutch: bool = False


@dataclass(frozen=True, kw_only=True)
class AnswerGroup:
    """A question with the answers a condition may ask for; `is_dutch` where a form asks it."""

    name: str
    label: str
    is_dutch: bool
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class FormPage(StudioPage):
    """A page with a form: what its fields hold, and what is wrong with each; `problems` belong to no field."""

    name: str
    title: str
    mark: str
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[ProblemLine, ...] = ()

    def value(self, name: str) -> str:
        """What stands in a field."""
        return next(iter(self.typed.get(name, ())), "")

    def has(self, name: str, value: str) -> bool:
        """Is this one of what is chosen?"""
        return value in self.typed.get(name, ())


@dataclass(frozen=True, kw_only=True)
class StepPage(FormPage):
    """The form of one step, or of a new one behind `after`. `kept` are parts that the form leaves alone, as written."""

    template: ClassVar[str] = "studio/sequences/step.html"

    key: str
    after: str = ""
    is_advice: bool
    first_follow_up: bool
    confirmation: str
    window: str
    templates: tuple[str, ...]
    answers: tuple[AnswerGroup, ...]
    earlier: tuple[str, ...]
    months: tuple[Choice, ...]
    kept: Mapping[str, str] = field(default_factory=dict)
    waiting: int = 0
    rows: int = 2


@dataclass(frozen=True, kw_only=True)
class RulesPage(FormPage):
    """What holds for the whole sequence: its title, the days and hours, the button, and what ends it."""

    template: ClassVar[str] = "studio/sequences/rules.html"

    topic: str
    days: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class TextPage(FormPage):
    """The file as it stands. `may_insist`: it was refused for what is wrong in it, and can be saved all the same."""

    template: ClassVar[str] = "studio/sequences/text.html"

    file: str
    text: str
    lines: int
    may_insist: bool = False


@dataclass(frozen=True, kw_only=True)
class CopyPage(FormPage):
    """A new topic, from this sequence."""

    template: ClassVar[str] = "studio/sequences/copy.html"


@dataclass(frozen=True, kw_only=True)
class ArchivePage(FormPage):
    """Close a sequence to new leads, or open it again. `forms` are those that lead to it by an answer, which change
    along; `gone` those that go away with it, and `left` the topics that then have none."""

    template: ClassVar[str] = "studio/sequences/archive.html"

    archived: bool
    under_way: int
    forms: tuple[str, ...]
    gone: tuple[str, ...]
    left: tuple[str, ...]
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckItem:
    """One thing to do before going live. `done` is None where only a person can tell."""

    text: str
    done: bool | None
    more: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class ChecklistPage(StudioPage):
    """The go-live checklist of a sequence."""

    template: ClassVar[str] = "studio/sequences/checklist.html"

    name: str
    title: str
    items: tuple[CheckItem, ...]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of the calendar; None stands for one of another month. `mails` are numbers in the list beneath."""

    number: int
    closed: str = ""
    mails: tuple[int, ...] = ()
    is_opt_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month in whole weeks, from Monday."""

    title: str
    weeks: tuple[tuple[Day | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Coming:
    """One step as it goes in this story. `when` is "" for one that is not sent; `number` is its place in the list."""

    number: int
    key: str
    subject: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class CalendarPage(FormPage):
    """What an opt-in at a moment would get, by the draft."""

    template: ClassVar[str] = "studio/sequences/calendar.html"

    story: str
    months: tuple[Month, ...]
    mails: tuple[Coming, ...]
    questions: tuple[AnswerGroup, ...]
    confirmations: tuple[Choice, ...]
    events: tuple[Choice, ...]
    told: str = ""
