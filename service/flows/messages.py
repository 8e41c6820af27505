"""Making a row of the ledger: all that its bytes will be made of is fixed here, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.domain.mailbox import Mailbox, parse_mailbox
from service.flows.published import LiveIds
from service.flows.services import Services
from service.mail import return_paths
from service.mail.links import Purpose, new_public_id, url
from service.store import new_rows, outbox
from service.store.tables import Consent, Enrolment, Lead, Message, OptIn

FRESH_LINK = "dienst-verse-link"
"""The mail that brings a lead the link to her own data."""
Extra = Mapping[str, Mapping[str, str | Sequence[str]]]
"""What a service mail is filled in with besides: its group of names, and in it a text or lines for each."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The requested mail of one opt-in; `held` is the reason why a person must look first."""

    lead_id: int
    lead_public_id: str
    address: str
    opt_in_id: int
    opt_in_public_id: str
    enrolment_id: int
    consent_id: int
    sequence: str
    template: str
    revision_id: int
    first_name: str | None
    answers: Mapping[str, str]
    held: str | None


def add_advice(session: Session, services: Services, asked: Iterable[Advice], now: datetime, live: LiveIds) -> None:
    """Write these, due now."""
    practice, _ = services.published.live_practice(session, live)
    new_rows.add_bare(session, Message, *(_advice(services, each, practice, now) for each in asked))


def _advice(services: Services, asked: Advice, practice_revision_id: int, now: datetime) -> dict[str, Any]:
    public_id = new_public_id()
    about = (asked.lead_public_id, asked.opt_in_public_id)
    return _basics(services, public_id, asked.address, now, to_lead=True) | {
        "attempts": 0,
        "practice_revision_id": practice_revision_id,
        "kind": "advice",
        "state": "held" if asked.held else "due",
        "reason": asked.held,
        "priority": outbox.ADVICE,
        "lead_id": asked.lead_id,
        "opt_in_id": asked.opt_in_id,
        "enrolment_id": asked.enrolment_id,
        "consent_id": asked.consent_id,
        "sequence": asked.sequence,
        "template": asked.template,
        "revision_id": asked.revision_id,
        "content": _for_lead(services, public_id, *about, asked.first_name, asked.answers),
    }


def add_follow_up(
    session: Session,
    services: Services,
    *,
    lead: Lead,
    opt_in: OptIn,
    enrolment: Enrolment,
    consent: Consent,
    step: str,
    template: str,
    planned_at: datetime,
    not_after: datetime | None,
    now: datetime,
    skipped: str | None,
) -> Message:
    """One step's mail, due now, or its skipping with the reason: both are the step's one row."""
    public_id = new_public_id()
    basics = _basics(services, public_id, lead.address, now, to_lead=True) | {"planned_at": planned_at}
    return _add(
        session,
        services,
        **basics,
        kind="follow_up",
        state="skipped" if skipped else "due",
        reason=skipped,
        settled_at=now if skipped else None,
        priority=outbox.FOLLOW_UP,
        lead_id=lead.id,
        enrolment_id=enrolment.id,
        consent_id=consent.id,
        sequence=enrolment.sequence,
        step=step,
        template=template,
        revision_id=enrolment.sequence_revision_id,
        not_after=not_after,
        content=_for_lead(services, public_id, lead.public_id, opt_in.public_id, lead.first_name, enrolment.answers),
    )


def add_service_mail(
    session: Session,
    services: Services,
    *,
    cause: str,
    template: str,
    recipient: str,
    now: datetime,
    extra: Extra,
    about: Lead | None = None,
    to_lead: Lead | None = None,
    calendar: str | None = None,
) -> Message:
    """A request, receipt or alert: once per cause and recipient (the ledger's unique index holds that).

    `to_lead` puts a lead's links in it; a mail to the practice `about` a lead goes when that lead is erased, and may
    carry an iCalendar object.
    """
    public_id = new_public_id()
    content: dict[str, Any] = {"extra": extra} | ({"calendar": calendar} if calendar else {})
    if to_lead is not None:
        content |= _for_lead(services, public_id, to_lead.public_id, None, to_lead.first_name, {})
    lead = to_lead or about
    return _add(
        session,
        services,
        **_basics(services, public_id, recipient, now, to_lead=to_lead is not None),
        kind="service",
        state="due",
        priority=outbox.SERVICE,
        lead_id=lead.id if lead else None,
        cause=cause,
        template=template,
        revision_id=services.published.live_service_mails(session),
        content=content,
    )


