"""Due step to message: lock what is due, let the domain decide, write the message, move on. One transaction a batch."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.enrolment import Facts, Finish, Send, Skip, State, Stop, Wait, after_step, can_move, decide
from service.domain.lead import Kind, Suppression, may_receive
from service.domain.sequence import Sequence
from service.domain.timing import NeverOpensError
from service.errors import RefusedError, UnavailableError, trace
from service.flows import alerts, backlog, clock_check, next_step
from service.flows.backlog import Guard
from service.flows.messages import add_follow_up
from service.flows.services import Services
from service.store import consents, enrolments, leads, message_rows, outbox, suppressions
from service.store.db import notify_sender
from service.store.tables import Consent, Enrolment, Lead, OptIn

ALL_STEPS_DONE = "all_steps_done"
"""The end_reason of a run that came to its end."""
WISH = "wish"
"""The pause_reason of a pause that the lead asked for, and may end; any other is the practice's to end."""
REPLY, AWAY = "reply", "away"
RESTS_AFTER_A_REPLY = timedelta(days=7)
_GRAVITY = (WISH, AWAY, REPLY)
"""Of reasons that end at one moment the later one here is told, any other before these: in whatever order they came."""
_HAS_LEFT = frozenset({"handed_over", "unknown"})  # or may have: when it was due tells on which day
_BATCH = 100
_AFTER_A_FAULT = timedelta(hours=1)
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What a batch was read with, after its locks were taken."""

    calendar: Calendar
    leads: dict[int, Lead]
    consents: dict[int, Consent]
    opt_ins: dict[int, OptIn]
    suppressions: dict[str, list[Suppression]]
    outcomes: dict[int, dict[str, str]]
    follow_up_days: dict[int, set[date]]
    guard: Guard
    paused: outbox.Paused


def plan_due(services: Services, now: datetime, go_on: Callable[[], bool] = lambda: True) -> int:
    """Plan everything that is due, while it may `go_on`. Returns how many enrolments were looked at."""
    planned = 0
    while go_on() and (found := _plan_batch(services, now)):
        planned += found
    if planned:
        services.bell.ring()
    return planned


def _plan_batch(services: Services, now: datetime) -> int:
    # In a transaction of its own: what it locks, others lock after their leads.
    with services.database.transaction() as session:
        if clock_check.tell(session, services, now):
            return 0
        backlog.watch(session, services, now)
    due: Rows[tuple[int, int]] = ()
    try:
        with services.database.transaction() as session:
            due = enrolments.due(session, now, _BATCH, outbox.paused(session))
            if due:
                plan(session, services, [enrolment_id for enrolment_id, _ in due], [lead for _, lead in due], now)
                notify_sender(session)
    except UnavailableError:
        raise
    except Exception as error:
        if not due:
            raise
        log.error("planning failed at a group", error=trace(error))
        for enrolment_id, lead_id in due:
            _plan_alone(services, enrolment_id, lead_id, now)
    return len(due)


def _plan_alone(services: Services, enrolment_id: int, lead_id: int, now: datetime) -> None:
    """Of several, one run may be what failed: it is put off, and told, and stops no other."""
    try:
        with services.database.transaction() as session:
            plan(session, services, [enrolment_id], [lead_id], now)
            notify_sender(session)
    except UnavailableError:
        raise
    except Exception as error:
        log.error("planning failed at one run", enrolment=enrolment_id, error=trace(error))
        with services.database.transaction() as session:
            lock_leads(session, services, [lead_id])
            enrolments.put_off(session, enrolment_id, now, now + _AFTER_A_FAULT)
            alerts.tell(
                session,
                alerts.RUN_STUCK,
                dutch=f"De volgende mail van een lead kan niet worden gepland (traject {enrolment_id}). De andere gaan "
                "door, en deze proberen we elk uur. Vraag wie deze dienst onderhoudt om in het log te kijken.",
                english=f"the next mail of a lead cannot be planned (enrolment {enrolment_id}); the others go on, and "
                "this one is tried each hour; the log tells the error",
                now=now,
            )


def plan(session: Session, services: Services, ids: Rows[int], lead_ids: Rows[int], now: datetime) -> None:
    """Bring these enrolments up to `now`. Locks first, then reads again: another planner may have been here."""
    held = lock_leads(session, services, lead_ids)
    rows = [row for row in enrolments.by_ids(session, ids) if row.state == State.ACTIVE and row.lead_id in held]
    # Where a lead has two runs and one mail a day, the run that waited longest goes first: in turns, so none starves.
    rows.sort(key=lambda row: (row.anchor, row.id))
    known = _read(session, services, held, rows, now)
    for row in rows:
        if row.next_at is None or row.next_at <= now:
            _bring_up_to(session, services, row, known, now)
    session.flush()


def activate(session: Session, services: Services, runs: Rows[Enrolment], now: datetime) -> None:
    """The follow-ups of these may come, all planned in one go."""
    for run in runs:
        begin(run, now)
        run.ended_at = run.end_reason = None
        run.next_at = None
    session.flush()
    plan(session, services, [run.id for run in runs], [run.lead_id for run in runs], now)


def begin(enrolment: Enrolment, now: datetime) -> None:
    """The waits count from the advice's planned time or from now, whichever is later; in a pause from its end."""
    move(enrolment, State.ACTIVE)
    enrolment.anchor = max(enrolment.anchor, now, enrolment.paused_until or now)


