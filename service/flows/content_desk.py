"""The content folder as the studio works on it: its files are the drafts, and the one truth.

Whatever is saved says which state of each file it was made from. Where a file changed meanwhile nothing is written at
all, and the caller is told which files those are.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.errors import NotFoundError, NurtureError
from service.flows.drafts import Draft, read_draft
from service.flows.whole_files import replace_file

_NAME = r"[a-z0-9_][a-z0-9_-]{0,79}"
_OURS = re.compile(
    rf"practice\.yaml|forms\.yaml|sequences/{_NAME}(\.yaml|\.checklist\.md)|email_templates/{_NAME}\.md|media/{_NAME}\.[a-z]{{3,4}}"
)
_FOLDERS = ("", "sequences", "email_templates", "media")
NEW = ""
"""The mark of a file that is not there."""


@dataclass(frozen=True, kw_only=True)
class OpenFile:
    """A file as it was read. `mark` stands for its bytes: NEW where there is no such file."""

    file: str
    data: bytes
    mark: str

    @property
    def text(self) -> str:
        """As UTF-8; what is none is shown as such, and never saved back by itself."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a file becomes, None: it goes; and the mark of what whoever changes it had seen."""

    data: bytes | None
    seen: str


class ChangedMeanwhileError(NurtureError):
    """Somebody else changed these files since; nothing was written."""

    code, status = "changed-meanwhile", 409

    def __init__(self, files: tuple[str, ...]) -> None:
        names = ", ".join(files)
        super().__init__(f"changed meanwhile: {names}", f"Intussen veranderd: {names}.")
        self.files = files


class NotWritableError(NurtureError):
    """The content folder cannot be written in here; nothing was."""

    code, status = "not-writable", 409

    def __init__(self) -> None:
        super().__init__(
            "the content folder cannot be written in", "In de map met de inhoud kan niet geschreven worden."
        )


class ContentDesk:
    """One content folder. For all threads of one process; several processes may each have one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._drafted: tuple[str, Draft] | None = None

    @property
    def writable(self) -> bool:
        """May files be made and replaced here?"""
        there = (self._folder / name for name in _FOLDERS if (self._folder / name).is_dir())
        return self._folder.is_dir() and all(os.access(each, os.W_OK | os.X_OK) for each in there)

    def draft(self) -> Draft:
        """The folder compiled, made anew only where a file of it changed. Raises ProblemsError without a folder."""
        with self._lock:
            state = self._state()
            if self._drafted is None or self._drafted[0] != state:
                self._drafted = (state, read_draft(self._folder))
            return self._drafted[1]

    def open(self, file: str) -> OpenFile:
        """A file as it is now; empty, with the mark NEW, where there is none. NotFoundError for no name of ours."""
        path = self._path(file)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return OpenFile(file=file, data=b"", mark=NEW)
        return OpenFile(file=file, data=data, mark=_mark(data))

    def save(self, changes: Mapping[str, Change]) -> None:
        """Write all of these, or, where one of them changed meanwhile or the folder cannot be written in, none."""
        if not self.writable:
            raise NotWritableError
        with self._alone():
            moved = tuple(file for file, change in changes.items() if self.open(file).mark != change.seen)
            if moved:
                raise ChangedMeanwhileError(moved)
            for file, change in changes.items():
                path = self._path(file)
                if change.data is None:
                    path.unlink(missing_ok=True)
                else:
                    path.parent.mkdir(exist_ok=True)
                    replace_file(path, change.data)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process saves meanwhile, nor another thread of this one. Whoever edits files by hand is not held."""
        with self._lock, (self._folder / ".studio-lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, file: str) -> Path:
        path = self._folder / file
        if not _OURS.fullmatch(file) or not path.resolve().is_relative_to(self._folder.resolve()):
            raise NotFoundError(
                f"no file of the content folder is called {file!r}", "Zo heet geen bestand van de inhoud."
            )
        return path

    def _state(self) -> str:
        """Changes whenever a file is saved, comes or goes."""
        seen: list[tuple[object, ...]] = []
        for path in sorted(self._folder.rglob("*")):
            if path.name.startswith(".") or not path.is_file():
                continue
            found = path.stat()
            seen.append((str(path), found.st_mtime_ns, found.st_size, found.st_ino))
        return hashlib.sha256(repr(seen).encode()).hexdigest()


def _mark(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
