"""What each page of this room is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from service.domain.text_diff import Row
from service.errors import Problem
from service.flows.plan_shown import Plan
from service.flows.publishing import Change
from service.web.studio.views import StudioPage

Kind = Literal["sequence", "practice", "forms", "mails"]


@dataclass(frozen=True, kw_only=True)
class ConflictFile:
    """A file that changed meanwhile: `rows` hold what is there now against what was typed, `merged` both in one.

    `mine` is all that was typed, to be copied. `is_text`: else there is nothing to hold against each other.
    """

    file: str
    gone_there: bool
    gone_here: bool
    is_text: bool = True
    rows: tuple[Row, ...] = ()
    mine: str = ""
    merged: tuple[Row, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ConflictPage(StudioPage):
    """`beside` are files of the same save that nobody else changed; `held` is all of it, sealed."""

    template: ClassVar[str] = "studio/publishing/conflict.html"

    files: tuple[ConflictFile, ...]
    beside: tuple[str, ...]
    can_merge: bool
    held: str


@dataclass(frozen=True, kw_only=True)
class NotWritablePage(StudioPage):
    """`files` to take along, by their place in the content folder; `gone` are those to remove there."""

    template: ClassVar[str] = "studio/publishing/not_writable.html"

    files: tuple[str, ...]
    gone: tuple[str, ...]
    done: str
    held: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is published by itself, as pages call it. `title` is a sequence's own."""

    kind: Kind
    name: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class FileDiff:
    """One file that differs. `mail` is the mail's name, where it is one that has a page."""

    file: str
    is_new: bool
    is_gone: bool
    rows: tuple[Row, ...]
    mail: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One step in the strip: where it stands before and after, in per cent of the width; None: not there."""

    key: str
    kind: Literal["same", "added", "removed", "moved", "changed"]
    before: float | None
    after: float | None


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A sequence before and after, on one scale of days. `days` are (per cent, day) to be written below."""

    dots: tuple[Dot, ...]
    days: tuple[tuple[float, int], ...]


@dataclass(frozen=True, kw_only=True)
class StepCounts:
    """What becomes of one step: each group of leads in words, as `nurture plan` has them."""

    step: str
    number: int  # the how manieth mail it is; 0 where it is there no more
    told: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChoiceShown:
    """What one choice does to those under way; `notice` of `leads` notice something."""

    leads: int
    notice: int
    twice: int
    ending: int
    steps: tuple[StepCounts, ...]


@dataclass(frozen=True, kw_only=True)
class SequenceShown:
    """What the plan says of one sequence. `only_dates`: it did not change itself, the days of the practice did.

    `beside`: neither a step nor a mail of it differs, only files that stand beside them.
    """

    part: Part
    is_new: bool
    only_dates: bool
    beside: bool
    under_way: int
    waiting: int
    told_under_way: str
    changes: tuple[str, ...]
    strip: Strip | None
    stay: ChoiceShown
    move: ChoiceShown | None


@dataclass(frozen=True, kw_only=True)
class PlanShown:
    """The plan in people, and what of it is no sequence. `digest` stands for all of it: draft, live, and warnings."""

    plan: Plan
    sequences: tuple[SequenceShown, ...]
    others: tuple[tuple[Part, bool, tuple[str, ...]], ...]  # part, is it new, what differs in words
    chooses: bool  # is anybody under way in a sequence that has a new revision?


@dataclass(frozen=True, kw_only=True)
class Done:
    """One part that was just published; `moved` leads go on with it."""

    part: Part
    revision: int
    moved: int
    back_to: int | None


@dataclass(frozen=True, kw_only=True)
class PublishPage(StudioPage):
    """What differs from what is live, what is wrong with it, and what publishing it would do.

    `may` whoever is there publish? `told` is why it was not published just now; `done` what was.
    """

    template: ClassVar[str] = "studio/publishing/publish.html"

    found: tuple[Change, ...]  # all that differs
    parts: tuple[Part, ...]
    chosen: frozenset[str]
    files: tuple[FileDiff, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    shown: PlanShown | None
    digest: str
    may: bool
    waits: int = 0  # so many leads are under way that their plan is reckoned only where somebody asks for it
    told: str = ""
    done: tuple[Done, ...] = ()
    done_at: datetime | None = None
    move: bool = False


@dataclass(frozen=True, kw_only=True)
class RevisionLine:
    """One revision in a list. `same_as` an older one with the very same content."""

    id: int
    at: datetime
    who: str
    live: bool
    under_way: int
    same_as: int | None
    override_by: str
    back_to: int | None


@dataclass(frozen=True, kw_only=True)
class HistoryPage(StudioPage):
    """Everything that was ever published, by part, newest first. `more` parts have older revisions than are shown."""

    template: ClassVar[str] = "studio/publishing/history.html"

    parts: tuple[tuple[Part, tuple[RevisionLine, ...]], ...]
    more: frozenset[str] = frozenset()
    one: Part | None = None  # the page of this one alone


@dataclass(frozen=True, kw_only=True)
class RevisionPage(StudioPage):
    """One revision: who, when, and what it changed. `can_go_back`: it is otherwise than the live one."""

    template: ClassVar[str] = "studio/publishing/revision.html"

    part: Part
    line: RevisionLine
    warnings: tuple[str, ...]
    before: int | None
    files: tuple[FileDiff, ...]
    can_go_back: bool


@dataclass(frozen=True, kw_only=True)
class BackPage(StudioPage):
    """The plan of going back, and the files that would bring the other text back if they stayed.

    `files` are those of the folder that differ from this revision's, by what becomes of them.
    """

    template: ClassVar[str] = "studio/publishing/back.html"

    part: Part
    line: RevisionLine
    shown: PlanShown | None
    waits: int = 0
    files: tuple[FileDiff, ...]
    writable: bool
    digest: str
    may: bool
    told: str = ""
    move: bool = False
