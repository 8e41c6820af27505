"""Staff decide about mail that waits for a person: fate unknown, or held before it went out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from sqlmodel import Session, select

from service.domain.delivery import State, can_move
from service.errors import NotFoundError, RefusedError
from service.flows import alerts, privacy
from service.flows.services import Services
from service.store import events, leads, outbox
from service.store.db import notify_sender
from service.store.tables import Lead, Message

Choice = Literal["sent", "resend", "drop"]
_TO: Mapping[Choice, State] = MappingProxyType(
    {"sent": State.ACCEPTED, "resend": State.DUE, "drop": State.CANCELLED},
)
_WHY = {"sent": "aangekomen, zegt de praktijk", "resend": "opnieuw, op verzoek van de praktijk", "drop": "vervallen"}


def resolve(
    session: Session, services: Services, ids: Iterable[int], choice: Choice, *, actor: str, now: datetime
) -> None:
    """Do the same with each of these messages, or with none where one of them cannot be resolved so.

    `resend` sends the very same bytes, Message-ID included, and only if it still may go then. `sent` is for mail whose
    fate is unknown alone: what is held never left. Raises NotFoundError and RefusedError.
    """
    messages = _lock(session, services, sorted(set(ids)))
    for message in messages:
        _resolve(session, services, message, choice, now)
        events.audit(session, actor, f"message resolved as {choice}", now, message=message.id, lead=message.lead_id)
    alerts.review(session, now)
    if choice == "resend":
        notify_sender(session)


def _lock(session: Session, services: Services, ids: list[int]) -> list[Message]:
    """Their leads first, then the messages: the order everybody locks in."""
    known = {each: session.get(Message, each) for each in ids}
    missing = [str(each) for each, message in known.items() if message is None]
    if missing:
        raise NotFoundError(f"there is no message {', '.join(missing)}; see: nurture message list")
    lead_ids = {message.lead_id for message in known.values() if message and message.lead_id is not None}
    hmacs = [services.hmac(lead.address) for each in lead_ids if (lead := session.get(Lead, each))]
    leads.lock(session, lead_ids, hmacs)
    found = []
    for each in ids:
        statement = select(Message).where(Message.id == each).with_for_update()
        message = session.exec(statement.execution_options(populate_existing=True)).first()
        if message is None:
            raise NotFoundError(f"there is no message {each} any more; its lead was erased")
        found.append(message)
    return found


def _resolve(session: Session, services: Services, message: Message, choice: Choice, now: datetime) -> None:
    before, after = State(message.state), _TO[choice]
    if before not in {State.UNKNOWN, State.HELD}:
        raise RefusedError(f"message {message.id} is {before.value}; only unknown and held ones wait for a person")
    if not can_move(before, after):
        raise RefusedError(f"message {message.id} was held before it went out, so it cannot count as {choice}")
    outbox.release(message, after.value, _WHY[choice], due_at=now if choice == "resend" else None)
    if choice != "resend":
        message.settled_at = now
    if message.lead_id is None:
        return
    leads.note(session, message.lead_id, "message_resolved", now, message=message.id, choice=choice)
    if message.kind == "advice":
        privacy.reckon_erasing(session, services, session.get_one(Lead, message.lead_id), now)
