"""What the first page is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from service.flows.draft_glance import Glance
from service.flows.today import Today
from service.web.studio.results.views import Funnel
from service.web.studio.views import StudioPage
from service.web.studio.waiting.views import AlertCard


@dataclass(frozen=True, kw_only=True)
class HomePage(StudioPage):
    """What needs a person, the brake, today's mails, and how each sequence does.

    `opt_ins` wait for a look before their advice leaves, `held` are the other mails that wait for a decision.
    `draft` is None where the content folder cannot be read. `sequences` are those that are held back one by one, by
    name and title.
    """

    template: ClassVar[str] = "studio/home.html"

    requests: int
    to_read: int
    opt_ins: int
    held: int
    unknown: int
    alerts: tuple[AlertCard, ...]
    draft: Glance | None
    all_mail: bool
    follow_ups: bool
    sequences: tuple[tuple[str, str], ...]
    published: bool
    today: Today | None
    funnels: tuple[Funnel, ...]
    weeks: int

    @property
    def is_quiet(self) -> bool:
        """Does nobody wait for anybody? Texts that somebody is at work on are another matter."""
        return not (self.requests or self.to_read or self.opt_ins or self.held or self.unknown or self.alerts)

    @property
    def texts_are_done(self) -> bool:
        """Is everything in the content folder well, approved and live?"""
        draft = self.draft
        return draft is not None and not (draft.errors or draft.warnings or draft.unapproved or draft.differs)
