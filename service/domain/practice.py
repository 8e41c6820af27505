"""The practice's own facts, as staff write them in `practice.yaml`: address, calendar, pain check, links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from service.domain.calendar import DUTCH_HOLIDAY_NAMES
from service.domain.field_hints import Asked
from service.domain.practice_fields import Address, FilledLine, Link, Logo, WebAddress, Zone
from service.domain.reading import (
    Day,
    Line,
    LineOf,
    Report,
    Value,
    Weekday,
    WrongValueError,
    did_you_mean,
    in_dutch,
    items,
    mapping,
)
from service.errors import Problem

_LONGEST_CLOSURE = timedelta(days=366)
_TOO_LONG = Asked(
    english="it is longer than a year, and every mail would wait; check the years",
    dutch="het duurt langer dan een jaar, en zo lang wacht elke mail; kijk de jaartallen na",
)


_A_LINE = "one line of text"
_EEN_REGEL = in_dutch("tekst op één regel")
_A_LINK = 'an address that starts with https://, or "" for none'
_EEN_ADRES = in_dutch('een adres dat begint met https://, of "" als er geen is')


class Closed(Value):
    """Days on which the practice is closed, first and last included; written as a date or as from, to and note."""

    first: Day = Field(
        alias="from",
        description="a date, such as 2026-07-27",
        json_schema_extra=in_dutch("een datum, zoals 2026-07-27"),
    )
    last: Day = Field(
        alias="to", description="a date, such as 2026-08-07", json_schema_extra=in_dutch("een datum, zoals 2026-08-07")
    )
    note: Line = Field(default="", description=_A_LINE, json_schema_extra=_EEN_REGEL)

    @model_validator(mode="before")
    @classmethod
    def _one_day(cls, data: object) -> object:
        return data if isinstance(data, Mapping) else {"from": data, "to": data}

    @model_validator(mode="after")
    def _in_order(self) -> Closed:
        if self.last < self.first:
            raise WrongValueError(
                "it ends before it begins; swap `from` and `to`",
                "het einde ligt voor het begin; verwissel `from` en `to`",
                asked=Asked(english="it ends before it begins", dutch="het einde ligt voor het begin"),
            )
        if self.last - self.first > _LONGEST_CLOSURE:
            raise WrongValueError(_TOO_LONG.english, _TOO_LONG.dutch, asked=_TOO_LONG)
        return self


def _day_or_name(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise WrongValueError("that is no date and no name", "dat is geen datum en geen naam")
    return date.fromisoformat(value) if isinstance(value, str) and _is_day(value) else value


HolidayEntry = Annotated[date | str, BeforeValidator(_day_or_name)]


class Holidays(Value):
    """Exceptions to the built-in Dutch public holidays: days as dates, or holidays by their Dutch names."""

    add: tuple[HolidayEntry, ...] = Field(
        default=(),
        description="dates and names, such as `[Bevrijdingsdag]`",
        json_schema_extra=in_dutch("datums en namen, zoals `[Bevrijdingsdag]`"),
    )
    remove: tuple[HolidayEntry, ...] = Field(
        default=(),
        description="dates and names, such as `[Goede vrijdag]`",
        json_schema_extra=in_dutch("datums en namen, zoals `[Goede vrijdag]`"),
    )


class Booking(Value):
    """How a pain check is asked for: our own request form, or the practice's booking page."""

    kind: Literal["request", "link"] = Field(
        description="`request` (our own form) or `link` (your booking page)",
        json_schema_extra=in_dutch("`request` (ons eigen formulier) of `link` (je afsprakenpagina)"),
    )
    url: Link = Field(default="", description=_A_LINK, json_schema_extra=_EEN_ADRES)
    # Kept only where it is there: revisions of before, and code of before, know no such key.
    source: Literal["calcom", "calendly", "other"] | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="`calcom`, `calendly` or `other`: which agenda is behind the link, and tells us of bookings",
        json_schema_extra=in_dutch(
            "`calcom`, `calendly` of `other`: welke agenda achter de link zit en afspraken meldt"
        ),
    )

    @model_validator(mode="after")
    def _a_link_has_an_address(self) -> Booking:
        if self.kind == "link" and not self.url:
            raise WrongValueError(
                "`kind: link` needs the address of your booking page at `url:`",
                "bij `kind: link` hoort het adres van je afsprakenpagina achter `url:`",
                asked=Asked(
                    english="the address of your booking page is needed for this",
                    dutch="hier is het adres van je afsprakenpagina bij nodig",
                ),
            )
        if self.kind == "request" and self.source:
            raise WrongValueError(
                "`source:` says which agenda is behind your link; it goes with `kind: link` alone",
                "`source:` zegt welke agenda achter je link zit; dat hoort alleen bij `kind: link`",
                asked=Asked(
                    english="take `source:` out of practice.yaml first: it says which agenda is behind your page",
                    dutch="haal eerst `source:` uit practice.yaml: dat zegt welke agenda achter je pagina zit",
                ),
            )
        return self


