"""What each page of the studio is given: one frozen class a page, every field spelled out, nothing looked up later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from markupsafe import Markup

from service.domain.staff import Least, Role, StaffLanguage
from service.flows.staff import Invited, Shown
from service.flows.staff_sessions import Member
from service.web.views import Page


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands round every page: who is there, in which language, and what each form carries."""

    language: StaffLanguage
    here: str  # the path, to mark it in the menu
    member: Member | None = None
    form_token: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    in_demo: bool = False
    owes_step: bool = False  # they must set a second step up first, so no menu leads anywhere

    @property
    def level(self) -> Least:
        """As whom whoever is there may enter."""
        return self.member.level if self.member else Least.ANYONE


@dataclass(frozen=True, kw_only=True)
class StudioPage(Page):
    """Every page has a form on it (to log out), is kept nowhere, and loads no script unless it says so."""

    has_form: ClassVar[bool] = True

    practice: None = None
    frame: Frame


@dataclass(frozen=True, kw_only=True)
class ProblemPage(StudioPage):
    """Something was refused, or is not there. It says so to nobody in particular: there is no form on it."""

    has_form: ClassVar[bool] = False
    template: ClassVar[str] = "studio/problem.html"

    status_code: int
    told: str


@dataclass(frozen=True, kw_only=True)
class TypedPage(StudioPage):
    """What was typed into a form that came too late: `texts` and `others` by the name of their field."""

    template: ClassVar[str] = "studio/typed.html"

    path: str
    texts: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class MemberProblemPage(ProblemPage):
    """The same for somebody who is logged in: the menu stands round it, and the button to log out."""

    has_form: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class LoginPage(StudioPage):
    """`wrong`: the try before this one. `demo`: address and password to try out with, in the demo alone."""

    template: ClassVar[str] = "studio/login.html"

    address: str = ""
    wrong: bool = False
    demo: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class CodePage(StudioPage):
    """The second step at log-in."""

    template: ClassVar[str] = "studio/code.html"

    wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class InvitationPage(StudioPage):
    """Whoever was invited sets a password. `told`: why the one before will not do, "" at first."""

    template: ClassVar[str] = "studio/invitation.html"

    name: str
    address: str
    token: str
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One session of one's own."""

    id: int
    agent: str
    began: datetime
    seen: datetime
    is_this: bool


@dataclass(frozen=True, kw_only=True)
class AccountPage(StudioPage):
    """One's own account. `done` names what was just done; `told` is what is wrong with a new password, `code_told`
    with turning the second step off."""

    template: ClassVar[str] = "studio/account.html"

    address: str
    second_step: bool
    recovery_left: int
    browsers: tuple[Browser, ...]
    done: str = ""
    told: str = ""
    code_told: str = ""
    must_have_step: bool = False


@dataclass(frozen=True, kw_only=True)
class SetUpCodePage(StudioPage):
    """The secret of the second step, as a QR code and as text; `codes` once it is on, to be written down.

    `wrong`: the code was; `told`: what else is wrong, "" for nothing."""

    template: ClassVar[str] = "studio/set_up_code.html"

    qr: Markup | None = None
    secret: str = ""
    sealed: str = ""
    wrong: bool = False
    told: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StaffPage(StudioPage):
    """All staff. `invited` is the link of just now, which is shown this once; `told` is what was refused."""

    template: ClassVar[str] = "studio/staff.html"

    people: tuple[Shown, ...]
    roles: tuple[Role, ...] = tuple(Role)
    invited: Invited | None = None
    told: str = ""
    typed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RemovePage(StudioPage):
    """Is this person really to be removed?"""

    template: ClassVar[str] = "studio/remove_staff.html"

    staff_id: int
    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One entry of the audit log, in words."""

    id: int
    at: datetime
    who: str
    what: str
    details: str
    has_diff: bool = False
    published: str = ""  # the path of what was published


@dataclass(frozen=True, kw_only=True)
class AuditPage(StudioPage):
    """A page of the audit log, newest first. `older`: the query of the next page, "" at the end.

    `actions` and `people` are what can be chosen from, by value and word; `action` and `who` what was, "" for all.
    """

    template: ClassVar[str] = "studio/audit.html"

    lines: tuple[AuditLine, ...]
    older: str
    is_first: bool
    actions: tuple[tuple[str, str], ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    action: str = ""
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditEntryPage(StudioPage):
    """One entry, with what it changed in the files: by file, the lines of a patch. `cut`: not all of it was kept."""

    template: ClassVar[str] = "studio/audit_entry.html"

    line: AuditLine
    files: tuple[tuple[str, tuple[str, ...]], ...]
    cut: bool
