"""The hosted opt-in form, and the page that thanks for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.domain.forms import Form
from service.domain.mailbox import parse_mailbox
from service.errors import NotFoundError
from service.flows import form_tokens, outlook
from service.flows.services import Services
from service.store.db import real_now
from service.web import documented, frames, opt_in_body, pages, solver
from service.web.deps import Here, desk, query
from service.web.views import FormPage, FormView, ThankYouPage

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(503))


@router.get("/forms/{form}", responses=documented.errors(404), openapi_extra=documented.query("embed"))
def hosted(request: Request, form: str, services: Here) -> Response:
    """The form on a page of its own, or in a frame of another site's."""
    around = _around(request, services) if frames.is_framed(request) else ""
    with services.database.reading() as session:
        page = form_page(session, services, form, around)
    return pages.render(frames.fit(page, request, services))


@router.get("/bedankt", openapi_extra=documented.query("form"))
def thank_you(request: Request, services: Here) -> Response:
    """Which mail to look for, and which button to press; the same for everybody."""
    with services.database.reading() as session:
        forms = services.published.live_forms(session)[1].forms
        form = forms.get(query(request, "form") or "") or next(iter(forms.values()))
        page = thanks_page(session, services, form)
    return pages.render(frames.fit(page, request, services))


def form_page(session: Session, services: Services, name: str, source_url: str = "") -> FormPage:
    """The page of a published form. Without a `source_url` it is the one it stands on. NotFoundError: no such form."""
    at = desk(session, services)
    found = services.published.live_forms(session)[1].forms.get(name)
    if found is None:
        raise NotFoundError(f"no form {name}")
    view = offer(session, services, found, source_url or f"{services.base_url}/forms/{found.name}")
    return FormPage(practice=at.practice, in_demo=at.in_demo, offer=view)


def thanks_page(session: Session, services: Services, form: Form) -> ThankYouPage:
    """What to show once this form was sent."""
    at = desk(session, services)
    sender = parse_mailbox(services.mail_from)
    return ThankYouPage(
        practice=at.practice,
        in_demo=at.in_demo,
        title=form.thank_you.title,
        texts=form.thank_you.texts,
        sender=f"{sender.name} ({sender.address})" if sender.name else sender.address,
        subject=outlook.advice_subject(session, services, form.topic),
        safety_html=Markup(services.published.safety_html(session)),  # noqa: S704 - rendered with escaping
    )


def offer(session: Session, services: Services, form: Form, source_url: str) -> FormView:
    """The form as it stands on the page at `source_url`, handed out now."""
    return FormView(
        form=form,
        consent_version=form.consent.advice.version,
        form_token=form_tokens.issue(services, form.name, real_now(session)),
        source_url=source_url,
        solver=solver.url_for(services),
    )


def _around(request: Request, services: Services) -> str:
    """The page that the frame stands in, as far as the browser tells, without query and fragment; "" where unknown."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address at all
        return ""
    known = f"{parts.scheme}://{parts.netloc}" in frames.origins(services)
    page = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return page if known and opt_in_body.is_page(page) else ""
