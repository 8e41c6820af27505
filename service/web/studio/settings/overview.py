"""The settings at a glance: a card a subject, each with how it stands."""

from __future__ import annotations

from datetime import date, timedelta

from sqlmodel import Session
from starlette.responses import Response

from service.domain.practice import Closed, Practice
from service.errors import UnavailableError
from service.flows import (
    allowed_origins,
    closed_days,
    consent_texts,
    practice_editing,
    refused_origins,
    studio_settings,
    transport_shown,
)
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.settings.files import FORMS, PRACTICE, opened
from service.web.studio.settings.views import OverviewPage

SETTINGS = "/studio/settings"
REFUSED_SHOWN = timedelta(days=30)


def show(visit: Visit) -> Response:
    """`GET /studio/settings`."""
    practice_file, forms_file = opened(visit, PRACTICE), opened(visit, FORMS)
    practice, _ = practice_editing.read(practice_file.text)
    made_up = practice_editing.still_made_up(practice_file.text) if not practice_file.unreadable else frozenset()
    drafted, _ = consent_texts.drafted(forms_file.text)
    frame = visit.frame()
    with visit.services.database.reading() as session:
        settled = studio_settings.read(session)
        wordings = consent_texts.history(session)
        live = [each for each in wordings if each.live]
        page = OverviewPage(
            frame=frame,
            made_up=len(made_up),
            broken=practice is None,
            next_closed=_next_closed(practice, visit.services.clock.now().date()),
            forms=_forms(visit, session),
            refused=len(refused(visit, session)),
            allowed=len(allowed_origins.allowed(session)) + len(visit.services.allowed_origins),
            version=live[0].version if live else "",
            reworded=drafted is not None
            and any(consent_texts.is_changed(form.consent, wordings, name) for name, form in drafted.forms.items()),
            way=transport_shown.state_of(session, visit.services),
            second_step=settled.second_step,
            editors_publish=settled.editors_publish,
        )
    return rendering.render(page)


def refused(visit: Visit, session: Session) -> list[refused_origins.RefusedOrigin]:
    """Websites that were refused lately and are not allowed since."""
    allowed = {*visit.services.allowed_origins, *(each.origin for each in allowed_origins.allowed(session))}
    lately = refused_origins.known(session, visit.now.date() - REFUSED_SHOWN)
    return [each for each in lately if each.origin not in allowed]


def _next_closed(practice: Practice | None, today: date) -> Closed | None:
    if practice is None:
        return None
    return next((each for each in closed_days.closed_in_order(practice) if each.last >= today), None)


def _forms(visit: Visit, session: Session) -> int:
    try:
        return len(visit.services.published.live_forms(session)[1].forms)
    except UnavailableError:
        return 0
