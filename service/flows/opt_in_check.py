"""What a form sent, and all that can be wrong with it, told at once. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session

from service.domain.forms import Form, Forms
from service.domain.lead import carries_advert, clean_name, normalise_address
from service.errors import FieldProblem, InvalidInputError
from service.flows import form_tokens
from service.flows.clients import Client
from service.flows.proof_of_work import Proof
from service.flows.published import LiveIds, LiveSequence
from service.flows.services import Services
from service.store import sequences
from service.store.db import real_now

_AGAIN = "Laad de pagina opnieuw en verstuur het formulier nog eens."
PROOF_REFUSED = FieldProblem(pointer="/altcha", detail=f"De controle is verlopen of al gebruikt. {_AGAIN}")
_TOO_OLD = FieldProblem(pointer="/form_token", detail=f"Het formulier is verlopen. {_AGAIN}")
_NO_NAME = FieldProblem(pointer="/first_name", detail="Vul hier alleen je voornaam in.")


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
    form_token: str | None = None
    proof: Proof | None = None
    signed: bool = False  # the website's own server vouches for it
    client: Client | None = None  # None: its network is not counted


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An opt-in that can be taken."""

    request: OptInRequest
    address: str
    first_name: str | None
    answers: dict[str, str]
    live: LiveSequence
    live_ids: LiveIds  # of all that was live when it was checked
    form: Form | None
    forms_revision_id: int
    wording: Form | None  # the form as it was in the version the opt-in states; None when it states none
    age: timedelta | None  # how old the form was when it was sent in, by its token; None where that tells nothing


def refusals(session: Session, services: Services, request: OptInRequest) -> list[FieldProblem]:
    """What `check` would refuse, field by field; empty when it can be taken."""
    try:
        check(session, services, request, services.published.live_ids(session))
    except InvalidInputError as error:
        return list(error.fields)
    return []


def refused(problems: list[FieldProblem]) -> InvalidInputError:
    """The one answer to all that is wrong."""
    return InvalidInputError("the opt-in cannot be taken", "Er klopt iets niet in het formulier.", fields=problems)


def check(session: Session, services: Services, request: OptInRequest, live_ids: LiveIds) -> Checked:
    """The opt-in as it can be taken, now that this is live. Raises InvalidInputError with everything that is wrong."""
    address, problems = _person(request)
    forms_revision_id, forms = services.published.live_forms(session, live_ids)
    form = forms.forms.get(request.form) if request.form else None
    if request.form and form is None:
        problems.append(FieldProblem(pointer="/form", detail="Dit formulier bestaat niet."))
    answers, answer_problems = _answers(form, forms, request)
    problems.extend(answer_problems)
    topic = form.topic_for(answers) if form and not request.topic else request.topic
    if not topic and not request.form:
        problems.append(FieldProblem(pointer="/topic", detail="Geef een onderwerp op, of de naam van een formulier."))
    live = services.published.live_for_topic(session, topic, live_ids) if topic else None
    if live is not None and live.sequence.archived:  # whoever is under way in it gets the rest; nobody new gets in
        live = None
    if topic and live is None:
        problems.append(FieldProblem(pointer="/topic", detail="Over dit onderwerp hebben we geen advies."))
    wording = None
    if request.consent_version and (form or topic):
        wording = _wording(session, request.consent_version, form.name if form else None, topic, forms)
        if wording is None:
            problems.append(FieldProblem(pointer="/consent_version", detail="Deze versie van de tekst kennen we niet."))
    # A post that names no form comes by that of its topic: leaving the name out is no way round a form's rule.
    age, token_problems = _age(session, services, request, form or (forms.for_topic(topic) if topic else None))
    problems.extend(token_problems)
    if problems or live is None:
        raise refused(problems)
    return Checked(
        request=request,
        address=address,
        first_name=clean_name(request.first_name),
        answers=answers,
        live=live,
        live_ids=live_ids,
        form=form,
        forms_revision_id=forms_revision_id,
        wording=wording,
        age=age,
    )


def _person(request: OptInRequest) -> tuple[str, list[FieldProblem]]:
    """The address, and what is wrong with what somebody says of themselves."""
    problems: list[FieldProblem] = []
    address = ""
    try:
        address = normalise_address(request.email)
    except InvalidInputError as error:
        problems.extend(error.fields)
    if carries_advert(request.first_name):
        problems.append(_NO_NAME)
    if not request.consent_advice:
        problems.append(FieldProblem(pointer="/consent_advice", detail="Vink aan dat we je het advies mogen sturen."))
    return address, problems


def _age(
    session: Session, services: Services, request: OptInRequest, form: Form | None
) -> tuple[timedelta | None, list[FieldProblem]]:
    """How old the form was, by its token; and a problem where the form asks for one and none is good."""
    if request.signed:
        return None, []
    age = None
    if request.form_token:
        age = form_tokens.read(services, form.name if form else None, request.form_token, real_now(session))
    return age, [_TOO_OLD] if form and form.require_token and age is None else []


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
