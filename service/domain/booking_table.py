"""A CSV file of appointments, as agendas and patient systems write it: read as a whole, every problem with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Literal

from service.domain.calendar import Calendar
from service.domain.lead import normalise_address
from service.domain.wording import joined
from service.errors import InvalidInputError, Problem

Column = Literal["email", "at", "id", "status"]
State = Literal["booked", "cancelled"]
COLUMNS: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        "email": (
            "email",
            "e-mail",
            "mail",
            "emailadres",
            "e-mailadres",
            "mailadres",
            "email address",
            "e-mail address",
        ),
        "at": ("at", "date", "starts_at", "start", "datum", "datum en tijd", "begin", "afspraak", "start time"),
        "id": ("id", "uid", "number", "nummer", "kenmerk", "afspraaknummer"),
        "status": ("status", "state", "toestand"),
    }
)
"""The names a column may have, in small letters; the first is the one to write."""
_BOOKED = ("", "booked", "accepted", "active", "confirmed", "geboekt", "gepland", "bevestigd")
_CANCELLED = ("cancelled", "canceled", "geannuleerd", "afgezegd", "vervallen")
STATES: Mapping[str, State] = MappingProxyType(
    {**dict.fromkeys(_BOOKED, "booked"), **dict.fromkeys(_CANCELLED, "cancelled")}
)
_DUTCH_DATE = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?:,? +(\d{1,2})[:.](\d{2})(?::\d{2})?)?")
_YEARS = range(2000, 2201)
_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,255}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One appointment in the file. `at` is its moment in UTC, where one is given; `line` counts from 1."""

    line: int
    address: str
    at: datetime | None
    id: str | None
    state: State


def read(data: bytes, file: str, calendar: Calendar) -> tuple[list[Row], list[Problem]]:
    """The rows that can be read, and every problem. A time without an offset is the practice's own.

    UTF-8, with or without a byte order mark, or else Windows-1252; columns by `;` or `,`, in any order, and others are
    left alone. No problem repeats what stands in a cell: those are people's addresses.
    """
    text = _decoded(data)
    if text is None:
        return [], [
            _problem(
                "csv-encoding",
                file,
                None,
                "this is no text; save it as CSV UTF-8",
                "dit is geen tekst; bewaar het als CSV UTF-8",
            )
        ]
    lines = _lines(text)
    try:
        head_line, head = next(lines, (1, []))
        columns, problems = _columns(head, file, head_line)
        if problems:
            return [], problems
        rows = [_row(cells, line, columns, len(head), file, calendar, problems) for line, cells in lines]
    except csv.Error as error:
        english = f"this is no CSV: {error}; is a quotation mark missing?"
        return [], [_problem("csv-broken", file, None, english, "dit is geen CSV; mist er een aanhalingsteken?")]
    if not rows and not problems:
        problems.append(_problem("csv-empty", file, None, "there is no appointment in it", "er staat geen afspraak in"))
    return [row for row in rows if row is not None], problems


def _decoded(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row with anything in it; a quoted cell may go over several lines."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _columns(head: list[str], file: str, line: int) -> tuple[dict[Column, int], list[Problem]]:
    found: dict[Column, int] = {}
    problems: list[Problem] = []
    for place, cell in enumerate(head):
        name = " ".join(cell.lower().split())
        column = next((each for each, names in COLUMNS.items() if name in names), None)
        if column in found:
            english = f"two columns could be `{column}`; keep one of them"
            problems.append(
                _problem("csv-twice", file, line, english, f"twee kolommen kunnen `{column}` zijn; houd er één")
            )
        elif column is not None:
            found[column] = place
    if "email" not in found:
        names = joined([f"`{name}`" for name in COLUMNS["email"][:5]], last="or")
        english = f"no column with the e-mail address; call it {names}"
        dutch = f"er is geen kolom met het e-mailadres; noem die {names.replace(' or ', ' of ')}"
        problems.append(_problem("csv-no-email", file, line, english, dutch))
    return found, problems


def _row(
    cells: list[str],
    line: int,
    columns: Mapping[Column, int],
    width: int,
    file: str,
    calendar: Calendar,
    problems: list[Problem],
) -> Row | None:
    before = len(problems)

    def cell(column: Column) -> str:
        place = columns.get(column)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def wrong(kind: str, english: str, dutch: str) -> None:
        problems.append(_problem(kind, file, line, english, dutch))

    if len(cells) > width:
        wrong(
            "csv-too-wide",
            f"{len(cells)} cells, and the head has {width}; a cell with the separator in it needs quotation marks",
            f'{len(cells)} vakken, en de kop heeft er {width}; een vak met een scheidingsteken hoort tussen "…"',
        )
        return None
    address, at = "", None
    try:
        address = normalise_address(cell("email"))
    except InvalidInputError as error:
        wrong(
            "csv-email",
            f"no e-mail address that can be used: {error.english}",
            f"geen bruikbaar e-mailadres: {error.dutch}",
        )
    try:
        at = _moment(cell("at"), calendar)
    except (ValueError, OverflowError):
        wrong(
            "csv-date",
            "that is no moment; write 2026-11-20 14:30 or 20-11-2026 14:30",
            "dat is geen moment; schrijf 2026-11-20 14:30 of 20-11-2026 14:30",
        )
    state = STATES.get(cell("status").lower())
    if state is None:
        wrong(
            "csv-status",
            "no such status; write booked or cancelled",
            "die status kennen we niet; schrijf geboekt of geannuleerd",
        )
    name = cell("id")
    if name and not _ID.fullmatch(name):
        wrong(
            "csv-id",
            "that is no number of an appointment: at most 255 signs on one line",
            "dat is geen afspraaknummer: hoogstens 255 tekens op één regel",
        )
    if len(problems) > before or state is None:
        return None
    return Row(line=line, address=address, at=at, id=name or None, state=state)


def _moment(text: str, calendar: Calendar) -> datetime | None:
    """None for an empty cell. ValueError for a year such as 0202: a slip must not pass for long ago."""
    if not text:
        return None
    moment = _read_moment(text, calendar)
    if moment.year not in _YEARS:
        raise ValueError("not of this age")
    return moment


def _read_moment(text: str, calendar: Calendar) -> datetime:
    """A day alone is its end: by then the appointment was held."""
    if found := _DUTCH_DATE.fullmatch(text):
        day = date(int(found[3]), int(found[2]), int(found[1]))
        at = time(int(found[4]), int(found[5])) if found[4] else time(23, 59)
        return calendar.instant(day, at)
    if "T" not in text and ":" not in text:
        return calendar.instant(date.fromisoformat(text), time(23, 59))
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else calendar.instant(moment.date(), moment.time())


def _problem(kind: str, file: str, line: int | None, english: str, dutch: str) -> Problem:
    return Problem(id=kind, message=english, dutch=dutch, file=file, line=line)
