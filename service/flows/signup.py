"""Opt-in to advice: one transaction that writes everything or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from service.domain.forms import ConsentText, Form, Forms
from service.domain.lead import Kind, clean_name, may_receive, normalise_address
from service.domain.timing import NeverOpensError, add_wait
from service.errors import FieldProblem, InvalidInputError
from service.flows import planning, privacy
from service.flows.messages import add_advice
from service.flows.published import LiveSequence
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import caps, consents, enrolments, leads, sequences, suppressions
from service.store.db import notify_sender, take_locks
from service.store.tables import Consent, Enrolment, Lead, OptIn


@dataclass(frozen=True, kw_only=True)
class OptInRequest:
    """What a form sent, in shape but not yet believed."""

    email: str
    topic: str | None = None
    form: str | None = None
    consent_advice: bool = False
    consent_follow_up: bool = False
    first_name: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    consent_version: str | None = None
    source_url: str | None = None
    idempotency_key: str | None = None
    trapped: bool = False  # a field that people do not see was filled in


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """An opt-in that can be taken."""

    request: OptInRequest
    address: str
    first_name: str | None
    answers: dict[str, str]
    live: LiveSequence
    form: Form | None
    forms_revision_id: int
    wording: Form | None  # the form as it was in the version the opt-in states; None when it states none


def register(session: Session, services: Services, request: OptInRequest, now: datetime) -> None:
    """Write lead, opt-in, consent, enrolment and the advice (due at once) in the caller's transaction.

    Says nothing of what it found: new, known, suppressed and capped addresses all look the same from outside.
    Raises InvalidInputError with every field that cannot be taken.
    """
    checked = _check(session, services, request)
    hmac = services.hmac(checked.address)
    # Opt-ins of one address come one after the other. This lock is theirs alone and taken before all others.
    take_locks(session, [f"opt-in:{hmac}"])
    known = leads.by_address(session, checked.address)
    leads.lock(session, [known.id] if known else [], [hmac])
    known = leads.by_address(session, checked.address)  # it may have been erased while we waited
    if known and request.idempotency_key and leads.opt_in_with_key(session, known.id, request.idempotency_key):
        return
    lead = known or _new_lead(session, checked, now)
    rules = suppressions.of(session, [hmac]).get(hmac, [])
    refused = may_receive(Kind.ADVICE, suppressions=rules, has_follow_up_consent=False, now=now)
    if caps.over(session, "address", hmac, services.limits.address, now):
        _add_opt_in(session, lead, checked, "capped", now)
    elif refused:
        _add_opt_in(session, lead, checked, "suppressed", now)
    else:
        caps.count(session, "address", hmac, now)
        _welcome(session, services, lead, checked, blocked=bool(rules), now=now)
    privacy.reckon_erasing(session, services, lead, now)


def refusals(session: Session, services: Services, request: OptInRequest) -> list[FieldProblem]:
    """What `register` would refuse, field by field; empty when it can be taken. Writes nothing."""
    try:
        _check(session, services, request)
    except InvalidInputError as error:
        return list(error.fields)
    return []


def _welcome(
    session: Session, services: Services, lead: Lead, checked: _Checked, *, blocked: bool, now: datetime
) -> None:
    sequence = checked.live.sequence
    held = "honeypot" if checked.request.trapped else None
    opt_in = _add_opt_in(session, lead, checked, "held" if held else "accepted", now)
    # An address that once said no says yes again by the button alone, also where a ticked box would do.
    enough = sequence.confirmation == "single" and checked.request.consent_follow_up and not blocked and not held
    consent = _add_consents(session, checked, opt_in, follow_up_effective=enough, now=now)
    enrolment = enrolments.open_for(session, lead.id, sequence.topic) or _had_lately(
        session, services, lead, checked, now
    )
    if enrolment is None:
        enrolment = _enrol(session, lead, checked, now)
    opt_in.enrolment_id = enrolment.id
    session.flush()
    add_advice(
        session,
        services,
        lead=lead,
        opt_in=opt_in,
        enrolment=enrolment,
        consent=consent,
        template=sequence.advice.template_for(enrolment.split_id),
        revision_id=checked.live.revision_id,
        now=now,
        held=held,
    )
    leads.note(session, lead.id, "opt_in", now, topic=sequence.topic, follow_up=checked.request.consent_follow_up)
    if enough and enrolment.state == "awaiting_confirmation":
        planning.activate(session, services, enrolment, now)
    notify_sender(session)


def _new_lead(session: Session, checked: _Checked, now: datetime) -> Lead:
    lead = Lead(
        public_id=new_public_id(),
        address=checked.address,
        first_name=checked.first_name,
        answers=checked.answers,
        created_at=now,
    )
    session.add(lead)
    session.flush()
    return lead


def _add_opt_in(session: Session, lead: Lead, checked: _Checked, disposition: str, now: datetime) -> OptIn:
    request = checked.request
    opt_in = OptIn(
        public_id=new_public_id(),
        lead_id=lead.id,
        topic=checked.live.sequence.topic,
        form=checked.form.name if checked.form else None,
        first_name=checked.first_name,
        answers=checked.answers,
        follow_up_ticked=request.consent_follow_up,
        consent_version=request.consent_version,
        source_url=request.source_url,
        disposition=disposition,
        idempotency_key=request.idempotency_key,
        created_at=now,
    )
    session.add(opt_in)
    session.flush()
    return opt_in


def _add_consents(
    session: Session, checked: _Checked, opt_in: OptIn, *, follow_up_effective: bool, now: datetime
) -> Consent:
    """The consents that were ticked. Returns the one the advice rests on."""
    texts = checked.wording.consent if checked.wording else None

    def given(purpose: str, text: ConsentText | None, effective: bool) -> Consent:
        return Consent(
            lead_id=opt_in.lead_id,
            opt_in_id=opt_in.id,
            purpose=purpose,
            source="form",
            effective=effective,
            version=text.version if text else None,
            wording=text.text if text else None,
            forms_revision_id=checked.forms_revision_id,
            source_url=checked.request.source_url,
            given_at=now,
        )

    advice = given("advice", texts.advice if texts else None, True)
    consents.give(session, advice)
    if checked.request.consent_follow_up:
        consents.give(session, given("follow_up", texts.follow_up if texts else None, follow_up_effective))
    session.flush()
    return advice


def _had_lately(session: Session, services: Services, lead: Lead, checked: _Checked, now: datetime) -> Enrolment | None:
    """The run that gave this lead all these mails so short ago that they would only bore; the advice goes all the same.

    Not one that was stopped or ended in a booking: whoever comes back from there starts anew.
    """
    sequence = checked.live.sequence
    last = next(
        (row for row in reversed(enrolments.of_lead(session, lead.id)) if row.topic == sequence.topic),
        None,
    )
    if last is None or last.ended_at is None or last.end_reason != planning.ALL_STEPS_DONE:
        return None
    try:
        again = add_wait(last.ended_at, sequence.again_after, services.published.calendar(session))
    except NeverOpensError:  # not enough working days to come: that is staff's to mend, and keeps no advice back
        return last
    return last if now < again else None


def _enrol(session: Session, lead: Lead, checked: _Checked, now: datetime) -> Enrolment:
    follow_ups = checked.live.sequence.follow_ups
    enrolment = Enrolment(
        lead_id=lead.id,
        topic=checked.live.sequence.topic,
        sequence=checked.live.sequence.name,
        sequence_revision_id=checked.live.revision_id,
        state="awaiting_confirmation",
        split_id=lead.public_id,
        answers=checked.answers,
        anchor=now,
        next_step=follow_ups[0].key if follow_ups else None,
        created_at=now,
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def _check(session: Session, services: Services, request: OptInRequest) -> _Checked:
    """Everything that is wrong with an opt-in, at once."""
    problems: list[FieldProblem] = []
    address = ""
    try:
        address = normalise_address(request.email)
    except InvalidInputError as error:
        problems.extend(error.fields)
    if not request.consent_advice:
        problems.append(FieldProblem(pointer="/consent_advice", detail="Vink aan dat we je het advies mogen sturen."))
    forms_revision_id, forms = services.published.live_forms(session)
    form = forms.forms.get(request.form) if request.form else None
    if request.form and form is None:
        problems.append(FieldProblem(pointer="/form", detail="Dit formulier bestaat niet."))
    answers, answer_problems = _answers(form, forms, request)
    problems.extend(answer_problems)
    topic = form.topic_for(answers) if form and not request.topic else request.topic
    if not topic and not request.form:
        problems.append(FieldProblem(pointer="/topic", detail="Geef een onderwerp op, of de naam van een formulier."))
    live = services.published.live_for_topic(session, topic) if topic else None
    if topic and live is None:
        problems.append(FieldProblem(pointer="/topic", detail="Over dit onderwerp hebben we geen advies."))
    wording = None
    if request.consent_version and (form or topic):
        wording = _wording(session, request.consent_version, form.name if form else None, topic, forms)
        if wording is None:
            problems.append(FieldProblem(pointer="/consent_version", detail="Deze versie van de tekst kennen we niet."))
    if problems or live is None:
        raise InvalidInputError("the opt-in cannot be taken", "Er klopt iets niet in het formulier.", fields=problems)
    return _Checked(
        request=request,
        address=address,
        first_name=clean_name(request.first_name),
        answers=answers,
        live=live,
        form=form,
        forms_revision_id=forms_revision_id,
        wording=wording,
    )


def _answers(form: Form | None, forms: Forms, request: OptInRequest) -> tuple[dict[str, str], list[FieldProblem]]:
    """The answers that were given and fit the form: the one named, else the topic's."""
    form = form or (forms.for_topic(request.topic) if request.topic else None)
    if not request.answers or form is None:
        return {}, []
    try:
        return form.checked_answers(request.answers), []
    except InvalidInputError as error:
        return {}, list(error.fields)


def _wording(session: Session, version: str, name: str | None, topic: str | None, live: Forms) -> Form | None:
    """The form whose consent texts carried this version: the live one, else any published before it."""

    def find(forms: Forms) -> Form | None:
        named = [forms.forms[name]] if name and name in forms.forms else []
        candidates = named or [form for form in forms.forms.values() if topic in form.topics()]
        return next((form for form in candidates if form.consent.advice.version == version), None)

    return find(live) or next(
        (found for row in sequences.history(session, "forms") if (found := find(Forms.model_validate(row.document)))),
        None,
    )
