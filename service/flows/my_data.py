"""What a lead does on a page of her own: pause, go on, change her answers, ask for all that we hold, have it erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.conditions import UNKNOWN
from service.domain.enrolment import State
from service.domain.forms import Form, Question
from service.domain.wording import dutch_moment
from service.errors import FieldProblem, InvalidInputError
from service.flows import planning, privacy
from service.flows.messages import FRESH_LINK, add_fresh_link, add_staff_mails
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import enrolments, events, lead_rows, leads, message_rows
from service.store.db import notify_sender
from service.store.tables import Enrolment, Lead, Message, OptIn

ACTOR = "lead"
"""Who did it, in the audit log."""
PAUSE = timedelta(days=14)
LINK_WORKS = timedelta(hours=24)
_LINKS = (
    (timedelta(minutes=15), 1),
    (timedelta(days=1), 3),
)  # so many in such a time: the /p/ link may be in any hands
_SOURCE = "my data page"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question of a form that a lead used, with her answer, which is "unknown" where she gave none."""

    question: Question
    form: Form
    chosen: str

    @property
    def chooses_topic(self) -> bool:
        """Does its answer say which sequence one gets? Then it is given on the form, and not changed here."""
        return any(option.chooses_topic for option in self.question.options)


def pause(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """No follow-ups for two weeks from now. A pause that lasts that long already stays as it is."""
    lead = leads.lock_one(session, lead.id, services.hmac)
    day = services.published.calendar(session).local_day
    changed = False
    for run in _active(session, lead):
        if run.paused_until is None or day(run.paused_until) < day(now + PAUSE):
            planning.put_off(session, services, run, planning.WISH, now + PAUSE, now)
            changed = True
    if changed:
        leads.note(session, lead.id, "paused", now, source=_SOURCE)


def go_on(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """End the pause she asked for. One that has another reason as well is the practice's to end."""
    lead = leads.lock_one(session, lead.id, services.hmac)
    wished = [run for run in _active(session, lead) if may_go_on(run, now)]
    for run in wished:
        planning.resume(session, services, run, now)
    if wished:
        leads.note(session, lead.id, "resumed", now, source=_SOURCE)
        notify_sender(session)


def may_go_on(run: Enrolment, now: datetime) -> bool:
    """Is this run paused by the lead's own wish, and by that alone?"""
    return run.paused_until is not None and run.paused_until > now and run.pause_reason == planning.WISH


def questions(session: Session, services: Services, lead: Lead) -> list[Asked]:
    """The questions of the forms this lead used, the newest form first, each once: those her own sequences go by.

    What chose the topic is there as well.
    """
    _, forms = services.published.live_forms(session)
    runs = enrolments.of_lead(session, lead.id)
    used = frozenset[str]().union(*(services.published.answers_used(session, run.sequence_revision_id) for run in runs))
    found: dict[str, Asked] = {}
    for opt_in in reversed(leads.opt_ins(session, lead.id)):
        form = forms.forms.get(opt_in.form or "") or forms.for_topic(opt_in.topic)
        if form is None:
            continue
        for question in form.questions:
            asked = Asked(question=question, form=form, chosen=lead.answers.get(question.name, UNKNOWN))
            if asked.chooses_topic or question.name in used:
                found.setdefault(question.name, asked)
    return list(found.values())


def change_answers(session: Session, services: Services, lead: Lead, given: Mapping[str, str], now: datetime) -> None:
    """Keep these answers for every mail that is still to be written; "unknown" takes one back.

    Her opt-ins take them too: pressing the button of an old advice must not bring back what she corrected. Raises
    InvalidInputError naming each answer that no form of hers has, or that chooses the topic.
    """
    lead = leads.lock_one(session, lead.id, services.hmac)
    _check(questions(session, services, lead), given)
    changed = {name: value for name, value in given.items() if lead.answers.get(name, UNKNOWN) != value}
    if not changed:
        return
    rows: list[Lead | Enrolment | OptIn] = [lead, *leads.opt_ins(session, lead.id)]
    rows += [run for run in enrolments.of_lead(session, lead.id) if run.state in enrolments.OPEN]
    for row in rows:
        kept = {**row.answers, **changed}
        row.answers = {name: value for name, value in kept.items() if value != UNKNOWN}
    leads.note(session, lead.id, "answers_changed", now, **changed)
    session.flush()


def mail_link(session: Session, services: Services, lead: Lead, now: datetime) -> bool:
    """Mail the lead a link to all that we hold. False when there were enough of them lately; nobody is told which."""
    lead = leads.lock_one(session, lead.id, services.hmac)
    longest = max(window for window, _ in _LINKS)
    made = message_rows.made_since(session, lead.id, FRESH_LINK, now - longest)
    if any(sum(at > now - window for at in made) >= most for window, most in _LINKS):
        return False
    add_fresh_link(session, services, lead, now)
    notify_sender(session)
    return True


def link_ends_at(message: Message) -> datetime:
    """Until when the link in a mail works: a day from when it first left."""
    return (message.first_handed_at or message.created_at) + LINK_WORKS


def erase(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """Erase a lead at her own demand, at once, also with a request for a pain check open.

    Of an open request the practice is told when it was made, so that it can be found among its mails, and nobody
    calls any more; whose it was is not told again.
    """
    if not leads.lock(session, [lead.id], [services.hmac(lead.address)]):
        return  # a second press, which waited for the first
    dropped = [row.created_at for row in lead_rows.booking_requests(session, lead.id) if row.handled_at is None]
    privacy.erase(session, services, lead.id, "asked for", now, actor=ACTOR)
    local = services.published.calendar(session).local
    for at in dropped:
        alert = {
            "title": "Een aanvraag voor een pijncheck vervalt",
            "details": f"De aanvraag van {dutch_moment(local(at), year=True)} is ingetrokken: de aanvrager liet alle "
            "gegevens wissen. Bel of mail niet meer.",
            "hint": "Verwijder ook de mail met die aanvraag.",
        }
        cause = f"request-dropped:{new_public_id()}"  # by a name of its own: nothing leads back to who it was
        add_staff_mails(session, services, cause=cause, template="dienst-melding", now=now, extra={"alert": alert})
    if dropped:
        notify_sender(session)


def note_export(session: Session, lead: Lead, shape: str, now: datetime) -> None:
    """Keep in the audit log that a lead took a look at, or took along, all that we hold (ACCEPTANCE S4)."""
    events.audit(session, ACTOR, "lead exported", now, lead=lead.id, shape=shape)


def _active(session: Session, lead: Lead) -> list[Enrolment]:
    return [run for run in enrolments.of_lead(session, lead.id) if run.state == State.ACTIVE]


def _check(asked: Iterable[Asked], given: Mapping[str, str]) -> None:
    """Raise InvalidInputError with all that is wrong at once."""
    known = {each.question.name: each for each in asked}
    problems = []
    for name, value in given.items():
        pointer = f"/answers/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in known:
            problems.append(FieldProblem(pointer=pointer, detail="Deze vraag stelden we je niet."))
        elif known[name].chooses_topic:
            detail = "Dit antwoord kun je hier niet veranderen. Vraag het andere advies aan met het formulier."
            problems.append(FieldProblem(pointer=pointer, detail=detail))
        elif value != UNKNOWN and all(value != option.value for option in known[name].question.options):
            problems.append(FieldProblem(pointer=pointer, detail="Dit antwoord hoort niet bij deze vraag."))
    if problems:
        raise InvalidInputError("an answer cannot be kept", "Een antwoord hoort niet bij de vragen.", fields=problems)
