"""The practice's own facts, as a form over `practice.yaml`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from service.errors import InvalidInputError, RefusedError
from service.flows import practice_editing
from service.flows.practice_editing import FACTS
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.languages import sentence
from service.web.studio.settings.files import PRACTICE, Opened, kept, opened, raise_unless_readable
from service.web.studio.settings.views import PracticePage

PATH = "/studio/settings/practice"
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif"})
FIELDS = ("mark", *FACTS)


def show(visit: Visit) -> Response:
    """`GET /studio/settings/practice`; `?saved=yes` says that it was."""
    if visit.query("saved") not in {"", "yes"}:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    return rendering.render(_page(visit, opened(visit, PRACTICE)))


def act(visit: Visit) -> Response:
    """`POST /studio/settings/practice`: all of it, or, with what is wrong at each field, nothing."""
    before = opened(visit, PRACTICE)
    raise_unless_readable(before)
    there = practice_editing.facts(before.text)
    answers = {path: _answer(visit, path, there[path]) for path in FACTS}
    try:
        wrong = practice_editing.problems(before.text, answers)
        after = practice_editing.with_facts(before.text, answers)
    except RefusedError as error:
        return rendering.render(_page(visit, before, answers=answers, told=visit.words(error)), status=422)
    if wrong:
        told = {path: sentence(problem.at_field(visit.language)) for path, problem in wrong.items()}
        return rendering.render(_page(visit, before, answers=answers, wrong=told), status=422)
    return kept(visit, PRACTICE, before, after, done=f"{PATH}?saved=yes")


def _answer(visit: Visit, path: str, there: Sequence[str]) -> tuple[str, ...]:
    """What the form says of one fact: a line, lines, or days. Blanks at the ends and doubled ones go.

    A comma parts one line from the next as well; but not in a line that stands in the file as it is.
    """
    given = visit.fields.get(path, [])
    if FACTS[path] == "lines":
        lines = [line for each in given for line in each.splitlines()]
        given = [part for line in lines for part in ([line] if line.strip() in there else line.split(","))]
    cleaned = [" ".join(each.split()) for each in given]
    return tuple(dict.fromkeys(each for each in cleaned if each))


def _page(
    visit: Visit,
    file: Opened,
    *,
    answers: dict[str, tuple[str, ...]] | None = None,
    wrong: dict[str, str] | None = None,
    told: str = "",
) -> PracticePage:
    if file.unreadable:
        return PracticePage(frame=visit.frame(), mark="", unreadable=file.unreadable)
    return PracticePage(
        frame=visit.frame(),
        # After a refusal the mark stays that of what was seen first: who saved meanwhile is not written over.
        mark=visit.field("mark") or file.mark,
        values=answers or practice_editing.facts(file.text),
        made_up=practice_editing.still_made_up(file.text),
        wrong=wrong or {},
        pictures=_pictures(visit),
        told=told,
        saved=visit.query("saved") == "yes",
    )


def _pictures(visit: Visit) -> Sequence[str]:
    """The pictures in the folder of media, by name."""
    folder = visit.services.content_dir / "media"
    if not folder.is_dir():
        return ()
    return sorted(each.name for each in folder.iterdir() if each.suffix.lower() in _PICTURES and each.is_file())
