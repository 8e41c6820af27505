"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.web.studio.doors import Door
from service.web.studio.sequences import calendar_page, edits, rules, step_fields, timeline, topics

_ONE = "/studio/sequences/{name}"

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=timeline.ROOM, least=Least.EDITOR, answer=timeline.show_all),
    Door(method="GET", path=_ONE, least=Least.EDITOR, answer=timeline.show, query=("done",)),
    Door(method="GET", path=f"{_ONE}/mails/{{template}}", least=Least.EDITOR, answer=timeline.show_mail),
    Door(method="GET", path=f"{_ONE}/steps/{{key}}", least=Least.EDITOR, answer=edits.show_step),
    Door(
        method="POST",
        path=f"{_ONE}/steps/{{key}}",
        least=Least.EDITOR,
        answer=edits.save_step,
        fields=step_fields.FIELDS,
    ),
    Door(
        method="POST",
        path=f"{_ONE}/steps/{{key}}/remove",
        least=Least.EDITOR,
        answer=edits.remove,
        fields={"seen": ()},
    ),
    Door(method="GET", path=f"{_ONE}/new-step", least=Least.EDITOR, answer=edits.show_new, query=("after",)),
    Door(
        method="POST",
        path=f"{_ONE}/new-step",
        least=Least.EDITOR,
        answer=edits.save_new,
        fields={"after": (), "key": (), **step_fields.FIELDS},
    ),
    Door(
        method="POST",
        path=f"{_ONE}/move",
        least=Least.EDITOR,
        answer=edits.move,
        fields={"seen": (), "key": (), "to": ()},
    ),
    Door(method="GET", path=f"{_ONE}/rules", least=Least.EDITOR, answer=rules.show_rules),
    Door(method="POST", path=f"{_ONE}/rules", least=Least.EDITOR, answer=rules.save_rules, fields=rules.RULES_FIELDS),
    Door(method="GET", path=f"{_ONE}/text", least=Least.EDITOR, answer=rules.show_text),
    Door(
        method="POST",
        path=f"{_ONE}/text",
        least=Least.EDITOR,
        answer=rules.save_text,
        fields=rules.TEXT_FIELDS,
        largest=rules.LARGEST,
    ),
    Door(
        method="GET", path=f"{_ONE}/calendar", least=Least.EDITOR, answer=calendar_page.show, query=calendar_page.QUERY
    ),
    Door(method="GET", path=f"{_ONE}/copy", least=Least.EDITOR, answer=topics.show_copy),
    Door(method="POST", path=f"{_ONE}/copy", least=Least.EDITOR, answer=topics.copy, fields=topics.COPY_FIELDS),
    Door(method="GET", path=f"{_ONE}/checklist", least=Least.EDITOR, answer=topics.show_checklist),
    Door(method="GET", path=f"{_ONE}/archive", least=Least.EDITOR, answer=topics.show_archive),
    Door(
        method="POST", path=f"{_ONE}/archive", least=Least.EDITOR, answer=topics.archive, fields=topics.ARCHIVE_FIELDS
    ),
)
