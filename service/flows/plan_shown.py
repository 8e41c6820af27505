"""What a plan before publishing holds: frozen values, for text, JSON and the studio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.domain.calendar import Calendar
from service.domain.step_changes import Difference, StepChange
from service.domain.wording import Reason
from service.flows.publishing import Change, Live

What = Literal["same", "new", "earlier", "later", "removed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of one step for one lead: the moment it leaves at as things are, and after publishing.

    None is: it does not leave, and where that is so after publishing `reason` says why. `days` is by how many local
    days the date moves, 0 where only the hour does. `reworded`: she gets other words than she would have.
    """

    step: str
    template: str
    what: What
    before: datetime | None
    after: datetime | None
    days: int
    reworded: bool
    reason: Reason | None


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many leads for whom one step comes to the same. `reason` where it does not leave any more."""

    step: str
    what: What
    days: int
    reworded: bool
    reason: Reason | None
    leads: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What one choice does to those under way in a sequence.

    `unchanged` leads notice nothing; `ending` get nothing any more though something was to come; `twice` would get a
    mail that they had. `counts` holds what is not as it was, in the order of the steps.
    """

    unchanged: int
    ending: int
    twice: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, kw_only=True)
class LeadPlan:
    """One lead under way, by id, and what each choice does to each step that is to come."""

    lead: int
    enrolment: int
    stay: tuple[Fate, ...]
    move: tuple[Fate, ...] | None


@dataclass(frozen=True, kw_only=True)
class SequencePlan:
    """One sequence: what changed in it, and what that does. `move` is None where there is no new revision to move to.

    Of those `under_way`, `waiting` have not pressed the button (dates are not known before they do), `silent` may get
    no mail, and `leads` are the rest. `outbox` mails are on their way already and leave as they were made.
    """

    name: str
    is_new: bool
    rules: tuple[Difference, ...]
    steps: tuple[StepChange, ...]
    under_way: int
    waiting: int
    silent: int
    outbox: int
    stay: Choice
    move: Choice | None
    leads: tuple[LeadPlan, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that publishing would change, as of `at`. `live` is what it was held against: see `publishing.publish`.

    `practice` is what differs in practice.yaml; `calendar` whether days or hours in it do. `held_back`: the brake is
    on, so the dates hold once it is let go. `service_mails` are those with other words.
    """

    at: datetime
    calendar: Calendar | None
    live: Live
    found: tuple[Change, ...]
    practice: tuple[Difference, ...]
    service_mails: tuple[str, ...]
    calendar_changes: bool
    held_back: bool
    sequences: tuple[SequencePlan, ...]