def move(enrolment: Enrolment, state: State) -> None:
    """Change the state. Raises RefusedError for a move that is not drawn in docs/ledger.md."""
    if not can_move(State(enrolment.state), state):
        raise RefusedError(f"an enrolment cannot go from {enrolment.state} to {state}")
    enrolment.state = state


def end(enrolment: Enrolment, state: State, reason: str, now: datetime) -> None:
    """The run is over, for a reason that `lead show` tells."""
    move(enrolment, state)
    enrolment.ended_at, enrolment.end_reason = now, reason
    enrolment.next_at = None
    if enrolment.paused_until is not None and enrolment.paused_until > now:
        enrolment.anchor -= enrolment.paused_until - now  # the pause is over too: who goes on again waits from then
    enrolment.pause_reason = enrolment.paused_until = None


def pause(enrolment: Enrolment, reason: str, until: datetime, now: datetime) -> None:
    """No follow-ups until then; every later mail moves along. A pause never cancels a mail, and never shortens one.

    Of several at once the one that lasts longest gives the reason, but never the lead's own wish beside another: she
    may end what she asked for, and would end the other with it.
    """
    if enrolment.state not in enrolments.OPEN or until <= now:
        return
    begins = max(enrolment.paused_until or now, now)
    longer = until > begins or (until == begins and _gravity(reason) > _gravity(enrolment.pause_reason or ""))
    if begins == now or (reason != WISH and (longer or enrolment.pause_reason == WISH)):
        enrolment.pause_reason = reason
    if until <= begins:
        return
    enrolment.anchor += until - begins
    enrolment.paused_until = until
    if enrolment.next_at is not None:
        enrolment.next_at = until  # and not later: the next step counts from another time of day by now


def _gravity(reason: str) -> int:
    return _GRAVITY.index(reason) if reason in _GRAVITY else len(_GRAVITY)


def put_off(
    session: Session, services: Services, enrolment: Enrolment, reason: str, until: datetime, now: datetime
) -> None:
    """Pause, and move what is in the outbox already: it waits too, and its latest moment moves along.

    A next step that may have left before a restore keeps its day: by that it is known, and held when the pause is over.
    """
    before, stays = enrolment.anchor, next_step.may_have_left(session, services, enrolment, now)
    pause(enrolment, reason, until, now)
    for message in message_rows.of_run(session, enrolment.id):
        if message.state not in _HAS_LEFT:
            message.due_at = max(message.due_at, enrolment.paused_until or message.due_at)
        message.not_after = message.not_after and message.not_after + (enrolment.anchor - before)
    enrolment.anchor = before if stays else enrolment.anchor
    session.flush()


def resume(session: Session, services: Services, enrolment: Enrolment, now: datetime) -> bool:
    """End a pause early: waits go on from where they stood, and what is in the outbox leaves. False: there was none."""
    if enrolment.paused_until is None or enrolment.paused_until <= now:
        return False
    left = enrolment.paused_until - now
    for message in message_rows.of_run(session, enrolment.id):
        message.due_at = now if message.due_at >= enrolment.paused_until else message.due_at
        message.not_after = message.not_after and message.not_after - left
    if not next_step.may_have_left(session, services, enrolment, now):  # else it was not moved
        enrolment.anchor -= left
    enrolment.pause_reason = enrolment.paused_until = None
    if enrolment.state == State.ACTIVE:
        enrolment.next_at = None
        session.flush()
        plan(session, services, [enrolment.id], [enrolment.lead_id], now)
    return True


def lock_leads(session: Session, services: Services, lead_ids: Rows[int]) -> dict[int, Lead]:
    """Take these leads before anything of theirs is changed; those that were erased are left out."""
    addresses = leads.addresses(session, lead_ids)
    return leads.lock(session, lead_ids, [services.hmac(address) for address in addresses])


