"""The content folder as the studio works on it: its files are the drafts, and the one truth.

Whatever is saved says which state of each file it was made from. Where a file changed meanwhile nothing is written at
all, and the caller is told which files those are.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.errors import NurtureError, Problem, ProblemsError, UnavailableError
from service.flows import content_journal
from service.flows.content import Content
from service.flows.content_journal import Step
from service.flows.content_log import ContentLog, Entry
from service.flows.drafts import Draft, Lend, read_draft
from service.flows.kept_mails import KeptMails
from service.mail.workshop import Workshop

_FILES, _FOLDERS = ("practice.yaml", "forms.yaml"), ("sequences", "email_templates", "media")
_MOST_KNOWN = 8_000_000  # bytes of earlier states of files
_LONGEST_WAIT = 20.0  # seconds; each waits in a thread that the website needs too
NEW = ""
"""The mark of a file that is not there."""


@dataclass(frozen=True, kw_only=True)
class OpenFile:
    """A file as it was read. `mark` stands for its bytes: NEW where there is no such file."""

    file: str
    data: bytes
    mark: str

    @property
    def kept(self) -> bytes | None:
        """Its bytes; None where there is no such file."""
        return self.data if self.mark != NEW else None

    @property
    def text(self) -> str:
        """As UTF-8; what is none is shown as such, and never saved back by itself."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a file becomes, None: it goes; and the mark of what whoever changes it had seen."""

    data: bytes | None
    seen: str


def _no_entries(_: Mapping[str, Change]) -> Sequence[Entry]:
    return ()


class ChangedMeanwhileError(NurtureError):
    """Somebody else changed these files since; nothing was written."""

    code, status = "changed-meanwhile", 409

    def __init__(self, files: tuple[str, ...]) -> None:
        names = ", ".join(files)
        super().__init__(f"changed meanwhile: {names}", f"Intussen veranderd: {names}.")
        self.files = files


class NotWritableError(NurtureError):
    """The content folder cannot be written in here, or there is no room; nothing was."""

    code, status = "not-writable", 409

    def __init__(self) -> None:
        super().__init__(
            "the content folder cannot be written in", "In de map met de inhoud kan niet geschreven worden."
        )


class UnreadableError(NurtureError):
    """A file of the content folder that is there, and cannot be read: a folder of that name, or another's file."""

    code, status = "content-unreadable", 409

    def __init__(self, file: str, why: str | None) -> None:
        super().__init__(f"{file} cannot be read: {why}", f"{file} kan niet gelezen worden: {why}.")


