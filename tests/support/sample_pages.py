"""Every page in every variant, with the shipped practice and form: what tests render, and what a look is taken at."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from ruamel.yaml import YAML

from service.domain.forms import Form
from service.domain.pain_check import Promise
from service.domain.practice import Practice
from service.flows.pictures import Hosted
from service.flows.samples import Sample
from service.flows.workbench import Seen
from service.mail.compose import Rendered
from service.mail.transport import OutboundMail
from service.web.demo_views import ArticlePage, InboxPage, MailDetail, MailRow, WebsitePage
from service.web.my_data_views import AllDataPage, AskedFor, MyDataPage, Told
from service.web.views import (
    AnswerDonePage,
    AnswerPage,
    BookingDonePage,
    BookingLinkPage,
    BookingPage,
    ConfirmDonePage,
    ConfirmPage,
    ErasedPage,
    FieldNote,
    FormPage,
    FormView,
    MailOn,
    NotFoundPage,
    Page,
    ProblemPage,
    ThankYouPage,
    UnavailablePage,
    UnsubscribedPage,
    UnsubscribePage,
)
from service.web.workbench import WorkbenchMailPage, WorkbenchPage

_ROOT = Path(__file__).parents[2]
_ZONE = ZoneInfo("Europe/Amsterdam")

SAFETY = Markup(
    "<h2>Lees dit eerst</h2>"
    "<p><strong>Bel nu je huisarts of de huisartsenpost (bij nood 112) als:</strong></p>"
    "<ul><li>je je plas of ontlasting niet kunt ophouden, of niet kunt plassen;</li>"
    "<li>je minder of niets voelt rond je lies, geslachtsdelen of anus;</li>"
    "<li>de kracht in een been of in beide benen snel minder wordt of wegvalt.</li></ul>"
)


def _read(name: str) -> Any:
    return YAML(typ="safe").load((_ROOT / name).read_text(encoding="utf-8"))


PRACTICE = Practice.model_validate(_read("practice.yaml"))
LINKING = PRACTICE.model_copy(
    update={"booking": PRACTICE.booking.model_copy(update={"kind": "link", "url": "https://agenda.example/pijncheck"})}
)
FORM = Form.model_validate({"name": "lage-rug", **_read("forms.yaml")["forms"]["lage-rug"]})
OFFER = FormView(
    form=FORM,
    consent_version="2026-1",
    form_token="a-token",
    source_url="http://localhost:8000/demo/",
    solver="/proof.js",
)
FRAMED: dict[str, Any] = {"framed_by": ("https://www.praktijk.example",), "bare": True}
CONSENT = FORM.consent.follow_up.text
POSTURE, LEG = FORM.questions[1], FORM.questions[0]

UPCOMING = tuple(
    MailOn(subject=subject, on=date(2026, 3, day))
    for subject, day in [
        ("Hoe ging de eerste stap?", 11),
        ("Een check van twee minuten", 16),
        ("Niets te zien, toch last?", 17),
        ("Wat sterker mag, wat losser mag", 23),
        ("Zitten, staan, tillen", 25),
        ("Zullen we samen kijken?", 30),
    ]
)
SENT = (MailOn(subject="Je gratis advies: begin vandaag", on=date(2026, 3, 9)),)

_ROWS = tuple(
    MailRow(id=f"m{number}", to="anna@example.org", subject=subject, at=datetime(2026, 3, day, 9, 0, tzinfo=_ZONE))
    for number, (subject, day) in enumerate(
        [("Een check van twee minuten", 16), ("Hoe ging de eerste stap?", 11), ("Je gratis advies: begin vandaag", 9)]
    )
)
_DETAIL = MailDetail(
    row=_ROWS[1],
    text="Dag Anna,\n\nIn onze vorige mail stond een eerste stap.\n\nHet gaat beter:\nhttp://localhost:8000/a/abc",
    source="From: Solid Performance <advies@solidperformance.example>\nTo: anna@example.org\n" + "X-Long: a" * 40,
    links=(("Het gaat beter", "/a/abc?answer=better"), ("Stop de mails", "/u/abc")),
)
_DESK: dict[str, Any] = {
    "practice": PRACTICE,
    "in_demo": True,
    "now": datetime(2026, 3, 16, 9, 0, tzinfo=_ZONE),
    "files": ("practice.yaml", "forms.yaml", "sequences/lage-rug.yaml", "email_templates/advies-lage-rug.md"),
    "links": (("Formulier op een eigen pagina", "/forms/lage-rug"), ("Klaar voor verkeer?", "/readyz")),
}


ASKED_FOR = AskedFor(
    topic="lage rugpijn", on=date(2026, 3, 9), form="Gratis pijnadvies", page="solidperformance.example/lage-rug"
)
UNTIL = date(2026, 3, 25)


def _data(**changes: Any) -> MyDataPage:
    values: dict[str, Any] = {
        "practice": PRACTICE,
        "address": "anna@example.org",
        "first_name": "Anna",
        "since": date(2026, 3, 9),
        "topic": "lage rugpijn",
        "asked_for": (ASKED_FOR,),
        "questions": ((POSTURE, "hollow"),),
        "told": (Told(label="Straalt de pijn uit naar je been?", answer="Nee", form_url="/forms/lage-rug"),),
        "confirmed_on": date(2026, 3, 9),
        "agreed_to": CONSENT,
        "mails": "active",
        "may_pause": True,
        "sent": SENT,
        "upcoming": UPCOMING,
    }
    return MyDataPage(**{**values, **changes})


def _promised(closed_until: date | None = None) -> Promise:
    by = closed_until + timedelta(days=1) if closed_until else date(2026, 3, 12)
    return Promise(by=by, late_at=datetime(by.year, by.month, by.day, 10, tzinfo=_ZONE), closed_until=closed_until)


_SAMPLE = Sample(
    rendered=Rendered(
        subject="Hoe ging de eerste stap?", preheader="Laat het weten.", html="<p>Dag Anna</p>", text="Dag Anna"
    ),
    mail=OutboundMail(
        sender="a@b.nl", recipient="anna@example.org", data=b"\r\n", message_id="<m@b.nl>", idempotency_key="m"
    ),
    hosted=Hosted(url="https://b.nl/media/", images={}),
)
_SEEN = Seen(number=1, mails={"hoe-ging-het": _SAMPLE}, broken=frozenset({"hoe-ging-het"}))
_WRONG = "email_templates/hoe-ging-het.md:26: `voornaam` bestaat niet; bedoel je `first_name`?"

_THANKS: dict[str, Any] = {
    "practice": PRACTICE,
    "title": FORM.thank_you.title,
    "texts": FORM.thank_you.texts,
    "sender": "Solid Performance (advies@solidperformance.example)",
    "subject": "Je gratis advies: begin vandaag",
    "safety_html": SAFETY,
}
_PROBLEM: dict[str, Any] = {
    "practice": PRACTICE,
    "detail": "Er klopt nog iets niet in het formulier.",
    "fields": (FieldNote(label="E-mailadres", detail="Dit is geen e-mailadres. Controleer of er een @ in staat."),),
    "back_url": "/forms/lage-rug",
}

PAGES: dict[str, Page] = {
    "workbench": WorkbenchPage(practice=None, seen=_SEEN, problems=(_WRONG,)),
    "workbench-mail": WorkbenchMailPage(
        practice=None, seen=_SEEN, problems=(_WRONG,), name="hoe-ging-het", mail=_SAMPLE
    ),
    "confirm": ConfirmPage(practice=PRACTICE, state="new", consent_text=CONSENT, shown=1, question=POSTURE),
    "confirm-known": ConfirmPage(
        practice=PRACTICE, state="confirmed", consent_text=CONSENT, shown=1, question=POSTURE, chosen="hollow"
    ),
    "confirm-plain": ConfirmPage(practice=PRACTICE, state="confirmed", consent_text=CONSENT, shown=1),
    "confirm-again": ConfirmPage(practice=PRACTICE, state="withdrawn", consent_text=CONSENT, shown=1),
    "confirm-done": ConfirmDonePage(practice=PRACTICE, upcoming=UPCOMING),
    "confirm-done-nothing": ConfirmDonePage(practice=PRACTICE, upcoming=()),
    "erased": ErasedPage(practice=PRACTICE, form_url="/forms/lage-rug"),
    "unsubscribe": UnsubscribePage(practice=PRACTICE),
    "unsubscribed": UnsubscribedPage(practice=PRACTICE),
    "unsubscribed-before": UnsubscribedPage(practice=PRACTICE, was_active=False),
    "booking": BookingPage(practice=PRACTICE),
    "booking-erased": BookingPage(practice=PRACTICE, erased=True),
    "booking-link": BookingPage(practice=LINKING),
    "booking-goes-on": BookingLinkPage(practice=LINKING, url=LINKING.booking.url),
    "booking-requested": BookingDonePage(
        practice=PRACTICE, outcome="requested", promised=_promised(), paused_until=date(2026, 3, 25)
    ),
    "booking-requested-closed": BookingDonePage(
        practice=PRACTICE, outcome="requested", promised=_promised(closed_until=date(2026, 3, 22))
    ),
    "booking-requested-again": BookingDonePage(practice=PRACTICE, outcome="requested"),
    "booking-requested-known": BookingDonePage(practice=PRACTICE, outcome="requested", known=True),
    "booking-booked": BookingDonePage(practice=PRACTICE, outcome="booked"),
    "answer-better": AnswerPage(practice=PRACTICE, answer="better", safety_html=SAFETY),
    "answer-worse": AnswerPage(practice=PRACTICE, answer="worse", safety_html=SAFETY),
    "answer-open": AnswerPage(practice=PRACTICE, answer=None, safety_html=SAFETY),
    "answered-better": AnswerDonePage(practice=PRACTICE, answer="better", safety_html=SAFETY),
    "answered-better-resting": AnswerDonePage(
        practice=PRACTICE, answer="better", safety_html=SAFETY, paused_until=UNTIL
    ),
    "answered-same": AnswerDonePage(practice=PRACTICE, answer="same", safety_html=SAFETY),
    "answered-worse": AnswerDonePage(
        practice=PRACTICE, answer="worse", safety_html=SAFETY, paused_until=date(2026, 3, 25)
    ),
    "my-data": _data(),
    "my-data-waiting": _data(
        mails="waiting", confirmed_on=None, first_name=None, upcoming=(), erase_on=date(2026, 3, 23), may_pause=False
    ),
    "my-data-paused": _data(mails="paused", paused_until=UNTIL, paused_by="wish", may_go_on=True),
    "my-data-paused-just-now": _data(
        mails="paused", paused_until=UNTIL, paused_by="wish", may_go_on=True, may_pause=False, done="pause"
    ),
    "my-data-paused-otherwise": _data(
        mails="paused", paused_until=UNTIL, paused_by="pain_check_request", may_pause=False, done="go_on"
    ),
    "my-data-went-on": _data(done="go_on"),
    "my-data-answered": _data(done="answers", questions=((LEG, "unknown"), (POSTURE, "unknown"))),
    "my-data-link-mailed": _data(done="link"),
    "my-data-ended": _data(
        mails="ended",
        sent=(),
        upcoming=(),
        questions=(),
        told=(),
        asked_for=(),
        may_pause=False,
        confirmed_on=None,
        stopped_on=date(2026, 3, 12),
        agreed_to=None,
    ),
    "my-data-nothing-to-pause": _data(mails="ended", upcoming=(), may_pause=False, done="pause"),
    "all-data": AllDataPage(practice=PRACTICE, backup_days=30, until=datetime(2026, 3, 10, 10, 0, tzinfo=_ZONE)),
    "all-data-request-open": AllDataPage(
        practice=PRACTICE, backup_days=30, until=datetime(2026, 3, 10, 10, 0, tzinfo=_ZONE), request_open=True
    ),
    "all-data-link-over": AllDataPage(practice=PRACTICE, backup_days=30, until=None),
    "all-data-link-mailed": AllDataPage(practice=PRACTICE, backup_days=30, until=None, sent=True),
    "erased-just-now": ErasedPage(practice=PRACTICE, form_url="/forms/lage-rug", just_now=True),
    "thank-you": ThankYouPage(in_demo=True, **_THANKS),
    "thank-you-framed": ThankYouPage(in_demo=True, **_THANKS, **FRAMED),
    "form": FormPage(practice=PRACTICE, offer=OFFER),
    "form-framed": FormPage(practice=PRACTICE, offer=OFFER, **FRAMED),
    "problem": ProblemPage(**_PROBLEM),
    "problem-framed": ProblemPage(**_PROBLEM, **FRAMED),
    "not-found": NotFoundPage(practice=PRACTICE),
    "not-found-bare": NotFoundPage(practice=None),
    "unavailable": UnavailablePage(practice=None),
    "demo-article": ArticlePage(practice=PRACTICE, offer=OFFER, in_demo=True),
    "demo-website": WebsitePage(practice=PRACTICE, in_demo=True, form=FORM, ways=(("Een link", "<a>Pijnadvies</a>"),)),
    "demo-inbox-empty": InboxPage(mails=(), **_DESK),
    "demo-inbox": InboxPage(mails=_ROWS, **_DESK),
    "demo-mail": InboxPage(mails=_ROWS, opened=_DETAIL, **_DESK),
    "demo-mail-text": InboxPage(mails=_ROWS, opened=_DETAIL, aspect="text", **_DESK),
    "demo-mail-source": InboxPage(mails=_ROWS, opened=_DETAIL, aspect="source", **_DESK),
}
"""Every page by a name for people; a new page or variant is added here, and is then tested everywhere."""