class PainCheck(Value):
    """What stands beside every invitation, so that nobody is surprised."""

    price: Annotated[FilledLine, Asked(english="write text, such as € 95", dutch="schrijf tekst, zoals € 95")] = Field(
        description='text in quotes, such as "€ 95"',
        json_schema_extra=in_dutch('tekst tussen aanhalingstekens, zoals "€ 95"'),
    )
    duration: Annotated[
        FilledLine, Asked(english="write text, such as 60 minuten", dutch="schrijf tekst, zoals 60 minuten")
    ] = Field(description="text, such as `60 minuten`", json_schema_extra=in_dutch("tekst, zoals `60 minuten`"))
    location: FilledLine = Field(description=_A_LINE, json_schema_extra=_EEN_REGEL)
    reimbursement: FilledLine = Field(description=_A_LINE, json_schema_extra=_EEN_REGEL)
    bring: FilledLine = Field(description=_A_LINE, json_schema_extra=_EEN_REGEL)
    cancellation: FilledLine = Field(description=_A_LINE, json_schema_extra=_EEN_REGEL)


class Links(Value):
    """Pages the mails point to; "" where there is none, and then the block about it is left out."""

    article: Link = Field(default="", description=_A_LINK, json_schema_extra=_EEN_ADRES)
    video_hollow: Link = Field(default="", description=_A_LINK, json_schema_extra=_EEN_ADRES)
    video_flat: Link = Field(default="", description=_A_LINK, json_schema_extra=_EEN_ADRES)


