"""Steps changed, added, moved, taken away. What is wrong is told all at once, at its field, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import Response

from service.domain.conditions import MONTHS
from service.domain.step_words import Both, window_told
from service.domain.wording import DUTCH_MONTHS, ENGLISH_MONTHS
from service.errors import InvalidInputError, NotFoundError, NurtureError, Problem
from service.flows import sequence_editing
from service.flows import yaml_surgery as surgery
from service.flows.content_desk import Change
from service.flows.drafts import SERVICE_MAILS, Draft
from service.flows.sequence_editing import Card, OpenSequence
from service.flows.yaml_surgery import OddlyWrittenError
from service.store import enrolments
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.publishing.saving import save
from service.web.studio.sequences import shown, step_fields, timeline
from service.web.studio.sequences.choices import answer_groups
from service.web.studio.sequences.condition_fields import Fields
from service.web.studio.sequences.views import Choice, ProblemLine, StepPage

_NEW_STEP = {"wait": ["3"], "wait_unit": ["days"], "kind": ["template"], "max_late_unit": ["days"]}


def show_step(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/steps/{key}`."""
    draft, opened = timeline.opened_of(visit)
    card = _card(visit, opened)
    return rendering.render(_page(visit, draft, opened, card, typed=step_fields.fields_of(card.raw, card.step)))


