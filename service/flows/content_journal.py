"""Several files and a note of it saved as one, though each is written by itself: all of it is kept in a file first.

Whoever comes next finishes what a process that was ended left half-way: all of it then stands there, and never a part.
The note is for a database, so it waits in a file of its own for whoever has one at hand.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.errors import NotFoundError, UnavailableError
from service.flows.whole_files import replace_file

_NAME, _LEFT, _UNNOTED, _LOCK = ".studio-journal", ".studio-left", ".studio-unnoted", ".studio-lock"
_STEM = r"[a-z0-9_][a-z0-9_-]{0,79}"
_OURS = re.compile(
    rf"practice\.yaml|forms\.yaml|sequences/{_STEM}(\.yaml|\.checklist\.md)"
    rf"|email_templates/({_STEM}\.md|layouts/{_STEM}\.mjml)|media/{_STEM}\.[a-z]{{3,4}}"
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One file: what it is and what it becomes, None for no file at all."""

    path: Path
    file: str
    data: bytes | None
    before: bytes | None


class NotKnownError(Exception):
    """The note may have been kept, or not: whoever was to keep it went away before the answer."""


def path_of(folder: Path, file: str) -> Path:
    """Where a file of the content is. NotFoundError for a name that none of them has, or that leads out of it."""
    path = folder / file
    if not _OURS.fullmatch(file) or not path.resolve().is_relative_to(folder.resolve()):
        raise NotFoundError(f"no file of the content folder is called {file!r}", "Zo heet geen bestand van de inhoud.")
    return path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process saves meanwhile, and what one left half-way is finished first. OSError where it cannot be."""
    with (folder / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _finish(folder)
        yield


def settle(folder: Path) -> None:
    """Before the folder is read: finish what was left half-way, or wait for whoever is saving just now.

    Where nothing may be written here it is read as it is. UnavailableError where there is no room to finish.
    """
    if not _is_open(folder) or not os.access(folder, os.W_OK | os.X_OK):
        return
    try:
        with alone(folder):
            pass
    except OSError as error:
        raise UnavailableError(
            f"several files were half saved, and cannot be finished: {error.strerror}; mend that in {folder}",
            f"Het bewaren van enkele bestanden is halverwege gestopt en kan niet afgemaakt worden: {error.strerror}. "
            f"Verhelp dat in {folder}.",
        ) from error


def _is_open(folder: Path) -> bool:
    """Is something half-written, or being written just now?"""
    return (folder / _NAME).exists()


def carry_out(folder: Path, steps: Sequence[Step], note: str = "", keep: Callable[[str], None] | None = None) -> None:
    """Write all of these, and have the note kept. What goes wrong with that is raised: then everything is as it was,
    but for what somebody wrote by hand meanwhile. Where it is not known whether the note was kept, the journal stays:
    the files are as they are to be, and whoever comes next has the note kept if it was not.

    OSError where there is no room or it is not allowed.
    """
    plain = {"note": note, "steps": [_plain(each) for each in steps]}
    replace_file(folder / _NAME, json.dumps(plain), mode=0o600)
    _sync(folder)
    done: list[Step] = []
    try:
        for each in steps:
            _put(each.path, each.data)
            done.append(each)
        if note and keep is not None:
            keep(note)
    except NotKnownError:
        return
    except Exception:
        for each in done:
            if _there(each.path) == each.data:  # to wait for a database takes time enough to edit a file
                _put(each.path, each.before)
        _clear(folder, steps)
        raise
    _clear(folder, steps)


def something_was_left(folder: Path) -> bool:
    """Is something half-written, or not noted yet?"""
    return _is_open(folder) or any(folder.glob(f"{_UNNOTED}-*.json"))


def note_what_was_left(folder: Path, keep: Callable[[str], None]) -> None:
    """For whoever is `alone`: have those notes kept whose process was ended before that. What goes wrong is raised.

    One of them may have been kept already, just before that end. A file in which no note can be read is set aside: it
    would keep everybody from saving.
    """
    for path in sorted(folder.glob(f"{_UNNOTED}-*.json")):
        try:
            note = json.loads(path.read_bytes())["note"]
        except (ValueError, KeyError, TypeError):
            path.rename(path.with_name(path.name.replace(_UNNOTED, _LEFT)))
            continue
        keep(note)
        path.unlink()


def _finish(folder: Path) -> None:
    """Write what was left.

    A file that somebody edited by hand since stays as it is; what it was to become is then kept beside, in a file of
    which the name begins with .studio-left.
    """
    if not _is_open(folder):
        return
    kept = (folder / _NAME).read_bytes()
    left = noted = False
    try:
        found = json.loads(kept)
        for each in found["steps"]:
            path, data, before = path_of(folder, each["file"]), _bytes(each["data"]), _bytes(each["before"])
            there = _there(path)
            if there not in (data, before):
                left = True
                continue
            if there == before:
                _put(path, data)
            noted = bool(found["note"])
    except (ValueError, KeyError, TypeError, NotFoundError):  # no journal of ours
        left = True
    for name in [_LEFT] * left + [_UNNOTED] * noted:
        replace_file(folder / f"{name}-{time.time_ns()}.json", kept, mode=0o600)
    _clear(folder)


def _there(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, data)


def _clear(folder: Path, steps: Sequence[Step] = ()) -> None:
    if _is_open(folder):
        for each in {folder, *(step.path.parent for step in steps)}:
            _sync(each)
        (folder / _NAME).unlink(missing_ok=True)


def _plain(step: Step) -> dict[str, str | None]:
    return {"file": step.file, "data": _text(step.data), "before": _text(step.before)}


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _sync(folder: Path) -> None:
    """Have a folder's own entries on disk, so that what was renamed stays so when the power goes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
