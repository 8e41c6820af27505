"""How things stand with a lead, in a sentence for each thing that matters: before anything else on her page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from service.domain.sequence import Sequence as Steps
from service.flows.lead_shown import EnrolmentShown, LeadReport, SuppressionShown
from service.web.studio.leads.views import Now
from service.web.studio.leads.words import Teller


def standing(report: LeadReport, teller: Teller, sequences: Mapping[int, Steps], now: datetime) -> Iterator[Now]:
    """What keeps her mails back first, then each run that is open, else the one that ended last."""
    say = teller.say
    for each in report.suppressions:
        if each.until is None or each.until > now:
            yield Now(text=_suppressed(each, teller), mood="bad")
    if report.held_back and report.dutch_held_back:
        english, dutch = (each.partition(";")[0] for each in (report.held_back, report.dutch_held_back))
        text = say((dutch, english))
        yield Now(text=f"{text[:1].upper()}{text[1:]}.", mood="waits")
    if any(each.handled_at is None for each in report.pain_check_requests):
        text = say(("Wacht op antwoord op een aanvraag voor een pijncheck.", "Waits for an answer on a pain check."))
        yield Now(text=text, mood="waits")
    open_runs = [each for each in report.enrolments if each.ended_at is None]
    for run in open_runs or report.enrolments[-1:]:
        yield _run(run, teller, sequences[run.id].title if run.id in sequences else run.sequence)
    if report.throw_away:
        text = say(("Let op: dit is een wegwerpadres. Dat bestaat misschien niet lang.", "Note: a throw-away address."))
        yield Now(text=text, mood="waits")


def kept(report: LeadReport, teller: Teller) -> str:
    """Until when she is kept, and why."""
    if report.erase_at is None:
        return teller.say(
            ("Blijft bewaard: de toestemming voor de vervolgmails geldt.", "Kept: a consent to the follow-ups stands.")
        )
    if any(each.handled_at is None for each in report.pain_check_requests):
        return teller.say(
            (
                "Blijft bewaard zolang de aanvraag voor een pijncheck open is.",
                "Kept while the request for a pain check is open.",
            )
        )
    at = teller.at(report.erase_at)
    return teller.say(
        (
            f"Wordt vanzelf gewist op {at}: er is geen toestemming voor de vervolgmails.",
            f"Is erased by itself on {at}: no consent to the follow-ups stands.",
        )
    )


def _suppressed(each: SuppressionShown, teller: Teller) -> str:
    what = teller.say(
        ("Krijgt geen enkele mail", "Gets no mail at all")
        if each.scope == "all"
        else ("Krijgt geen vervolgmails", "Gets no follow-ups")
    )
    why = teller.say(
        {
            "unsubscribe": ("afgemeld", "unsubscribed"),
            "complaint": ("een mail is als ongewenst gemeld", "a mail was reported as unwanted"),
            "hard_bounce": ("het adres bestond niet", "the address did not exist"),
        }.get(each.reason, (each.reason, each.reason))
    )
    until = ""
    if each.until is not None:
        until = teller.say((f" tot {teller.at(each.until)}", f" until {teller.at(each.until)}"))
    return f"{what}{until}: {why}."


def _run(run: EnrolmentShown, teller: Teller, title: str) -> Now:
    say = teller.say
    if run.paused_until is not None:
        until, why = teller.at(run.paused_until), teller.pause(run.pause_reason or "")
        text = say(
            (
                f"De mails van “{title}” staan stil tot {until}: {why}.",
                f"The mails of “{title}” wait until {until}: {why}.",
            )
        )
        return Now(text=text, mood="waits")
    if run.state == "awaiting_confirmation":
        return Now(
            text=say(
                (
                    f"Wacht op de knop in het advies: daarna begint de reeks “{title}”.",
                    f"Waits for the button in the advice: then the sequence “{title}” begins.",
                )
            ),
            mood="waits",
        )
    if run.state == "active":
        return Now(text=say((f"Is onderweg in de reeks “{title}”.", f"Is under way in “{title}”.")), mood="good")
    why = f": {teller.source(run.end_reason)}" if run.end_reason else ""
    words = {"finished": ("is klaar", "is finished"), "stopped": ("is gestopt", "was stopped")}
    word = words.get(run.state, ("is verlopen", "ran out"))
    return Now(text=say((f"De reeks “{title}” {word[0]}{why}.", f"The sequence “{title}” {word[1]}{why}.")))
