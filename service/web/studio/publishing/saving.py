"""What every save of a file of the content goes through, whichever page makes it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from service.flows.content_desk import Change
from service.store import events
from service.web.studio.doors import Visit, see


def save(visit: Visit, changes: Mapping[str, Change], *, done: str) -> Response:
    """Write these files of the content folder, note it in the audit log, and go on to the page `done`."""
    visit.desk.save(changes)
    with visit.services.database.transaction() as session:
        events.audit(session, visit.me.actor, "content saved", visit.now, files=sorted(changes))
    return see(done)
