"""How mail leaves: what it goes through and how that stands, a test mail, and the doctor's examination."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError, RefusedError, TooManyError
from service.flows import doctor, patients, transport_shown, trial_mail
from service.flows.finding import Finding
from service.mail.name_service import DnsResolver
from service.mail.outbound import Outcome
from service.store import events
from service.store.db import real_now
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.settings.views import MailTried, TransportPage

PATH = "/studio/settings/transport"
_PATIENCE = 60.0  # seconds: then what was found so far is shown
_ONE_AT_A_TIME = threading.Lock()
"""An examination waits for other machines, in one of the threads that answer everybody."""


def show(visit: Visit) -> Response:
    """`GET /studio/settings/transport`. It asks nobody outside."""
    return rendering.render(_page(visit))


def send(visit: Visit) -> Response:
    """`POST /studio/settings/transport/mail`: a test mail by one way out, and what the other side said."""
    services, me = visit.services, visit.me
    try:
        way = trial_mail.way_of(services, visit.field("way"))
        with services.database.transaction() as session:
            to = trial_mail.checked_recipient(visit.field("to"), trial_mail.recipients(session, services, me.id))
            trial_mail.count(session, me.id, real_now(session))
    except (InvalidInputError, NotFoundError, RefusedError, TooManyError) as error:
        return rendering.render(_page(visit, told=visit.words(error)), status=error.status)
    result = trial_mail.send(services, way, to=to, language=visit.language)
    with services.database.transaction() as session:
        trial_mail.note(session, way, result, actor=me.actor, now=visit.now)
    taken = result.outcome is Outcome.ACCEPTED
    said = " ".join(part for part in (result.enhanced or str(result.code or ""), result.text) if part)
    return rendering.render(_page(visit, sent=MailTried(to=to, taken=taken, said=said)))


def examine(visit: Visit) -> Response:
    """`POST /studio/settings/transport/doctor`: everything that `nurture doctor` looks at, with the way to mend it."""
    if visit.field("look") != "yes":
        raise InvalidInputError("press the button for it", "Druk daarvoor op de knop.")
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise TooManyError(
            "somebody is looking already; wait a moment", "Er wordt al gekeken. Wacht even.", retry_after=30
        )
    try:
        found, hurried = _found(visit)
    finally:
        _ONE_AT_A_TIME.release()
    with visit.services.database.transaction() as session:
        events.audit(session, visit.me.actor, "installation examined", visit.now)
    return rendering.render(_page(visit, findings=found, hurried=hurried))


def _found(visit: Visit) -> tuple[Sequence[Finding], bool]:
    """What was found, faults first; and whether it was cut off."""
    ends, found = time.monotonic() + _PATIENCE, []
    hurried = False
    for finding in doctor.examine(patients.of(visit.services), DnsResolver()):
        found.append(finding)
        if time.monotonic() > ends:
            hurried = True
            break
    order = ("error", "warning", "ok")
    return sorted(found, key=lambda each: order.index(each.level)), hurried


def _page(
    visit: Visit,
    *,
    sent: MailTried | None = None,
    findings: Sequence[Finding] | None = None,
    hurried: bool = False,
    told: str = "",
) -> TransportPage:
    with visit.services.database.reading() as session:
        shown = transport_shown.shown(session, visit.services, visit.now)
        recipients = trial_mail.recipients(session, visit.services, visit.me.id)
    return TransportPage(
        frame=visit.frame(),
        shown=shown,
        recipients=recipients,
        sent=sent,
        findings=findings,
        hurried=hurried,
        told=told,
    )
