"""The opt-in forms: what they ask, what to paste into a website, and a test."""

from __future__ import annotations

from starlette.responses import Response

from service.domain.forms import Form
from service.domain.practice import Practice
from service.errors import InvalidInputError, NotFoundError, RefusedError, TooManyError, UnavailableError
from service.flows import trial, trial_mail
from service.store import events
from service.store.db import real_now
from service.web.snippets import Place, snippets
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.settings.views import FormPage, FormsPage

PATH = "/studio/settings/forms"


def show_all(visit: Visit) -> Response:
    """`GET /studio/settings/forms`."""
    try:
        with visit.services.database.reading() as session:
            forms = tuple(visit.services.published.live_forms(session)[1].forms.values())
    except UnavailableError:
        forms = ()  # nothing is published yet
    return rendering.render(FormsPage(frame=visit.frame(), forms=forms))


def show(visit: Visit) -> Response:
    """`GET /studio/settings/forms/{form}`; `?tried=` is the lead of the test just made."""
    tried = visit.query("tried")
    if tried and not (tried.isascii() and tried.isdigit() and len(tried) < 10):
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    return rendering.render(_page(visit, tried=int(tried) if tried else None))


def act(visit: Visit) -> Response:
    """`POST /studio/settings/forms/{form}`: a test, as if somebody filled the form in, to an address of one's own."""
    services, me = visit.services, visit.me
    form, _ = _published(visit)
    answers = {
        question.name: value for question in form.questions if (value := visit.field(f"answers.{question.name}"))
    }
    try:
        with services.database.transaction() as session:
            trial_mail.count(session, me.id, real_now(session))
        with services.database.transaction() as session:
            tried = trial.submit(
                session,
                services,
                form.name,
                visit.field("to"),
                answers=answers,
                follow_up=visit.field("follow_up") == "yes",
                allowed=trial_mail.recipients(session, services, me.id),
                now=services.clock.now(),
            )
            events.audit(session, me.actor, "form tested", services.clock.now(), form=form.name, lead=tried.lead_id)
    except (InvalidInputError, RefusedError, TooManyError) as error:
        return rendering.render(_page(visit, told=visit.words(error)), status=error.status)
    services.bell.ring()
    return see(f"{PATH}/{form.name}?tried={tried.lead_id}")


def _published(visit: Visit) -> tuple[Form, Practice]:
    name = visit.request.path_params["form"]
    try:
        with visit.services.database.reading() as session:
            found = visit.services.published.live_forms(session)[1].forms.get(name)
            _, practice = visit.services.published.live_practice(session)
    except UnavailableError:
        found = None
    if found is None:
        raise NotFoundError("there is no such form", "Dat formulier is er niet.")
    return found, practice


def _page(visit: Visit, *, tried: int | None = None, told: str = "") -> FormPage:
    form, practice = _published(visit)
    services = visit.services
    at = Place(base_url=services.base_url, privacy_url=practice.privacy_url, page_url=practice.links.article)
    with services.database.reading() as session:
        recipients = trial_mail.recipients(session, services, visit.me.id)
    return FormPage(
        frame=visit.frame(),
        form=form,
        url=f"{services.base_url}/forms/{form.name}",
        snippets=snippets(form, at),
        recipients=recipients,
        tried=tried,
        told=told,
    )
