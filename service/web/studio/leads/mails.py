"""A lead's mail itself, as it was sent: made anew from its revision and the values that were kept with it."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime
from email.message import EmailMessage

from sqlmodel import Session
from starlette.responses import Response

from service.errors import NotFoundError, NurtureError, UnavailableError
from service.flows import building
from service.flows.export_shown import without_tokens
from service.store.tables import Message
from service.web import pages
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.leads.listing import number_of
from service.web.studio.leads.one import the_lead
from service.web.studio.leads.views import MailPage
from service.web.studio.seen import lead_name

_NEVER_MADE = frozenset({"skipped", "cancelled"})


def show(visit: Visit) -> Response:
    """`GET /studio/leads/{lead}/mails/{mail}`: who it went to, when, its text, and the mail in a frame."""
    frame, now = visit.frame(), visit.services.clock.now()
    with visit.services.database.reading() as session:
        lead = the_lead(visit, session)
        message = _message(visit, session, lead.id)
        mail = _made(visit, session, message, now)
    return rendering.render(
        MailPage(
            practice=None,
            frame=frame,
            number=lead.id,
            shown=lead_name(lead, visit.me),
            mail=message.id,
            subject=str(mail["Subject"]) if mail else message.template,
            sender=message.mail_from,
            recipient=message.recipient,
            at=message.first_handed_at or message.due_at,
            has_left=message.first_handed_at is not None,
            text=_part(mail, "plain") if mail else None,
            has_html=mail is not None and mail.get_body(("html",)) is not None,
        )
    )


def inside(visit: Visit) -> Response:
    """`GET /studio/leads/{lead}/mails/{mail}/html`: what stands in the frame. Its links do nothing: they are hers."""
    with visit.services.database.reading() as session:
        lead = the_lead(visit, session)
        mail = _made(visit, session, _message(visit, session, lead.id), visit.services.clock.now())
    if mail is None:
        raise _none()
    return pages.mail_frame(_part(mail, "html"))


def _message(visit: Visit, session: Session, lead_id: int) -> Message:
    number = number_of(visit.request.path_params["mail"])
    message = session.get(Message, number) if number is not None else None
    if message is None or message.lead_id != lead_id or message.state in _NEVER_MADE:
        raise _none()
    return message


def _none() -> NotFoundError:
    return NotFoundError("this lead has no such mail", "Deze lead heeft die mail niet.")


def _made(visit: Visit, session: Session, message: Message, now: datetime) -> EmailMessage | None:
    """The mail; None where it cannot be made any more, or cannot yet."""
    try:
        built = building.build(session, visit.services, message, message.first_handed_at or now)
    except UnavailableError:
        raise
    except (NurtureError, ValueError, KeyError):
        return None
    return email.message_from_bytes(built.data, policy=email.policy.default)


def _part(mail: EmailMessage, kind: str) -> str:
    """The `plain` or the `html` part, with the token of every link cut short: pressed, it would speak for the lead."""
    body = mail.get_body((kind,))
    return without_tokens(str(body.get_content())) if body else ""