def save_step(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/steps/{key}`."""
    draft, opened = timeline.opened_of(visit)
    card = _card(visit, opened)
    read = step_fields.read(visit.fields, card.raw, templates=_templates(draft), is_advice=card.position == 0)
    if read.wrong:
        return _refused(visit, draft, opened, card, read.wrong)
    try:
        text = sequence_editing.with_step(opened, card.key, read.values)
    except OddlyWrittenError as error:
        return _refused(visit, draft, opened, card, {}, shown.refusal(visit, error))
    if problems := _new_errors(visit, draft, opened, text):
        return _refused(visit, draft, opened, card, *_at_fields(visit, opened, text, card.position, problems))
    return _save(visit, opened, text, done="saved", at=card.key)


def show_new(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/new-step`; `?after=` the step it comes behind."""
    draft, opened = timeline.opened_of(visit)
    after = opened.card(visit.query("after"))
    return rendering.render(_page(visit, draft, opened, None, typed=_NEW_STEP, after=after))


def save_new(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/new-step`."""
    draft, opened = timeline.opened_of(visit)
    after = opened.card(visit.field("after"))
    read = step_fields.read(visit.fields, {}, templates=_templates(draft), is_advice=False)
    key = visit.field("key").strip() or visit.field("template")
    wrong = dict(read.wrong)
    if any(card.key == key for card in opened.cards):
        wrong["key"] = "Deze naam is al van een andere stap.", "This name is another step's."
    elif not step_fields.is_name(key):
        wrong["key"] = step_fields.NAME
    if wrong:
        return _refused(visit, draft, opened, None, wrong, after=after)
    try:
        text = sequence_editing.with_new_step(opened, after.key, {"key": key, **read.values})
    except OddlyWrittenError as error:
        return _refused(visit, draft, opened, None, {}, shown.refusal(visit, error), after=after)
    if problems := _new_errors(visit, draft, opened, text):
        told = _at_fields(visit, opened, text, after.position + 1, problems)
        return _refused(visit, draft, opened, None, *told, after=after)
    return _save(visit, opened, text, done="added", at=key)


def move(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/move`: the step `key` to the place `to`, counted from the advice at 0."""
    draft, opened = timeline.opened_of(visit)
    key, to = visit.field("key"), visit.field("to")
    if not (to.isascii() and to.isdigit() and len(to) < 4):
        raise InvalidInputError("that is no place in the sequence", "Dat is geen plek in de reeks.")
    try:
        text = sequence_editing.moved(opened, key, int(to))
    except NotFoundError:
        raise
    except NurtureError as error:
        return _not_done(visit, draft, opened, error=error)
    if problems := _new_errors(visit, draft, opened, text):
        return _not_done(visit, draft, opened, problems=problems)
    return _save(visit, opened, text, done="moved", at=key)


def remove(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/steps/{key}/remove`."""
    draft, opened = timeline.opened_of(visit)
    key = str(visit.request.path_params["key"])
    try:
        text = sequence_editing.without_step(opened, key)
    except NotFoundError:
        raise
    except NurtureError as error:
        return _not_done(visit, draft, opened, error=error)
    if problems := _new_errors(visit, draft, opened, text):
        return _not_done(visit, draft, opened, problems=problems)
    return _save(visit, opened, text, done="removed", at="")


def _card(visit: Visit, opened: OpenSequence) -> Card:
    return opened.card(str(visit.request.path_params["key"]))


def _new_errors(visit: Visit, draft: Draft, opened: OpenSequence, text: str) -> list[Problem]:
    with visit.services.database.reading() as session:
        return sequence_editing.new_errors(session, draft, opened, text)


def _save(visit: Visit, opened: OpenSequence, text: str, *, done: str, at: str) -> Response:
    place = f"#stap-{quote(at)}" if at else ""
    change = Change(data=opened.bytes_of(text), seen=visit.field("seen"))
    return save(visit, {opened.file: change}, done=f"{timeline.ROOM}/{opened.name}?done={done}{place}")


def _not_done(
    visit: Visit,
    draft: Draft,
    opened: OpenSequence,
    *,
    error: NurtureError | None = None,
    problems: list[Problem] | None = None,
) -> Response:
    page = timeline.page_of(visit, draft, opened, error=error, refused=problems or ())
    return rendering.render(page, status=422)


def _at_fields(
    visit: Visit, opened: OpenSequence, text: str, position: int, problems: list[Problem]
) -> tuple[dict[str, Both], tuple[ProblemLine, ...]]:
    """Problems by the field of the form that they are about, and those that are about none."""
    lines = sequence_editing.lines_of_step(opened, text, position)
    wrong: dict[str, Both] = {}
    rest = []
    for problem in problems:
        key = next((key for key, line in lines.items() if line == problem.line and key not in wrong), None)
        if key is None:
            rest.append(problem)
        else:
            wrong[key] = problem.dutch or problem.message, problem.message
    return wrong, shown.problem_lines(visit, rest)


def _refused(
    visit: Visit,
    draft: Draft,
    opened: OpenSequence,
    card: Card | None,
    wrong: Mapping[str, Both],
    problems: tuple[ProblemLine, ...] = (),
    *,
    after: Card | None = None,
) -> Response:
    page = _page(visit, draft, opened, card, typed=visit.fields, wrong=wrong, problems=problems, after=after)
    return rendering.render(page, status=422)


def _page(
    visit: Visit,
    draft: Draft,
    opened: OpenSequence,
    card: Card | None,
    *,
    typed: Fields,
    wrong: Mapping[str, Both] | None = None,
    problems: tuple[ProblemLine, ...] = (),
    after: Card | None = None,
) -> StepPage:
    position = card.position if card else after.position + 1 if after else 0
    raw = card.raw if card else {}
    waiting = 0
    if card is not None:
        with visit.services.database.reading() as session:
            waiting = enrolments.waiting(session).get(opened.name, {}).get(("active", card.key), 0)
    kept: dict[str, str] = {
        kind: surgery.flow(raw[kind]) for kind in step_fields.CONDITIONS if typed.get(f"{kind}_keep") and kind in raw
    }
    if step_fields.has_more_variants(raw):
        kept["variants"] = surgery.flow(raw["variants"])
    names = DUTCH_MONTHS if visit.language == "nl" else ENGLISH_MONTHS
    return StepPage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=visit.field("seen") or opened.mark,
        typed=typed,
        wrong={name: shown.say(visit, each) for name, each in (wrong or {}).items()},
        problems=problems,
        key=card.key if card else "",
        after=after.key if after else "",
        is_advice=position == 0,
        first_follow_up=position == 1,
        confirmation=str(opened.rules.get("confirmation", "double")),
        window=shown.say(visit, window_told(opened.window)) if opened.window else "",
        templates=tuple(sorted({*_templates(draft), *_named(typed)})),
        answers=answer_groups(visit, draft.content.forms, typed, [f"{kind}_answer" for kind in step_fields.CONDITIONS]),
        earlier=tuple(each.key for each in opened.cards[:position] if each.position or each.key in _said_sent(typed)),
        months=tuple(Choice(value=month, label=name) for month, name in zip(MONTHS, names, strict=True)),
        kept=kept,
        waiting=waiting,
        rows=step_fields.rows_of(typed),
    )


def _named(typed: Fields) -> list[str]:
    """Mails that a step names though their files are not there: they stay to be chosen, and are told as wrong."""
    fields = ["template", *(f"variant_template_{number}" for number in step_fields.VARIANTS)]
    return [each for name in fields for each in typed.get(name, ()) if step_fields.is_name(each)]


def _said_sent(typed: Fields) -> set[str]:
    """The steps that its conditions name: also the advice, which is told as wrong there and offered to nobody else."""
    return {each for kind in step_fields.CONDITIONS for each in typed.get(f"{kind}_sent", ())}


def _templates(draft: Draft) -> list[str]:
    """The mails that a step may send: not those of the service itself."""
    found = {each.removesuffix(".md") for each in draft.content.templates if each.endswith(".md") and "/" not in each}
    return sorted(each for each in found if not each.startswith("_") and each not in SERVICE_MAILS)
