"""An older database was put back: nobody knows what left since, so nothing leaves until staff say so (L10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain import mail_reasons
from service.flows import alerts, brake
from service.flows.services import Services
from service.store import backlog, events, high_water, message_rows, outbox, staff, staff_sessions
from service.store.db import real_now


@dataclass(frozen=True, kw_only=True)
class Held:
    """What was put on hold: mails that were about to leave, and mails that were just leaving."""

    since: datetime  # the database knows nothing of what happened after this
    waiting: int
    leaving: int


def hold(session: Session, services: Services, *, since: datetime, actor: str, now: datetime) -> Held:
    """Hold all mail, and each mail that may have left already.

    Opt-ins are taken as ever; their advice goes out after `resume`. A follow-up that fell due between `since` and the
    `resume` may have left too: the gap tells the guard on backlogs so. Sessions and invitations of staff end: one that
    was ended or used since may not work again.
    """
    brake.pull_put_back(session, services, since=since, actor=actor, now=now)
    waiting = backlog.hold_back(session, mail_reasons.RESTORED, outbox.RESTORED)
    leaving = backlog.give_up_hand_overs(session, mail_reasons.RESTORED_UNKNOWN, real_now(session))
    if leaving:
        alerts.tell_unknown(session, now)
    staff_sessions.end_all(session)
    staff.drop_invitations(session)
    events.audit(session, actor, "put back", now, since=since.isoformat(), held=waiting, unknown=leaving)
    return Held(since=since, waiting=waiting, leaving=leaving)


def hold_where_behind(services: Services, now: datetime) -> Held | None:
    """On SQLite: hold all mail where the high-water file knows of more hand-overs than the database."""
    with services.database.reading() as session:
        if high_water.ahead(services.database, session) is None:
            return None
    with services.database.transaction() as session:
        count = high_water.ahead(services.database, session)
        if count is None:  # another process has just seen to it
            return None
        since = high_water.last_hand_over(session) or message_rows.oldest(session) or now
        high_water.agree(session, count, now)
        return hold(session, services, since=since, actor="start", now=now)
