"""The mail that brings a lead's own words to the practice, with what staff need to answer her at once.

Its Reply-To is never the lead: an automatic reply of a colleague's would go to her.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

import structlog
from sqlmodel import Session

from service.domain import own_words
from service.domain.calendar import Calendar
from service.domain.feedback import Feedback
from service.domain.own_words import OwnWords
from service.domain.wording import dutch_moment
from service.errors import NurtureError
from service.flows import outlook
from service.flows.messages import Extra, add_staff_mails
from service.flows.services import Services
from service.store import enrolments, leads, message_rows
from service.store.db import notify_sender
from service.store.tables import Lead, Message

TEMPLATE = "dienst-antwoord"
Whose = Literal["lead", "untied", "inside"]
"""`lead`: she answered a mail of ours. `untied`: it came from her address, and nothing proves more. `inside`: somebody
answered a mail of ours to the practice about her."""
_LATELY, _COMING = 3, 3  # mails that are listed
_MOST: Mapping[Whose, int] = MappingProxyType({"inside": 3, "lead": 20})  # a lead, within a day
_WITHIN = timedelta(days=1)
_ALERT = "dienst-melding"
log = structlog.get_logger()


def was_told(session: Session, feedback: Feedback) -> bool:
    """Did staff get the mail about this very answer?"""
    return message_rows.has_cause(session, _cause(feedback))


def brings_words(message: Message) -> bool:
    """Is this one of the mails that `tell` makes?"""
    return (message.cause or "").startswith(leads.HER_WORDS)


def shows_all(feedback: Feedback) -> bool:
    """Is all that she wrote in the mail to staff, so that her own is needed no more?"""
    words = own_words.shown(feedback.text)
    return bool(words.lines) and not words.cut and not feedback.more


def tell(
    session: Session,
    services: Services,
    lead: Lead,
    message: Message | None,
    feedback: Feedback,
    now: datetime,
    *,
    whose: Whose,
) -> None:
    """Mail what was written to each of the practice's staff. `message`: what it answers, where that is known.

    Not more than a few a day for each lead: an automatic reply that does not say it is one would go round for ever, and
    whoever was forwarded a mail of ours may answer it a thousand times. What is not told stays in the mailbox.
    """
    known = services.published.has_mail(session, services.published.live_service_mails(session), TEMPLATE)
    template = TEMPLATE if known else _ALERT
    if whose in _MOST:
        made = message_rows.made_since(session, lead.id, template, now - _WITHIN)
        if len(set(made)) >= _MOST[whose]:
            log.warning("answers about a lead are many; this one is not told", lead=lead.id, whose=whose)
            return
    words = own_words.shown(feedback.text)
    reply: dict[str, str | Sequence[str]] = {
        "name": lead.first_name or "",
        "email": lead.address,
        "subject": own_words.subject(feedback.subject),
        "lines": list(words.lines),
        "cut": "" if shows_all(feedback) else "ja",
        "defused": "ja" if words.defused else "",
        "writer": feedback.writer,
        "untied": "ja" if whose == "untied" else "",
        "inside": "ja" if whose == "inside" else "",
        "url": _page(services, lead),
        **_commands(lead),
        **_context(session, services, lead, message, feedback, now),
    }
    plain = _plain(lead, words, feedback, whose) | {"url": _page(services, lead)}
    extra: Extra = {"reply": reply} if known else {"alert": plain}
    add_staff_mails(
        session,
        services,
        cause=_cause(feedback),
        template=template,
        now=now,
        extra=extra,
        about=lead,
    )
    notify_sender(session)


def _cause(feedback: Feedback) -> str:
    return f"{leads.HER_WORDS}{feedback.source}:{feedback.key}"


def _page(services: Services, lead: Lead) -> str:
    """Where in the studio all about her stands, with the buttons for her mails."""
    return f"{services.base_url}/studio/leads/{lead.id}"


def _commands(lead: Lead) -> dict[str, str]:
    """For a shell: an address may hold signs that mean something there."""
    address = shlex.quote(lead.address)
    return {act: f"nurture lead {act} {address}" for act in ("show", "resume", "stop")}


def _context(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> dict[str, str | Sequence[str]]:
    """What was asked for, what was sent, what comes; without what cannot be told, for the words must arrive anyway."""
    calendar = services.published.calendar(session)
    all_runs = enrolments.of_lead(session, lead.id)
    runs = [row for row in all_runs if row.state in enrolments.OPEN]
    ends = [row.paused_until for row in runs if row.paused_until is not None and row.paused_until > now]
    known: dict[str, str | Sequence[str]] = {
        "came_at": dutch_moment(calendar.local(feedback.at or now), year=True),
        "rests_until": dutch_moment(calendar.local(max(ends))) if ends else "",
        "topic": ", ".join(dict.fromkeys(row.topic for row in all_runs)),
    }
    try:
        answered = None
        if message is not None and message.recipient == lead.address:
            answered = outlook.left(session, services, message)
        titles = {each.sequence.topic: each.sequence.title for each in services.published.live_sequences(session)}
        sent = outlook.sent(session, services, lead.id)[-_LATELY:]
        coming = [mail for row in runs for mail in outlook.planned(session, services, row, now)]
    except (NurtureError, ValueError, LookupError) as error:
        log.error("a lead's mails cannot be listed", lead=lead.id, error=type(error).__name__)
        return known
    return known | {
        "topic": ", ".join(dict.fromkeys(titles.get(row.topic, row.topic) for row in all_runs)),
        "answered": f"“{answered.subject}” ({dutch_moment(calendar.local(answered.at))})" if answered else "",
        "sent": _listed(sent, calendar),
        "coming": _listed(sorted(coming, key=lambda mail: mail.at)[:_COMING], calendar),
    }


def _listed(mails: Iterable[outlook.Mail], calendar: Calendar) -> list[str]:
    return [f"{dutch_moment(calendar.local(mail.at))}: {mail.subject}" for mail in mails]


def _plain(lead: Lead, words: OwnWords, feedback: Feedback, whose: Whose) -> dict[str, str]:
    """The same by the mail for alerts, where the practice has not published the mail for answers yet."""
    who = f"{lead.first_name or 'Iemand'} ({lead.address})"
    causes: Mapping[Whose, str] = {
        "lead": f"{who} schreef ons een mail.",
        "untied": f"Er kwam een mail die van {who} lijkt te zijn. Of dat zo is, weten we niet.",
        "inside": f"Iemand beantwoordde een mail van ons aan de praktijk over {who}. De lead kreeg het antwoord niet.",
    }
    said = [line for line in words.lines if line.strip()] or ["Er stond geen tekst in."]
    said += [] if shows_all(feedback) else ["(Er staat meer in de mail zelf. Die ligt nog in de mailbox.)"]
    said += [f"(De mail kwam van een ander adres: {feedback.writer})"] if feedback.writer else []
    return {
        "title": "Iemand heeft ons geantwoord",
        "cause": causes[whose],
        "details": " ".join(said),
        "hint": f"Antwoord op een nieuwe mail aan {lead.address}. Zet daarna {TEMPLATE}.md in de map email_templates "
        "en publiceer die: dan staat hier meer bij.",
    }
