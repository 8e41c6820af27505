"""What holds for a whole sequence, as a form; and the file itself, as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from starlette.responses import Response

from service.domain.reading import WEEKDAYS, mapping
from service.domain.step_words import Both
from service.domain.waits import Wait
from service.errors import Problem
from service.flows import sequence_editing
from service.flows.content_desk import Change
from service.flows.content_yaml import Data
from service.flows.drafts import Draft
from service.flows.sequence_editing import OpenSequence
from service.flows.yaml_surgery import OddlyWrittenError
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.publishing.saving import save
from service.web.studio.sequences import shown, step_fields, timeline
from service.web.studio.sequences.condition_fields import CHOOSE, Fields
from service.web.studio.sequences.views import Choice, ProblemLine, RulesPage, TextPage

CONFIRMATIONS = ("double", "single")
RULES_FIELDS: Mapping[str, Sequence[str]] = {
    "seen": (),
    "title": (),
    "day": WEEKDAYS,
    "from": (),
    "to": (),
    "holidays": ("1",),
    "confirmation": CONFIRMATIONS,
    "booked": ("1",),
    "again": (),
    "again_unit": step_fields.UNITS,
}
TEXT_FIELDS: Mapping[str, Sequence[str]] = {"seen": (), "text": (), "anyway": ("1",)}
LARGEST = 1024 * 1024
"""Of the file's text in a form, in which many a character takes three."""
_AGAIN_UNSAID = "180 days"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TIME: Both = "Schrijf een tijd als 09:00.", "Write a time such as 09:00."
_DAYS: dict[str, Both] = {
    "mon": ("maandag", "Monday"),
    "tue": ("dinsdag", "Tuesday"),
    "wed": ("woensdag", "Wednesday"),
    "thu": ("donderdag", "Thursday"),
    "fri": ("vrijdag", "Friday"),
    "sat": ("zaterdag", "Saturday"),
    "sun": ("zondag", "Sunday"),
}


