"""What leaves the studio about leads, each time noted in the audit log: an export, a receipt, the list as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from starlette.responses import Response, StreamingResponse

from service.errors import InvalidInputError, NotFoundError
from service.flows import export_page, receipts, staff_acts
from service.flows.export import export
from service.store import events, lead_list, leads
from service.store.lead_list import Wanted
from service.web import pages
from service.web.receipt_page import ReceiptPage, agreed
from service.web.studio.doors import Visit
from service.web.studio.leads import cells
from service.web.studio.leads.listing import calendar_of, titles
from service.web.studio.leads.one import asked_for
from service.web.studio.leads.wanted import read, wanted

SHAPES = ("view", "html", "json")
_A_STRETCH = 500
_NAMES: Mapping[str, str] = MappingProxyType({"search": "searched", "stand": "state"})
_HTML, _JSON = "text/html; charset=utf-8", "application/json"


def take_export(visit: Visit) -> Response:
    """`POST /studio/leads/{lead}/export`: all that is held about her, to look at, as a page, or as JSON."""
    shape, number, services = _shape(visit), asked_for(visit), visit.services
    now = services.clock.now()
    with services.database.transaction() as session:
        lead = staff_acts.still(session, services, number, visit.field("mark"), as_seen=False)
        events.audit(session, visit.me.actor, "lead exported", now, lead=lead.id, shape=shape)
    with services.database.reading() as session:
        still = leads.by_public_id(session, lead.public_id)  # by now her number may be another's
        if still is None:
            raise NotFoundError("this lead was erased", "Deze lead is gewist.")
        held = export(session, services, still, now)
    if shape == "view":
        return pages.document(export_page.readable(held), export_page.policy())
    if shape == "html":
        return _file(export_page.readable(held), _HTML, f"lead-{number}.html")
    return _file(json.dumps(held.as_json(), ensure_ascii=False, indent=2), _JSON, f"lead-{number}.json")


def take_receipt(visit: Visit) -> Response:
    """`POST /studio/leads/{lead}/receipt`: the proof of her consents, as a page to print or as JSON."""
    shape, number, services = _shape(visit), asked_for(visit), visit.services
    now = services.clock.now()
    with services.database.transaction() as session:
        lead = staff_acts.still(session, services, number, visit.field("mark"), as_seen=False)
        found = receipts.of_lead(session, lead.id)
        _, practice = services.published.live_practice(session)
        zone = services.published.calendar(session).zone
        events.audit(session, visit.me.actor, "consent receipt made", now, lead=lead.id)
    page = ReceiptPage(
        practice=practice, lead=lead.id, address=lead.address, agreed=agreed(found), made_at=now, zone=zone
    )
    if shape == "json":
        return _file(page.json(found), _JSON, f"toestemming-lead-{number}.json")
    return _file(page.html(), _HTML, f"toestemming-lead-{number}.html")


def take_list(visit: Visit) -> Response:
    """`POST /studio/leads.csv`: every lead of the list as it was filtered, for a spreadsheet; sent as it is read."""
    services, now = visit.services, visit.services.clock.now()
    with services.database.transaction() as session:
        named, calendar = titles(session, services), calendar_of(session, services)
        asked = read(visit, visit.field, named, calendar)
        told = {_NAMES.get(name, name): _told(name, value) for name, value in asked.fields.items()}
        events.audit(session, visit.me.actor, "leads written to a file", now, **told)
    day = calendar.local_day(now) if calendar else now.date()
    return StreamingResponse(
        _lines(visit, wanted(asked, calendar), named),
        media_type="text/csv; charset=utf-8",
        headers=_kept_nowhere(f"leads-{day.isoformat()}.csv"),
    )


def _told(name: str, value: str) -> str | bool:
    """A filter as the audit log keeps it: never what was searched for."""
    return True if value == "1" or name == "search" else value


def _lines(visit: Visit, asked: Wanted, named: dict[str, str]) -> Iterator[str]:
    """The file in pieces, each read by itself: no transaction stands open for as long as a download takes."""
    services, now, zone = visit.services, visit.services.clock.now(), visit.frame().zone
    yield "\ufeff" + _written([cells.heads(visit.language)])
    before: int | None = None
    while True:
        with services.database.reading() as session:
            found = lead_list.page(session, asked, before=before, limit=_A_STRETCH, now=now, hmac=services.hmac)
            rows = cells.rows(session, services, found.leads, named=named, zone=zone, now=now, language=visit.language)
        yield _written(rows)
        if found.older is None:
            return
        before = found.older


def _written(rows: list[list[str]]) -> str:
    """As Dutch spreadsheets open it by a double click: semicolons, and CRLF (RFC 4180)."""
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(
        [[cells.harmless(each) for each in row] for row in rows]
    )
    return written.getvalue()


def _shape(visit: Visit) -> str:
    shape = visit.field("shape")
    if shape not in SHAPES:
        raise InvalidInputError("there is no such file", "Dat bestand is er niet.")
    return shape


def _file(data: str, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers=_kept_nowhere(name))


def _kept_nowhere(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
