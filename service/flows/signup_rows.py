"""What an opt-in is written as: the lead, what she asked for and agreed to, her run, and the advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.domain.forms import ConsentText
from service.domain.screening import Held, is_throw_away
from service.domain.timing import NeverOpensError, add_wait
from service.errors import NurtureError
from service.flows import alerts, planning, privacy
from service.flows.messages import Advice, add_advice
from service.flows.opt_in_check import Checked, OptInRequest
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import consents, enrolments, leads, new_rows
from service.store.db import notify_sender
from service.store.tables import Enrolment, Lead, OptIn

_Happened = tuple[int, str, dict[str, Any]]


@dataclass(kw_only=True, eq=False)
class Arrival:
    """One opt-in on its way: what it asks, the lead where we know her, and what was decided of it.

    `error` where it is refused, and then the rest says nothing; `is_spent` where its proof of work had been before, and
    `is_blocked` where the address once said no.
    """

    checked: Checked
    hmac: str
    is_spent: bool = False
    known: Lead | None = None
    error: NurtureError | None = None
    disposition: str = "accepted"
    held: Held | None = None
    is_blocked: bool = False

    @property
    def request(self) -> OptInRequest:
        return self.checked.request

    @property
    def address(self) -> str:
        return self.checked.address

    @property
    def network(self) -> str | None:
        """The client network (a keyed hash), where it counts against a cap."""
        return self.request.client.network if self.request.client else None

    @property
    def is_enough(self) -> bool:
        """May the follow-ups come without a button? An address that once said no says yes again by that alone."""
        single = self.checked.live.sequence.confirmation == "single"
        return single and self.request.consent_follow_up and not self.is_blocked and not self.held


@dataclass(frozen=True, kw_only=True)
class _Owner:
    """The lead of an opt-in, new or known."""

    id: int
    public_id: str


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The run that an advice belongs to."""

    id: int
    split_id: str
    sequence: str