def show_rules(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/rules`."""
    _, opened = timeline.opened_of(visit)
    return rendering.render(_rules_page(visit, opened, _fields_of(opened)))


def save_rules(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/rules`."""
    draft, opened = timeline.opened_of(visit)
    wrong: dict[str, Both] = {}
    values, window = _read(visit, opened, wrong)
    if wrong:
        return rendering.render(_rules_page(visit, opened, visit.fields, wrong), status=422)
    try:
        text = sequence_editing.with_rules(opened, values, window)
    except OddlyWrittenError as error:
        page = _rules_page(visit, opened, visit.fields, {}, shown.refusal(visit, error))
        return rendering.render(page, status=422)
    if problems := _new_errors(visit, draft, opened, text):
        return rendering.render(
            _rules_page(visit, opened, visit.fields, {}, shown.problem_lines(visit, problems)), status=422
        )
    return _save(visit, opened, text)


def show_text(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/text`."""
    _, opened = timeline.opened_of(visit)
    return rendering.render(_text_page(visit, opened, opened.text, opened.all_problems))


def save_text(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/text`. With errors in it only by who insists: half a text may be kept, too."""
    draft, opened = timeline.opened_of(visit)
    text = visit.field("text").replace("\r\n", "\n").replace("\r", "\n")
    with visit.services.database.reading() as session:
        problems = sequence_editing.errors(session, draft, opened.name, text)
    if problems and not visit.field("anyway"):
        return rendering.render(_text_page(visit, opened, text, problems, may_insist=True), status=422)
    return _save(visit, opened, text)


def _save(visit: Visit, opened: OpenSequence, text: str) -> Response:
    change = Change(data=opened.bytes_of(text), seen=visit.field("seen"))
    return save(visit, {opened.file: change}, done=f"{timeline.ROOM}/{opened.name}?done=saved")


def _new_errors(visit: Visit, draft: Draft, opened: OpenSequence, text: str) -> list[Problem]:
    with visit.services.database.reading() as session:
        return sequence_editing.new_errors(session, draft, opened, text)


def _fields_of(opened: OpenSequence) -> dict[str, list[str]]:
    rules, window = opened.rules, opened.window
    again = _wait(rules.get("again_after", _AGAIN_UNSAID))
    exits = rules.get("exit_on", ["booked"])
    return {
        "title": [str(rules.get("title") or "")],
        "day": [*window.days] if window else [],
        "from": [f"{window.opens:%H:%M}" if window else ""],
        "to": [f"{window.closes:%H:%M}" if window else ""],
        "holidays": ["1"] if window is None or window.skip_holidays else [],
        "confirmation": [str(rules.get("confirmation", "double"))],
        "booked": ["1"] if isinstance(exits, list) and "booked" in exits else [],
        "again": [str(again.amount) if again else ""],
        "again_unit": [again.unit if again else "days"],
    }


def _read(visit: Visit, opened: OpenSequence, wrong: dict[str, Both]) -> tuple[dict[str, Data], dict[str, Data]]:
    """What the form says for the sequence and for its window, as far as the file says something else."""
    present = _fields_of(opened)
    said = _said(visit, wrong)
    again = step_fields.read_wait(visit.fields, "again", wrong)
    new = {key: each for key, each in said.items() if sorted(each) != sorted(present[key])}
    values: dict[str, Data] = {key: new[key][0] for key in ("title", "confirmation") if key in new}
    if "booked" in new:
        values["exit_on"] = ["booked"] if said["booked"] else []
    if again is not None and _wait(again) != _wait(opened.rules.get("again_after", _AGAIN_UNSAID)):
        values["again_after"] = again
    window: dict[str, Data] = {key: new[key][0] for key in ("from", "to") if key in new}
    if "day" in new:
        window["days"] = [*said["day"]]
    if "holidays" in new:
        window["skip_holidays"] = bool(said["holidays"])
    return values, window


def _said(visit: Visit, wrong: dict[str, Both]) -> dict[str, list[str]]:
    """The fields as they were filled in, tidied; what is wrong with them is added."""
    title, confirmation = " ".join(visit.field("title").split()), visit.field("confirmation")
    days = [day for day in WEEKDAYS if day in visit.fields.get("day", ())]
    times = {each: visit.field(each).strip() for each in ("from", "to")}
    if told := step_fields.wrong_title(title):
        wrong["title"] = told
    if not days:
        wrong["day"] = "Kies minstens één dag.", "Choose one day at least."
    wrong |= {each: _TIME for each, at in times.items() if not _CLOCK.fullmatch(at)}
    if not {"from", "to"} & set(wrong) and times["from"] >= times["to"]:
        wrong["to"] = "Deze tijd is niet later dan de eerste.", "This time is no later than the first."
    if confirmation not in CONFIRMATIONS:
        wrong["confirmation"] = CHOOSE
    return {
        "title": [title],
        "day": [*days],
        "from": [times["from"]],
        "to": [times["to"]],
        "holidays": ["1"] if visit.field("holidays") else [],
        "confirmation": [confirmation],
        "booked": ["1"] if visit.field("booked") else [],
    }


def _rules_page(
    visit: Visit,
    opened: OpenSequence,
    typed: Fields,
    wrong: Mapping[str, Both] | None = None,
    problems: tuple[ProblemLine, ...] = (),
) -> RulesPage:
    return RulesPage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=visit.field("seen") or opened.mark,
        typed=typed,
        wrong={name: shown.say(visit, each) for name, each in (wrong or {}).items()},
        problems=problems,
        topic=str(mapping(opened.yaml.data).get("topic") or ""),
        days=tuple(Choice(value=day, label=shown.say(visit, _DAYS[day])) for day in WEEKDAYS),
    )


def _text_page(
    visit: Visit, opened: OpenSequence, text: str, problems: Sequence[Problem], *, may_insist: bool = False
) -> TextPage:
    return TextPage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=visit.field("seen") or opened.mark,
        problems=shown.problem_lines(visit, problems),
        file=opened.file,
        text=text,
        lines=text.count("\n") + 2,
        may_insist=may_insist,
    )


def _wait(raw: object) -> Wait | None:
    try:
        return Wait.model_validate(raw)
    except ValidationError:
        return None
