"""What an opt-in at a moment would get, on a calendar: the draft and its closed days, played by the simulator."""

from __future__ import annotations

import calendar as months
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from service.domain.calendar import Calendar
from service.domain.sequence import Sequence as Steps
from service.domain.step_words import Both, skip_told
from service.domain.wording import DUTCH_MONTHS, ENGLISH_MONTHS, dutch_moment, english_moment
from service.errors import InvalidInputError, NurtureError
from service.flows import outlook, simulation
from service.flows.drafts import Draft
from service.flows.simulation import Event, Simulated, Story
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.sequences import shown, timeline
from service.web.studio.sequences.choices import answer_groups, names
from service.web.studio.sequences.views import CalendarPage, Choice, Coming, Day, Month

QUERY = ("on", "at", "confirmed", "answer", "event", "after")
_CONFIRMED: Mapping[str, tuple[timedelta | None, Both]] = {
    "0": (timedelta(0), ("meteen", "at once")),
    "3h": (timedelta(hours=3), ("na drie uur", "after three hours")),
    "1d": (timedelta(days=1), ("een dag later", "a day later")),
    "3d": (timedelta(days=3), ("drie dagen later", "three days later")),
    "never": (None, ("nooit", "never")),
}
_EVENTS: Mapping[str, Both] = {
    "": ("niets bijzonders", "nothing out of the ordinary"),
    "booked": ("boekt een pijncheck", "books a pain check"),
    "request": ("vraagt een pijncheck aan", "asks for a pain check"),
    "reply": ("antwoordt op een mail", "replies to a mail"),
    "better": ("klikt op beter", "presses better"),
    "same": ("klikt op hetzelfde", "presses the same"),
    "worse": ("klikt op slechter", "presses worse"),
    "unsubscribed": ("meldt zich af", "unsubscribes"),
}
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_MOST_MONTHS, _MOST_DAYS = 14, 365


