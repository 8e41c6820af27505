"""Enrolments: one lead's run through one sequence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlalchemy import update as sql_update
from sqlmodel import Session, col, func, select

from service.store import message_rows, outbox
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import Enrolment, Message

OPEN = ("awaiting_confirmation", "active")
# The very words of ix_enrolment_open, values included: SQLite uses a partial index only where it finds its condition.
_IS_OPEN = col(Enrolment.state).in_(bindparam("open_states", OPEN, expanding=True, literal_execute=True, unique=True))
_AT_A_TIME = 1_000  # ids in one statement


def due(session: Session, now: datetime, limit: int, paused: outbox.Paused) -> Sequence[tuple[int, int]]:
    """(enrolment id, lead id) of what is due to be planned, the longest waiting first. Takes no lock.

    What the brake holds back stays due: planned now, it would be a row in the outbox that may not leave.
    """
    if paused.all_mail or paused.follow_ups:
        return ()
    statement = select(Enrolment.id, Enrolment.lead_id).where(
        Enrolment.state == "active", col(Enrolment.next_at) <= now
    )
    if paused.sequences:
        statement = statement.where(col(Enrolment.sequence).not_in(paused.sequences))
    return session.exec(statement.order_by(col(Enrolment.next_at), col(Enrolment.id)).limit(limit)).all()


_RUNS = core(Enrolment)
_IDS = among(_RUNS.c.id, "ids")
# Made once: to put a statement together takes longer than to run it.
_BY_IDS = select(Enrolment).where(_IDS).order_by(col(Enrolment.id)).execution_options(populate_existing=True)
_LOOK_AGAIN = (
    sql_update(_RUNS)
    .where(_IDS, _RUNS.c.state == "active", _RUNS.c.next_at > bindparam("now"), _RUNS.c.next_at <= bindparam("latest"))
    .values(next_at=bindparam("now"))
)


def look_again(session: Session, ids: Collection[int], now: datetime, within: timedelta) -> None:
    """Have runs planned at once that were waiting for their last mail, so were to be looked at `within` this time."""
    if not ids:
        return
    run(session, _LOOK_AGAIN, {"ids": list(ids), "now": now, "latest": now + within})


def put_off(session: Session, enrolment_id: int, now: datetime, until: datetime) -> None:
    """A run that is due is to be looked at later, without reading it: what is in it may be what failed."""
    mine = (_RUNS.c.id == enrolment_id, _RUNS.c.state == "active", _RUNS.c.next_at <= now)
    session.execute(sql_update(_RUNS).where(*mine).values(next_at=until))


def respace(session: Session, enrolment_id: int, anchor: datetime) -> None:
    """The days of the steps to come count from this one."""
    session.get_one(Enrolment, enrolment_id).anchor = anchor


def by_ids(session: Session, ids: Iterable[int]) -> Sequence[Enrolment]:
    """These enrolments as they are now, whatever the session saw of them before."""
    return session.exec(_BY_IDS, params={"ids": list(ids)}).all()


def of_lead(session: Session, lead_id: int) -> Sequence[Enrolment]:
    """All enrolments of a lead, oldest first."""
    return session.exec(select(Enrolment).where(Enrolment.lead_id == lead_id).order_by(col(Enrolment.id))).all()


def of_topic(session: Session, lead_id: int, topic: str, sequence: str) -> Sequence[Enrolment]:
    """A lead's runs in this topic, and those in this sequence: its topic may have had another name, its mails had not.

    The last one is open where any is: this sequence's own, if there are two. Else it is the newest.
    """
    found = [row for row in of_lead(session, lead_id) if row.topic == topic or row.sequence == sequence]
    return sorted(found, key=lambda row: row.state in OPEN and 1 + (row.sequence == sequence))


def outcomes(session: Session, enrolment_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """What became of each step that was planned: enrolment id -> step key -> message state.

    "held_back" stands for one that a guard holds until staff approve it: unlike others that are held, it leaves.
    """
    found: dict[int, dict[str, str]] = {}
    statement = select(Message.enrolment_id, Message.step, Message.state, Message.hold).where(
        col(Message.enrolment_id).in_(list(enrolment_ids)), col(Message.step).is_not(None)
    )
    for enrolment_id, step, state, hold in session.exec(statement):
        if enrolment_id is not None and step is not None:
            found.setdefault(enrolment_id, {})[step] = "held_back" if hold and state == "held" else state
    return found


def follow_up_moments(session: Session, lead_ids: Iterable[int]) -> dict[int, list[datetime]]:
    """When each lead got, or is to get, a follow-up, over all its sequences: at most one a local day may leave."""
    found: dict[int, list[datetime]] = {}
    statement = select(Message.lead_id, Message.settled_at, Message.first_handed_at, Message.due_at).where(
        col(Message.lead_id).in_(list(lead_ids)),
        Message.kind == "follow_up",
        col(Message.state).not_in(("cancelled", "skipped")),
    )
    for lead_id, settled_at, first_handed_at, due_at in session.exec(statement):
        if lead_id is not None:
            found.setdefault(lead_id, []).append(message_rows.left_at(settled_at, first_handed_at, due_at))
    return found


def open_in(session: Session, sequence: str) -> Sequence[tuple[int, int]]:
    """(enrolment id, lead id) of every open enrolment of a sequence."""
    statement = select(Enrolment.id, Enrolment.lead_id).where(
        Enrolment.sequence == sequence, col(Enrolment.state).in_(OPEN)
    )
    return session.exec(statement.order_by(col(Enrolment.id))).all()


def leads_under_way(session: Session, sequences: Iterable[str], *, after: int, limit: int) -> Sequence[int]:
    """Ids of the next leads that are under way in one of these sequences, from beyond the lead `after` on."""
    statement = select(Enrolment.lead_id).where(
        col(Enrolment.sequence).in_(list(sequences)), col(Enrolment.state).in_(OPEN), Enrolment.lead_id > after
    )
    return session.exec(statement.distinct().order_by(col(Enrolment.lead_id)).limit(limit)).all()


def open_of(session: Session, lead_ids: Iterable[int]) -> Sequence[Enrolment]:
    """Every open enrolment of these leads, as they are now."""
    statement = select(Enrolment).where(col(Enrolment.lead_id).in_(list(lead_ids)), col(Enrolment.state).in_(OPEN))
    return session.exec(statement.order_by(col(Enrolment.id)).execution_options(populate_existing=True)).all()


def look_at(session: Session, ids: Iterable[int], now: datetime, *, revision_id: int | None = None) -> None:
    """Have these runs planned anew at the next tick; with `revision_id`, from then on by that revision.

    Whoever waits for something other than a moment (the button, staff) goes on waiting.
    """
    every = list(ids)
    for start in range(0, len(every), _AT_A_TIME):
        mine = col(Enrolment.id).in_(every[start : start + _AT_A_TIME])
        again = sql_update(Enrolment).where(mine, col(Enrolment.state) == "active", col(Enrolment.next_at) > now)
        session.exec(again.values(next_at=now).execution_options(synchronize_session=False))
        if revision_id is not None:
            move = (
                sql_update(Enrolment)
                .where(mine, col(Enrolment.state).in_(OPEN))
                .values(sequence_revision_id=revision_id)
            )
            session.exec(move.execution_options(synchronize_session=False))


def planned_ahead(session: Session) -> Sequence[tuple[int, int]]:
    """(enrolment id, lead id) of every run that waits for a moment, of any sequence."""
    statement = select(Enrolment.id, Enrolment.lead_id).where(
        Enrolment.state == "active", col(Enrolment.next_at).is_not(None)
    )
    return session.exec(statement.order_by(col(Enrolment.id))).all()


def count_open(session: Session, sequence: str) -> int:
    """How many leads are under way in a sequence."""
    statement = select(func.count()).where(Enrolment.sequence == sequence, _IS_OPEN)
    return session.exec(statement).one()


def count_by_revision(session: Session) -> dict[int, int]:
    """Revision id -> how many leads are under way on it."""
    statement = select(Enrolment.sequence_revision_id, func.count()).where(_IS_OPEN)
    return dict(session.exec(statement.group_by(col(Enrolment.sequence_revision_id))).all())


def waiting(session: Session) -> dict[str, dict[tuple[str, str], int]]:
    """Sequence -> (state, key of the next step) -> how many open runs stand so; "" where no step is left."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    statement = select(Enrolment.sequence, Enrolment.state, Enrolment.next_step, func.count()).where(_IS_OPEN)
    grouped = statement.group_by(col(Enrolment.sequence), col(Enrolment.state), col(Enrolment.next_step))
    for sequence, state, step, count in session.exec(grouped):
        found.setdefault(sequence, {})[state, step or ""] = count
    return found
