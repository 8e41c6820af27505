"""Each file of a content folder compiled once in a test run, whichever test or process reads it again unchanged.

A folder is read by hundreds of tests, most of which change no mail of it; each reading starts a process and compiles
thirty files. What the compiler answers hangs on the file and what it is made of, so it is kept under a hash of those,
in a folder of the run; what a YAML file says is kept in memory. What cost too much or ended the process is never kept.
Whoever has something new compiled is lent a process that another reading is done with: it is told all of its folder
anew. Tests of that process start theirs.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from service.errors import Problem
from service.flows import content, drafts, media_files, previews
from service.flows.content_desk import ContentDesk
from service.flows.content_yaml import YamlFile, read_yaml
from service.flows.kept_mails import included
from service.mail.workshop import LIMITS, Limits, Workshop

KEPT = "TESTS_COMPILED"  # names the folder, for the processes that tests start


_MOST_LENT = 50  # times that one process is lent: what it holds may grow, and its memory has a limit
# What says more of this machine at that moment than of the file.
_LOST = {f"mail.{loss}" for loss in ("too-slow", "too-heavy", "crashed", "defect", "not-read")}


@contextmanager
def files_compiled_once(folder: Path) -> Iterator[None]:
    """Keep what is compiled meanwhile in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEPT, str(folder))
        patch.setattr(Remembering, "spare", [])
        _remember(patch)
        yield
        for each in Remembering.spare or ():
            Workshop.close(each)


def remember_here() -> None:
    """In a process that a test started: look there too."""
    if KEPT in os.environ:
        _remember(pytest.MonkeyPatch())


def forget(patch: pytest.MonkeyPatch) -> None:
    """For a test of the process itself: as long as this patch holds, each reading starts one."""
    _give(patch, Remembering, Workshop)


def _remember(patch: pytest.MonkeyPatch) -> None:
    _give(patch, Workshop, Remembering)
    patch.setattr(content, "read_yaml", _read_once)


def _give(patch: pytest.MonkeyPatch, old: type[Workshop], new: type[Workshop]) -> None:
    for module in (previews, media_files):
        patch.setattr(module, "Workshop", new)
    for function in (drafts.read_draft, ContentDesk.__init__):  # a default is bound where the function is made
        given = function.__defaults__ or ()
        assert old in given, "it is given otherwise now, and nothing would be remembered"
        patch.setattr(function, "__defaults__", tuple(new if each is old else each for each in given))


class Remembering(Workshop):
    """Starts its process at the first file that nobody has compiled yet."""

    spare: ClassVar[list[Remembering] | None] = None
    """Those whose process nobody needs just now; None where none are to be kept."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._kept, self._begun, self._is_idle, self._lent = Path(os.environ[KEPT]), False, True, 0
        super().__init__(limits)

    @property
    def pid(self) -> int:
        self._begin()
        return super().pid

    def close(self) -> None:
        if not self._begun:
            return
        self._begun = False
        is_well = self._is_idle and self._ready and not self._lost and self._limits == LIMITS
        if self.spare is not None and is_well and self._lent < _MOST_LENT:
            self.spare.append(self)
        else:
            super().close()

    def _make(self, request: Mapping[str, Any], file: str) -> tuple[object, list[Problem]]:
        place = self._kept / _hash([asdict(self._limits), self._made_of(request), request])
        if place.exists():
            made, problems = json.loads(place.read_bytes())
            return made, [Problem(**each) for each in problems]
        self._is_idle = False
        made, found = super()._make(request, file)
        self._is_idle = True
        if not any(each.id in _LOST for each in found):
            half = place.with_name(secrets.token_hex(8))
            half.write_text(json.dumps([made, [asdict(each) for each in found]]))
            half.replace(place)
        return made, found

    def _made_of(self, request: Mapping[str, Any]) -> object:
        """As in `service.flows.kept_mails`: its own text, the layouts, their partials, all names; no other mail."""
        if {"image", "prepare"} & request.keys():
            return None
        sources: Mapping[str, str] = self._folder["sources"]
        if "partial" in request:
            return sources.get(request["partial"])
        name = request.get("mail") or request["sample"]
        around = [path.removesuffix(".md") for path in sources if path.startswith("layouts/") and path.endswith(".md")]
        own = {f"{each}.md" for file in (name, *around) for each in included(sources, file)} | {f"{name}.md"}
        texts = {path: text for path, text in sources.items() if path in own or not path.endswith(".md") or "/" in path}
        return [texts, sorted(sources), self._folder["titles"], self._folder["images"]]

    def _start(self) -> None:
        self._begun = self._ready = self._told = False

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        with suppress(IndexError):  # until none is left, also where another thread takes the last one
            while self.spare is not None and self._limits == LIMITS:
                other = self.spare.pop()
                if other._process.poll() is None:
                    self._line, self._process, self._ready, self._lent = (
                        other._line,
                        other._process,
                        True,
                        other._lent + 1,
                    )
                    return
        super()._start()

    def _await_start(self) -> None:
        self._begin()
        super()._await_start()


def _read_once(text: str, file: str) -> YamlFile:
    """What the file says, in containers of the reader's own."""
    return replace(known := _read(text, file), data=copy.deepcopy(known.data))


@lru_cache(maxsize=512)
def _read(text: str, file: str) -> YamlFile:
    return read_yaml(text, file)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
