"""Setting the second step up: a secret for an app, as a QR code and as text, and a first code as proof."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.errors import UnavailableError
from service.flows import staff, staff_codes, staff_login
from service.flows.staff_login import Asked
from service.web.studio import cookies, passwords, rendering
from service.web.studio.account import ACCOUNT
from service.web.studio.doors import Visit, see
from service.web.studio.views import SetUpCodePage


def show(visit: Visit) -> Response:
    """`GET /studio/account/code`: another secret each time."""
    if visit.me.second_step:
        return see(ACCOUNT)
    return rendering.render(_page(visit))


async def act(visit: Visit) -> Response:
    """`POST /studio/account/code`: on, with the codes to write down; every other session ends.

    With the password once more (OWASP ASVS 5.0, 7.5.1): whoever finds a browser open would else keep its owner out.
    """
    if visit.me.second_step:
        return see(ACCOUNT)
    asked = await passwords.asked_again(visit)
    return await run_in_threadpool(_turn_on, visit, asked)


def _turn_on(visit: Visit, asked: Asked | None) -> Response:
    sealed = visit.field("sealed")
    if asked is None:
        return rendering.render(_page(visit, sealed, told=passwords.told_wrong(visit)), status=422)
    with visit.services.database.transaction() as session:
        on = staff_login.turn_code_on(
            session,
            visit.services,
            visit.me,
            asked,
            sealed,
            visit.field("code"),
            agent=visit.agent,
            now=visit.now,
        )
    if on is None:
        return rendering.render(_page(visit, sealed, wrong=True), status=422)
    # The codes are in no other place: no going on, or they would be gone. The form of this page is the new session's.
    renewed = visit.as_renewed(on.token)
    page = SetUpCodePage(practice=None, frame=renewed.frame(), codes=tuple(on.codes))
    return cookies.give(rendering.render(page), visit.services, on.token)


def _page(visit: Visit, sealed: str | None = None, *, wrong: bool = False, told: str = "") -> SetUpCodePage:
    with visit.services.database.reading() as session:
        person = staff.person(session, visit.me.id)
        try:
            issuer = visit.services.published.live_practice(session)[1].name
        except UnavailableError:
            issuer = "nurture"
    offer = staff_codes.offer(visit.services, person, issuer, sealed)
    return SetUpCodePage(
        practice=None,
        frame=visit.frame(),
        qr=_drawn(offer.uri),
        secret=" ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        sealed=offer.sealed,
        wrong=wrong,
        told=told,
    )


def _drawn(uri: str) -> Markup:
    """The QR code as SVG within the page: dark on white also where the page is dark, or no phone could read it."""
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        light="#fff",
        dark="#000",
        border=4,
        omitsize=True,
        lineclass=None,
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by us, of squares alone
