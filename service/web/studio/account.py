"""One's own account: password, language, the second step at log-in, and the browsers one is logged in with."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.errors import InvalidInputError, RefusedError
from service.flows import staff, staff_login, staff_secrets, staff_sessions, studio_settings
from service.web.studio import cookies, passwords, rendering
from service.web.studio.doors import Visit, see
from service.web.studio.views import AccountPage, Browser

ACCOUNT = "/studio/account"
DONE = ("password", "language", "ended", "code-off")


def show(visit: Visit) -> Response:
    """`GET /studio/account`; `?done=` says what was just done."""
    done = visit.query("done")
    if done and done not in DONE:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    return rendering.render(_page(visit, done=done))


async def change_password(visit: Visit) -> Response:
    """`POST /studio/account/password`: the old one, and the new one twice. Every other session ends."""
    wrong = await run_in_threadpool(_wrong_with, visit)
    if wrong is not None:
        return await run_in_threadpool(_refused, visit, wrong)
    asked = await passwords.asked_again(visit)
    if asked is None:
        return await run_in_threadpool(_refused, visit, passwords.told_wrong(visit))
    kept = await visit.hashing.run(staff_secrets.hash_password, visit.field("password"))

    def change() -> str:
        with visit.services.database.transaction() as session:
            return staff_login.change_password(
                session, visit.services, visit.me, asked, kept, agent=visit.agent, now=visit.now
            )

    token = await run_in_threadpool(change)
    return cookies.give(see(f"{ACCOUNT}?done=password"), visit.services, token)


async def turn_code_off(visit: Visit) -> Response:
    """`POST /studio/account/code/off`, with the password once more."""
    if await run_in_threadpool(_must_have_step, visit):
        raise RefusedError(
            "everybody must have a second step here; an admin settled that",
            "Een beheerder heeft de tweede stap voor iedereen verplicht. Hij blijft dus aan.",
        )
    asked = await passwords.asked_again(visit)
    if asked is None:
        page = await run_in_threadpool(lambda: _page(visit, code_told=passwords.told_wrong(visit)))
        return rendering.render(page, status=422)

    def turn_off() -> str:
        with visit.services.database.transaction() as session:
            return staff_login.turn_code_off(session, visit.services, visit.me, asked, agent=visit.agent, now=visit.now)

    token = await run_in_threadpool(turn_off)
    return cookies.give(see(f"{ACCOUNT}?done=code-off"), visit.services, token)


def change_language(visit: Visit) -> Response:
    """`POST /studio/account/language`."""
    chosen = visit.field("language")
    if chosen not in {"nl", "en"}:
        raise InvalidInputError("choose Dutch or English", "Kies Nederlands of Engels.")
    with visit.services.database.transaction() as session:
        staff.speak(session, visit.me.id, "nl" if chosen == "nl" else "en")
    return see(f"{ACCOUNT}?done=language")


def end_session(visit: Visit) -> Response:
    """`POST /studio/account/session`: end one of one's own, or all but this one."""
    with visit.services.database.transaction() as session:
        if visit.field("session") == "others":
            staff_sessions.end_others(session, visit.me)
        elif (number := visit.field("session")).isascii() and number.isdigit() and len(number) < 10:
            staff_sessions.end(session, visit.me, int(number))
    return see(f"{ACCOUNT}?done=ended")


def _wrong_with(visit: Visit) -> str | None:
    """Why the new password will not do."""
    with visit.services.database.reading() as session:
        person = staff.person(session, visit.me.id)
    try:
        staff_login.check_new_password(person, visit.field("password"), visit.field("again"))
    except InvalidInputError as error:
        return visit.words(error)
    return None


def _must_have_step(visit: Visit) -> bool:
    with visit.services.database.reading() as session:
        return studio_settings.read(session).second_step


def _refused(visit: Visit, told: str) -> Response:
    return rendering.render(_page(visit, told=told), status=422)


def _page(visit: Visit, *, done: str = "", told: str = "", code_told: str = "") -> AccountPage:
    with visit.services.database.reading() as session:
        person = staff.person(session, visit.me.id)
        must_have_step = studio_settings.read(session).second_step
        browsers = tuple(
            Browser(
                id=each.id,
                agent=each.agent,
                began=each.created_at,
                seen=each.seen_at,
                is_this=each.id == visit.me.session_id,
            )
            for each in staff_sessions.of(session, visit.me)
        )
    return AccountPage(
        practice=None,
        frame=visit.frame(),
        address=person.address or "",
        second_step=person.totp is not None,
        recovery_left=len(person.recovery),
        browsers=browsers,
        done=done,
        told=told,
        code_told=code_told,
        must_have_step=must_have_step,
    )