class Practice(Value):
    """The practice that one installation serves."""

    placeholder: bool = Field(
        default=False,
        description="true while the facts are made up, else false",
        json_schema_extra=in_dutch("true zolang de gegevens verzonnen zijn, anders false"),
    )
    name: FilledLine = Field(description="the practice's name", json_schema_extra=in_dutch("de naam van de praktijk"))
    address: FilledLine = Field(
        description="street, number, postcode and town on one line",
        json_schema_extra=in_dutch("straat, nummer, postcode en plaats op één regel"),
    )
    kvk: Annotated[
        str, Asked(english="write eight digits, such as 12345678", dutch="schrijf acht cijfers, zoals 12345678")
    ] = Field(
        pattern=r"^\d{8}$",
        description='eight digits in quotes, such as "12345678"',
        json_schema_extra=in_dutch('acht cijfers tussen aanhalingstekens, zoals "12345678"'),
    )
    phone: Annotated[
        str, Asked(english="write a number, such as 020 123 45 67", dutch="schrijf een nummer, zoals 020 123 45 67")
    ] = Field(
        pattern=r"^\+?[0-9][0-9 ()-]{5,24}$",
        description='a number in quotes, such as "020 123 45 67"',
        json_schema_extra=in_dutch('een nummer tussen aanhalingstekens, zoals "020 123 45 67"'),
    )
    email: Address = Field(
        description="the practice's e-mail address", json_schema_extra=in_dutch("het e-mailadres van de praktijk")
    )
    time_zone: Zone = Field(
        default="Europe/Amsterdam",
        description="a name such as Europe/Amsterdam",
        json_schema_extra=in_dutch("een naam zoals Europe/Amsterdam"),
    )
    logo: Annotated[
        Logo,
        Asked(
            english="choose a picture that you uploaded, or write an https address",
            dutch="kies een plaatje dat je hebt geüpload, of schrijf een https-adres",
        ),
    ] = Field(
        default="",
        description='a file in media/ or an https address, or "" for none',
        json_schema_extra=in_dutch('een bestand in media/ of een https-adres, of "" als er geen is'),
    )
    staff: Annotated[
        tuple[Address, ...],
        Asked(
            english="write e-mail addresses, such as balie@praktijk.nl",
            dutch="schrijf e-mailadressen, zoals balie@praktijk.nl",
        ),
    ] = Field(
        min_length=1,
        description="e-mail addresses, such as `[balie@praktijk.nl]`",
        json_schema_extra=in_dutch("e-mailadressen, zoals `[balie@praktijk.nl]`"),
    )
    opening_days: Annotated[
        tuple[Weekday, ...], Asked(english="choose at least one day", dutch="kies minstens één dag")
    ] = Field(
        min_length=1,
        description="days, such as `[mon, tue, wed, thu, fri]`",
        json_schema_extra=in_dutch("dagen, zoals `[mon, tue, wed, thu, fri]`"),
    )
    closed: tuple[Closed, ...] = Field(
        default=(),
        description="dates, or `{from: 2026-07-27, to: 2026-08-07, note: zomersluiting}`",
        json_schema_extra=in_dutch("datums, of `{from: 2026-07-27, to: 2026-08-07, note: zomersluiting}`"),
    )
    holidays: Holidays = Field(
        default_factory=Holidays,
        description="`{add: [...], remove: [...]}`",
        json_schema_extra=in_dutch("`{add: [...], remove: [...]}`"),
    )
    booking: Booking = Field(
        description="`{kind: request}`, or `{kind: link, url: https://...}`",
        json_schema_extra=in_dutch("`{kind: request}`, of `{kind: link, url: https://...}`"),
    )
    pain_check: PainCheck = Field(
        description="price, duration, location, reimbursement, bring and cancellation",
        json_schema_extra=in_dutch("price, duration, location, reimbursement, bring en cancellation"),
    )
    links: Links = Field(
        default_factory=Links,
        description="article, video_hollow and video_flat",
        json_schema_extra=in_dutch("article, video_hollow en video_flat"),
    )
    privacy_url: Annotated[WebAddress, Field(min_length=1)] = Field(
        description="an address that starts with https://",
        json_schema_extra=in_dutch("een adres dat begint met https://"),
    )
    protected_titles: Annotated[
        tuple[FilledLine, ...],
        Asked(english="write titles, such as fysiotherapeut", dutch="schrijf titels, zoals fysiotherapeut"),
    ] = Field(
        default=(),
        description="a list, such as `[fysiotherapeut]`",
        json_schema_extra=in_dutch("een lijst, zoals `[fysiotherapeut]`"),
    )


def parse_practice(data: object, line_of: LineOf, file: str) -> tuple[Practice | None, list[Problem]]:
    """The practice in the data of practice.yaml, or None, and every problem in it."""
    report = Report(file=file, line_of=line_of)
    practice = report.read(Practice, data)
    exceptions = mapping(mapping(data).get("holidays"))
    for kind in ("add", "remove"):
        for position, each in enumerate(items(exceptions.get(kind))):
            if isinstance(each, str) and not _is_day(each) and each.strip().lower() not in DUTCH_HOLIDAY_NAMES:
                names = list(DUTCH_HOLIDAY_NAMES.values())
                meant, bedoeld = (did_you_mean(each.capitalize(), names, language) for language in ("en", "nl"))
                report.add(
                    "practice-unknown-holiday",
                    ("holidays", kind, position),
                    f"unknown holiday `{each}`; {meant}",
                    f"`{each}` is geen feestdag die we kennen; {bedoeld}",
                )
    return (None if report.failed else practice), report.problems


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
