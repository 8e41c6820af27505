"""Each file of a content folder compiled once in a test run, whichever test or process reads it again unchanged.

A folder is read by hundreds of tests, most of which change no mail of it; each reading starts a process and compiles
thirty files. What the compiler answers hangs on the folder's sources and the file alone, so it is kept under a hash of
both, in a folder of the run. What cost too much or ended the process is never kept; tests of that process start theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from service.errors import Problem
from service.flows import drafts
from service.mail.workshop import Workshop

KEPT = "TESTS_COMPILED"  # names the folder, for the processes that tests start


@contextmanager
def files_compiled_once(folder: Path) -> Iterator[None]:
    """Keep what is compiled meanwhile in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEPT, str(folder))
        patch.setattr(drafts, "Workshop", Remembering)
        yield


def remember_here() -> None:
    """In a process that a test started: look there too."""
    if KEPT in os.environ:
        pytest.MonkeyPatch().setattr(drafts, "Workshop", Remembering)


class Remembering(Workshop):
    """Starts its process at the first file that nobody has compiled yet."""

    def __init__(self) -> None:
        self._kept, self._begun, self._of = Path(os.environ[KEPT]), False, ""
        super().__init__()

    def folder(self, sources: Mapping[str, str], **more: Any) -> None:
        super().folder(sources, **more)
        self._of = _hash(self._folder)

    def close(self) -> None:
        if self._begun:
            super().close()

    def _make(self, request: Mapping[str, str], file: str) -> tuple[object, list[Problem]]:
        place = self._kept / _hash([self._of, request])
        if place.exists():
            made, problems = json.loads(place.read_bytes())
            return made, [Problem(**each) for each in problems]
        lost = self._lost
        made, found = super()._make(request, file)
        if self._lost == lost and made is not None:
            half = place.with_name(secrets.token_hex(8))
            half.write_text(json.dumps([made, [asdict(each) for each in found]]))
            half.replace(place)
        return made, found

    def _start(self) -> None:
        self._begun = self._ready = self._told = False

    def _await_start(self) -> None:
        if not self._begun:
            super()._start()
            self._begun = True
        super()._await_start()


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
