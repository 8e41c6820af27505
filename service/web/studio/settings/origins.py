"""Which websites may post the forms: those of the settings, those an admin allowed, and those that were refused."""

from __future__ import annotations

from starlette.responses import Response

from service.errors import InvalidInputError, RefusedError
from service.flows import allowed_origins
from service.store import staff
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.settings.overview import refused
from service.web.studio.settings.views import OriginsPage

PATH = "/studio/settings/origins"
WHAT = ("allow", "take-back")


def show(visit: Visit) -> Response:
    """`GET /studio/settings/origins`."""
    return rendering.render(_page(visit))


def act(visit: Visit) -> Response:
    """`POST /studio/settings/origins`: allow one, or take one back that was allowed here. In force within seconds."""
    what, origin = visit.field("what"), visit.field("origin")
    if what not in WHAT:
        raise InvalidInputError("that cannot be done here", "Dat kan hier niet.")
    try:
        with visit.services.database.transaction() as session:
            if what == "allow":
                allowed_origins.allow(session, origin, actor=visit.me.actor, now=visit.now)
            else:
                allowed_origins.take_back(session, origin, actor=visit.me.actor, now=visit.now)
    except (InvalidInputError, RefusedError) as error:
        return rendering.render(_page(visit, typed=origin[:200], told=visit.words(error)), status=error.status)
    visit.services.allowed_here.look_again()
    return see(PATH)


def _page(visit: Visit, *, typed: str = "", told: str = "") -> OriginsPage:
    with visit.services.database.reading() as session:
        return OriginsPage(
            frame=visit.frame(),
            own=visit.services.base_url,
            fixed=visit.services.allowed_origins,
            allowed=allowed_origins.allowed(session),
            refused=refused(visit, session),
            names={f"studio:{number}": name for number, name in staff.names(session).items()},
            typed=typed,
            told=told,
        )
