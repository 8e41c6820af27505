"""Logging in, with a code where one is asked for, and logging out."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.domain.staff import Least
from service.flows import staff_demo, staff_login, staff_secrets, staff_sessions
from service.flows.staff_login import Asked, Entered
from service.web.studio import cookies, passwords, rendering
from service.web.studio.doors import CODE, HOME, LOGIN, Visit, see
from service.web.studio.views import CodePage, LoginPage


def show(visit: Visit) -> Response:
    """`GET /studio/login`."""
    if visit.member:
        return see(CODE if visit.member.level is Least.CODE else HOME)
    return rendering.render(LoginPage(practice=None, frame=visit.frame(), demo=_demo(visit)))


async def act(visit: Visit) -> Response:
    """`POST /studio/login`: on to the studio or to the code; the same answer for whatever else it was."""
    address, password = visit.field("address"), visit.field("password")

    def ask() -> Asked:
        with visit.services.database.transaction() as session:
            return staff_login.ask(session, visit.services, address, visit.network, visit.now)

    asked = await run_in_threadpool(ask)
    right = await passwords.is_right(visit, asked, password)
    fresh = None
    if right and asked.kept and staff_login.needs_fresh_hash(asked.kept):
        fresh = await visit.hashing.run(staff_secrets.hash_password, password)

    def enter() -> Entered | None:
        with visit.services.database.transaction() as session:
            begun = staff_login.enter(
                session, visit.services, asked, agent=visit.agent, fresh_hash=fresh, now=visit.now
            )
            if begun and visit.member:
                # Its cookie is replaced, so nobody else would end it. After the person is held, as whoever ends all of
                # their sessions does it: the other way round the two would wait for each other.
                staff_sessions.end(session, visit.member)
            return begun

    entered = await run_in_threadpool(enter) if right else None
    if entered is None:
        page = await run_in_threadpool(
            lambda: LoginPage(practice=None, frame=visit.frame(), demo=_demo(visit), address=address, wrong=True)
        )
        return rendering.render(page, status=422)
    return cookies.give(see(CODE if entered.code_to_come else HOME), visit.services, entered.token)


def _demo(visit: Visit) -> tuple[str, str] | None:
    """With what to log in to the demo; None anywhere else."""
    return staff_demo.ensure(visit.services, visit.now) if visit.services.demo else None


def show_code(visit: Visit) -> Response:
    """`GET /studio/login/code`."""
    if visit.me.level is not Least.CODE:
        return see(HOME)
    return rendering.render(CodePage(practice=None, frame=visit.frame()))


def act_code(visit: Visit) -> Response:
    """`POST /studio/login/code`: the code of now, or one that was written down."""
    if visit.me.level is not Least.CODE:
        return see(HOME)
    with visit.services.database.transaction() as session:
        made = staff_login.count_code(session, visit.services, visit.me, visit.network, visit.now)
    with visit.services.database.transaction() as session:
        token = staff_login.enter_code(
            session, visit.services, visit.me, made, visit.field("code"), agent=visit.agent, now=visit.now
        )
    if token is None:
        return rendering.render(CodePage(practice=None, frame=visit.frame(), wrong=True), status=422)
    return cookies.give(see(HOME), visit.services, token)


def log_out(visit: Visit) -> Response:
    """`POST /studio/logout`."""
    with visit.services.database.transaction() as session:
        staff_sessions.end(session, visit.me)
    return cookies.take(see(LOGIN), visit.services)
