"""The shipped content with something changed in it, and publishing it: no files, nothing compiled anew."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from service.domain.sequence import Sequence
from service.flows import publishing
from service.flows.drafts import Draft, Part
from service.mail.compiled import CompiledMail
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


def with_form(name: str = "lage-rug", **changes: object) -> Draft:
    """One form with other keys, as in `with_form(require_token=True)`."""

    def changed(part: Part) -> Part:
        document = deepcopy(part.document)
        document["forms"][name] |= changes
        return replace(part, document=document)

    return replace(shipped(), parts=_swapped(shipped(), "forms", changed))


def with_topic(topic: str, draft: Draft) -> Draft:
    """lage-rug and its form under another topic; no other form leads there."""

    def changed(part: Part) -> Part:
        document = deepcopy(part.document)
        document["forms"] = {name: form for name, form in document["forms"].items() if name == "lage-rug"}
        document["forms"]["lage-rug"] |= {"topic": topic, "questions": []}
        return replace(part, document=document)

    def renamed(part: Part) -> Part:
        return replace(part, document=part.document | {"topic": topic})

    draft = replace(draft, parts=_swapped(draft, "lage-rug", renamed))
    return replace(draft, parts=_swapped(draft, "forms", changed))


def with_sequence(
    change: Callable[[Document], None],
    draft: Draft | None = None,
    name: str = "lage-rug",
    *,
    as_written: bool = False,
) -> Draft:
    """One sequence with other steps or another window: `change` works on its document. All mails must be there.

    A step that sends the mail of another gets a copy of its own, as nothing else may be published over the live one;
    `as_written` leaves it so.
    """
    draft = draft or shipped()
    mails = dict(draft.mails)
    live = next(part for part in shipped().parts if part.name == name)
    known = {step["key"]: step["template"] for step in live.document["steps"]}

    def changed(part: Part) -> Part:
        document = deepcopy(part.document)
        change(document)
        for step in document["steps"][1:] if not as_written else ():
            own = partial(_own_mail, mails, known, step["key"])
            step["template"] = step.get("template") and own(step["template"])
            step["variants"] = step.get("variants") and {each: own(mail) for each, mail in step["variants"].items()}
        sequence = Sequence.model_validate(document)
        compiled = {each: mails[each].model_dump(mode="json") for each in sequence.templates()}
        return replace(part, document=sequence.model_dump(mode="json"), compiled=compiled)

    parts = _swapped(draft, name, changed)
    return replace(draft, parts=parts, mails=mails)


def _own_mail(mails: dict[str, CompiledMail], known: dict[str, str], key: str, template: str) -> str:
    if known.get(key) in {None, template} and (template not in known.values() or key in known):
        return template
    name = f"{template}-bij-{key}"
    mails[name] = mails[template].model_copy(update={"name": name, "preheader": f"Bij {key}"})
    return name


def with_steps(*steps: Document, window: Document | None = None, confirmation: str = "double") -> Draft:
    """lage-rug as the advice and these steps; each that names no mail has that of its key, or one of its own."""

    def change(document: Document) -> None:
        mails = {step["key"]: step["template"] for step in document["steps"]}
        named = ({"template": mails.get(str(step["key"]), "hoe-ging-het")} | step for step in steps)
        document["steps"] = [document["steps"][0], *named]
        document["window"] = window or document["window"]
        document["confirmation"] = confirmation

    return with_sequence(change)


def publish(house: House, draft: Draft, *, by: str = "Frank", **options: Any) -> int:
    """Publish what differs from the live revisions. Returns how many parts that were."""
    with house.services.database.transaction() as session:
        found = publishing.changes(session, draft)
        done = publishing.publish(session, house.services, draft, found, by=by, now=house.clock.now(), **options)
    publishing.look_again(house.services, done, house.clock.now())
    return len(found)


def _swapped(draft: Draft, name: str, change: Callable[[Part], Part]) -> tuple[Part, ...]:
    assert name in [part.name for part in draft.parts]
    return tuple(change(part) if part.name == name else part for part in draft.parts)
