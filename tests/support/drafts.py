"""The shipped content with something changed in it, and publishing it: no files, nothing compiled anew."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from service.domain.sequence import Sequence
from service.flows import publishing
from service.flows.drafts import Draft, Part
from tests.support.house import House, shipped

Document = dict[str, Any]


def with_practice(draft: Draft | None = None, **changes: object) -> Draft:
    """The practice with other facts, as in `with_practice(closed=["2026-03-11"])`."""
    draft = draft or shipped()
    assert draft.content.practice is not None
    practice = type(draft.content.practice).model_validate(draft.content.practice.model_dump() | changes)
    content = replace(draft.content, practice=practice)
    document = practice.model_dump(mode="json")
    return replace(
        draft, content=content, parts=_swapped(draft, "practice", lambda part: replace(part, document=document))
    )


def with_sequence(change: Callable[[Document], None], draft: Draft | None = None, name: str = "lage-rug") -> Draft:
    """One sequence with other steps or another window: `change` works on its document. All mails must be there."""
    draft = draft or shipped()

    def changed(part: Part) -> Part:
        document = deepcopy(part.document)
        change(document)
        sequence = Sequence.model_validate(document)
        compiled = {each: draft.mails[each].model_dump(mode="json") for each in sequence.templates()}
        return replace(part, document=sequence.model_dump(mode="json"), compiled=compiled)

    return replace(draft, parts=_swapped(draft, name, changed))


def with_steps(*steps: Document, window: Document | None = None, confirmation: str = "double") -> Draft:
    """lage-rug as the advice and these steps; each has `hoe-ging-het` as its mail where it names none."""

    def change(document: Document) -> None:
        document["steps"] = [document["steps"][0], *({"template": "hoe-ging-het"} | step for step in steps)]
        document["window"] = window or document["window"]
        document["confirmation"] = confirmation

    return with_sequence(change)


def publish(house: House, draft: Draft, *, by: str = "Frank", **options: Any) -> int:
    """Publish what differs from the live revisions. Returns how many parts that were."""
    with house.services.database.transaction() as session:
        found = publishing.changes(session, draft)
        publishing.publish(session, house.services, draft, found, by=by, now=house.clock.now(), **options)
    return len(found)


def _swapped(draft: Draft, name: str, change: Callable[[Part], Part]) -> tuple[Part, ...]:
    assert name in [part.name for part in draft.parts]
    return tuple(change(part) if part.name == name else part for part in draft.parts)
