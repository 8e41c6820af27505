"""The hosted opt-in form, and the page that thanks for it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from service.domain.forms import Form
from service.domain.mailbox import parse_mailbox
from service.errors import NotFoundError
from service.flows import outlook
from service.web import documented, pages
from service.web.deps import Here, desk, query
from service.web.views import FormPage, FormView, ThankYouPage

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(503))


@router.get("/forms/{form}", responses=documented.errors(404))
def hosted(form: str, services: Here) -> Response:
    """The form on a page of its own."""
    with services.database.reading() as session:
        at = desk(session, services)
        found = services.published.live_forms(session)[1].forms.get(form)
    if found is None:
        raise NotFoundError(f"no form {form}")
    page = f"{services.base_url}/forms/{found.name}"
    return pages.render(FormPage(practice=at.practice, in_demo=at.in_demo, offer=offer(found, page)))


@router.get("/bedankt", openapi_extra=documented.query("form"))
def thank_you(request: Request, services: Here) -> Response:
    """Which mail to look for, and which button to press; the same for everybody."""
    with services.database.reading() as session:
        at = desk(session, services)
        forms = services.published.live_forms(session)[1].forms
        form = forms.get(query(request, "form") or "") or next(iter(forms.values()))
        subject = outlook.advice_subject(session, services, form.topic)
        safety = Markup(services.published.safety_html(session))  # noqa: S704 - rendered with escaping
    sender = parse_mailbox(services.mail_from)
    page = ThankYouPage(
        practice=at.practice,
        in_demo=at.in_demo,
        title=form.thank_you.title,
        texts=form.thank_you.texts,
        sender=f"{sender.name} ({sender.address})" if sender.name else sender.address,
        subject=subject,
        safety_html=safety,
    )
    return pages.render(page)


def offer(form: Form, source_url: str) -> FormView:
    """The form as it stands on the page at `source_url`."""
    return FormView(form=form, consent_version=form.consent.advice.version, source_url=source_url)
