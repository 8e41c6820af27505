"""What the pages about a lead's own data are given; the rest as in `web/views.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from service.domain.forms import Question
from service.web.views import LeadPage, MailOn


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """One advice that was asked for: the topic in the words of its sequence, by which form, on which page."""

    topic: str
    on: date
    form: str | None = None
    page: str | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """A question that is not asked on this page, with the chosen answer in the words of its form.

    `form_url`: the answer chooses the topic, and is given on that form.
    """

    label: str
    answer: str
    form_url: str = ""


@dataclass(frozen=True, kw_only=True)
class MyDataPage(LeadPage):
    """`/p/`: why, what was and what comes, and what to do about it. `done` is what was just asked for by `POST`.

    `confirmed_on` is when the standing yes was given, to `agreed_to`; without one `ticked_on` is when she ticked a box
    that waits for the button, to `agreed_to`, or else `stopped_on` is the last no, if any.
    `mails`: "waiting" (not confirmed: `erase_on` says when all of it goes), "active", "paused", or "ended".
    `questions` pairs each question with the option chosen, "unknown" where none was. `may_go_on`: the pause is her own.
    """

    template: ClassVar[str] = "my_data.html"
    has_form: ClassVar[bool] = True

    address: str
    first_name: str | None
    since: date
    topic: str
    asked_for: tuple[AskedFor, ...]
    questions: tuple[tuple[Question, str], ...]
    told: tuple[Told, ...]
    confirmed_on: date | None
    ticked_on: date | None = None
    agreed_to: str | None = None
    stopped_on: date | None = None
    mails: Literal["waiting", "active", "paused", "ended"]
    paused_until: date | None = None
    paused_by: str | None = None
    may_pause: bool = False
    may_go_on: bool = False
    erase_on: date | None = None
    sent: tuple[MailOn, ...]
    upcoming: tuple[MailOn, ...]
    done: Literal["pause", "go_on", "answers", "link"] | None = None


@dataclass(frozen=True, kw_only=True)
class AllDataPage(LeadPage):
    """`GET /d/`: buttons to look at, take along or erase all that is held. Shows none of it: scanners open links too.

    `until` is the local moment at which the link ends; None once it has: the button then asks for a new one. `sent`:
    that was just done. `request_open`: a request for a pain check goes with the rest. `backup_days`: so long backups
    are kept.
    """

    template: ClassVar[str] = "all_data.html"
    has_form: ClassVar[bool] = True

    until: datetime | None
    backup_days: int
    sent: bool = False
    request_open: bool = False
