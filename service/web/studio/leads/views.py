"""What each page about leads is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from service.flows.erase_proof import Proof
from service.flows.lead_shown import BookingShown, ConsentShown, RequestShown
from service.web.studio.leads.wanted import Asked
from service.web.studio.views import StudioPage


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run through a sequence, by its title, and where it stands (`store.lead_list.Stand`)."""

    title: str
    stand: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One lead in the list. `open_request`: None where she never asked for a pain check."""

    number: int
    shown: str
    since: datetime
    runs: tuple[Run, ...]
    open_request: bool | None
    booked: bool
    suppressed: bool


@dataclass(frozen=True, kw_only=True)
class LeadsPage(StudioPage):
    """The list. `counts` are of runs, by where they stand, written out; `told` is what was wrong with a search."""

    template: ClassVar[str] = "studio/leads/list.html"

    rows: tuple[Row, ...]
    asked: Asked
    older: int | None
    looked_on: bool
    is_first: bool
    total: str
    counts: dict[str, str]
    shares: dict[str, int]  # of a hundred, for the picture
    sequences: tuple[tuple[str, str], ...]  # name, title
    searched: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened or is to come, in words. `at` None: it is not to come, as things stand.

    `sign` says of which sort it is (`mail`, `yes`, `no`, `talk`, `date`, `wait`, `form`); `state` what became of a
    mail, and `mood` whether that is well. `mail` is the number of a mail that can be looked at. With `is_subject` the
    text is a mail's own, and Dutch in every studio.
    """

    at: datetime | None
    sign: str
    text: str
    why: str = ""
    reason: str = ""  # as it was stored, in Dutch
    state: str = ""
    mood: str = ""
    mail: int | None = None
    is_subject: bool = False


@dataclass(frozen=True, kw_only=True)
class Now:
    """One sentence on how things stand; `mood` is `good`, `waits`, `bad` or none."""

    text: str
    mood: str = ""


@dataclass(frozen=True, kw_only=True)
class May:
    """What can be done for this lead just now."""

    stop: bool
    pause: bool
    resume: bool
    again: bool


@dataclass(frozen=True, kw_only=True)
class LeadPage(StudioPage):
    """One lead. `mark` goes along with every form; what is personal is "" or empty for editors."""

    template: ClassVar[str] = "studio/leads/lead.html"

    number: int
    shown: str
    first_name: str
    answers: tuple[tuple[str, str], ...]
    since: datetime
    now: tuple[Now, ...]
    next_mail: Line | None
    coming: tuple[Line, ...]
    happened: tuple[Line, ...]
    consents: tuple[ConsentShown, ...]
    confirmed: bool  # is there a yes by the button? Then the box on the form waits for none any more
    requests: tuple[RequestShown, ...]
    bookings: tuple[BookingShown, ...]
    kept: str
    may: May
    mark: str
    tomorrow: date
    done: str = ""
    told: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)  # where something was refused


@dataclass(frozen=True, kw_only=True)
class MailPage(StudioPage):
    """One mail of a lead, as it was sent or stands ready. `text` None: it cannot be made any more."""

    template: ClassVar[str] = "studio/leads/mail.html"
    frames: ClassVar[bool] = True

    number: int
    shown: str
    mail: int
    subject: str
    sender: str
    recipient: str
    at: datetime
    has_left: bool
    text: str | None
    has_html: bool


@dataclass(frozen=True, kw_only=True)
class ErasePage(StudioPage):
    """The question before erasing. `told`: the number typed was not the lead's."""

    template: ClassVar[str] = "studio/leads/erase.html"

    number: int
    shown: str
    mark: str
    backup_days: int
    open_request: bool
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class ErasedPage(StudioPage):
    """After erasing. `forgotten`: SQLite's log is cut off too; `proof`: None where nothing could be searched."""

    template: ClassVar[str] = "studio/leads/erased.html"

    number: int
    forgotten: bool
    proof: Proof | None
    backup_days: int
