"""A link by which somebody sets their first password, or another one after a reset: GET shows, POST sets."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.errors import InvalidInputError
from service.flows import staff_login, staff_secrets
from service.store.staff_tables import Staff
from service.web.studio import cookies, rendering
from service.web.studio.doors import HOME, Visit, see
from service.web.studio.views import InvitationPage


def show(visit: Visit) -> Response:
    """`GET /studio/invitation/{token}`; 404 for one that is unknown, used or over, all alike."""
    return rendering.render(_page(visit, _whom(visit)))


async def act(visit: Visit) -> Response:
    """`POST /studio/invitation/{token}`: the password is set, and whoever set it is in."""
    person = await run_in_threadpool(_whom, visit)
    password = visit.field("password")
    try:
        staff_login.check_new_password(person, password, visit.field("again"))
    except InvalidInputError as error:
        page = await run_in_threadpool(_page, visit, person, visit.words(error))
        return rendering.render(page, status=422)
    kept = await visit.hashing.run(staff_secrets.hash_password, password)

    def accept() -> str:
        with visit.services.database.transaction() as session:
            return staff_login.accept(session, visit.services, _token(visit), kept, agent=visit.agent, now=visit.now)

    return cookies.give(see(HOME), visit.services, await run_in_threadpool(accept))


def _whom(visit: Visit) -> Staff:
    with visit.services.database.reading() as session:
        return staff_login.invited(session, _token(visit), visit.now)


def _page(visit: Visit, person: Staff, told: str = "") -> InvitationPage:
    return InvitationPage(
        practice=None,
        frame=visit.frame(),
        name=person.name,
        address=person.address or "",
        token=_token(visit),
        told=told,
    )


def _token(visit: Visit) -> str:
    return str(visit.request.path_params["token"])