def _read(session: Session, services: Services, held: dict[int, Lead], rows: Rows[Enrolment], now: datetime) -> _Known:
    calendar = services.published.calendar(session)
    ids = [row.id for row in rows]
    moments = enrolments.follow_up_moments(session, held)
    active = consents.active_for_enrolments(session, ids)
    return _Known(
        calendar=calendar,
        leads=held,
        consents=active,
        opt_ins=leads.opt_ins_by_ids(session, [consent.opt_in_id for consent in active.values()]),
        suppressions=suppressions.of(session, [services.hmac(lead.address) for lead in held.values()]),
        outcomes=enrolments.outcomes(session, ids),
        follow_up_days={lead: {calendar.local_day(moment) for moment in found} for lead, found in moments.items()},
        guard=backlog.guard(session, services, now),
        paused=outbox.paused(session),
    )


def _bring_up_to(session: Session, services: Services, row: Enrolment, known: _Known, now: datetime) -> None:
    """Decide until there is nothing left to do now. Each round but the last writes one step's row."""
    sequence = services.published.sequence(session, row.sequence_revision_id)
    outcomes = known.outcomes.setdefault(row.id, {})
    while True:
        try:
            decision = decide(next_step.value(row, outcomes), sequence, _facts(services, row, known, now), now)
        except NeverOpensError as error:
            # A calendar without a day left is staff's to mend; the lead stays where she is and is looked at tomorrow.
            row.next_at = now + timedelta(days=1)
            alerts.tell(session, "calendar-closed", dutch=error.dutch, english=error.english, now=now)
            return
        late = decision.late if isinstance(decision, Wait) else decision
        if isinstance(late, Send | Skip) and known.paused.holds_back(row.sequence):
            # It stays due: a row would keep today's text and facts, and may not leave.
            row.next_at, row.next_step = late.planned_at, late.step
            return
        if isinstance(late, Send) and (hold := known.guard.hold(row.sequence, late.planned_at)):
            _write(session, services, row, known, late, now, hold=hold)
            outcomes[late.step] = "held_back"
            _move_on(row, sequence, outcomes, late)
            continue
        match decision:
            case Wait():
                row.next_at = decision.until
                row.next_step = decision.step or row.next_step
                return
            case Stop():
                reached = decision.reason.code == "booked"
                end(row, State.FINISHED if reached else State.STOPPED, decision.reason.code, now)
                return
            case Finish():
                end(row, State.FINISHED, ALL_STEPS_DONE, now)
                return
            case Send() | Skip():
                _write(session, services, row, known, decision, now)
                outcomes[decision.step] = "due" if isinstance(decision, Send) else "skipped"
                _move_on(row, sequence, outcomes, decision)


def _move_on(row: Enrolment, sequence: Sequence, outcomes: dict[str, str], done: Send | Skip) -> None:
    row.anchor = done.planned_at
    row.next_step = after_step(next_step.value(row, outcomes), sequence, done.step)


def _write(
    session: Session,
    services: Services,
    row: Enrolment,
    known: _Known,
    decision: Send | Skip,
    now: datetime,
    *,
    hold: tuple[str, str] | None = None,
) -> None:
    sequence = services.published.sequence(session, row.sequence_revision_id)
    step = sequence.step(decision.step)
    consent = known.consents[row.id]
    if step is None:
        raise RefusedError(f"step {decision.step} is not in the revision it was planned from")
    message = add_follow_up(
        session,
        services,
        lead=known.leads[row.lead_id],
        opt_in=known.opt_ins[consent.opt_in_id],
        enrolment=row,
        consent=consent,
        step=decision.step,
        template=step.template_for(row.split_id),
        planned_at=decision.planned_at,
        not_after=decision.not_after if isinstance(decision, Send) else None,
        now=now,
        skipped=decision.reason.dutch if isinstance(decision, Skip) else None,
    )
    if hold is not None:
        outbox.hold_for(message, *hold)
    elif isinstance(decision, Send):
        known.follow_up_days.setdefault(row.lead_id, set()).add(known.calendar.local_day(now))
    log.info("step planned", message=message.id, enrolment=row.id, step=decision.step, code=decision.reason.code)


def _facts(services: Services, row: Enrolment, known: _Known, now: datetime) -> Facts:
    rules = known.suppressions.get(services.hmac(known.leads[row.lead_id].address), [])
    refused = may_receive(Kind.FOLLOW_UP, suppressions=rules, has_follow_up_consent=row.id in known.consents, now=now)
    return Facts(
        calendar=known.calendar,
        may_follow_up=refused is None,
        follow_up_days=frozenset(known.follow_up_days.get(row.lead_id, set())),
        stop_reason=refused if refused not in {None, "no_consent"} else None,
    )