def show(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/calendar`; what is asked stands in the query, and nothing else may."""
    draft, opened = timeline.opened_of(visit)
    practice = draft.content.practice
    calendar = Calendar.of(practice) if practice else None
    typed = _typed(visit, calendar)
    told = ""
    mails: tuple[Coming, ...] = ()
    drawn: tuple[Month, ...] = ()
    if opened.sequence is None or practice is None or calendar is None:
        told = shown.say(
            visit,
            (
                "Dit kan pas als er geen fouten meer in de reeks en in de praktijkgegevens staan.",
                "This needs a sequence and practice facts without errors.",
            ),
        )
    else:
        begins, story = _story(draft, typed, calendar)
        try:
            steps = simulation.simulate(opened.sequence, calendar, story, retries=visit.services.retries)
        except NurtureError as error:  # the window never opens
            told, steps = visit.words(error), []
        mails = _coming(visit, draft, opened.sequence, calendar, steps)
        drawn = _months(visit, calendar, calendar.local_day(begins), steps)
    return rendering.render(
        CalendarPage(
            frame=visit.frame(),
            name=opened.name,
            title=opened.title,
            mark=opened.mark,
            typed=typed,
            story=_told(visit, typed, opened.sequence),
            months=drawn,
            mails=mails,
            questions=answer_groups(visit, draft.content.forms, typed, ["answer"], buttons=False),
            confirmations=_choices(visit, {name: told for name, (_, told) in _CONFIRMED.items()}),
            events=_choices(visit, _EVENTS),
            told=told,
        )
    )


def _typed(visit: Visit, calendar: Calendar | None) -> dict[str, list[str]]:
    """What the query asks; left out, it is a Friday at five. Raises InvalidInputError for what cannot be asked."""
    now = visit.services.clock.now()
    today = calendar.local_day(now) if calendar else now.date()
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    typed = {
        "on": [visit.query("on") or friday.isoformat()],
        "at": [visit.query("at") or "17:00"],
        "confirmed": [visit.query("confirmed") or "0"],
        "event": [visit.query("event")],
        "after": [visit.query("after") or "5"],
        "answer": [each for each in visit.request.query_params.getlist("answer") if each],
    }
    try:
        day, at = date.fromisoformat(typed["on"][0]), time.fromisoformat(typed["at"][0])
    except ValueError as error:
        raise _wrong() from error
    after = typed["after"][0]
    if (
        at.tzinfo is not None
        or not _FIRST_YEAR <= day.year <= _LAST_YEAR
        or typed["confirmed"][0] not in _CONFIRMED
        or typed["event"][0] not in _EVENTS
        or not (after.isascii() and after.isdigit() and len(after) < 4 and int(after) <= _MOST_DAYS)
    ):
        raise _wrong()
    return typed | {"on": [day.isoformat()], "at": [f"{at:%H:%M}"]}


def _wrong() -> InvalidInputError:
    return InvalidInputError("nobody can opt in at such a moment", "Op zo'n moment kan niemand zich aanmelden.")


def _story(draft: Draft, typed: Mapping[str, Sequence[str]], calendar: Calendar) -> tuple[datetime, Story]:
    begins = calendar.instant(date.fromisoformat(typed["on"][0]), time.fromisoformat(typed["at"][0]))
    known = draft.content.forms.answers() if draft.content.forms else {}
    answers = dict(each.partition("=")[::2] for each in typed["answer"])
    if any(value not in known.get(name, ()) for name, value in answers.items()):
        raise InvalidInputError("no form has that answer", "Dat antwoord staat op geen formulier.")
    happens = begins + timedelta(days=int(typed["after"][0]))
    events = [Event(kind=kind, at=happens) for kind in simulation.EVENT_KINDS if kind == typed["event"][0]]
    wait, _ = _CONFIRMED[typed["confirmed"][0]]
    pressed = None if wait is None else begins + wait
    return begins, Story(opt_in_at=begins, confirmed_at=pressed, answers=answers, events=tuple(events))


def _coming(
    visit: Visit, draft: Draft, sequence: Steps, calendar: Calendar, steps: Sequence[Simulated]
) -> tuple[Coming, ...]:
    """The steps as they go, each with its subject, when it leaves, and why or why not."""
    answers = names(answer_groups(visit, draft.content.forms, {}, []))
    subjects = {each.step: _subject(visit, draft, each) for each in steps}
    found = []
    for number, each in enumerate(steps, 1):
        when, step = "", sequence.step(each.step)
        if each.at is not None:
            local = calendar.local(each.at)
            when = shown.say(visit, (dutch_moment(local, year=True), english_moment(local, year=True)))
        skipped = skip_told(step, each.reason.dutch, answers, subjects) if step else None
        why = shown.say(visit, skipped or (each.reason.dutch, each.reason.english))
        why = why[:1].upper() + why[1:]
        found.append(Coming(number=number, key=each.step, subject=subjects[each.step], when=when, why=why))
    return tuple(found)


def _subject(visit: Visit, draft: Draft, each: Simulated) -> str:
    compiled, practice = draft.mails.get(each.template), draft.content.practice
    if compiled is None or practice is None:
        return each.template
    try:
        return outlook.shown(visit.services, compiled, practice, each.answers, "Anna").subject
    except NurtureError:
        return compiled.subject


def _months(visit: Visit, calendar: Calendar, begins: date, steps: Sequence[Simulated]) -> tuple[Month, ...]:
    """From the month of the opt-in to that of the last mail."""
    on: dict[date, list[int]] = {}
    for number, each in enumerate(steps, 1):
        if each.at is not None:
            on.setdefault(calendar.local_day(each.at), []).append(number)
    last = max([begins, *on])
    found: list[Month] = []
    first = begins.replace(day=1)
    while first <= last and len(found) < _MOST_MONTHS:
        weeks = tuple(
            tuple(_day(visit, calendar, each, first.month, begins, on) for each in week)
            for week in months.Calendar().monthdatescalendar(first.year, first.month)
        )
        names = DUTCH_MONTHS if visit.language == "nl" else ENGLISH_MONTHS
        found.append(Month(title=f"{names[first.month - 1]} {first.year}", weeks=weeks))
        first = (first + timedelta(days=31)).replace(day=1)
    return tuple(found)


def _day(
    visit: Visit, calendar: Calendar, day: date, month: int, begins: date, on: Mapping[date, Sequence[int]]
) -> Day | None:
    if day.month != month:
        return None
    holiday, closure = calendar.holiday(day), calendar.closure(day)
    closed = ""
    if holiday is not None:
        closed = shown.say(visit, (holiday.dutch, holiday.english))
    elif closure is not None:
        closed = closure.note or shown.say(visit, ("gesloten", "closed"))
    elif not calendar.is_working_day(day):
        closed = shown.say(visit, ("geen werkdag", "no working day"))
    return Day(number=day.day, closed=closed, mails=tuple(on.get(day, ())), is_opt_in=day == begins)


def _told(visit: Visit, typed: Mapping[str, Sequence[str]], sequence: Steps | None) -> str:
    day, at = date.fromisoformat(typed["on"][0]), time.fromisoformat(typed["at"][0])
    local = datetime.combine(day, at, visit.frame().zone)
    _, pressed = _CONFIRMED[typed["confirmed"][0]]
    button = sequence is not None and sequence.confirmation == "double"
    nl, en = f"Een aanvraag op {dutch_moment(local)}", f"An opt-in on {english_moment(local)}"
    if button:
        nl, en = f"{nl}; de knop in het advies {pressed[0]}", f"{en}; the button in the advice {pressed[1]}"
    return shown.say(visit, (nl, en))


def _choices(visit: Visit, named: Mapping[str, Both]) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, label=shown.say(visit, each)) for value, each in named.items())
