"""The list of leads: filtered by GET; searched by POST, so that an address stands in no URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from babel.numbers import format_decimal
from sqlmodel import Session
from starlette.responses import Response

from service.domain.calendar import Calendar
from service.domain.lead import normalise_address
from service.errors import InvalidInputError, UnavailableError
from service.flows.services import Services
from service.store import enrolments, lead_list, leads, suppressions
from service.store.tables import Enrolment, Lead
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.leads.views import LeadsPage, Row, Run
from service.web.studio.leads.wanted import Asked, read, sealed, wanted
from service.web.studio.seen import lead_name

LEADS = "/studio/leads"
A_PAGE = 50
_LONGEST = 254


def show(visit: Visit) -> Response:
    """`GET /studio/leads`; `?before=` the number that the next page begins before."""
    before = visit.query("before")
    if before and number_of(before) is None:
        raise InvalidInputError("there is no such page of the list", "Die pagina van de lijst is er niet.")
    return rendering.render(_page(visit, before=number_of(before)))


def search(visit: Visit) -> Response:
    """`POST /studio/leads`: by number, or for who may see addresses by an address or how it begins."""
    typed = visit.field("q").strip()
    number = number_of(typed.removeprefix("#"))
    if not typed:
        return see(LEADS)
    if number is not None:
        with visit.services.database.reading() as session:
            known = session.get(Lead, number) is not None
        none = _nothing(visit, typed, f"Er is geen lead met nummer {number}.", f"There is no lead {number}.")
        return see(f"{LEADS}/{number}") if known else none
    if not visit.me.sees_addresses:
        return _nothing(visit, "", "Zoek op het nummer van een lead.", "Search by the number of a lead.", status=422)
    return _by_address(visit, typed)


def _by_address(visit: Visit, typed: str) -> Response:
    """Straight to the lead where it is a whole address; else the list of those that begin so."""
    if len(typed) > _LONGEST or not typed.isprintable():
        return _nothing(visit, "", "Dat is geen adres.", "That is no address.", status=422)
    with visit.services.database.reading() as session:
        lead = _exact(session, typed)
    return see(f"{LEADS}/{lead.id}") if lead else see(Asked(search=sealed(visit, typed.lower())).link())


def number_of(text: str) -> int | None:
    """A number of a lead as it stands in a URL; None for anything else."""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else None


def calendar_of(session: Session, services: Services) -> Calendar | None:
    """The practice's calendar; None before anything is published, when there are no leads either."""
    try:
        return services.published.calendar(session)
    except UnavailableError:
        return None


def titles(session: Session, services: Services) -> dict[str, str]:
    """name -> title, of every sequence there ever was; what is not live any more goes by its name."""
    live = {each.sequence.name: each.sequence.title for each in services.published.live_sequences(session)}
    return {name: live.get(name, name) for name in lead_list.sequences(session)}


def _exact(session: Session, typed: str) -> Lead | None:
    try:
        return leads.by_address(session, normalise_address(typed))
    except InvalidInputError:
        return None


def _nothing(visit: Visit, typed: str, dutch: str, english: str, *, status: int = 200) -> Response:
    told = dutch if visit.language == "nl" else english
    return rendering.render(_page(visit, told=told, searched=typed, unasked=True), status=status)


def _page(
    visit: Visit,
    *,
    before: int | None = None,
    told: str = "",
    searched: str = "",
    unasked: bool = False,
) -> LeadsPage:
    frame, services, now = visit.frame(), visit.services, visit.services.clock.now()
    with services.database.reading() as session:
        named, calendar = titles(session, services), calendar_of(session, services)
        asked = Asked() if unasked else read(visit, visit.query, named, calendar)
        found = lead_list.page(
            session, wanted(asked, calendar), before=before, limit=A_PAGE, now=now, hmac=services.hmac
        )
        rows = _rows(session, visit, found.leads, named)
        total, counts = lead_list.count(session), lead_list.count_by_stand(session, now)
    locale = "nl" if visit.language == "nl" else "en_GB"
    return LeadsPage(
        practice=None,
        frame=frame,
        rows=rows,
        asked=asked,
        older=found.older,
        looked_on=found.looked_on,
        is_first=before is None,
        total=format_decimal(total, locale=locale),
        counts={stand: format_decimal(counts.get(stand, 0), locale=locale) for stand in lead_list.STANDS},
        shares=_shares(counts),
        sequences=tuple(named.items()),
        searched=searched or asked.prefix,
        told=told,
    )


def _shares(counts: Mapping[str, int]) -> dict[str, int]:
    """Where a hundred runs would stand; what there is at all is at least one."""
    every = sum(counts.values()) or 1
    return {stand: max(1, round(100 * counts[stand] / every)) for stand in lead_list.STANDS if counts.get(stand, 0) > 0}


def _rows(session: Session, visit: Visit, found: tuple[Lead, ...], named: Mapping[str, str]) -> tuple[Row, ...]:
    services, now = visit.services, visit.services.clock.now()
    ids = [each.id for each in found]
    runs, asked = lead_list.runs_of(session, ids), lead_list.asked(session, ids)
    booked = lead_list.booked(session, ids)
    hashes = {each.id: services.hmac(each.address) for each in found}
    blocked = suppressions.of(session, hashes.values())

    def stand(run: Enrolment) -> str:
        waits = run.state in enrolments.OPEN and run.paused_until is not None and run.paused_until > now
        return "paused" if waits else run.state

    return tuple(
        Row(
            number=each.id,
            shown=lead_name(each, visit.me),
            since=each.created_at,
            runs=tuple(
                Run(title=named.get(run.sequence, run.sequence), stand=stand(run)) for run in runs.get(each.id, [])
            ),
            open_request=asked.get(each.id),
            booked=each.id in booked,
            suppressed=any(rule.until is None or rule.until > now for rule in blocked.get(hashes[each.id], [])),
        )
        for each in found
    )