def write(session: Session, services: Services, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Write each as it was decided; they are of different addresses."""
    advice: list[Advice] = []
    happened: list[_Happened] = []
    agreed: list[tuple[Arrival, _Owner, _Run | None]] = []
    for each in arrivals:
        owner = _owner(session, services, each, now)
        run = None
        if each.disposition in {"accepted", "held"}:
            run = _run_of(session, services, each, owner, now)
            advice.append(_welcome(session, each, owner, run, now))
            happened += _told(each, owner)
        else:
            _add_opt_in(session, each, owner, None, now)
        if each.known or (run and each.is_enough):
            agreed.append((each, owner, run))
    if advice:
        add_advice(session, services, advice, now, arrivals[0].checked.live_ids)
        leads.note_all(session, happened, now)
        notify_sender(session)
    for each, owner, run in agreed:
        if run and each.is_enough:
            _begin(session, services, run, now)
        privacy.reckon_erasing(session, services, session.get_one(Lead, owner.id), now)
    for each in arrivals:
        if each.held:
            alerts.tell_opt_in_held(session, each.held, now)


def _owner(session: Session, services: Services, arrival: Arrival, now: datetime) -> _Owner:
    if arrival.known:
        return _Owner(id=arrival.known.id, public_id=arrival.known.public_id)
    public_id = new_public_id()
    number = new_rows.add_numbered(
        session,
        Lead,
        public_id=public_id,
        address=arrival.address,
        first_name=arrival.checked.first_name,
        answers=arrival.checked.answers,
        created_at=now,
        # As long as she agreed to no follow-ups, when she is erased can be said at once.
        erase_at=privacy.erased_at_latest(services, now),
    )
    return _Owner(id=number, public_id=public_id)


def _welcome(session: Session, arrival: Arrival, owner: _Owner, run: _Run, now: datetime) -> Advice:
    """Write what an accepted opt-in leads to, and return the advice, which is yet to be written."""
    checked = arrival.checked
    opt_in_id, opt_in_public_id = _add_opt_in(session, arrival, owner, run, now)
    return Advice(
        lead_id=owner.id,
        lead_public_id=owner.public_id,
        address=arrival.known.address if arrival.known else arrival.address,
        opt_in_id=opt_in_id,
        opt_in_public_id=opt_in_public_id,
        enrolment_id=run.id,
        consent_id=_add_consents(session, arrival, owner, opt_in_id, now),
        sequence=run.sequence,
        template=checked.live.sequence.advice.template_for(run.split_id),
        revision_id=checked.live.revision_id,
        first_name=checked.first_name,
        answers=checked.answers,
        held=arrival.held.value if arrival.held else None,
    )


def _told(arrival: Arrival, owner: _Owner) -> list[_Happened]:
    topic = arrival.checked.live.sequence.topic
    told: list[_Happened] = [(owner.id, "opt_in", {"topic": topic, "follow_up": arrival.request.consent_follow_up})]
    return [*told, (owner.id, "throw_away_address", {})] if is_throw_away(arrival.address) else told


def _add_opt_in(session: Session, arrival: Arrival, owner: _Owner, run: _Run | None, now: datetime) -> tuple[int, str]:
    """Returns its number and its public id."""
    request, checked = arrival.request, arrival.checked
    public_id = new_public_id()
    number = new_rows.add_numbered(
        session,
        OptIn,
        public_id=public_id,
        lead_id=owner.id,
        enrolment_id=run.id if run else None,
        topic=checked.live.sequence.topic,
        form=checked.form.name if checked.form else None,
        first_name=checked.first_name,
        answers=checked.answers,
        follow_up_ticked=request.consent_follow_up,
        consent_version=request.consent_version,
        source_url=request.source_url,
        disposition=arrival.disposition,
        idempotency_key=request.idempotency_key,
        created_at=now,
    )
    return number, public_id


def _add_consents(session: Session, arrival: Arrival, owner: _Owner, opt_in_id: int, now: datetime) -> int:
    """The consents that were ticked. Returns the number of the one that the advice rests on."""
    checked = arrival.checked
    texts = checked.wording.consent if checked.wording else None

    def give(purpose: str, text: ConsentText | None, *, effective: bool) -> int:
        return consents.give(
            session,
            lead_id=owner.id,
            opt_in_id=opt_in_id,
            purpose=purpose,
            source="form",
            effective=effective,
            version=text.version if text else None,
            wording=text.text if text else None,
            forms_revision_id=checked.forms_revision_id,
            source_url=arrival.request.source_url,
            given_at=now,
        )

    advice = give("advice", texts.advice if texts else None, effective=True)
    if arrival.request.consent_follow_up:
        give("follow_up", texts.follow_up if texts else None, effective=arrival.is_enough)
    return advice


def _run_of(session: Session, services: Services, arrival: Arrival, owner: _Owner, now: datetime) -> _Run:
    """The run that the advice belongs to: of a lead we know her open one, or one she had lately; else a new one."""
    sequence = arrival.checked.live.sequence
    known = None
    if arrival.known:
        known = enrolments.open_for(session, owner.id, sequence.topic) or _had_lately(
            session, services, owner, arrival.checked, now
        )
    if known:
        return _Run(id=known.id, split_id=known.split_id, sequence=known.sequence)
    number = new_rows.add_numbered(
        session,
        Enrolment,
        lead_id=owner.id,
        topic=sequence.topic,
        sequence=sequence.name,
        sequence_revision_id=arrival.checked.live.revision_id,
        state="awaiting_confirmation",
        split_id=owner.public_id,
        answers=arrival.checked.answers,
        anchor=now,
        next_step=sequence.follow_ups[0].key if sequence.follow_ups else None,
        created_at=now,
    )
    return _Run(id=number, split_id=owner.public_id, sequence=sequence.name)


def _had_lately(
    session: Session, services: Services, owner: _Owner, checked: Checked, now: datetime
) -> Enrolment | None:
    """The run that gave this lead all these mails so short ago that they would only bore; the advice goes all the same.

    Not one that was stopped or ended in a booking: whoever comes back from there starts anew.
    """
    sequence = checked.live.sequence
    last = next(
        (row for row in reversed(enrolments.of_lead(session, owner.id)) if row.topic == sequence.topic),
        None,
    )
    if last is None or last.ended_at is None or last.end_reason != planning.ALL_STEPS_DONE:
        return None
    try:
        again = add_wait(last.ended_at, sequence.again_after, services.published.calendar(session))
    except NeverOpensError:  # not enough working days to come: that is staff's to mend, and keeps no advice back
        return last
    return last if now < again else None


def _begin(session: Session, services: Services, run: _Run, now: datetime) -> None:
    enrolment = session.get_one(Enrolment, run.id)
    if enrolment.state == "awaiting_confirmation":
        planning.activate(session, services, enrolment, now)
