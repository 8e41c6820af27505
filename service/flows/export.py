"""All that is held about one lead: as it is stored, in words, and every mail as it left, byte for byte."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python
from sqlmodel import Session

from service.errors import NurtureError, UnavailableError
from service.flows import building, lead_report, outlook, receipts
from service.flows.export_page import readable
from service.flows.export_shown import Export, SentMail, without_tokens
from service.flows.services import Services
from service.store import enrolments, lead_rows, message_rows
from service.store.tables import Lead, Message

__all__ = ["Export", "SentMail", "export", "readable"]

_MACHINERY = frozenset({"lease_token", "lease_until"})  # columns that are about a worker, not about a lead


def export(session: Session, services: Services, lead: Lead, now: datetime) -> Export:
    """Everything about one lead as of now; changes nothing.

    The mails are made anew from the revision and the values they were made from, so they are what was handed over;
    their links work, and belong to the lead alone.
    """
    _, practice = services.published.live_practice(session)
    _, forms = services.published.live_forms(session)
    stored = lead_rows.everything(session, lead.id, services.hmac(lead.address))
    runs = enrolments.of_lead(session, lead.id)
    hers = [services.published.sequence(session, run.sequence_revision_id) for run in runs]
    known = [*hers, *(live.sequence for live in services.published.live_sequences(session))]
    planned = [each for run in runs for each in outlook.planned(session, services, run, now)]
    return Export(
        made_at=now,
        practice=practice.name,
        report=lead_report.report(session, services, lead, now),
        stored={table: [_row(row) for row in rows] for table, rows in stored.items()},
        receipts=tuple(each.as_json() for each in receipts.of_lead(session, lead.id)),
        handled=tuple(
            {"at": each.at.isoformat(), "by": each.actor.partition(":")[0], "what": each.action}
            for each in lead_rows.handled(session, lead.id)
        ),
        mails=tuple(
            _sent(session, services, row, lead, row.first_handed_at)
            for row in message_rows.of_lead(session, lead.id)
            if row.first_handed_at is not None
        ),
        questions={each.name: each for form in forms.forms.values() for each in form.questions},
        planned=tuple(sorted(planned, key=lambda each: each.at)),
        topics={each.topic: each.title for each in known},
        sequences={each.name: each.title for each in known},
        forms={name: form.title for name, form in forms.forms.items()},
    )


def _row(row: Mapping[str, Any]) -> JsonValue:
    shown: JsonValue = to_jsonable_python({name: value for name, value in row.items() if name not in _MACHINERY})
    return shown


def _sent(session: Session, services: Services, row: Message, lead: Lead, sent_at: datetime) -> SentMail:
    data, subject, text = None, "", ""
    try:
        data = building.build(session, services, row, sent_at).data
    except UnavailableError:
        raise
    except (NurtureError, ValueError, KeyError):
        pass  # nobody can read this row any more: the export says so, and holds all the rest
    else:
        subject, text = _read(data)
    return SentMail(
        message=row.id,
        template=row.template,
        state=row.state,
        sent_at=sent_at,
        subject=subject,
        text=text,
        data=data,
        to_practice=row.recipient != lead.address,
    )


def _read(data: bytes) -> tuple[str, str]:
    """Subject and plain text of a mail; whoever finds the page must not be able to press its links."""
    mail = email.message_from_bytes(data, policy=email.policy.default)
    plain = mail.get_body(("plain",))
    text = str(plain.get_content()) if plain else ""
    return str(mail["Subject"]), without_tokens(text)
