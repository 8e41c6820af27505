"""A step's key is how we know who got which mail: a mail keeps its key, and no other mail ever gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from service.domain.sequence import Sequence, Step
from service.errors import Problem

SameText = Callable[[frozenset[str], frozenset[str]], bool]
"""Whether one of these older mails has the very words of one of these new ones, whatever their files are called."""


Kind: TypeAlias = Literal["renamed", "split", "reused"]


@dataclass(frozen=True, kw_only=True)
class KeyFault:
    """A key that would make us take one mail for another.

    "renamed": the mail that this step sends went by the key `was` before, and that step is gone. "split": that step is
    there still, with others of its variants. "reused": the key belonged to another mail, `was`.
    """

    kind: Kind
    position: int
    key: str
    was: str

    def problem(self, file: str, line: int | None) -> Problem:
        """What staff read, with what to write instead."""
        if self.kind == "renamed":
            return Problem(
                id="step-key-renamed",
                message=f"step `{self.key}` sends the mail that was step `{self.was}`; under a new key, people who got "
                f"it would get it again; write `key: {self.was}`",
                dutch=f"stap `{self.key}` verstuurt de mail die eerder stap `{self.was}` was; met een nieuwe naam "
                f"krijgt wie hem al had hem nog een keer; schrijf `key: {self.was}`",
                file=file,
                line=line,
            )
        if self.kind == "split":
            return Problem(
                id="step-key-split",
                message=f"step `{self.key}` sends a mail that was a variant of step `{self.was}`; people who got it "
                "there would get it again; write another mail for this step, or make it a variant there again",
                dutch=f"stap `{self.key}` verstuurt een mail die een variant van stap `{self.was}` was; wie hem daar "
                "al kreeg, krijgt hem dan nog een keer; schrijf voor deze stap een andere mail, of maak er daar weer "
                "een variant van",
                file=file,
                line=line,
            )
        return Problem(
            id="step-key-reused",
            message=f"the key `{self.key}` belongs to another mail (`{self.was}`); people who got that one would never "
            "get this one; give the new mail a key of its own",
            dutch=f"de naam `{self.key}` hoort bij een andere mail (`{self.was}`); wie die al had, krijgt deze nooit; "
            "geef de nieuwe mail een eigen `key`",
            file=file,
            line=line,
        )


def key_faults(older: Iterable[Sequence], new: Sequence, same_text: SameText) -> list[KeyFault]:
    """The faults in the keys of a new revision, held against every older one, newest first.

    A mail is the same mail as long as its file keeps its name, however its words change, or as long as its words stay
    when the file gets another name. A variant that was added or taken away leaves the step the same. The advice itself
    is free to change: it is known by the opt-in it answers, not by its key.
    """
    mails: dict[str, set[str]] = {}
    newest: dict[str, str] = {}
    advices: dict[str, str] = {}
    for sequence in older:
        for step in sequence.follow_ups:
            mails.setdefault(step.key, set()).update(step.template_names)
            newest.setdefault(step.key, " / ".join(step.template_names))
        advices.setdefault(sequence.advice.key, " / ".join(sequence.advice.template_names))
    found = []
    fault: tuple[Kind, str] | None
    for position, step in enumerate(new.steps):
        if step.purpose == "advice":
            fault = ("reused", newest[step.key]) if step.key in mails else None
        elif (was := _went_by(step, mails, new, same_text)) is not None:
            fault = ("renamed", was)
        elif step.key in mails:
            fault = None if _is_same(mails[step.key], step, same_text) else ("reused", newest[step.key])
        elif (was := _split_off(step, mails, new, same_text)) is not None:
            fault = ("split", was)
        else:
            fault = ("reused", advices[step.key]) if step.key in advices else None
        if fault is not None:
            found.append(KeyFault(kind=fault[0], position=position, key=step.key, was=fault[1]))
    return found


def _went_by(step: Step, mails: dict[str, set[str]], new: Sequence, same_text: SameText) -> str | None:
    """The key of a step that is gone and sent this step's mail; None where there is none."""
    own = mails.get(step.key, set())
    for key, theirs in mails.items():
        if new.step(key) is None:
            if (set(step.template_names) - own) & theirs:
                return key
            if not own and same_text(frozenset(theirs), frozenset(step.template_names)):
                return key
    return None


def _split_off(step: Step, mails: dict[str, set[str]], new: Sequence, same_text: SameText) -> str | None:
    """The key of a step of which this one's mail was a variant, and is none any more; None where there is none."""
    for key, theirs in mails.items():
        there = new.step(key)
        gone = theirs - set(there.template_names) if there is not None else set()
        if _is_same(gone, step, same_text):
            return key
    return None


def _is_same(was: set[str], step: Step, same_text: SameText) -> bool:
    return bool(was & set(step.template_names)) or same_text(frozenset(was), frozenset(step.template_names))
