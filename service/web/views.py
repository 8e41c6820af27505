"""What each page for leads is given: one frozen class a page, every field spelled out, nothing looked up later.

A page class names its template and what its headers depend on; `pages.render` does the rest. Dates are the practice's
local dates. Text is plain text; the only HTML is `safety_html`, rendered from the published `_veiligheid.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from markupsafe import Markup

from service.domain.forms import Form, Question
from service.domain.pain_check import Promise
from service.domain.practice import Practice

Answer = Literal["better", "same", "worse"]


@dataclass(frozen=True, kw_only=True)
class FormView:
    """An opt-in form as it stands on a page: the published form, and what travels along with it unseen.

    `consent_version` is what the post will state about the texts shown; `source_url` the page the form stands on;
    `solver` where the script finds the solver of a proof of work, "" where none is asked for or none was built.
    """

    form: Form
    consent_version: str
    form_token: str = ""
    source_url: str = ""
    solver: str = ""


@dataclass(frozen=True, kw_only=True)
class MailOn:
    """One mail by its subject, and the local date on which it left or is planned."""

    subject: str
    on: date


@dataclass(frozen=True, kw_only=True)
class FieldNote:
    """One field of a form that could not be taken, in words."""

    label: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What every page has. `practice` is None only where nothing published can be read (503, nothing published)."""

    template: ClassVar[str]
    status: ClassVar[int] = 200
    has_form: ClassVar[bool] = False  # a form needs its Origin sent, so another Referrer-Policy
    stored_nowhere: ClassVar[bool] = True  # Cache-Control: no-store
    scripts: ClassVar[bool] = False  # may it load scripts of our own? No page needs them
    frames: ClassVar[bool] = False  # may it hold frames of our own?

    practice: Practice | None
    in_demo: bool = False
    framed_by: tuple[str, ...] = ()  # origins whose pages may hold it in a frame
    bare: bool = False  # without header and footer: it stands on somebody else's page


@dataclass(frozen=True, kw_only=True)
class LeadPage(Page):
    """A page that speaks for the practice, and therefore needs its facts."""

    practice: Practice


@dataclass(frozen=True, kw_only=True)
class ConfirmPage(LeadPage):
    """`GET /c/`: the consent text and one button. `withdrawn`: the link is older than the last withdrawal.

    `chosen` is the answer to the question that we have already, "" when none.
    """

    template: ClassVar[str] = "confirm.html"
    has_form: ClassVar[bool] = True

    state: Literal["new", "confirmed", "withdrawn"]
    consent_text: str
    shown: int  # the revision of the forms these words are of
    question: Question | None = None
    chosen: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfirmDonePage(LeadPage):
    """After `POST /c/`: what comes when. `upcoming` is empty when no follow-up is planned any more."""

    template: ClassVar[str] = "confirm_done.html"

    upcoming: tuple[MailOn, ...]


@dataclass(frozen=True, kw_only=True)
class ErasedPage(LeadPage):
    """A genuine link of an erased lead; `form_url` is where the advice can be asked for again.

    `just_now`: after `POST /d/`, by which the lead had it all erased.
    """

    template: ClassVar[str] = "erased.html"

    form_url: str
    just_now: bool = False


@dataclass(frozen=True, kw_only=True)
class UnsubscribePage(LeadPage):
    """`GET /u/`: one button, nothing to fill in (also shown for the link of an erased lead)."""

    template: ClassVar[str] = "unsubscribe.html"
    has_form: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class UnsubscribedPage(LeadPage):
    """After `POST /u/`, or stop on `/p/`. `was_active` False: there was nothing left to stop."""

    template: ClassVar[str] = "unsubscribed.html"

    was_active: bool = True


@dataclass(frozen=True, kw_only=True)
class BookingPage(LeadPage):
    """`GET /b/`: the facts of the pain check and a way to it.

    Where the practice books by a link, the button records the press and goes on to it. `erased`: we know no address
    any more, so the form asks how to reach the person.
    """

    template: ClassVar[str] = "booking.html"
    has_form: ClassVar[bool] = True

    erased: bool = False


@dataclass(frozen=True, kw_only=True)
class BookingDonePage(LeadPage):
    """After `POST /b/`: the request went to the practice, or the lead says there is an appointment already.

    `promised` is when the practice answers; None where that cannot be told. `known`: an earlier request stands, and
    what was filled in now was not kept.
    """

    template: ClassVar[str] = "booking_done.html"

    outcome: Literal["requested", "booked"]
    promised: Promise | None = None
    known: bool = False
    paused_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class BookingLinkPage(LeadPage):
    """After `POST /b/` where the practice plans elsewhere: goes on to `url` by itself.

    A page and not a redirect: browsers hold `form-action` against redirects too, and the practice's calendar may
    send people through other hosts.
    """

    template: ClassVar[str] = "booking_link.html"

    url: str


@dataclass(frozen=True, kw_only=True)
class AnswerPage(LeadPage):
    """`GET /a/`: confirm the answer of the link; None when the link carries no known one: all three are offered."""

    template: ClassVar[str] = "answer.html"
    has_form: ClassVar[bool] = True

    answer: Answer | None
    safety_html: Markup


@dataclass(frozen=True, kw_only=True)
class AnswerDonePage(LeadPage):
    """After `POST /a/`: until when the mails rest, if they do. "Worse" shows the safety block and the phone number."""

    template: ClassVar[str] = "answer_done.html"

    answer: Answer
    safety_html: Markup
    paused_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class ThankYouPage(LeadPage):
    """`/bedankt`, after a browser's opt-in: sender and subject to look for, the button to press, the safety block."""

    template: ClassVar[str] = "thank_you.html"
    scripts: ClassVar[bool] = True

    title: str
    texts: tuple[str, ...]
    sender: str
    subject: str
    safety_html: Markup


@dataclass(frozen=True, kw_only=True)
class FormPage(LeadPage):
    """`GET /forms/{form}`: the hosted opt-in form."""

    template: ClassVar[str] = "form.html"
    has_form: ClassVar[bool] = True
    scripts: ClassVar[bool] = True

    offer: FormView


@dataclass(frozen=True, kw_only=True)
class ProblemPage(Page):
    """A browser's form post that could not be taken: the sentence, the fields, and a way back (a path of ours)."""

    template: ClassVar[str] = "problem.html"
    status: ClassVar[int] = 422

    detail: str
    fields: tuple[FieldNote, ...] = ()
    back_url: str = ""


@dataclass(frozen=True, kw_only=True)
class NotFoundPage(Page):
    """One identical page for every forged, misspelt or wrong-purpose link."""

    template: ClassVar[str] = "not_found.html"
    status: ClassVar[int] = 404


@dataclass(frozen=True, kw_only=True)
class UnavailablePage(Page):
    """A fault of ours that passes; `retry_after` in seconds goes into the header too (RFC 9110, section 10.2.3)."""

    template: ClassVar[str] = "unavailable.html"
    status: ClassVar[int] = 503

    retry_after: int = 30
