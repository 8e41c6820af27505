"""What the pages of the mail editor are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from service.flows.mail_history import Line, Version
from service.flows.mail_shelf import Shelved, Use
from service.flows.readers import Asked
from service.mail.approvals import Approval
from service.web.studio.views import StudioPage

LOOKS = ("phone", "desktop", "dark", "images-off", "text")
TABS = ("text", "source")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One mail in one place. `step` counts from 1; 0 where it stands in no sequence."""

    mail: Shelved
    step: int = 0
    variant: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The mails of one sequence, in their order."""

    name: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, kw_only=True)
class ShelfPage(StudioPage):
    """Every mail and partial."""

    template: ClassVar[str] = "studio/mails/shelf.html"

    groups: tuple[Group, ...]
    service: tuple[Card, ...]
    partials: tuple[Card, ...]
    unused: tuple[Card, ...]
    writable: bool
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A problem, in words. `line` counts from 1 in the text field; None where it stands in none of its lines.

    `where` names another file of the editor where the problem stands there; `field` a field of the head.
    """

    id: str
    severity: str
    text: str
    line: int | None = None
    where: str = ""
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """How the mail stands in a list of mails, before it is opened."""

    sender: str
    subject: str
    preheader: str


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Somebody of the staff a test may go to."""

    id: int
    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class EditPage(StudioPage):
    """One mail or partial. `fields` are None where the head cannot be read: then only the source can be changed.

    `holders` are the mails that a partial can be looked at in; `bundle` is where the script finds CodeMirror, "" where
    it was not built; `done` names what was just done.
    """

    template: ClassVar[str] = "studio/mails/edit.html"
    scripts: ClassVar[bool] = True
    frames: ClassVar[bool] = True

    name: str
    tab: str
    mark: str
    fields: dict[str, str] | None
    text: str
    is_partial: bool
    is_service: bool
    is_unused: bool
    uses: tuple[Use, ...]
    holders: tuple[str, ...]
    problems: tuple[Told, ...]
    inbox: Inbox
    words: int
    approval: Approval | None
    asked: tuple[Asked, ...]
    recipients: tuple[Recipient, ...]
    me: int
    writable: bool
    bundle: str
    done: str = ""
    looks: tuple[str, ...] = LOOKS


@dataclass(frozen=True, kw_only=True)
class FramePage(StudioPage):
    """In the frame instead of a mail: why there is none, or that a test left. Sent as `mail_frame` sends mails."""

    has_form: ClassVar[bool] = False
    template: ClassVar[str] = "studio/mails/frame.html"

    title: str
    told: str = ""
    problems: tuple[Told, ...] = ()
    good: bool = False


@dataclass(frozen=True, kw_only=True)
class VersionShown:
    """A version, with the name of who published it."""

    version: Version
    who: str


@dataclass(frozen=True, kw_only=True)
class HistoryPage(StudioPage):
    """The versions of one mail, newest first, and what differs between two of them.

    `old` and `new` are numbers of revisions, 0 for the draft; None where there is nothing to compare.
    """

    template: ClassVar[str] = "studio/mails/history.html"
    frames: ClassVar[bool] = True

    name: str
    is_partial: bool
    mark: str
    versions: tuple[VersionShown, ...]
    old: int | None
    new: int | None
    lines: tuple[Line, ...]
    drawn_old: int | None
    drawn_new: int | None
    draft_differs: bool
    writable: bool


@dataclass(frozen=True, kw_only=True)
class NewPage(StudioPage):
    """A mail to be made. `told` is why the one before will not do."""

    template: ClassVar[str] = "studio/mails/new.html"

    mails: tuple[str, ...]
    partials: tuple[str, ...]
    typed: dict[str, str]
    told: str = ""
