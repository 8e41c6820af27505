"""The emergency brake: what `pause` holds back, until `resume`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.errors import NotFoundError
from service.flows import alerts, backlog
from service.flows.services import Services
from service.store import events, outbox

_ALL = "*"  # in the moments of the pulls: every sequence
_PUT_BACK = "restored"  # the fact, and the cause of its alert


def state(session: Session) -> outbox.Paused:
    """What is held back now."""
    return outbox.paused(session)


def pull(
    session: Session,
    services: Services,
    *,
    name: str | None,
    all_mail: bool,
    actor: str,
    now: datetime,
    why: str | None = None,
) -> outbox.Paused:
    """Hold back one sequence, all follow-ups, or all mail. Raises NotFoundError for a sequence there is not.

    `why` is kept in the audit log: the cause of the alert that tells it, where no person did this.
    """
    _known(session, services, name)
    since = _since(session, now)
    before = state(session)
    sequences = before.sequences | ({name} if name else set())
    after = outbox.Paused(
        all_mail=before.all_mail or all_mail, follow_ups=before.follow_ups or name is None, sequences=sequences
    )
    return _keep(session, after, {name or _ALL: now.isoformat()} | since, actor, "paused", now, why=why)


def pull_put_back(session: Session, services: Services, *, since: datetime, actor: str, now: datetime) -> None:
    """Hold back all mail because a database was put back that knows nothing of what happened after `since`."""
    pull(session, services, name=None, all_mail=True, actor=actor, now=now)
    backlog.add_put_back(session, since=since, until=now)
    events.set_fact(session, _PUT_BACK, {"since": since.isoformat()})
    alerts.tell(
        session,
        _PUT_BACK,
        dutch="Een oudere database is teruggezet. Alle mail staat stil tot: nurture resume",
        english=f"a database of {since:%Y-%m-%d %H:%M} UTC was put back; all mail is on hold until: nurture resume",
        now=now,
    )


def put_back_since(session: Session) -> datetime | None:
    """The moment after which a database that was put back knows nothing; None once `resume` was given."""
    kept = events.fact(session, _PUT_BACK)
    return datetime.fromisoformat(kept["since"]) if kept else None


def release(session: Session, services: Services, *, name: str | None, actor: str, now: datetime) -> int | None:
    """Let go again: one sequence, or everything, which also ends the hold on a database that was put back.

    What piled up meanwhile goes through the backlog guard. Returns how many follow-ups it holds back; None where
    nothing was paused, and then nothing is written.
    """
    _known(session, services, name)
    since = _since(session, now)
    before = state(session)
    after, put_back = outbox.Paused(), None if name else put_back_since(session)
    if name:
        after = outbox.Paused(
            all_mail=before.all_mail, follow_ups=before.follow_ups, sequences=before.sequences - {name}
        )
    if after == before and put_back is None:
        return None
    if put_back is not None:
        backlog.add_put_back(session, since=put_back, until=now)  # time went on: more fell due meanwhile
        events.forget_fact(session, _PUT_BACK)
        alerts.mended(session, _PUT_BACK, now)
        alerts.tell_may_have_left(session, now)
    over = {key: datetime.fromisoformat(at) for key, at in since.items() if name in {None, key}}
    _keep(session, after, {key: at for key, at in since.items() if key not in over}, actor, "resumed", now)
    if _ALL in over:
        return backlog.add(session, services, since=min(over.values()), until=now)
    return sum(backlog.add(session, services, since=at, until=now, sequence=key) for key, at in over.items())


def _since(session: Session, now: datetime) -> dict[str, str]:
    """Since when each sequence, or all, is held back; nobody else moves the brake until the transaction ends.

    A version before this one kept no moment: a brake it left behind goes through the guard all the same.
    """
    found: dict[str, str] | None = (events.hold_fact(session, outbox.PAUSED) or {}).get("since")
    if found is None:
        left = state(session)
        keys = [*left.sequences, *([_ALL] if left.follow_ups or left.all_mail else [])]
        found = {key: now.isoformat() for key in keys}
    return found


def _known(session: Session, services: Services, name: str | None) -> None:
    names = [live.sequence.name for live in services.published.live_sequences(session)]
    if name is not None and name not in names:
        raise NotFoundError(
            f"there is no published sequence {name}; there are: {', '.join(names) or 'none'}",
            f"er is geen gepubliceerde reeks {name}; kies uit: {', '.join(names) or 'nog niets'}",
        )


def _keep(
    session: Session,
    after: outbox.Paused,
    since: dict[str, str],
    actor: str,
    action: str,
    now: datetime,
    *,
    why: str | None = None,
) -> outbox.Paused:
    value: dict[str, Any] = {
        "all_mail": after.all_mail,
        "follow_ups": after.follow_ups,
        "sequences": sorted(after.sequences),
    }
    events.set_fact(session, outbox.PAUSED, value | {"since": since})
    events.audit(session, actor, action, now, **value, **({"why": why} if why else {}))
    return after
