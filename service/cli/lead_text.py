"""A lead's report as plain text, in the practice's local time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from service.flows.lead_shown import ConsentShown, EnrolmentShown, HappeningShown, LeadReport, MessageShown, OptInShown

_Local = Callable[[datetime], str]
_LEFT = {"accepted", "delivered", "bounced", "complained"}


def lines(report: LeadReport) -> Iterator[str]:
    """The report, line by line: who, what was agreed to, what was sent, what comes, and why."""
    zone = ZoneInfo(report.time_zone)

    def local(moment: datetime) -> str:
        at = moment.astimezone(zone)
        return f"{at:%a %d %b %Y %H:%M}"

    yield from _head(report, local)
    for title, section in _sections(report, local).items():
        if section:
            yield f"\n{title}"
            yield from (f"  {line}" for line in section)


def _head(report: LeadReport, local: _Local) -> Iterator[str]:
    yield f"Lead {report.id}: {report.address}" + (f" ({report.first_name})" if report.first_name else "")
    confirmed = f"confirmed {local(report.confirmed_at)}" if report.confirmed_at else "not confirmed"
    yield f"Since {local(report.created_at)}, {confirmed} (times of {report.time_zone})."
    if report.erase_at is None:
        yield "Kept: a consent to the follow-ups stands."
    elif any(request.handled_at is None for request in report.pain_check_requests):
        yield "Kept while a request for a pain check is open."
    else:
        yield f"Will be erased on {local(report.erase_at)}: no consent to the follow-ups stands."
    for each in report.suppressions:
        what = "no mail at all" if each.scope == "all" else "no follow-ups"
        lasts = "until a new yes by the button in a mail" if each.reason == "unsubscribe" else "for good"
        until = f"until {local(each.until)}" if each.until else lasts
        yield f"Suppressed: {what}, {until} ({_words(each.reason)})."
    if report.held_back:
        yield f"Note: {report.held_back}."


def _sections(report: LeadReport, local: _Local) -> dict[str, list[str]]:
    requests = [
        f"{local(each.created_at)}  {f'handled {local(each.handled_at)}' if each.handled_at else 'open'}"
        for each in report.pain_check_requests
    ]
    return {
        "Opt-ins": [_opt_in(each, local) for each in report.opt_ins],
        "Consents": [_consent(each, local) for each in report.consents],
        "Sequences": [_enrolment(each, local) for each in report.enrolments],
        "Mails": [line for each in report.messages for line in _message(each, local)],
        "What comes next, and why": [
            f"{local(each.at) if each.at else 'not sent':<21}  {each.step}: {each.reason}" for each in report.coming
        ],
        "Pain check requests": requests,
        "What happened": [f"{local(each.at)}  {_words(each.kind)}{_details(each)}" for each in report.timeline],
    }


def _opt_in(each: OptInShown, local: _Local) -> str:
    ticked = "follow-ups ticked" if each.follow_up_ticked else "follow-ups not ticked"
    form = f", form {each.form}" if each.form else ""
    return f"{local(each.created_at)}  {each.topic}{form}, {ticked}: {each.disposition}"


def _consent(each: ConsentShown, local: _Local) -> str:
    version = f"version {each.version}" if each.version else "no version stated"
    waits = "" if each.effective else ", waits for the confirmation"
    gone = f", withdrawn {local(each.withdrawn_at)} ({each.withdrawn_by})" if each.withdrawn_at else ""
    return f"{local(each.given_at)}  {_words(each.purpose)} by {each.source}, {version}{waits}{gone}"


def _enrolment(each: EnrolmentShown, local: _Local) -> str:
    told = f"{local(each.created_at)}  {each.sequence}: {_words(each.state)}"
    if each.ended_at:
        told += f" since {local(each.ended_at)} ({_words(each.end_reason or 'no reason kept')})"
    if each.paused_until:
        told += f", paused until {local(each.paused_until)} ({_words(each.pause_reason or 'no reason kept')})"
    return told


def _message(each: MessageShown, local: _Local) -> Iterator[str]:
    moment = each.first_handed_at or each.settled_at or each.due_at
    kind = "to the practice" if each.to_practice else _words(each.kind)
    told = f"{local(moment)}  {each.step or each.template} ({kind}): {_words(each.state)}"
    if each.reason and each.state not in _LEFT:
        told += f", {each.reason}"
    if each.consent_given_at and each.first_handed_at:
        told += f"; on the consent of {local(each.consent_given_at)} by {each.consent_source}"
    yield told
    for attempt in each.attempts:
        if attempt.outcome != "accepted":
            answer = " ".join(str(part) for part in (attempt.stage, attempt.code, attempt.detail) if part)
            yield f"    attempt {attempt.number}: {attempt.outcome or 'under way'}{f' ({answer})' if answer else ''}"


def _details(each: HappeningShown) -> str:
    told = ", ".join(f"{name} {value}" for name, value in each.details.items())
    return f" ({told})" if told else ""


def _words(name: str) -> str:
    return name.replace("follow_up", "follow-up").replace("_", " ")