def add_fresh_link(session: Session, services: Services, lead: Lead, now: datetime) -> Message:
    """The mail with a link to all that we hold of a lead, to that lead: the link is this very message's."""
    public_id = new_public_id()
    fresh_url = url(services.base_url, "d", services.keyring.sign("d", public_id))
    values = _for_lead(services, public_id, lead.public_id, None, lead.first_name, {})
    return _add(
        session,
        services,
        **_basics(services, public_id, lead.address, now, to_lead=True),
        kind="service",
        state="due",
        priority=outbox.SERVICE,
        lead_id=lead.id,
        cause=f"fresh-link:{public_id}",
        template=FRESH_LINK,
        revision_id=services.published.live_service_mails(session),
        content=values | {"extra": {"fresh_url": fresh_url}},
    )


def add_again(
    session: Session, services: Services, lead: Lead, before: Message, *, cause: str, now: datetime
) -> Message:
    """A mail that was sent before, once more, with the values and the links it had: once per cause."""
    return _add(
        session,
        services,
        **_basics(services, new_public_id(), lead.address, now, to_lead=True),
        kind="service",
        state="due",
        priority=outbox.SERVICE,
        lead_id=lead.id,
        cause=cause,
        template=before.template,
        revision_id=before.revision_id,
        content=before.content,
    )


def add_staff_mails(
    session: Session,
    services: Services,
    *,
    cause: str,
    template: str,
    now: datetime,
    extra: Extra,
    about: Lead | None = None,
    calendar: str | None = None,
    but: Collection[str] = (),
) -> None:
    """The same mail to each of the practice's staff `but` these; an address named twice gets one."""
    _, practice = services.published.live_practice(session)
    for recipient in dict.fromkeys(practice.staff):
        if recipient not in but:
            add_service_mail(
                session,
                services,
                cause=cause,
                template=template,
                recipient=recipient,
                now=now,
                extra=extra,
                about=about,
                calendar=calendar,
            )


def _add(session: Session, services: Services, **values: Any) -> Message:
    practice, _ = services.published.live_practice(session)
    session.flush()  # what it refers to is there
    return new_rows.add(session, Message, attempts=0, practice_revision_id=practice, **values)


def _basics(services: Services, public_id: str, recipient: str, now: datetime, *, to_lead: bool) -> dict[str, Any]:
    domain = parse_mailbox(services.mail_from).address.rpartition("@")[2]
    box = services.reply_mailbox
    reply_to = services.reply_to
    if reply_to is None and to_lead and box is not None:
        # An answer then says by its address which mail it is about. Fixed now, so that a retry holds the very same.
        address = return_paths.address_for(box, services.keyring, "reply-to", public_id)
        reply_to = str(Mailbox(name=parse_mailbox(services.mail_from).name, address=address))
    return {
        "public_id": public_id,
        "recipient": recipient,
        "planned_at": now,
        "due_at": now,
        "created_at": now,
        "message_id": f"<{new_public_id()}@{domain}>",
        "boundary": f"=_{new_public_id()}",
        "mail_from": services.mail_from,
        "reply_to": reply_to,
    }


def _for_lead(
    services: Services,
    public_id: str,
    lead_public_id: str,
    opt_in_public_id: str | None,
    first_name: str | None,
    answers: Mapping[str, str],
) -> dict[str, Any]:
    """The values of a mail to a lead. Tokens are signed now, so that a later retry holds the very same ones."""

    def link(purpose: Purpose, about: str) -> str:
        return url(services.base_url, purpose, services.keyring.sign(purpose, about))

    return {
        "first_name": first_name,
        "answers": dict(answers),
        "confirm_url": link("c", opt_in_public_id) if opt_in_public_id else "",
        "booking_url": link("b", public_id),
        "unsubscribe_url": link("u", lead_public_id),
        "preferences_url": link("p", lead_public_id),
        "answer_url_base": link("a", public_id),
    }
