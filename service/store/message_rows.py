"""The ledger's messages looked up, for links, pages, plans and limits; what moves them on is in `outbox.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy import select as sql_select
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col, func, or_, select

from service.store.quick import among, run
from service.store.tables import Lead, Message

WITHOUT_CONTENT = defer(cast("QueryableAttribute[Any]", col(Message.content)))
"""For who moves or shows rows: what a mail is filled in with is most of its row, says nothing of its fate, and may be
what nobody can read."""
# The very words of ix_message_needs_person, values included: SQLite uses a partial index only where it finds its
# condition, and what waits for a person is a handful among a million.
_NEEDS_PERSON = col(Message.state).in_(
    bindparam("needs_person", ("unknown", "held"), expanding=True, literal_execute=True, unique=True)
)


def of_lead(session: Session, lead_id: int) -> Sequence[Message]:
    """Every message of a lead, oldest first."""
    return session.exec(select(Message).where(Message.lead_id == lead_id).order_by(col(Message.id))).all()


def of_run(session: Session, enrolment_id: int) -> Sequence[Message]:
    """The follow-ups of one run that may still leave: of unknown fate too, which staff may send again."""
    waiting = col(Message.state).in_(("due", "leased", "handed_over", "held", "unknown"))
    return session.exec(
        select(Message)
        .where(Message.enrolment_id == enrolment_id, Message.kind == "follow_up", waiting)
        .execution_options(populate_existing=True)
    ).all()


def of_runs(session: Session, enrolment_ids: Iterable[int]) -> Sequence[Message]:
    """The follow-ups of these runs that may still leave; for a look, so nothing of them is locked."""
    waiting = col(Message.state).in_(("due", "leased", "handed_over", "held"))
    mine = col(Message.enrolment_id).in_(list(enrolment_ids))
    return session.exec(select(Message).where(mine, Message.kind == "follow_up", waiting)).all()


def by_public_id(session: Session, public_id: str) -> Message | None:
    """The message a link of purpose b or a was made for."""
    return session.exec(select(Message).where(Message.public_id == public_id)).first()


def public_ids(session: Session, message_ids: Sequence[str]) -> list[str]:
    """The public ids of the messages with these Message-IDs, in their order; of those that are ours."""
    found = session.exec(select(Message.message_id, Message.public_id).where(col(Message.message_id).in_(message_ids)))
    known = dict(found.all())
    return [known[each] for each in dict.fromkeys(message_ids) if each in known]


def in_states(session: Session, states: Iterable[str]) -> Sequence[Message]:
    """Messages in these states, oldest first: what needs a person."""
    found = select(Message).where(*_in(list(states))).order_by(col(Message.id))
    return session.exec(found.options(WITHOUT_CONTENT)).all()


def count_in(session: Session, states: Iterable[str]) -> dict[str, int]:
    """state -> how many messages are in it, of these."""
    statement = select(Message.state, func.count()).where(*_in(list(states)))
    return dict(session.exec(statement.group_by(col(Message.state))).all())


def count_held_for(session: Session, reasons: Collection[str]) -> int:
    """How many messages are held for one of these reasons."""
    held = select(func.count()).select_from(Message).where(*_in(["held"]))
    return session.exec(held.where(col(Message.reason).in_(list(reasons)))).one()


def _in(states: Sequence[str]) -> list[ColumnElement[bool]]:
    """The condition of being in one of these states."""
    wanted: list[ColumnElement[bool]] = [col(Message.state).in_(states)]
    return [_NEEDS_PERSON, *wanted] if set(states) <= {"unknown", "held"} else wanted


def any_in(
    session: Session, state: str, template: str | None, *, reasons: Collection[str] = (), approval: bool = False
) -> bool:
    """Is any message in this state, of one template or of all, for one of these reasons where some are given?

    With `approval`, a follow-up that a guard holds back?
    """
    found = select(Message.id).where(*_in([state]))
    if reasons:
        found = found.where(col(Message.reason).in_(list(reasons)))
    if approval:
        found = found.where(col(Message.hold).is_not(None), Message.kind == "follow_up")
    if template is not None:
        found = found.where(Message.template == template)
    return session.exec(found.limit(1)).first() is not None


def is_to_practice(message: Message, lead: Lead) -> bool:
    """Did this mail go to the practice about the lead, and not to her? Also where she is one of its staff."""
    # What goes to the practice has something to tell; of a damaged row a "no" to it counts as hers.
    hers = message.kind != "service" or "unsubscribe_url" in message.content or "extra" not in message.content
    return message.recipient != lead.address or not hers


def reader(session: Session, message: Message) -> Lead | None:
    """The lead whom this mail goes to; None where that is the practice."""
    lead = session.get_one(Lead, message.lead_id) if message.lead_id is not None else None
    return None if lead is None or is_to_practice(message, lead) else lead


def has_cause(session: Session, cause: str) -> bool:
    """Has a service mail been made for this cause?"""
    return session.exec(select(Message.id).where(Message.kind == "service", Message.cause == cause)).first() is not None


def made_since(session: Session, lead_id: int, template: str, since: datetime) -> Sequence[datetime]:
    """When the mails of one template to or about a lead were made, of those made after `since`."""
    mine = (Message.lead_id == lead_id, Message.template == template, col(Message.created_at) > since)
    return session.exec(select(Message.created_at).where(*mine)).all()


def oldest(session: Session) -> datetime | None:
    """When the first mail of all was written."""
    return session.exec(select(Message.created_at).order_by(col(Message.id)).limit(1)).first()


def newest(session: Session) -> int:
    """The id of the newest message, which says how many there ever were; 0 before the first."""
    return session.exec(select(func.max(Message.id))).one() or 0


def last_advice_settled_at(session: Session, lead_id: int) -> tuple[datetime | None, bool]:
    """When the lead's last advice was settled, and whether one is still on its way."""
    mine = (Message.lead_id == lead_id, Message.kind == "advice")
    settled = session.exec(select(func.max(Message.settled_at)).where(*mine)).first()
    waiting = session.exec(select(Message.id).where(*mine, col(Message.settled_at).is_(None)).limit(1)).first()
    return settled, waiting is not None


