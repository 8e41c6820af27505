"""`/u/`: no more follow-ups. GET shows one button; POST acts, from the page or from a mail program (RFC 8058)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.errors import InvalidInputError
from service.flows import clock_check, consent
from service.store.tables import ErasedToken
from service.web import bodies, documented, pages
from service.web.deps import Here, Sent, desk, lead_behind, posted
from service.web.views import UnsubscribedPage, UnsubscribePage

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))


@router.get("/u/{token}")
def show(token: str, services: Here) -> Response:
    """One button, whether the lead is known or was erased: nobody learns which."""
    with services.database.reading() as session:
        lead_behind(session, services, "u", token)
        at = desk(session, services)
    return pages.render(UnsubscribePage(practice=at.practice, in_demo=at.in_demo))


@router.post(
    "/u/{token}",
    responses=documented.errors(413),
    openapi_extra=documented.form({"List-Unsubscribe": ("One-Click",)}),
)
def stop(token: str, services: Here, body: Sent) -> Response:
    """Withdraw whatever is active now: no cookie, no Origin, no redirect (RFC 8058, section 3.1)."""
    source = "one-click" if _is_one_click(body) else "unsubscribe page"
    with services.database.transaction(urgent=True) as session:
        now = clock_check.now(session, services)
        lead = lead_behind(session, services, "u", token)
        if isinstance(lead, ErasedToken):
            changed = consent.withdraw_erased(session, services, lead.address_hmac, now)
        else:
            changed = consent.withdraw(session, services, lead, source, now)
        at = desk(session, services)
    return pages.render(UnsubscribedPage(practice=at.practice, in_demo=at.in_demo, was_active=changed))


def _is_one_click(body: bodies.Body) -> bool:
    try:
        return posted(body).get("List-Unsubscribe") == ["One-Click"]
    except InvalidInputError:
        return False  # whatever a mail program writes, the no counts
