"""Staff decide about mail that waits for a person: fate unknown, or held before it went out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session, col, select

from service.domain import mail_reasons, waiting
from service.domain.delivery import State, can_move
from service.domain.enrolment import LOOK_AGAIN
from service.domain.timing import respaced
from service.errors import NotFoundError, RefusedError
from service.flows import alerts, backlog, clock_check, privacy
from service.flows.services import Services
from service.store import backlog as piled_up
from service.store import enrolments, events, leads, message_rows, outbox
from service.store.db import notify_sender
from service.store.message_rows import WITHOUT_CONTENT
from service.store.tables import Lead, Message

Choice = waiting.Choice
_TO: Mapping[Choice, State] = MappingProxyType(
    {"sent": State.ACCEPTED, "resend": State.DUE, "drop": State.CANCELLED},
)
_WHY = {
    "sent": mail_reasons.ARRIVED_BY_STAFF,
    "resend": mail_reasons.AGAIN_BY_STAFF,
    "drop": mail_reasons.DROPPED,
}


_BATCH = 200


def resolve_backlog(services: Services, choice: Choice, *, actor: str) -> int:
    """Do the same with everything a guard holds back, in batches, so that nobody waits long. Returns how many.

    `resend`: each leaves when it may, at most one a lead a day; those that became too late for their step are skipped.
    Raises RefusedError for `sent`.
    """
    if choice == "resend":
        with services.database.transaction() as session:
            backlog.let_go(session)
    done = 0
    while True:
        with services.database.transaction() as session:
            ids = piled_up.held_back(session, _BATCH)
            if not ids:
                return done
            # of those read before the locks, somebody else may have decided about some, or erased them
            messages = [each for each in lock(session, services, ids) if each.state == State.HELD and each.hold]
            resolve_locked(session, services, messages, choice, actor, clock_check.now(session, services))
            done += len(messages)


def resolve(
    session: Session, services: Services, ids: Iterable[int], choice: Choice, *, actor: str, now: datetime
) -> None:
    """Do the same with each of these messages, or with none where one of them cannot be resolved so.

    `resend` sends the very same bytes, Message-ID included, and only if it still may go then. `sent` is for mail whose
    fate is unknown alone: what is held never left. Raises NotFoundError and RefusedError.
    """
    wanted = sorted(set(ids))
    messages = lock(session, services, wanted)
    missing = [str(each) for each in wanted if each not in {message.id for message in messages}]
    if missing:
        raise NotFoundError(
            f"there is no message {', '.join(missing)}; see: nurture message list",
            f"er is geen mail met nummer {', '.join(missing)}; zie: nurture message list",
        )
    resolve_locked(session, services, messages, choice, actor, now)


def resolve_locked(
    session: Session, services: Services, messages: list[Message], choice: Choice, actor: str, now: datetime
) -> None:
    """The same with each of these messages, which `lock` gave."""
    for message in messages:
        _resolve(session, services, message, choice, now)
        events.audit(session, actor, f"message resolved as {choice}", now, message=message.id, lead=message.lead_id)
    alerts.review(session, now)
    if choice == "resend":
        notify_sender(session)


def lock(session: Session, services: Services, ids: Sequence[int]) -> list[Message]:
    """Those of the messages that are there, as they are now. Their leads first: the order everybody locks in."""
    known = [message for each in ids if (message := session.get(Message, each, options=[WITHOUT_CONTENT]))]
    lead_ids = {message.lead_id for message in known if message.lead_id is not None}
    hmacs = [services.hmac(lead.address) for each in lead_ids if (lead := session.get(Lead, each))]
    leads.lock(session, lead_ids, hmacs)
    statement = select(Message).where(col(Message.id).in_(list(ids))).order_by(col(Message.id)).with_for_update()
    statement = statement.options(WITHOUT_CONTENT).execution_options(populate_existing=True)
    return list(session.exec(statement))


def _resolve(session: Session, services: Services, message: Message, choice: Choice, now: datetime) -> None:
    before, after = State(message.state), _TO[choice]
    if before not in {State.UNKNOWN, State.HELD}:
        raise RefusedError(
            f"message {message.id} is {before.value}; only unknown and held ones wait for a person",
            f"mail {message.id} is {before.value}; alleen unknown en held wachten op jou",
        )
    if (before is State.HELD and after is State.ACCEPTED) or not can_move(before, after):
        raise RefusedError(
            f"message {message.id} was held before it went out, so it cannot count as {choice}",
            f"mail {message.id} is nooit weggegaan, dus {choice} kan niet",
        )
    held_for, over_at = message.hold, message_rows.over_at(message, now)
    outbox.release(message, after.value, _WHY[choice], due_at=now if choice == "resend" else None)
    if choice == "resend":
        message.hold = outbox.APPROVED
    if held_for is not None and choice == "drop" and message.kind == "follow_up":
        _go_on(session, services, message, now, held_for=held_for)
    if choice != "resend":
        message.settled_at = over_at
    if message.lead_id is None:
        return
    leads.note(session, message.lead_id, "message_resolved", now, message=message.id, choice=choice)
    if message.kind == "advice":
        privacy.reckon_erasing(session, services, session.get_one(Lead, message.lead_id), now)


def _go_on(session: Session, services: Services, message: Message, now: datetime, *, held_for: str) -> None:
    """The run waited for this one; its next step counts from today (in a pause: from its end), not from long before.

    After a restore it keeps its own time: what fell due before `resume` may have left too, and is held in its turn.
    """
    for run in enrolments.by_ids(session, [message.enrolment_id] if message.enrolment_id else []):
        if held_for != outbox.RESTORED and piled_up.is_newest(session, message):
            goes_on_at = max(now, run.paused_until or now)
            run.anchor = respaced(run.anchor, goes_on_at, services.published.calendar(session))
            session.flush()
        enrolments.look_again(session, [run.id], now, LOOK_AGAIN)
