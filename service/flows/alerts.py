"""Telling the practice what needs a person: once per cause, by mail and by webhook."""

from __future__ import annotations

import re
from datetime import datetime

import httpx
import structlog
from sqlmodel import Session

from service.domain import mail_reasons
from service.domain.screening import Held
from service.domain.wording import dutch_moment
from service.errors import NotFoundError, RefusedError
from service.flows.messages import add_service_mail
from service.flows.published import NAMES
from service.flows.services import Services
from service.store import events, message_rows, sequences
from service.store.db import take_locks
from service.store.tables import Alert

_WEBHOOK_SECONDS = 10
_OPT_INS_HELD, _OPT_INS_CROWDED = "opt-in-held", "opt-ins-crowded"
_MAY_HAVE_LEFT = "restored-mails"
_ABOUT = {
    "message-unknown": "unknown",
    "mail-broken": "held",
    "backlog": "held",
    _OPT_INS_HELD: "held",
    _OPT_INS_CROWDED: "held",
    _MAY_HAVE_LEFT: "held",
}
"""The state of the mails that an alert is about; behind a colon in its cause stands their template."""
RUN_STUCK = "run-stuck"
NEWS = frozenset(
    {
        "mail-rejected",
        "staff-mail-returned",
        "webhook-unreadable",
        "mailbox-mail-failed",
        "mailbox-mail-unread",
        RUN_STUCK,
    }
)
"""What is told by these happened, and is no state that ends: whoever has seen to it may close it."""
log = structlog.get_logger()


def tell(session: Session, cause: str, *, dutch: str, english: str, now: datetime) -> None:
    """Keep an alert; the next housekeeping tells it. The same cause again, while it stands, says nothing new."""
    if events.raise_alert(session, cause, dutch=dutch, english=english, now=now):
        log.warning("alert", cause=cause, text=english)


def tell_unknown(session: Session, now: datetime) -> None:
    """Some mail's fate is unknown; `review` closes this when none is left."""
    tell(
        session,
        "message-unknown",
        dutch="Van een of meer mails is onbekend of ze aankwamen. Kijk met: nurture message list --state unknown",
        english="whether some mail arrived is unknown; see: nurture message list --state unknown",
        now=now,
    )


def tell_opt_in_held(session: Session, why: Held, now: datetime) -> None:
    """An opt-in waits for a person; `review` closes this when none waits for such a reason any more."""
    if why is Held.CROWDED:
        cause = _OPT_INS_CROWDED
        dutch = "Er komen meer aanvragen binnen dan NURTURE_OPT_IN_LIMITS samen toelaat (all). De rest wacht op jou."
        english = "more opt-ins come in than NURTURE_OPT_IN_LIMITS lets through together (all); the rest waits for you"
    else:
        cause = _OPT_INS_HELD
        dutch = "Een of meer aanvragen lijken niet door een mens ingevuld. Ze wachten op jou."
        english = "some opt-ins look as if no person filled them in; they wait for you"
    tell(
        session,
        cause,
        dutch=(
            f"{dutch} Kijk met: nurture message list --state held. "
            "Laat gaan of vervallen met: nurture message resolve NUMMER --as resend (of: --as drop)"
        ),
        english=(
            f"{english}; see: nurture message list --state held, "
            "then let them go or drop them with: nurture message resolve ID --as resend (or: --as drop)"
        ),
        now=now,
    )


def tell_may_have_left(session: Session, now: datetime) -> None:
    """Mails of before a restore wait for a person, an advice that somebody asked for among them; `review` closes it."""
    if message_rows.any_in(session, "held", None, reasons=_reasons(_MAY_HAVE_LEFT)):
        tell(
            session,
            _MAY_HAVE_LEFT,
            dutch="Mails van vóór het terugzetten wachten op jou: misschien zijn ze al verstuurd. "
            "Kijk met: nurture message list --state held",
            english="mails of before the restore wait for you: they may have left already; "
            "see: nurture message list --state held",
            now=now,
        )


def _reasons(cause: str) -> frozenset[str]:
    """The reasons of the mails that an alert is about, where not all that are held are; else none."""
    if cause == _MAY_HAVE_LEFT:
        return frozenset({mail_reasons.RESTORED})
    if cause == _OPT_INS_CROWDED:
        return frozenset({Held.CROWDED.value})
    return frozenset(why.value for why in Held if why is not Held.CROWDED) if cause == _OPT_INS_HELD else frozenset()


