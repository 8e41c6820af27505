"""The year of the practice: weekends, holidays and closed days, and changing them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.responses import Response

from service.domain.practice import Practice
from service.errors import InvalidInputError, NotFoundError, RefusedError, UnavailableError
from service.flows import closed_days, practice_editing
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.languages import sentence
from service.web.studio.settings.files import PRACTICE, Opened, kept, opened, raise_unless_readable
from service.web.studio.settings.views import DaysPage

PATH = "/studio/settings/days"
WHAT = ("add", "remove", "holiday", "own")
FIELDS = ("mark", "year", "what", "from", "to", "note", "holiday", "kept", "day")
_LONGEST_NOTE = 80


def show(visit: Visit) -> Response:
    """`GET /studio/settings/days`, of this year, or of `?year=`."""
    return rendering.render(_page(visit, opened(visit, PRACTICE), _year(visit, visit.query("year"))))


def act(visit: Visit) -> Response:
    """`POST /studio/settings/days`: one stretch more or less, or one holiday kept or not."""
    changes: dict[str, Callable[[Visit, str, int], str]] = {
        "add": _with_stretch,
        "remove": _without_stretch,
        "holiday": _with_holiday,
        "own": _without_own_day,
    }
    year, what = _year(visit, visit.field("year")), visit.field("what")
    if what not in changes:
        raise InvalidInputError("that cannot be done here", "Dat kan hier niet.")
    before = opened(visit, PRACTICE)
    raise_unless_readable(before)
    try:
        after = changes[what](visit, before.text, year)
        problem = practice_editing.new_problem(before.text, after)
    except (InvalidInputError, NotFoundError, RefusedError) as error:
        return rendering.render(_page(visit, before, year, told=visit.words(error)), status=422)
    if problem is not None:
        told = sentence(problem.at_field(visit.language))
        return rendering.render(_page(visit, before, year, told=told), status=422)
    return kept(visit, PRACTICE, before, after, done=f"{PATH}?year={year}")


def _with_stretch(visit: Visit, text: str, year: int) -> str:
    del year
    first = _day(visit.field("from"))
    last = _day(visit.field("to")) if visit.field("to") else first
    note = " ".join(visit.field("note").split())
    if len(note) > _LONGEST_NOTE:
        raise InvalidInputError(
            f"use at most {_LONGEST_NOTE} letters", f"Gebruik hoogstens {_LONGEST_NOTE} letters voor de omschrijving."
        )
    return closed_days.with_closed(text, first, last, note)


def _without_stretch(visit: Visit, text: str, year: int) -> str:
    del year
    return closed_days.without_closed(text, _day(visit.field("from")), _day(visit.field("to")))


def _with_holiday(visit: Visit, text: str, year: int) -> str:
    return closed_days.with_holiday(text, visit.field("holiday"), kept=visit.field("kept") == "yes", year=year)


def _without_own_day(visit: Visit, text: str, year: int) -> str:
    del year
    return closed_days.without_own_day(text, _day(visit.field("day")))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError("choose a day", "Kies een dag.") from None


def _year(visit: Visit, text: str) -> int:
    """This year, or the one asked for: from the last to five ahead."""
    this = visit.services.clock.now().astimezone(rendering.zone_of(visit.services)).year
    if not text:
        return this
    if not (text.isascii() and text.isdigit() and len(text) == 4 and this - 1 <= int(text) <= this + 5):
        raise InvalidInputError("this page does not show that year", "Dat jaar laat deze pagina niet zien.")
    return int(text)


def _page(visit: Visit, file: Opened, year: int, *, told: str = "") -> DaysPage:
    frame = visit.frame()
    practice, problems = practice_editing.read(file.text)
    if file.unreadable or practice is None:
        why = file.unreadable or sentence(problems[0].told(visit.language))
        return DaysPage(frame=frame, mark="", year=year, unreadable=why)
    return DaysPage(
        frame=frame,
        mark=visit.field("mark") or file.mark,
        year=year,
        today=visit.services.clock.now().astimezone(frame.zone).date(),
        months=closed_days.year_of(practice, year, visit.language),
        closed=closed_days.closed_in_order(practice),
        holidays=closed_days.holidays_of(practice, year),
        own_days=closed_days.own_days(practice),
        waiting=_waits(visit, practice),
        typed={name: visit.field(name) for name in ("from", "to", "note")} if told else {},
        told=told,
    )


def _waits(visit: Visit, practice: Practice) -> bool:
    """Does the file say other days than what is published, and counts now?"""
    try:
        with visit.services.database.reading() as session:
            _, live = visit.services.published.live_practice(session)
    except UnavailableError:
        return True
    return (live.closed, live.holidays, live.opening_days) != (
        practice.closed,
        practice.holidays,
        practice.opening_days,
    )
