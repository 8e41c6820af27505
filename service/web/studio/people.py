"""Staff, for admins: who there is, inviting somebody, another role, locking out, removing."""

from __future__ import annotations

from starlette.responses import Response

from service.domain.staff import Role, StaffLanguage
from service.errors import InvalidInputError, NotFoundError, RefusedError
from service.flows import staff
from service.flows.staff import Invited
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.views import RemovePage, StaffPage

PEOPLE = "/studio/staff"
ACTIONS = ("role", "disable", "enable", "reset", "remove")


def show(visit: Visit) -> Response:
    """`GET /studio/staff`."""
    return rendering.render(_page(visit))


def invite(visit: Visit) -> Response:
    """`POST /studio/staff`: somebody new. The link is shown this once, and mailed where that is set up."""
    typed = {name: visit.field(name) for name in ("name", "address", "role", "language")}
    language: StaffLanguage = "en" if typed["language"] == "en" else "nl"
    try:
        with visit.services.database.transaction() as session:
            invited = staff.add(
                session,
                visit.services,
                address=typed["address"],
                name=typed["name"],
                role=_role(typed["role"]),
                language=language,
                actor=visit.me.actor,
                now=visit.now,
            )
    except (InvalidInputError, RefusedError) as error:
        return rendering.render(_page(visit, told=visit.words(error), typed=typed), status=422)
    visit.services.bell.ring()
    return rendering.render(_page(visit, invited=invited))


def change(visit: Visit) -> Response:
    """`POST /studio/staff/change`: one thing about one person; never about oneself, so that an admin is left."""
    action, number = visit.field("action"), visit.field("staff")
    if action not in ACTIONS or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise InvalidInputError("that cannot be done here", "Dat kan hier niet.")
    try:
        _not_oneself(visit, int(number))
        invited = _change(visit, action, int(number))
    except (InvalidInputError, NotFoundError, RefusedError) as error:
        return rendering.render(_page(visit, told=visit.words(error)), status=422)
    if invited is None:
        return see(PEOPLE)
    visit.services.bell.ring()
    return rendering.render(_page(visit, invited=invited))


def ask_to_remove(visit: Visit) -> Response:
    """`GET /studio/staff/{staff}/remove`: is it really meant? Nothing has happened yet."""
    number = visit.request.path_params["staff"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFoundError("there is nobody of that number", "er is niemand met dat nummer")
    with visit.services.database.reading() as session:
        person = staff.person(session, int(number))
    _not_oneself(visit, person.id)
    page = RemovePage(frame=visit.frame(), staff_id=person.id, name=person.name, address=person.address or "")
    return rendering.render(page)


def _not_oneself(visit: Visit, staff_id: int) -> None:
    if staff_id == visit.me.id:
        raise RefusedError(
            "ask another admin for that: you cannot change your own access",
            "Vraag dat aan een andere beheerder: je eigen toegang kun je niet veranderen.",
        )


def _change(visit: Visit, action: str, staff_id: int) -> Invited | None:
    services, actor, now = visit.services, visit.me.actor, visit.now
    with services.database.transaction() as session:
        match action:
            case "role":
                staff.give_role(session, services, staff_id, _role(visit.field("role")), actor=actor)
            case "disable":
                staff.disable(session, services, staff_id, actor=actor, now=now)
            case "enable":
                staff.enable(session, services, staff_id, actor=actor)
            case "reset":
                return staff.reset(session, services, staff_id, actor=actor, now=now)
            case "remove":
                staff.remove(session, services, staff_id, actor=actor, now=now)
    return None


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise InvalidInputError("there is no such role", "Die rol is er niet.") from None


def _page(
    visit: Visit, *, told: str = "", invited: Invited | None = None, typed: dict[str, str] | None = None
) -> StaffPage:
    with visit.services.database.reading() as session:
        people = tuple(staff.everybody(session, visit.now))
    return StaffPage(practice=None, frame=visit.frame(), people=people, told=told, invited=invited, typed=typed or {})
