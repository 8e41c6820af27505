"""What each page of the settings is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

from service.domain.forms import Form
from service.domain.practice import Closed
from service.flows.allowed_origins import AllowedOrigin
from service.flows.closed_days import HolidayLine, Month
from service.flows.consent_texts import Counted, Wording
from service.flows.finding import Finding
from service.flows.refused_origins import RefusedOrigin
from service.flows.transport_shown import TransportShown
from service.web.snippets import Snippets
from service.web.studio.views import StudioPage


@dataclass(frozen=True, kw_only=True)
class OverviewPage(StudioPage):
    """A card a subject, each with how it stands."""

    template: ClassVar[str] = "studio/settings/overview.html"

    made_up: int  # facts of the practice that are still made up
    broken: bool  # practice.yaml cannot be read
    next_closed: Closed | None
    forms: int
    refused: int  # websites, lately, that were not allowed since
    allowed: int
    version: str  # of the consent texts that leads see, "" before anything is published
    reworded: bool  # the file has other words than leads see
    way: Literal["none", "file", "down", "fallback", "ok"]
    second_step: bool
    editors_publish: bool


@dataclass(frozen=True, kw_only=True)
class PracticePage(StudioPage):
    """`practice.yaml` as a form. `values` by path, as `flows/practice_editing.FACTS` lists them; `wrong` by path too.

    `mark`: of the file as it was read. `unreadable`: why it cannot be changed here, "" where it can.
    """

    template: ClassVar[str] = "studio/settings/practice.html"

    mark: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    made_up: frozenset[str] = frozenset()
    wrong: Mapping[str, str] = field(default_factory=dict)
    pictures: Sequence[str] = ()
    told: str = ""
    unreadable: str = ""
    saved: bool = False


@dataclass(frozen=True, kw_only=True)
class DaysPage(StudioPage):
    """The year of the practice. `waiting`: the file says other days than what is published."""

    template: ClassVar[str] = "studio/settings/days.html"

    mark: str
    year: int
    today: date | None = None
    months: tuple[Month, ...] = ()
    closed: Sequence[Closed] = ()
    holidays: tuple[HolidayLine, ...] = ()
    own_days: tuple[date, ...] = ()
    waiting: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    unreadable: str = ""


@dataclass(frozen=True, kw_only=True)
class FormsPage(StudioPage):
    """The published forms."""

    template: ClassVar[str] = "studio/settings/forms.html"

    forms: Sequence[Form]


@dataclass(frozen=True, kw_only=True)
class FormPage(StudioPage):
    """One form, what to paste into a website, and a test. `tried`: the lead of the test just made."""

    template: ClassVar[str] = "studio/settings/form.html"
    scripts: ClassVar[bool] = True

    form: Form
    url: str
    snippets: Snippets
    recipients: Sequence[str]
    tried: int | None = None
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class OriginsPage(StudioPage):
    """Which websites may post the forms. `names`: staff by what the audit log calls them."""

    template: ClassVar[str] = "studio/settings/origins.html"

    own: str
    fixed: Sequence[str]
    allowed: Sequence[AllowedOrigin]
    refused: Sequence[RefusedOrigin]
    names: Mapping[str, str]
    typed: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentPage(StudioPage):
    """What leads agree to. `drafted` are forms whose words in the file differ from the published ones."""

    template: ClassVar[str] = "studio/settings/consent.html"

    wordings: Sequence[Wording]
    counts: Mapping[str, Counted]
    forms: Sequence[str]
    drafted: Sequence[str]
    chain: ChainShown | None = None
    unreadable: str = ""


@dataclass(frozen=True, kw_only=True)
class ChainShown:
    """What was found of the chain of receipts. `broken`: what is wrong, "" where it is whole."""

    receipts: int
    blanked: int
    end: str
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentTextsPage(StudioPage):
    """The two texts of a form, to be changed. `version`: the one offered for other words."""

    template: ClassVar[str] = "studio/settings/consent_texts.html"

    form: str
    mark: str
    advice: str
    follow_up: str
    version: str
    now: str  # the version that stands in the file
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class TransportPage(StudioPage):
    """How mail leaves. `sent`: what came of a test mail of just now; `findings` of an examination of just now."""

    template: ClassVar[str] = "studio/settings/transport.html"

    shown: TransportShown
    recipients: Sequence[str]
    sent: MailTried | None = None
    findings: Sequence[Finding] | None = None
    hurried: bool = False  # the examination was cut off: it took too long
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class MailTried:
    """What came of a test mail: to whom, whether it was taken, and what the other side said."""

    to: str
    taken: bool
    said: str


@dataclass(frozen=True, kw_only=True)
class StudioSettingsPage(StudioPage):
    """What holds for everybody in the studio."""

    template: ClassVar[str] = "studio/settings/studio.html"

    editors_publish: bool
    second_step: bool
    without_step: Sequence[str]  # by name: who would have to set one up
    saved: bool = False
