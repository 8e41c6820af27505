"""Every mail and partial of the draft: where it is used, and how it stands beside what is live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from service.errors import NotFoundError
from service.flows.content import SEQUENCES, TEMPLATES
from service.flows.drafts import SAFETY, SERVICE_MAILS, Draft
from service.flows.kept_mails import included
from service.flows.mail_editing import apart
from service.mail.approvals import Approval, approval, needed
from service.store import sequences
from service.store.tables import Revision

State = Literal["problems", "unused", "new", "changed", "live"]
"""Against what is live: `new` was never published where it is used; `changed` will read otherwise once published."""

_FILLED_IN = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, kw_only=True)
class Use:
    """A step that sends the mail. `place` counts from 1; `variant` where the step has more than one."""

    sequence: str
    title: str
    step: str
    place: int
    variant: str = ""


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """One mail or partial, `subject` with "…" for what is filled in.

    `inside` are the mails and partials that include it.

    `approval` where a clinician has to approve the text; `waits_for` are the partials in it that wait for one.
    """

    name: str
    subject: str
    preheader: str
    uses: tuple[Use, ...]
    is_service: bool
    is_partial: bool
    inside: tuple[str, ...]
    state: State
    errors: int
    warnings: int
    approval: Approval | None
    waits_for: tuple[str, ...]

    @property
    def is_unused(self) -> bool:
        """May it be taken away?"""
        return not (self.uses or self.is_service or self.inside)


def shelf(session: Session, draft: Draft) -> tuple[Shelved, ...]:
    """All of them, by name."""
    texts = markdown(draft)
    live = {
        (part.kind, part.name): found
        for part in draft.parts
        if part.kind in {"sequence", "mails"} and (found := sequences.live(session, part.kind, part.name))
    }
    within = {name: included(draft.content.templates, name) for name in texts}
    return tuple(_shelved(draft, name, texts, within, live) for name in sorted(texts))


def markdown(draft: Draft) -> dict[str, str]:
    """The text of each mail and partial, by its name."""
    found = draft.content.templates.items()
    return {name.removesuffix(".md"): text for name, text in found if name.endswith(".md") and "/" not in name}


def inside(draft: Draft, name: str) -> tuple[str, ...]:
    """The mails that show a partial, straight or by way of another: those that leads get first."""
    texts = markdown(draft)
    mails = [each for each in texts if not each.startswith("_") and name in included(draft.content.templates, each)]
    sent = [each for sequence in draft.content.sequences.values() for each in sequence.templates() if each in mails]
    return tuple(dict.fromkeys((*sent, *sorted(mails))))


def uses(draft: Draft, name: str) -> tuple[Use, ...]:
    """The steps that send a mail."""
    return tuple(
        Use(
            sequence=sequence.name,
            title=sequence.title,
            step=step.key,
            place=place,
            variant=next((each for each, mail in (step.variants or {}).items() if mail == name), ""),
        )
        for sequence in draft.content.sequences.values()
        for place, step in enumerate(sequence.steps, 1)
        if name in step.template_names
    )


def is_unused(draft: Draft, name: str) -> bool:
    """Does nothing speak of it, not even a sequence with a mistake in it? Only then may it be taken away."""
    if name in SERVICE_MAILS or f"{name}.md" == SAFETY:
        return False
    named = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    yaml = (text for file, text in draft.content.sources.items() if file.startswith(f"{SEQUENCES}/"))
    if any(named.search(text) for text in yaml):
        return False
    return not any(f"{name}.md" in text for file, text in draft.content.templates.items() if file != f"{name}.md")


def text_of(draft: Draft, name: str) -> str:
    """A file's text. NotFoundError where there is none."""
    found = markdown(draft).get(name)
    if found is None:
        raise NotFoundError(f"there is no mail {name}", "Die mail is er niet.")
    return found


def _shelved(
    draft: Draft,
    name: str,
    texts: Mapping[str, str],
    within: Mapping[str, frozenset[str]],
    live: Mapping[tuple[str, str], Revision],
) -> Shelved:
    text = texts[name]
    used = uses(draft, name)
    file = f"{TEMPLATES}/{name}.md"
    own = [each for each in draft.problems if each.file == file and each.id != "mail.approval"]
    errors = sum(each.severity == "error" for each in own)
    is_partial = name.startswith("_")
    is_service = name in SERVICE_MAILS or f"{name}.md" == SAFETY
    holders = tuple(sorted(each for each in texts if name in within[each]))
    waiting = sorted(each for each in within[name] if _waits(texts.get(each, "")))
    fields = apart(name, text).fields
    free = not (used or is_service or holders)
    return Shelved(
        name=name,
        subject=_FILLED_IN.sub("…", fields["subject"]),
        preheader=fields["preheader"],
        uses=used,
        is_service=is_service,
        is_partial=is_partial,
        inside=holders,
        state="problems" if errors else "unused" if free else _beside_live(draft, name, text, live),
        errors=errors,
        warnings=len(own) - errors,
        approval=approval(text) if needed(text) else None,
        waits_for=tuple(waiting),
    )


def _waits(text: str) -> bool:
    return needed(text) and approval(text).state != "approved"


def _beside_live(draft: Draft, name: str, text: str, live: Mapping[tuple[str, str], Revision]) -> State:
    """A mail by what was compiled of it; a partial by its text, wherever that was published."""
    if name.startswith("_"):
        file = f"{TEMPLATES}/{name}.md"
        texts = [row.source[file] for row in live.values() if file in row.source]
        return "new" if not texts else "live" if all(each == text for each in texts) else "changed"
    parts = [part for part in draft.parts if name in part.compiled]
    there = [
        (part.compiled[name], row.compiled[name])
        for part in parts
        if (row := live.get((part.kind, part.name))) is not None and name in row.compiled
    ]
    if len(there) < len(parts) or not there:
        return "new" if not there else "changed"
    return "live" if all(mine == theirs for mine, theirs in there) else "changed"