def mended(session: Session, cause: str, now: datetime) -> None:
    """The cause is over."""
    events.resolve_alert(session, cause, now)


def is_news(cause: str) -> bool:
    """May a person close the alert of this cause? Any other closes by itself as soon as its cause is over."""
    return cause.partition(":")[0] in NEWS


def seen(session: Session, alert_id: int, *, actor: str, now: datetime) -> bool:
    """A person has seen to an alert, and closes it: what comes after this is told anew. False where it was closed.

    Raises NotFoundError for none, and RefusedError for one that stands for as long as its cause does.
    """
    alert = session.get(Alert, alert_id)
    if alert is None:
        raise NotFoundError(f"there is no alert {alert_id}", f"er is geen melding {alert_id}")
    if not is_news(alert.cause):
        raise RefusedError(
            "this alert closes as soon as its cause is over", "Deze melding verdwijnt zodra de oorzaak voorbij is."
        )
    events.hold_alert(session, alert.cause)
    session.refresh(alert)
    if alert.resolved_at is not None:
        return False
    mended(session, alert.cause, now)
    events.audit(session, actor, "alert seen", now, alert=alert.cause)
    return True


def review(session: Session, now: datetime) -> None:
    """Close what no mail stands behind any more: settled, decided on, or erased with its lead."""
    session.flush()
    for alert in events.open_alerts(session):
        kind, _, template = alert.cause.partition(":")
        if kind in _ABOUT:
            events.hold_alert(session, alert.cause)  # whoever finds one more either was before us, or tells it anew
            if not message_rows.any_in(
                session, _ABOUT[kind], template or None, reasons=_reasons(kind), approval=kind == "backlog"
            ):
                mended(session, alert.cause, now)


def deliver(services: Services, now: datetime) -> int:
    """Tell what nobody was told of yet. Returns how many alerts went out.

    The mail is a row of the ledger, written together with "told". The webhook is called after that commit: it may
    miss an alert when it does not answer (the log says so), and never tells one twice.
    """
    with services.database.transaction() as session:
        if sequences.live(session, "mails", NAMES["mails"]) is None:
            return 0  # nothing is published yet, so there is no mail to tell it with; it waits
        take_locks(session, ["alerts"])  # of two workers one tells, and the other then finds it told
        review(session, now)
        waiting = events.open_alerts(session, untold=True)
        calendar = services.published.calendar(session)
        for alert in waiting:
            alert.told_at = now
            title, details = _title(alert.dutch)
            said = {
                "title": title,
                "details": details,
                "since": dutch_moment(calendar.local(alert.raised_at), year=True),
                "url": f"{services.base_url}/studio/waiting/alerts",
            }
            for recipient in dict.fromkeys(services.alert_to):  # an address named twice gets one mail
                add_service_mail(
                    session,
                    services,
                    cause=f"alert:{alert.id}:{alert.raised_at.isoformat()}",  # a restore gives ids again
                    template="dienst-melding",
                    recipient=recipient,
                    now=now,
                    extra={"alert": said},
                )
    for alert in waiting:
        _call(services, alert)
    if waiting:
        services.bell.ring()
    return len(waiting)


def _title(text: str) -> tuple[str, str]:
    """The first sentence of an alert, for a subject, and the rest of it. What a server said stands in brackets."""
    for found in re.finditer(r"[.!?] ", text):
        before = text[: found.start()]
        if before.count("(") <= before.count(")"):
            return before, text[found.end() :]
    return text.rstrip("."), ""


def _call(services: Services, alert: Alert) -> None:
    if services.alert_url is None:
        return
    body = {"cause": alert.cause, "text": alert.dutch, "english": alert.english, "at": alert.raised_at.isoformat()}
    try:
        # Nothing is read of the answer: one that never ends would hold up all that comes after this.
        with httpx.stream("POST", services.alert_url, json=body, timeout=_WEBHOOK_SECONDS) as answer:
            answer.raise_for_status()
    except httpx.HTTPError as error:
        log.error("alert webhook failed", cause=alert.cause, error=type(error).__name__)
