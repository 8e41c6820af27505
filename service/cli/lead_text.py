"""A lead's report as plain text, in the practice's local time and the language of the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from service.cli.telling import in_words, language
from service.domain.lead_words import ROADS, dutch_words
from service.domain.wording import dutch_short_moment
from service.flows.lead_shown import (
    BookingShown,
    ConsentShown,
    EnrolmentShown,
    HappeningShown,
    LeadReport,
    MessageShown,
    OptInShown,
    RequestShown,
)

_Local = Callable[[datetime], str]
_ARRIVED = {"accepted", "delivered"}
_STATES = {"booked": "staat", "cancelled": "afgezegd", "moved": "verzet"}


def lines(report: LeadReport) -> Iterator[str]:
    """The report, line by line: who, what was agreed to, what was sent, what comes, and why."""
    zone = ZoneInfo(report.time_zone)

    def local(moment: datetime) -> str:
        at = moment.astimezone(zone)
        return dutch_short_moment(at) if language() == "nl" else f"{at:%a %d %b %Y %H:%M}"

    yield from _head(report, local)
    for title, section in _sections(report, local).items():
        if section:
            yield f"\n{title}"
            yield from (f"  {line}" for line in section)


def _head(report: LeadReport, local: _Local) -> Iterator[str]:
    yield f"Lead {report.id}: {report.address}" + (f" ({report.first_name})" if report.first_name else "")
    since = local(report.created_at)
    if report.confirmed_at:
        pressed = local(report.confirmed_at)
        confirmed = in_words(f"confirmed {pressed}", f"op de knop gedrukt op {pressed}")
    else:
        confirmed = in_words("not confirmed", "nog niet op de knop gedrukt")
    yield in_words(
        f"Since {since}, {confirmed} (times of {report.time_zone}).",
        f"Sinds {since}, {confirmed} (tijd van {report.time_zone}).",
    )
    if report.erase_at is None:
        yield in_words(
            "Kept: a consent to the follow-ups stands.", "Blijft bewaard: de toestemming voor de vervolgmails geldt."
        )
    elif any(request.handled_at is None for request in report.pain_check_requests):
        yield in_words(
            "Kept while a request for a pain check is open.",
            "Blijft bewaard zolang een aanvraag voor een pijncheck open is.",
        )
    else:
        erased = local(report.erase_at)
        yield in_words(
            f"Will be erased on {erased}: no consent to the follow-ups stands.",
            f"Wordt gewist op {erased}: er is geen toestemming voor de vervolgmails.",
        )
    for each in report.suppressions:
        scope = each.scope == "all"
        if each.until:
            until = in_words(f"until {local(each.until)}", f"tot {local(each.until)}")
        elif each.reason == "unsubscribe":
            until = in_words("until a new yes by the button in a mail", "tot een nieuwe druk op de knop in een mail")
        else:
            until = in_words("for good", "voorgoed")
        what = in_words("no mail at all" if scope else "no follow-ups", "geen mail" if scope else "geen vervolgmails")
        yield f"{in_words('Suppressed:', 'Krijgt')} {what}, {until} ({_words(each.reason)})."
    if report.throw_away:
        yield in_words(
            "Note: an address of a service for throw-away addresses; it may not last.",
            "Let op: een wegwerpadres; dat bestaat misschien niet lang.",
        )
    if report.held_back:
        yield in_words(f"Note: {report.held_back}.", f"Let op: {report.dutch_held_back}.")


def _sections(report: LeadReport, local: _Local) -> dict[str, list[str]]:
    never = in_words("not sent", "niet verstuurd")
    return {
        in_words("Opt-ins", "Aanvragen"): [_opt_in(each, local) for each in report.opt_ins],
        in_words("Consents", "Toestemmingen"): _consents(report.consents, local),
        in_words("Sequences", "Reeksen"): [_enrolment(each, local) for each in report.enrolments],
        "Mails": [line for each in report.messages for line in _message(each, local)],
        in_words("What comes next, and why", "Wat er nog komt, en waarom"): [
            f"{local(each.at) if each.at else never:<21}  {each.step}: {in_words(each.reason, each.dutch_reason)}"
            for each in report.coming
        ],
        in_words("Pain check requests", "Aanvragen voor een pijncheck"): [
            _request(each, local) for each in report.pain_check_requests
        ],
        in_words("Appointments", "Afspraken"): [_booking(each, local) for each in report.bookings],
        in_words("What happened", "Wat er gebeurde"): [
            f"{local(each.at)}  {_words(each.kind)}{_details(each)}" for each in report.timeline
        ],
    }


def _opt_in(each: OptInShown, local: _Local) -> str:
    if each.follow_up_ticked:
        ticked = in_words("follow-ups ticked", "vervolgmails aangevinkt")
    else:
        ticked = in_words("follow-ups not ticked", "vervolgmails niet aangevinkt")
    form = f", {in_words('form', 'formulier')} {each.form}" if each.form else ""
    return f"{local(each.created_at)}  {each.topic}{form}, {ticked}: {_words(each.disposition)}"


def _consents(given: Sequence[ConsentShown], local: _Local) -> list[str]:
    pressed = any(each.source == "confirmation" for each in given)  # then no box waits for that any more
    return [_consent(each, local, pressed=pressed) for each in given]


def _consent(each: ConsentShown, local: _Local, *, pressed: bool) -> str:
    stated = in_words(f"version {each.version}", f"versie {each.version}")
    version = stated if each.version else in_words("no version stated", "geen versie genoemd")
    counts = each.effective or pressed or each.withdrawn_at is not None
    waits = "" if counts else in_words(", waits for the confirmation", ", wacht op de knop")
    gone = ""
    if each.withdrawn_at:
        when, by = local(each.withdrawn_at), _road(each.withdrawn_by or "")
        gone = in_words(f", withdrawn {when} ({by})", f", ingetrokken {when} ({by})")
    via = in_words("by", "via")
    return f"{local(each.given_at)}  {_words(each.purpose)} {via} {_words(each.source)}, {version}{waits}{gone}"


def _enrolment(each: EnrolmentShown, local: _Local) -> str:
    told = f"{local(each.created_at)}  {each.sequence}: {_words(each.state)}"
    if each.ended_at:
        why = f"({_why(each.end_reason)})"
        told += f" {in_words('since', 'sinds')} {local(each.ended_at)} {why}"
    if each.paused_until:
        why = f"({_why(each.pause_reason)})"
        told += f", {in_words('paused until', 'staat stil tot')} {local(each.paused_until)} {why}"
    return told


def _message(each: MessageShown, local: _Local) -> Iterator[str]:
    moment = each.first_handed_at or each.settled_at or each.due_at
    if each.to_practice:
        kind = in_words("to the practice", "aan de praktijk")
    else:
        kind = in_words(_words(each.kind), "vervolgmail" if each.kind == "follow_up" else _words(each.kind))
    told = f"{local(moment)}  {each.step or each.template} ({kind}): {_words(each.state)}"
    if each.reason and each.dutch_reason and each.state not in _ARRIVED:
        told += f", {in_words(each.reason, each.dutch_reason)}"
    if each.consent_given_at and each.first_handed_at:
        given, source = local(each.consent_given_at), _words(each.consent_source or "")
        told += in_words(f"; on the consent of {given} by {source}", f"; toestemming van {given} via {source}")
    yield told
    for attempt in each.attempts:
        if attempt.outcome != "accepted":
            answer = " ".join(str(part) for part in (attempt.stage, attempt.code, attempt.detail) if part)
            outcome = _words(attempt.outcome) if attempt.outcome else in_words("under way", "bezig")
            tried = in_words("attempt", "poging")
            yield f"    {tried} {attempt.number}: {outcome}{f' ({answer})' if answer else ''}"


def _request(each: RequestShown, local: _Local) -> str:
    if each.handled_at is None:
        return f"{local(each.created_at)}  open"
    handled = in_words(f"handled {local(each.handled_at)}", f"afgehandeld {local(each.handled_at)}")
    outcome = f" ({_words(each.outcome)})" if each.outcome else ""
    return f"{local(each.created_at)}  {handled}{outcome}"


def _booking(each: BookingShown, local: _Local) -> str:
    at = local(each.starts_at) if each.starts_at else in_words("no time told", "geen tijd bekend")
    since = in_words("since", "sinds")
    return f"{at:<21}  {in_words(each.state, _STATES[each.state])} ({_words(each.source)}) {since} {local(each.at)}"


def _details(each: HappeningShown) -> str:
    told = ", ".join(f"{name} {value}" for name, value in each.details.items())
    return f" ({told})" if told else ""


def _road(name: str) -> str:
    if name not in ROADS:
        return _words(name)
    dutch, english = ROADS[name]
    return in_words(english, dutch)


def _why(reason: str | None) -> str:
    return _words(reason) if reason else in_words("no reason kept", "geen reden bewaard")


def _words(name: str) -> str:
    return in_words(name.replace("follow_up", "follow-up").replace("_", " "), dutch_words(name))
