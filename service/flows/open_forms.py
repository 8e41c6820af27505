"""No publication may leave a form of the website without a sequence: whoever fills it in would be refused."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Rows

from sqlmodel import Session

from service.domain.forms import Forms
from service.domain.sequence import Sequence
from service.errors import Problem, ProblemsError
from service.flows.drafts import Part
from service.flows.published import NAMES
from service.flows.services import Services
from service.store import sequences


def refuse_closing(session: Session, services: Services, parts: Rows[Part]) -> None:
    """Raise ProblemsError where publishing these would leave a form without its sequence that has not been so before.

    All files of a draft fit each other; some of them alone, or an older revision, need not fit what is live.
    """
    published = {each.sequence.name: each.sequence for each in services.published.live_sequences(session)}
    row = sequences.live(session, "forms", NAMES["forms"])
    if row is None or not published:  # the first publication: nobody can fill in anything yet
        return
    forms = Forms.model_validate(row.document)
    before = _closed(forms, published.values())
    for part in parts:
        if part.kind == "sequence":
            published[part.name] = Sequence.model_validate(part.document)
        elif part.kind == "forms":
            forms = Forms.model_validate(part.document)
    closed = sorted(_closed(forms, published.values()) - before)
    if closed:
        raise ProblemsError([_problem(form, topic) for form, topic in closed])


def _closed(forms: Forms, published: Iterable[Sequence]) -> set[tuple[str, str]]:
    """Each form with a topic of it that nobody can opt in to."""
    topics = {each.topic for each in published if not each.archived}
    return {(form.name, topic) for form in forms.forms.values() for topic in form.topics() if topic not in topics}


def _problem(form: str, topic: str) -> Problem:
    return Problem(
        id="form-left-alone",
        file="forms.yaml",
        message=f"form {form} could not be sent in any more: no sequence that is open would be live for its topic "
        f"`{topic}`; publish the forms and the sequence together",
        dutch=f"formulier {form} zou niet meer verstuurd kunnen worden: er staat dan geen open reeks live voor het "
        f"topic `{topic}`; publiceer de formulieren en de reeks samen",
    )
