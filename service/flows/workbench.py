"""A writer's workbench: the content folder looked at again on each save, and every mail in it filled in.

Files are seen half-written, by rename, in bursts and gone again; each look tells what it found, and none of it ends the
work. A mail that cannot be made keeps its last good form, and says so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from watchfiles import watch

from service.errors import NurtureError, Problem, ProblemsError
from service.flows import samples
from service.flows.content import SEQUENCES, TEMPLATES
from service.flows.drafts import Draft, read_draft
from service.flows.samples import Sample
from service.flows.services import Services

_OWN_FILES = {"practice.yaml", "forms.yaml"}
_FOLDERS = (SEQUENCES, TEMPLATES, "media")
_LOOK_UP_MS = 1_000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one look found. `number` grows by one each time something is different.

    `mails` are all there are, by name; `broken` names those shown as they last were. `changed` and `gone` name what
    differs from the look before, `new` are the problems that were not there then.
    """

    number: int = 0
    problems: tuple[Problem, ...] = ()
    mails: Mapping[str, Sample] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    new: tuple[Problem, ...] = ()


class Workbench:
    """Looks at the folder when asked; `seen` is what it found last, whole, for any thread to read."""

    def __init__(self, services: Services, answers: Mapping[str, str]) -> None:
        self._services, self._answers = services, answers
        self._made_of: dict[str, object] = {}
        self.seen = Seen()

    def look(self, now: datetime) -> bool:
        """Read and fill in everything. Whether anything is different from the look before."""
        draft, problems = self._draft()
        before = self.seen
        made = {name: _made_of(draft, name) for name in draft.mails} if draft and draft.content.practice else {}
        there = {Path(name).stem for name in draft.content.templates} if draft else set(before.mails)
        gone = tuple(sorted(set(before.mails) - there))
        mails = {name: sample for name, sample in before.mails.items() if name not in gone}
        changed = []
        for name in sorted(name for name, source in made.items() if self._made_of.get(name) != source):
            try:
                mails[name] = samples.of_draft(self._services, cast("Draft", draft), name, self._answers, now=now)
                changed.append(name)
            except NurtureError as error:
                del made[name]
                file = f"{TEMPLATES}/{name}.md"
                problem = Problem(id="mail.fill", file=file, message=error.english, dutch=error.dutch)
                problems = (*problems, problem)
        broken = frozenset(set(mails) - set(made))
        if before.number and not changed and not gone and (problems, broken) == (before.problems, before.broken):
            return False
        self._made_of = {name: source for name, source in (self._made_of | made).items() if name not in gone}
        self.seen = Seen(
            number=before.number + 1,
            problems=problems,
            mails=dict(sorted(mails.items())),
            broken=broken,
            changed=tuple(changed),
            gone=gone,
            new=tuple(each for each in problems if each not in before.problems),
        )
        return True

    def _draft(self) -> tuple[Draft | None, tuple[Problem, ...]]:
        try:
            draft = read_draft(self._services.content_dir)
        except ProblemsError as error:
            return None, error.problems
        except NurtureError as error:  # no memory for one more process: the next look may have it
            return None, (Problem(id="content-unreadable", message=error.english, dutch=error.dutch),)
        except OSError as error:  # a folder that is taken away while it is being listed
            told = Problem(
                id="content-unreadable",
                file=str(error.filename or ""),
                message=f"it cannot be read: {error.strerror}",
                dutch=f"dit kan niet gelezen worden: {error.strerror}",
            )
            return None, (told,)
        return draft, draft.problems


def saves(folder: Path, stop: threading.Event) -> Iterator[None]:
    """Once at the start and then after each save in the content folder, a burst of them counting once; until `stop`."""
    while not stop.is_set():
        watched = _watched(folder)
        if not watched:
            yield
            stop.wait(_LOOK_UP_MS / 1_000)
            continue
        first = True  # what happened between two watches was seen by neither
        for changes in watch(
            *watched, recursive=False, stop_event=stop, yield_on_timeout=True, rust_timeout=_LOOK_UP_MS, debounce=400
        ):
            if first or any(_is_content(folder, Path(path)) for _, path in changes):
                yield
            first = False
            if _watched(folder) != watched:
                break


def _watched(folder: Path) -> list[Path]:
    """Each folder by itself, so that neither `.venv` nor `data` beside the content is walked through."""
    below = [path for name in _FOLDERS for path in [folder / name, *(folder / name).rglob("*")] if path.is_dir()]
    return [folder, *below] if folder.is_dir() else []


def _is_content(folder: Path, path: Path) -> bool:
    return path.parent != folder or path.name in _OWN_FILES or path.name in _FOLDERS


def _made_of(draft: Draft, name: str) -> object:
    """What a filled-in mail depends on: the same of it gives the same mail."""
    return draft.mails[name], samples.practice_of(draft)
