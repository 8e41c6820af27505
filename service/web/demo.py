"""The demo's own pages: the article with the form, the inbox, and the clock. These routes exist in demo mode alone."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from service.errors import FieldProblem, InvalidInputError, NotFoundError, UnavailableError
from service.flows import demo
from service.flows.services import Services
from service.web import bodies, demo_mails, pages
from service.web.demo_views import ArticlePage, InboxPage, MailAspect, MailDetail, MailRow, WebsitePage
from service.web.deps import Here, Sent, check_origin, desk, posted, query
from service.web.durations import parse_duration
from service.web.forms import offer
from service.web.snippets import Place, snippets

_LONGEST = timedelta(days=400)
_PATIENCE_SECONDS = 60.0
_ASPECTS: dict[str, MailAspect] = {"html": "html", "phone": "phone", "text": "text", "source": "source"}
_clock_turn = threading.Lock()  # one move at a time: two at once would each wait for the other's mail
router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/demo")
def begin() -> Response:
    """To the article."""
    return RedirectResponse("/demo/", status_code=302)


@router.get("/demo/")
def article(services: Here) -> Response:
    """An article as it could stand on the practice's own site."""
    with services.database.reading() as session:
        at = desk(session, services)
        form = next(iter(services.published.live_forms(session)[1].forms.values()))
        here = offer(session, services, form, f"{services.base_url}/demo/")
    return pages.render(ArticlePage(practice=at.practice, in_demo=True, offer=here))


@router.get("/demo/website")
def website(services: Here) -> Response:
    """What to paste into a website, and the two buttons of an article as they then stand there."""
    with services.database.reading() as session:
        at = desk(session, services)
        form = next(iter(services.published.live_forms(session)[1].forms.values()))
    found = snippets(form, Place(base_url=services.base_url, privacy_url=at.practice.privacy_url))
    ways = (
        ("Het formulier, op de plek waar je dit zet", found.script),
        ("Een knop die het opent", found.button),
        ("In een kader", found.iframe),
        ("Een link", found.link),
        ("Een eigen formulier, zonder script", found.plain),
    )
    return pages.render(WebsitePage(practice=at.practice, in_demo=True, form=form, ways=ways))


@router.get("/demo/inbox")
def inbox(request: Request, services: Here) -> Response:
    """Every mail, newest first. `?moved=none`: the clock was to go to the next mail, and none is planned."""
    return pages.render(_inbox(services, None, "html", none_planned=query(request, "moved") == "none"))


@router.get("/demo/inbox.json")
def inbox_json(services: Here) -> JSONResponse:
    """Every mail, oldest first, for programs."""
    found = [
        {
            "id": mail.id,
            "to": mail.to,
            "subject": mail.subject,
            "date": mail.date.isoformat(),
            "text": mail.text,
            "html": mail.html,
            "headers": dict(mail.headers),
            "links": list(mail.links),
        }
        for mail in demo_mails.read_all(services.mail_dir)
    ]
    return JSONResponse(found)


@router.get("/demo/inbox/{mail_id}")
def open_mail(request: Request, mail_id: str, services: Here) -> Response:
    """One mail: as it was sent, on a phone, its text part, or its source."""
    mail = _find(services, mail_id)
    return pages.render(_inbox(services, mail, _ASPECTS.get(query(request, "view") or "", "html")))


@router.get("/demo/inbox/{mail_id}/html")
def mail_html(mail_id: str, services: Here) -> Response:
    """The mail's own HTML, for the frame."""
    return pages.mail_frame(_find(services, mail_id).html)


@router.post("/demo/clock")
def clock(request: Request, services: Here, body: Sent) -> Response:
    """`{"advance": "P3D"}` or `{"to": "next"}`; answers when all that became due is done."""
    check_origin(request, services)
    is_json = body.kind == bodies.JSON
    wish: dict[str, Any] = bodies.json_object(body) if is_json else bodies.one_each(_pairs(posted(body)))
    by = _advance(wish)
    if not _clock_turn.acquire(timeout=_PATIENCE_SECONDS):
        raise UnavailableError("the clock is being moved", "De klok wordt al verzet. Probeer het zo nog eens.")
    try:
        moved = demo.to_next(services) if by is None else demo.advance(services, by)
    finally:
        _clock_turn.release()
    if is_json:
        return JSONResponse({"now": moved.now.isoformat(), "sent": moved.sent})
    if by is None and not moved.sent:
        return RedirectResponse("/demo/inbox?moved=none", status_code=303)
    newest = demo_mails.read_all(services.mail_dir)[-1:] if moved.sent else []
    return RedirectResponse("/".join(["/demo/inbox", *(mail.id for mail in newest)]), status_code=303)


def _pairs(fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in fields.items() for value in values]


def _advance(wish: dict[str, Any]) -> timedelta | None:
    """How far, or None for "to the next mail"."""
    if wish == {"to": "next"}:
        return None
    detail = 'Geef {"advance": "P3D"} (hoogstens 400 dagen) of {"to": "next"}.'
    try:
        by = parse_duration(wish["advance"]) if wish.keys() == {"advance"} else None
    except (TypeError, ValueError):
        by = None
    if by is None or by > _LONGEST:
        problem = FieldProblem(pointer="/advance" if "advance" in wish else "", detail=detail)
        raise InvalidInputError("no way to move the clock", detail, fields=[problem])
    return by


def _find(services: Services, mail_id: str) -> demo_mails.DemoMail:
    found = demo_mails.read(services.mail_dir, mail_id)
    if found is None:
        raise NotFoundError("no such mail")
    return found


def _inbox(
    services: Services, opened: demo_mails.DemoMail | None, aspect: MailAspect, *, none_planned: bool = False
) -> InboxPage:
    with services.database.reading() as session:
        at = desk(session, services)
        names = list(services.published.live_forms(session)[1].forms)
        sequences = [live.sequence for live in services.published.live_sequences(session)]
    zone = ZoneInfo(at.practice.time_zone)

    def row(mail: demo_mails.DemoMail) -> MailRow:
        return MailRow(id=mail.id, to=mail.to, subject=mail.subject, at=mail.date.astimezone(zone))

    detail = None
    if opened is not None:
        detail = MailDetail(row=row(opened), text=opened.text, source=opened.source, links=opened.named_links)
    advices = [f"email_templates/{name}.md" for each in sequences for name in each.advice.template_names]
    return InboxPage(
        practice=at.practice,
        in_demo=True,
        now=services.clock.now().astimezone(zone),
        mails=tuple(row(mail) for mail in reversed(demo_mails.read_all(services.mail_dir))),
        opened=detail,
        aspect=aspect,
        none_planned=none_planned,
        files=("practice.yaml", "forms.yaml", *(f"sequences/{each.name}.yaml" for each in sequences), *advices),
        links=(
            ("Artikel met het formulier", "/demo/"),
            *((f"Formulier “{name}” op een eigen pagina", f"/forms/{name}") for name in names),
            ("Het formulier op je eigen website", "/demo/website"),
            ("Bedankpagina", "/bedankt"),
            ("De studio, voor medewerkers", "/studio/"),
            ("Alle mails als JSON", "/demo/inbox.json"),
            ("Klaar voor verkeer?", "/readyz"),
            ("Cijfers voor Prometheus", "/metrics"),
        ),
    )
