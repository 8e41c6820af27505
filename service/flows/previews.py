"""A mail as it stands in an editor, not saved yet: compiled and filled in by a process that is kept warm for it.

One such process for each web process: starting one takes longer than anybody waits between two keys. It is the same
walled-in process that reads the content folder (`mail/workshop.py`), so what a draft can cost is what a saved file can:
its seconds, its memory, and no more. Whoever comes while it is busy waits a moment, and then is told to try again.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.errors import Problem, UnavailableError
from service.flows.content import TEMPLATES
from service.flows.drafts import Draft
from service.flows.media import Images, read_images
from service.mail.compiled import CompiledMail
from service.mail.compose import MailValues, Rendered
from service.mail.workshop import LIMITS, Limits, Workshop

WAIT, IDLE = 6.0, 900.0
"""Seconds: for one's turn, and before a process that nobody needs is let go."""

_IMAGE = re.compile(r"media/[a-z0-9][a-z0-9_-]*\.[a-z]+")
_ENDED = frozenset({"mail.too-slow", "mail.too-heavy", "mail.crashed"})
ALONE = "alleen-dit-blok"
"""The mail that a partial is shown in by itself, where no mail has it. No file may be called so meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What came of a text: the mail, and the same filled in; None where `problems` say why not.

    `problems` are those of the text itself, and, where it is included, of nothing else. `images` has the bytes of what
    it shows, by the name they would be served under.
    """

    mail: CompiledMail | None
    rendered: Rendered | None
    problems: tuple[Problem, ...]
    images: Mapping[str, bytes]


@dataclass(kw_only=True)
class _Held:
    workshop: Workshop | None = None
    timer: threading.Timer | None = None
    images: tuple[Draft, frozenset[str], Images] | None = field(default=None, repr=False)


class Previews:
    """For all threads of one process; they take turns."""

    def __init__(self, *, limits: Limits = LIMITS, wait: float = WAIT, idle: float = IDLE) -> None:
        self._limits, self._wait, self._idle = limits, wait, idle
        self._lock = threading.Lock()
        self._held = _Held()
        weakref.finalize(self, _end, self._held)

    def warm(self) -> None:
        """Let the process start, if it is not there; without waiting for it, or for anybody who is using it."""
        if self._lock.acquire(blocking=False):
            try:
                with suppress(UnavailableError):  # whoever asks for a preview is told
                    self._workshop()
            finally:
                self._lock.release()

    def of(
        self, draft: Draft, folder: Path, name: str, text: str, values: MailValues | None, *, inside: str = ""
    ) -> Preview:
        """The mail `name` with this text, amid the other files as a draft has them.

        A partial is shown `inside` a mail that has it, or where there is none by itself. Without `values` nothing is
        filled in. Raises UnavailableError where others keep the process busy.
        """
        sources = {**draft.content.templates, f"{name}.md": text.removeprefix("\ufeff").replace("\r\n", "\n")}
        shown = name
        if name.startswith("_"):
            shown = inside or ALONE
            if not inside:
                sources[f"{ALONE}.md"] = _by_itself(name)
        with self._turn() as workshop:
            images = self._images(draft, folder, sources, workshop)
            titles = draft.content.practice.protected_titles if draft.content.practice else ()
            workshop.folder(sources, protected_titles=titles, images=images.facts)
            if values is None:
                mail, problems = workshop.mail(shown)
                rendered = None
            else:
                mail, rendered, problems = workshop.sample(shown, values)
            if any(each.id in _ENDED for each in problems):
                self._let_go()  # it gives up on a folder after a few of these
        own = f"{TEMPLATES}/{name}.md"
        found = [each for each in problems if shown != ALONE or each.file == own]
        return Preview(mail=mail, rendered=rendered, problems=tuple(dict.fromkeys(found)), images=images.data)

    @contextmanager
    def lent(self) -> Iterator[Workshop]:
        """The warm process where there is one that nobody is using; else another, for this once."""
        if not self.is_warm or not self._lock.acquire(blocking=False):
            with Workshop() as another:
                yield another
            return
        try:
            workshop = self._workshop()
            yield workshop
            if workshop.has_lost:
                self._let_go()  # it gives up on a folder after a few of these
        except BaseException:
            self._let_go()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process. The next who asks starts another."""
        with self._lock:
            self._let_go()

    @property
    def is_warm(self) -> bool:
        """Is there a process?"""
        return self._held.workshop is not None

    @contextmanager
    def _turn(self) -> Iterator[Workshop]:
        if not self._lock.acquire(timeout=self._wait):
            raise UnavailableError("somebody else's preview is being made", "Even geduld: het voorbeeld komt zo.")
        try:
            yield self._workshop()
        except BaseException:
            self._let_go()  # half a conversation is of no use to the next
            raise
        finally:
            self._lock.release()

    def _workshop(self) -> Workshop:
        if self._held.workshop is None:
            self._held.workshop = Workshop(self._limits)
        if self._held.timer is not None:
            self._held.timer.cancel()
        self._held.timer = threading.Timer(self._idle, _close, [weakref.ref(self)])
        self._held.timer.daemon = True
        self._held.timer.start()
        return self._held.workshop

    def _images(self, draft: Draft, folder: Path, sources: Mapping[str, str], workshop: Workshop) -> Images:
        """Looked at again only where another file was saved, or another image is named."""
        named = frozenset(name for text in sources.values() for name in _IMAGE.findall(text))
        kept = self._held.images
        if kept is not None and kept[0] is draft and kept[1] == named:
            return kept[2]
        logo = draft.content.practice.logo if draft.content.practice else ""
        images = read_images(folder, [*sources.values(), logo], workshop)
        self._held.images = (draft, named, images)
        return images

    def _let_go(self) -> None:
        _end(self._held)
        self._held.workshop, self._held.timer, self._held.images = None, None, None


def _by_itself(partial: str) -> str:
    head = 'subject: "Voorbeeld"\npreheader: "Alleen dit tekstblok"\nreason: "Dit is een voorbeeld."\n'
    return f'---\n{head}---\n# Alleen dit tekstblok\n\n{{% include "{partial}.md" %}}\n'


def _end(held: _Held) -> None:
    if held.timer is not None:
        held.timer.cancel()
    if held.workshop is not None:
        held.workshop.close()


def _close(previews: weakref.ref[Previews]) -> None:
    there = previews()
    if there is not None:
        there.close()
