"""Yes by the button in a mail, and no by any road: both lock the lead first, so that no hand-over runs between."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from service.domain.enrolment import State
from service.domain.forms import Form
from service.domain.lead import Suppression, SuppressionReason
from service.errors import NotFoundError
from service.flows import planning, privacy
from service.flows.services import Services
from service.store import consents, enrolments, leads, outbox, suppressions
from service.store.tables import Enrolment, Lead, OptIn

Confirmed = Literal["started", "already", "ended"]
WORDING_WITHOUT_FORM = "Stuur mij de vervolgmails. Ik kan in elke mail met één druk op de knop stoppen."
"""What the page of /c/ says where no form belongs to the topic any more; it has no version."""


def confirm(
    session: Session,
    services: Services,
    opt_in: OptIn,
    answers: dict[str, str],
    now: datetime,
    *,
    shown: int | None = None,
) -> Confirmed:
    """The lead pressed "yes, send me the follow-ups": a consent for this very opt-in, which proves its address too.

    `shown` is the revision of the forms whose words the page showed; None: the newest.

    Now, and not before, this opt-in's name and answers become the lead's. Says "already" when nothing changed and
    "ended" when the consent is kept but this run of mails was over before.
    """
    lead = leads.lock_one(session, opt_in.lead_id, services.hmac)
    session.refresh(opt_in)  # she may have corrected its answers while we waited
    enrolment = enrolment_for(session, opt_in)
    standing = [each for each in consents.active_of_lead(session, lead.id) if each.opt_in_id == opt_in.id]
    proven = any(each.source == "confirmation" for each in standing)
    enrolment.confirmed_at = enrolment.confirmed_at or now  # also by the button of an advice of before this run
    if proven and enrolment.state == State.ACTIVE:
        _keep_answers(lead, enrolment, answers)
        return "already"
    if not proven:
        _give(session, services, opt_in, shown, now)
        suppressions.lift(session, services.hmac(lead.address), SuppressionReason.UNSUBSCRIBE)
        lead.first_name = opt_in.first_name or lead.first_name
        lead.answers = {**lead.answers, **opt_in.answers}
        lead.confirmed_at = lead.confirmed_at or now
        enrolment.answers = {**enrolment.answers, **opt_in.answers}
        leads.note(session, lead.id, "confirmed", now, topic=opt_in.topic)
    _keep_answers(lead, enrolment, answers)
    opt_in.enrolment_id = enrolment.id
    session.flush()
    ended = enrolment.goal_at is not None or enrolment.state in {State.FINISHED, State.EXPIRED}
    if not ended and enrolment.state != State.ACTIVE:
        if enrolment.state == State.STOPPED:
            enrolment.topic = opt_in.topic  # what it began under may be another sequence's by now, with a run of hers
        planning.activate(session, services, [enrolment], now)
    privacy.reckon_erasing(session, services, lead, now)
    return "ended" if ended else "started"


def withdraw(session: Session, services: Services, lead: Lead, source: str, now: datetime) -> bool:
    """No more follow-ups, of any sequence, whatever is active now. False when there was nothing left to end.

    Of a lead who was erased since she was looked up, the no is kept all the same.
    """
    hmac = services.hmac(lead.address)
    try:
        lead = leads.lock_one(session, lead.id, services.hmac)
    except NotFoundError:
        return withdraw_erased(session, services, hmac, now)
    rule = Suppression.following(SuppressionReason.UNSUBSCRIBE, now=now)
    changed = suppressions.add(session, hmac, rule, now)
    changed |= consents.withdraw_follow_up(session, lead.id, source, now) > 0
    changed |= outbox.cancel_follow_ups(session, lead.id, source, now) > 0
    for enrolment in enrolments.of_lead(session, lead.id):
        if enrolment.state in enrolments.OPEN:
            planning.end(enrolment, State.STOPPED, source, now)
            changed = True
    if changed:
        leads.note(session, lead.id, "withdrawn", now, source=source)
        session.flush()
        privacy.reckon_erasing(session, services, lead, now)
    return changed


def withdraw_erased(session: Session, services: Services, address_hmac: str, now: datetime) -> bool:
    """The same by the link of a lead who was erased: suppress the address, and end what was asked for again since."""
    lead = leads.by_hmac(session, address_hmac, services.hmac)
    if lead is not None:
        return withdraw(session, services, lead, "link of before the erasing", now)
    leads.lock(session, [], [address_hmac])
    rule = Suppression.following(SuppressionReason.UNSUBSCRIBE, now=now)
    return suppressions.add(session, address_hmac, rule, now)


def asks_again(session: Session, opt_in: OptIn) -> bool:
    """Is this confirmation link older than the lead's last no? Its page then says so."""
    last = consents.last_withdrawal_at(session, opt_in.lead_id)
    return last is not None and opt_in.created_at <= last


def is_confirmed(session: Session, opt_in: OptIn) -> bool:
    """Does this opt-in's confirmation stand, so that pressing again changes nothing?"""
    active = consents.active_of_lead(session, opt_in.lead_id)
    return any(each.opt_in_id == opt_in.id and each.source == "confirmation" for each in active)


def enrolment_for(session: Session, opt_in: OptIn) -> Enrolment:
    """The run this opt-in's yes is for: the open one of its topic or its sequence, else the newest.

    Never an older one: a run that was stopped long ago does not go on behind one that was finished since.
    """
    own = session.get(Enrolment, opt_in.enrolment_id) if opt_in.enrolment_id is not None else None
    return enrolments.of_topic(session, opt_in.lead_id, opt_in.topic, own.sequence if own else "")[-1]


def _give(session: Session, services: Services, opt_in: OptIn, shown: int | None, now: datetime) -> None:
    """What was agreed to are the words the page showed, also where newer ones were published before the press."""
    forms_revision_id, forms = services.published.forms_shown(session, shown)
    form: Form | None = forms.forms.get(opt_in.form or "") or forms.for_topic(opt_in.topic)
    text = form.consent.follow_up if form else None
    given = {
        "lead_id": opt_in.lead_id,
        "opt_in_id": opt_in.id,
        "purpose": "follow_up",
        "source": "confirmation",
        "effective": True,
        "version": text.version if text else None,
        "wording": text.text if text else WORDING_WITHOUT_FORM,
        "forms_revision_id": forms_revision_id,
        "given_at": now,
    }
    consents.give(session, [given])


def _keep_answers(lead: Lead, enrolment: Enrolment, answers: dict[str, str]) -> None:
    if answers:
        lead.answers = {**lead.answers, **answers}
        enrolment.answers = {**enrolment.answers, **answers}
