"""What an opt-in is written as: the lead, what she asked for and agreed to, her run, and the advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.domain.forms import ConsentText
from service.domain.screening import is_throw_away
from service.domain.sequence import Sequence as Steps
from service.domain.timing import NeverOpensError, add_wait
from service.flows import alerts, planning, privacy
from service.flows.arrivals import Arrival
from service.flows.messages import Advice, add_advice
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import consents, enrolments, leads, new_rows
from service.store.db import notify_sender
from service.store.tables import Enrolment, Lead, OptIn


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The run that an advice belongs to."""

    id: int
    split_id: str
    sequence: str


@dataclass(kw_only=True)
class _Entry:
    """An arrival as it is being written: each table adds its number."""

    arrival: Arrival
    lead_public_id: str
    lead_id: int
    run: _Run | None = None
    opt_in_public_id: str = field(default_factory=new_public_id)
    opt_in_id: int = 0
    consent_id: int = 0

    @property
    def is_welcome(self) -> bool:
        """Does an advice come of it, now or once somebody has looked?"""
        return self.arrival.disposition in {"accepted", "held"}


def write(session: Session, services: Services, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Write each as it was decided, table by table; they are of different addresses."""
    entries = _with_leads(session, services, arrivals, now)
    welcome = [each for each in entries if each.is_welcome]
    _add_runs(session, services, welcome, now)
    _add_opt_ins(session, entries, now)
    if welcome:
        _add_consents(session, welcome, now)
        advice = [_advice(each, each.run) for each in welcome if each.run]
        add_advice(session, services, advice, now, arrivals[0].checked.live_ids)
        leads.note_all(session, [what for each in welcome for what in _happened(each)], now)
        notify_sender(session)
    _begin(session, services, [each for each in entries if each.run and each.arrival.is_enough], now)
    for each in entries:
        if each.arrival.known:
            privacy.reckon_erasing(session, services, each.arrival.known, now)
        if each.arrival.held:
            alerts.tell_opt_in_held(session, each.arrival.held, now)


def _with_leads(session: Session, services: Services, arrivals: Sequence[Arrival], now: datetime) -> list[_Entry]:
    """Write those we do not know yet. Returns all, in their order."""
    entries = [
        _Entry(
            arrival=each,
            lead_public_id=each.known.public_id if each.known else new_public_id(),
            lead_id=each.known.id if each.known else 0,
        )
        for each in arrivals
    ]
    new = [each for each in entries if not each.arrival.known]
    rows = [
        {
            "public_id": each.lead_public_id,
            "address": each.arrival.address,
            "first_name": each.arrival.checked.first_name,
            "answers": each.arrival.checked.answers,
            "created_at": now,
            # As long as she agreed to no follow-ups, when she is erased can be said at once.
            "erase_at": privacy.erased_at_latest(services, now),
        }
        for each in new
    ]
    for each, number in zip(new, new_rows.add_numbered(session, Lead, rows), strict=True):
        each.lead_id = number
    return entries


def _add_runs(session: Session, services: Services, entries: Sequence[_Entry], now: datetime) -> None:
    """Of a lead we know her open run, or one she had lately; of all others a new one."""
    new = []
    for each in entries:
        known = _known_run(session, services, each, now)
        if known:
            each.run = _Run(id=known.id, split_id=known.split_id, sequence=known.sequence)
        else:
            new.append(each)
    rows = [
        {
            "lead_id": each.lead_id,
            "topic": each.arrival.checked.live.sequence.topic,
            "sequence": each.arrival.checked.live.sequence.name,
            "sequence_revision_id": each.arrival.checked.live.revision_id,
            "state": "awaiting_confirmation",
            "split_id": each.lead_public_id,
            "answers": each.arrival.checked.answers,
            "anchor": now,
            "next_step": next((step.key for step in each.arrival.checked.live.sequence.follow_ups), None),
            "created_at": now,
        }
        for each in new
    ]
    for each, number in zip(new, new_rows.add_numbered(session, Enrolment, rows), strict=True):
        sequence = each.arrival.checked.live.sequence.name
        each.run = _Run(id=number, split_id=each.lead_public_id, sequence=sequence)


def _add_opt_ins(session: Session, entries: Sequence[_Entry], now: datetime) -> None:
    rows = [
        {
            "public_id": each.opt_in_public_id,
            "lead_id": each.lead_id,
            "enrolment_id": each.run.id if each.run else None,
            "topic": each.arrival.checked.live.sequence.topic,
            "form": each.arrival.checked.form.name if each.arrival.checked.form else None,
            "first_name": each.arrival.checked.first_name,
            "answers": each.arrival.checked.answers,
            "follow_up_ticked": each.arrival.request.consent_follow_up,
            "consent_version": each.arrival.request.consent_version,
            "source_url": each.arrival.request.source_url,
            "disposition": each.arrival.disposition,
            "idempotency_key": each.arrival.request.idempotency_key,
            "created_at": now,
        }
        for each in entries
    ]
    for each, number in zip(entries, new_rows.add_numbered(session, OptIn, rows), strict=True):
        each.opt_in_id = number


def _add_consents(session: Session, entries: Sequence[_Entry], now: datetime) -> None:
    """The consents that were ticked; an advice rests on the one for it."""

    def given(each: _Entry, purpose: str, text: ConsentText | None, *, effective: bool) -> dict[str, Any]:
        return {
            "lead_id": each.lead_id,
            "opt_in_id": each.opt_in_id,
            "purpose": purpose,
            "source": "form",
            "effective": effective,
            "version": text.version if text else None,
            "wording": text.text if text else None,
            "forms_revision_id": each.arrival.checked.forms_revision_id,
            "source_url": each.arrival.request.source_url,
            "given_at": now,
        }

    rows = []
    for each in entries:
        wording = each.arrival.checked.wording
        rows.append(given(each, "advice", wording.consent.advice if wording else None, effective=True))
        if each.arrival.request.consent_follow_up:
            text = wording.consent.follow_up if wording else None
            rows.append(given(each, "follow_up", text, effective=each.arrival.is_enough))
    advice = (
        number for row, number in zip(rows, consents.give(session, rows), strict=True) if row["purpose"] == "advice"
    )
    for each, number in zip(entries, advice, strict=True):
        each.consent_id = number


def _advice(entry: _Entry, run: _Run) -> Advice:
    arrival, checked = entry.arrival, entry.arrival.checked
    return Advice(
        lead_id=entry.lead_id,
        lead_public_id=entry.lead_public_id,
        address=arrival.address,
        opt_in_id=entry.opt_in_id,
        opt_in_public_id=entry.opt_in_public_id,
        enrolment_id=run.id,
        consent_id=entry.consent_id,
        sequence=run.sequence,
        template=checked.live.sequence.advice.template_for(run.split_id),
        revision_id=checked.live.revision_id,
        first_name=checked.first_name,
        answers=checked.answers,
        held=arrival.held.value if arrival.held else None,
    )


def _happened(entry: _Entry) -> Iterator[tuple[int, str, dict[str, Any]]]:
    arrival = entry.arrival
    about = {"topic": arrival.checked.live.sequence.topic, "follow_up": arrival.request.consent_follow_up}
    yield entry.lead_id, "opt_in", about
    if is_throw_away(arrival.address):
        yield entry.lead_id, "throw_away_address", {}


def _begin(session: Session, services: Services, entries: Sequence[_Entry], now: datetime) -> None:
    """The follow-ups of these may come, all planned in one go. A lead who is new is kept until she says otherwise."""
    if not entries:
        return
    runs = enrolments.by_ids(session, [each.run.id for each in entries if each.run])
    planning.activate(session, services, [run for run in runs if run.state == "awaiting_confirmation"], now)
    for each in entries:
        if not each.arrival.known:
            session.get_one(Lead, each.lead_id).erase_at = None


def _known_run(session: Session, services: Services, entry: _Entry, now: datetime) -> Enrolment | None:
    if not entry.arrival.known:
        return None
    sequence = entry.arrival.checked.live.sequence
    runs = enrolments.of_topic(session, entry.lead_id, sequence.topic, sequence.name)
    if not runs or runs[-1].state in enrolments.OPEN:
        return runs[-1] if runs else None
    return _had_lately(session, services, runs[-1], sequence, now)


def _had_lately(
    session: Session, services: Services, last: Enrolment, sequence: Steps, now: datetime
) -> Enrolment | None:
    """The run that gave a lead all these mails so short ago that they would only bore; the advice goes all the same.

    Not one that was stopped or ended in a booking: whoever comes back from there starts anew.
    """
    if last.ended_at is None or last.end_reason != planning.ALL_STEPS_DONE:
        return None
    try:
        again = add_wait(last.ended_at, sequence.again_after, services.published.calendar(session))
    except NeverOpensError:  # not enough working days to come: that is staff's to mend, and keeps no advice back
        return last
    return last if now < again else None
