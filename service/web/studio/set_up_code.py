"""Setting the second step up: a secret for an app, as a QR code and as text, and a first code as proof."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup
from starlette.responses import Response

from service.errors import UnavailableError
from service.flows import staff, staff_codes, staff_login
from service.web.studio import cookies, rendering
from service.web.studio.account import ACCOUNT
from service.web.studio.doors import Visit, see
from service.web.studio.views import SetUpCodePage


def show(visit: Visit) -> Response:
    """`GET /studio/account/code`: another secret each time."""
    if visit.me.second_step:
        return see(ACCOUNT)
    return rendering.render(_page(visit))


def act(visit: Visit) -> Response:
    """`POST /studio/account/code`: on, with the codes to write down; every other session ends."""
    if visit.me.second_step:
        return see(ACCOUNT)
    with visit.services.database.transaction() as session:
        on = staff_login.turn_code_on(
            session,
            visit.services,
            visit.me,
            visit.field("sealed"),
            visit.field("code"),
            agent=visit.agent,
            now=visit.now,
        )
    if on is None:
        return rendering.render(_page(visit, visit.field("sealed"), wrong=True), status=422)
    # The codes are in no other place: no going on, or they would be gone. The form of this page is the new session's.
    renewed = visit.as_renewed(on.token)
    page = SetUpCodePage(practice=None, frame=renewed.frame(), codes=tuple(on.codes))
    return cookies.give(rendering.render(page), visit.services, on.token)


def _page(visit: Visit, sealed: str | None = None, *, wrong: bool = False) -> SetUpCodePage:
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
