"""What an admin settles for everybody in the studio."""

from __future__ import annotations

from starlette.responses import Response

from service.errors import InvalidInputError
from service.flows import staff, studio_settings
from service.flows.studio_settings import StudioSettings
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.settings.views import StudioSettingsPage

PATH = "/studio/settings/studio"
FIELDS = ("editors_publish", "second_step")


def show(visit: Visit) -> Response:
    """`GET /studio/settings/studio`; `?saved=yes` says that it was."""
    if visit.query("saved") not in {"", "yes"}:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    with visit.services.database.reading() as session:
        settled = studio_settings.read(session)
        people = staff.everybody(session, visit.now)
    page = StudioSettingsPage(
        frame=visit.frame(),
        editors_publish=settled.editors_publish,
        second_step=settled.second_step,
        without_step=tuple(
            each.name for each in people if each.has_password and not each.disabled and not each.second_step
        ),
        saved=visit.query("saved") == "yes",
    )
    return rendering.render(page)


def act(visit: Visit) -> Response:
    """`POST /studio/settings/studio`: the boxes that were ticked, or no longer are, since the page was shown."""
    given = {name: visit.field(name) for name in FIELDS}
    if not set(given.values()) <= {"", "yes"}:
        raise InvalidInputError("a box is ticked, or it is not", "Een vakje is aangevinkt, of niet.")
    settings = StudioSettings(**{name: value == "yes" for name, value in given.items()})
    seen = StudioSettings(**{name: name in visit.fields.get("was", ()) for name in FIELDS})
    with visit.services.database.transaction() as session:
        studio_settings.change(session, settings, seen=seen, actor=visit.me.actor, now=visit.now)
    return see(f"{PATH}?saved=yes")
