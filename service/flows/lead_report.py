"""Everything about one lead: what was asked and agreed to, what was sent, what comes when, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session

from service.domain import mail_reasons, skips
from service.domain.lead import normalise_address
from service.domain.screening import is_throw_away
from service.errors import InvalidInputError, NotFoundError
from service.flows import brake, under_way
from service.flows.lead_shown import (
    AttemptShown,
    BookingShown,
    ComingShown,
    ConsentShown,
    EnrolmentShown,
    HappeningShown,
    LeadReport,
    MessageShown,
    OptInShown,
    RequestShown,
    Shown,
    SuppressionShown,
)
from service.flows.services import Services
from service.store import bookings, consents, enrolments, lead_rows, leads, message_rows, suppressions
from service.store.tables import Consent, Enrolment, Lead, Message, Table

_ShownT = TypeVar("_ShownT", bound=Shown)


def find(session: Session, address: str) -> Lead:
    """The lead of an address as somebody typed it. Raises NotFoundError, or InvalidInputError for no address at all."""
    try:
        normalised = normalise_address(address)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{address!r} cannot be used: {error.english}", f"{address!r} kan niet: {error.dutch}"
        ) from None
    lead = leads.by_address(session, normalised)
    if lead is None:
        raise NotFoundError(
            f"there is no lead with the address {normalised}: it never came, or it was erased",
            f"er is geen lead met het adres {normalised}: nooit binnengekomen, of gewist",
        )
    return lead


def report(session: Session, services: Services, lead: Lead, now: datetime) -> LeadReport:
    """Everything about one lead as of now; changes nothing."""
    given = consents.of_lead(session, lead.id)
    runs = enrolments.of_lead(session, lead.id)
    hmac = services.hmac(lead.address)
    by_id = {consent.id: consent for consent, _ in given}
    tries = lead_rows.attempts(session, lead.id)
    held_back = _held_back(session, runs)
    ahead = under_way.upcoming(session, services, lead.id, now)
    return _shown(
        LeadReport,
        lead,
        time_zone=str(services.published.calendar(session).zone),
        throw_away=is_throw_away(lead.address),
        held_back=held_back[0],
        dutch_held_back=held_back[1],
        opt_ins=[_shown(OptInShown, row) for row in leads.opt_ins(session, lead.id)],
        consents=[
            _shown(
                ConsentShown,
                consent,
                withdrawn_at=withdrawal.at if withdrawal else None,
                withdrawn_by=withdrawal.source if withdrawal else None,
            )
            for consent, withdrawal in given
        ],
        enrolments=[_enrolment(row, now) for row in runs],
        messages=[
            _shown(
                MessageShown,
                row,
                **_why(session, services, row),
                to_practice=row.recipient != lead.address,
                **_consent(by_id.get(row.consent_id or 0)),
                attempts=[_shown(AttemptShown, each) for each in tries.get(row.id, ())],
            )
            for row in message_rows.of_lead(session, lead.id)
        ],
        coming=[
            ComingShown(
                sequence=row.sequence,
                step=each.step,
                template=each.template,
                at=each.at,
                reason=each.reason.english,
                dutch_reason=each.reason.dutch,
            )
            for row in runs
            for each in ahead.get(row.id, ())
        ],
        suppressions=[
            SuppressionShown(reason=rule.reason, scope=rule.scope, until=rule.until)
            for rule in suppressions.of(session, [hmac]).get(hmac, [])
        ],
        pain_check_requests=[_shown(RequestShown, row) for row in lead_rows.booking_requests(session, lead.id)],
        bookings=[_shown(BookingShown, row) for row in bookings.of_lead(session, lead.id)],
        timeline=[_shown(HappeningShown, row) for row in leads.timeline(session, lead.id)],
    )


def _shown(model: type[_ShownT], row: Table, **more: object) -> _ShownT:
    """Those of a row's columns that are shown, and what does not stand in the row itself."""
    return model.model_validate(row.model_dump() | more)


def _enrolment(row: Enrolment, now: datetime) -> EnrolmentShown:
    if row.paused_until is not None and row.paused_until <= now:
        return _shown(EnrolmentShown, row, pause_reason=None, paused_until=None)
    return _shown(EnrolmentShown, row)


def _why(session: Session, services: Services, row: Message) -> dict[str, str | None]:
    """Why it stands where it does. What a condition kept back is worded as by the revision that it was planned with."""
    if row.reason is None:
        return {"reason": None, "dutch_reason": None}
    if row.state == "skipped" and row.step is not None:
        step = services.published.sequence(session, row.revision_id).step(row.step)
        planned = services.published.calendar(session).local(row.planned_at)
        for each in skips.all_of(step, planned) if step is not None else ():
            if each.dutch == row.reason:
                return {"reason": each.english, "dutch_reason": each.dutch}
    dutch, english = mail_reasons.in_both(row.reason)
    return {"reason": english, "dutch_reason": dutch}


def _consent(consent: Consent | None) -> dict[str, Any]:
    return {
        "consent_given_at": consent.given_at if consent else None,
        "consent_source": consent.source if consent else None,
    }


def _held_back(session: Session, runs: Sequence[Enrolment]) -> tuple[str, str] | tuple[None, None]:
    """The emergency brake, as far as it concerns this lead, in English and in Dutch."""
    paused = brake.state(session)
    if paused.all_mail:
        return (
            "all mail is held back; nurture resume lets it go",
            "alle mail staat stil; weer laten gaan: nurture resume",
        )
    if paused.follow_ups:
        return (
            "all follow-ups are held back; nurture resume lets them go",
            "alle vervolgmails staan stil; weer laten gaan: nurture resume",
        )
    mine = ", ".join(sorted({row.sequence for row in runs} & paused.sequences))
    if not mine:
        return None, None
    return (
        f"the follow-ups of {mine} are held back; nurture resume lets them go",
        f"de vervolgmails van {mine} staan stil; weer laten gaan: nurture resume",
    )