class ContentDesk:
    """One content folder. For all threads of one process; several processes may each have one.

    Saving waits for nobody who compiles: the one lock is for writing, the other for making the draft.
    """

    def __init__(self, folder: Path, lend: Lend = Workshop, log: ContentLog | None = None) -> None:
        """`lend` gives the process that drafts are compiled in: its start is most of what one changed mail takes.

        Without a `log` nothing is told of what is saved.
        """
        self._folder, self._lend, self._log = folder, lend, log
        self._writing, self._drafting, self._keeping = threading.Lock(), threading.Lock(), threading.Lock()
        self._drafted: tuple[str, Draft] | None = None
        self._kept = KeptMails()
        self._known: OrderedDict[str, bytes] = OrderedDict()

    @property
    def writable(self) -> bool:
        """May files be made and replaced here?"""
        there = [self._folder, *(self._folder / name for name in _FOLDERS if (self._folder / name).is_dir())]
        return self._folder.is_dir() and all(os.access(each, os.W_OK | os.X_OK) for each in there)

    def draft(self) -> Draft:
        """The folder compiled, made anew only where a file of it changed: as it is now, never as it was before.

        One thread compiles, whoever else needs the same waits for it. A folder that is not there, cannot be read or is
        half saved is a draft of nothing, with that as its problem. UnavailableError where compiling takes too long.
        """
        try:
            content_journal.settle(self._folder)
        except UnavailableError as error:
            return _nothing(Problem(id="content-unreadable", message=error.english, dutch=error.dutch))
        state = self._state()
        if (found := self._drafted) is not None and found[0] == state:
            return found[1]
        if not self._drafting.acquire(timeout=_LONGEST_WAIT):
            raise UnavailableError(
                "the files are being read; try again in a moment",
                "De bestanden worden net gelezen. Probeer het zo nog eens.",
            )
        try:
            state = self._state()
            if self._drafted is None or self._drafted[0] != state:
                self._drafted = (state, self._read())
            return self._drafted[1]
        finally:
            self._drafting.release()

    def known(self, mark: str) -> bytes | None:
        """The bytes of an earlier state of some file; None where this process never read it, or forgot."""
        with self._keeping:
            return self._known.get(mark)

    def open(self, file: str) -> OpenFile:
        """A file as it is now; empty, with the mark NEW, where there is none.

        NotFoundError for no name of ours, UnreadableError for what is no file of ours.
        """
        path = content_journal.path_of(self._folder, file)
        content_journal.settle(self._folder)
        return self._opened(file, path)

    def save(
        self, changes: Mapping[str, Change], entries: Callable[[Mapping[str, Change]], Sequence[Entry]] = _no_entries
    ) -> frozenset[str]:
        """Write all of these, or, where one of them changed meanwhile or the folder cannot be written in, none.

        A file that says so already is left as it is, whatever was seen of it: who presses twice is in nobody's way.
        Returns the files that were written; the `entries` about those are in the audit log, or nothing is saved.
        All of it is kept in a journal first: a process that is ended half-way leaves no half of it.
        """
        paths = {file: content_journal.path_of(self._folder, file) for file in changes}
        if not self.writable:
            raise NotWritableError
        try:
            with self._alone():
                there = {file: self._opened(file, path) for file, path in paths.items()}
                new = {file: change for file, change in changes.items() if there[file].kept != change.data}
                moved = tuple(file for file, change in new.items() if there[file].mark != change.seen)
                if moved:
                    raise ChangedMeanwhileError(moved)
                steps = [
                    Step(path=paths[file], file=file, data=change.data, before=there[file].kept)
                    for file, change in new.items()
                ]
                if steps:
                    self._carry_out(steps, entries(new))
                return frozenset(new)
        except OSError as error:
            raise NotWritableError from error

    def _carry_out(self, steps: Sequence[Step], told: Sequence[Entry]) -> None:
        if self._log is None:
            content_journal.carry_out(self._folder, steps)
            return
        content_journal.note_what_was_left(self._folder, self._log.catch_up)
        content_journal.carry_out(self._folder, steps, self._log.note(told), self._log.keep)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process saves meanwhile, nor another thread of this one. Whoever edits files by hand is not held."""
        with self._writing, content_journal.alone(self._folder):
            yield

    def _opened(self, file: str, path: Path) -> OpenFile:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return OpenFile(file=file, data=b"", mark=NEW)
        except OSError as error:
            raise UnreadableError(file, error.strerror) from error
        mark = mark_of(data)
        with self._keeping:
            self._known[mark] = data
            self._known.move_to_end(mark)
            while sum(map(len, self._known.values())) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return OpenFile(file=file, data=data, mark=mark)

    def _read(self) -> Draft:
        try:
            return read_draft(self._folder, self._kept, self._lend)
        except ProblemsError as error:
            return _nothing(*error.problems)
        except OSError as error:  # a folder that is taken away while it is being listed
            told = Problem(
                id="content-unreadable",
                message=f"the content folder cannot be read: {error.strerror}",
                dutch=f"de map met de inhoud kan niet gelezen worden: {error.strerror}",
            )
            return _nothing(told)

    def _state(self) -> str:
        """Changes whenever a file is saved, comes or goes."""
        seen: list[tuple[object, ...]] = [(self._folder.is_dir(),)]
        below = (path for name in _FOLDERS for path in (self._folder / name).rglob("*"))
        for path in sorted([*(self._folder / name for name in _FILES), *below]):
            if path.name.startswith("."):
                continue
            try:
                found = path.stat()
            except OSError:
                seen.append((str(path),))
                continue
            seen.append((str(path), found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino))
        return hashlib.sha256(repr(seen).encode("utf-8", "surrogateescape")).hexdigest()


def mark_of(data: bytes) -> str:
    """What stands for these bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def _nothing(*problems: Problem) -> Draft:
    content = Content(practice=None, forms=None, sequences={}, templates={}, sources={}, problems=problems)
    return Draft(content=content, mails={}, parts=(), problems=problems)


def unreadable(draft: Draft) -> list[Problem]:
    """What says that the whole folder is not there, or cannot be read."""
    return [each for each in draft.problems if each.id in {"content-folder", "content-unreadable"} and not each.file]
