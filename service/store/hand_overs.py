"""The latest tries to hand mail over: what was taken last, and what was not. Both are read from the newest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from service.store.tables import Attempt, Message

_LOOKED_AT = 500
"""Of so many tries the newest are looked through: a page must not walk all that ever left."""


def last_accepted_at(session: Session) -> datetime | None:
    """When a mail was last taken, by the service's clock; None where none of the newest tries was.

    A try keeps the machine's time, and a demo's clock is another: its mail has the moment that all pages show.
    """
    newest = select(Attempt.outcome, Attempt.message_id).order_by(col(Attempt.id).desc()).limit(_LOOKED_AT)
    taken = next((message for outcome, message in session.execute(newest) if outcome == "accepted"), None)
    return None if taken is None else session.exec(select(Message.settled_at).where(Message.id == taken)).one()


def last_faults(session: Session, most: int) -> Sequence[Attempt]:
    """The newest tries that were not taken, the newest first."""
    newest = select(Attempt).order_by(col(Attempt.id).desc()).limit(_LOOKED_AT)
    faults = [each for each in session.exec(newest) if each.outcome not in {None, "accepted"}]
    return faults[:most]
