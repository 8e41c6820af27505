"""What the pages of this room are given. What an editor may not see is left out here, and not by the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from service.domain.waiting import Choice
from service.web.studio.views import StudioPage


@dataclass(frozen=True, kw_only=True)
class Tabs:
    """How much waits on each page of this room."""

    people: int
    mails: int
    alerts: int


@dataclass(frozen=True, kw_only=True)
class Try:
    """Once that nobody was reached."""

    at: datetime
    who: str


@dataclass(frozen=True, kw_only=True)
class RequestCard:
    """An open request for a pain check. `lead_id` None: of somebody who was erased. `late`: promised sooner.

    `mark`: which one it is, also where a backup was put back and its number is given again. `dial` is the phone number
    as a phone takes it. Everything of the person is empty for an editor.
    """

    id: int
    lead_id: int | None
    asked_at: datetime
    mark: str
    late: bool
    worse: bool
    topic: str
    tries: tuple[Try, ...]
    name: str = ""
    address: str = ""
    phone: str = ""
    dial: str = ""
    preferred: tuple[str, ...] = ()
    note: str = ""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """One answer. `told`: who of the practice got it by mail, and what became of that mail, in words.

    For an editor `how` is empty too: what is not a mail is always a press on "worse".
    """

    at: datetime
    how: str = ""
    subject: str = ""
    lines: tuple[str, ...] = ()
    cut: bool = False
    told: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnswersCard:
    """All unread answers of one lead. `upto` is what the form ticks off, `mark` whose they are."""

    lead_id: int
    who: str
    name: str
    upto: int
    mark: str
    rests_until: datetime | None
    answers: tuple[AnswerLine, ...]


@dataclass(frozen=True, kw_only=True)
class HandledLine:
    """Something that was dealt with lately. `who` is "" where it ended by itself."""

    at: datetime
    what: str
    lead_id: int | None
    who: str


@dataclass(frozen=True, kw_only=True)
class PeoplePage(StudioPage):
    """Who waits for an answer. `done` says what was just done, `told` what was refused.

    `told_of`: of which request that is, with the day and the time that were typed there.
    """

    template: ClassVar[str] = "studio/waiting/people.html"

    tabs: Tabs
    may_act: bool
    requests: tuple[RequestCard, ...]
    more_requests: int
    answers: tuple[AnswersCard, ...]
    more_answers: int
    handled: tuple[HandledLine, ...]
    done: str = ""
    told: str = ""
    told_of: int = 0
    day: str = ""
    time: str = ""

    @property
    def count_answers(self) -> int:
        """How many answers wait to be read."""
        return sum(len(each.answers) for each in self.answers) + self.more_answers


@dataclass(frozen=True, kw_only=True)
class Action:
    """What can be done: the button, and what then happens. `asks`: it cannot be undone, or may mail somebody twice."""

    choice: Choice
    button: str
    means: str
    asks: bool


@dataclass(frozen=True, kw_only=True)
class GroupCard:
    """Mails that wait for one reason. `slug` names it in addresses."""

    slug: str
    count: int
    title: str
    why: str
    since: datetime
    templates: tuple[tuple[str, int], ...]
    upto: int
    seen: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class FailedLine:
    """A mail that no server would take. `who` is the lead, or "" where it went to the practice."""

    at: datetime
    mail: str
    lead_id: int | None
    who: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MailsPage(StudioPage):
    """Mails that wait for a person, by why; and those that failed lately."""

    template: ClassVar[str] = "studio/waiting/mails.html"

    tabs: Tabs
    may_act: bool
    groups: tuple[GroupCard, ...]
    failed: tuple[FailedLine, ...]
    done: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class MailCard:
    """One mail that waits. `handed_at`: when it was handed over, None for what never left."""

    id: int
    mail: str
    lead_id: int | None
    who: str
    due_at: datetime
    handed_at: datetime | None
    seen: str


@dataclass(frozen=True, kw_only=True)
class GroupPage(StudioPage):
    """The mails of one group, a page at a time. `after`: where the next page begins, None at the end."""

    template: ClassVar[str] = "studio/waiting/group.html"

    tabs: Tabs
    may_act: bool
    slug: str
    title: str
    count: int
    why: str
    mails: tuple[MailCard, ...]
    actions: tuple[Action, ...]
    after: int | None
    is_first: bool
    done: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class AlertCard:
    """An alert that stands. `todo` is what to do about it; `link` leads to where, "" for nowhere in the studio.

    `is_news`: whoever has seen to it may close it.
    """

    id: int
    text: str
    since: datetime
    todo: str
    link: str
    link_name: str
    is_news: bool


@dataclass(frozen=True, kw_only=True)
class AlertsPage(StudioPage):
    """Alerts that stand, and who is told of them elsewhere: `mailed_to` by mail, empty for an editor."""

    template: ClassVar[str] = "studio/waiting/alerts.html"

    tabs: Tabs
    may_act: bool
    is_mailed: bool
    is_posted: bool
    mailed_to: tuple[str, ...]
    alerts: tuple[AlertCard, ...] = field(default=())
    done: str = ""
