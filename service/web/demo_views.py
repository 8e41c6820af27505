"""What the demo's pages are given. They exist in demo mode alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from service.domain.forms import Form
from service.web.views import FormView, LeadPage

MailAspect = Literal["html", "phone", "text", "source"]


@dataclass(frozen=True, kw_only=True)
class ArticlePage(LeadPage):
    """`GET /demo/`: a sample article as it could stand on the practice's own site, with the opt-in form in it."""

    template: ClassVar[str] = "demo/article.html"
    has_form: ClassVar[bool] = True
    scripts: ClassVar[bool] = True

    offer: FormView


@dataclass(frozen=True, kw_only=True)
class WebsitePage(LeadPage):
    """`GET /demo/website`: what to paste into a website, and how it looks; each way by its name for people."""

    template: ClassVar[str] = "demo/website.html"
    scripts: ClassVar[bool] = True

    form: Form
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class MailRow:
    """A mail in the list; `at` is in the practice's zone, `id` as in inbox.json."""

    id: str
    to: str
    subject: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class MailDetail:
    """The opened mail: both parts, the exact source as text, and where its links go (label, URL)."""

    row: MailRow
    text: str
    source: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class InboxPage(LeadPage):
    """`GET /demo/inbox` (no mail opened) and `GET /demo/inbox/{id}?view=…`.

    `mails` newest first. `now` is the demo's clock in the practice's zone. `files` are the content files to edit,
    relative to the content folder; `links` (label, path) is everything else worth a look. `none_planned`: the clock
    stayed, for no mail is to come.
    """

    template: ClassVar[str] = "demo/inbox.html"
    has_form: ClassVar[bool] = True
    scripts: ClassVar[bool] = True
    frames: ClassVar[bool] = True

    now: datetime
    mails: tuple[MailRow, ...]
    opened: MailDetail | None = None
    aspect: MailAspect = "html"
    none_planned: bool = False
    files: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