def templates_gone_out(session: Session, enrolment_ids: Iterable[int]) -> dict[int, set[str]]:
    """The mails of each run that left or may be on their way: enrolment id -> templates, the advice's included."""
    found: dict[int, set[str]] = {}
    statement = select(Message.enrolment_id, Message.template).where(
        col(Message.enrolment_id).in_(list(enrolment_ids)),
        col(Message.state).not_in(("cancelled", "skipped", "failed")),
    )
    for enrolment_id, template in session.exec(statement):
        if enrolment_id is not None:
            found.setdefault(enrolment_id, set()).add(template)
    return found


_MOMENTS = (col(Message.settled_at), col(Message.first_handed_at), col(Message.due_at))
_HANDED_SINCE = sql_select(col(Message.lead_id), col(Message.id), *_MOMENTS).where(
    among(col(Message.lead_id), "ids"),
    col(Message.kind) == "follow_up",
    col(Message.first_handed_at).is_not(None),
    # Not refused and waiting for its next try. One by one, for `not_in` is written anew each time.
    *(col(Message.state) != state for state in ("due", "leased")),
    or_(*(moment >= bindparam("since") for moment in _MOMENTS)),
)


def follow_ups_handed_since(
    session: Session, lead_ids: Iterable[int], since: datetime
) -> dict[int, dict[int, datetime]]:
    """lead id -> message id -> when it last left, of follow-ups lately handed over: at most one a local day may."""
    found: dict[int, dict[int, datetime]] = {}
    rows = run(session, _HANDED_SINCE, {"ids": list(lead_ids), "since": since})
    for row in rows:
        found.setdefault(row.lead_id, {})[row.id] = left_at(row.settled_at, row.first_handed_at, row.due_at)
    return found


def left_at(settled_at: datetime | None, first_handed_at: datetime | None, due_at: datetime) -> datetime:
    """When a mail left, or is to leave: a retry counts when it goes, not when it was first refused."""
    return settled_at or max(first_handed_at or due_at, due_at)


def over_at(message: Message, now: datetime) -> datetime:
    """When a mail of which now is said what became of it was over; `message` still stands as it did before.

    A follow-up of unknown fate was her mail of the day it left, not of the day that somebody tells of it.
    """
    if message.state == "unknown" and message.kind == "follow_up":
        return left_at(None, message.first_handed_at, message.due_at)
    return now
