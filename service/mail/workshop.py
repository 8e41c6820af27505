"""The second wall (ACCEPTANCE M5): files are compiled in a process of their own, with little time and little memory.

The checks refuse what they know; whatever gets past them can waste that one process and no more. It is started anew,
not forked (this process has threads), knows no secret, and is replaced when it dies.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from service.errors import Problem, UnavailableError
from service.mail.compiled import CompiledMail, CompiledPartial, Image
from service.mail.compose import MailValues, Rendered
from service.mail.front_matter import FOLDER
from service.mail.image_prepare import Prepared

_PACKAGE = Path(__file__).parents[2]
_LARGEST_ANSWER = 8_000_000
_NO_IMAGES: Mapping[str, Image | None] = MappingProxyType({})
_MOST_LOST = 3
"""After so many files that ended the process, the others of the folder are not tried: each costs its full time."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """For one file: seconds by the clock on the wall, and bytes of address space of the whole process.

    `start` is how long the process may take to be there at all, on a busy machine.
    """

    seconds: float = 2.5
    memory: int = 300_000_000
    start: float = 60.0


LIMITS = Limits()


class _LostError(Exception):
    """The process is gone, or was sent away, over the file of this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.id)
        self.problem = problem


class Workshop:
    """Compiles the mails of one folder, one after the other; for one thread. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        """The process starts at once and is waited for at the first file."""
        self._limits = limits
        self._folder: Mapping[str, Any] = {}
        self._told = False
        self._lost = 0
        self._ready = False
        self._start()

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process of now; another one after it died."""
        return int(self._process.pid)

    @property
    def has_lost(self) -> bool:
        """Did a file end the process, or was it sent away over one?"""
        return self._lost > 0

    def folder(
        self,
        sources: Mapping[str, str],
        *,
        protected_titles: Sequence[str] = (),
        images: Mapping[str, Image | None] = _NO_IMAGES,
    ) -> None:
        """What mails are made of from here on: as `compile_mail` takes it."""
        shown = {path: image.model_dump(mode="json") if image else None for path, image in images.items()}
        self._folder = {"sources": dict(sources), "titles": list(protected_titles), "images": shown}
        self._told = False

    def mail(self, name: str) -> tuple[CompiledMail | None, list[Problem]]:
        """As `compile_mail`, with a problem more where the file cost too much or ended the process."""
        made, problems = self._make({"mail": name}, f"{FOLDER}{name}.md")
        return (CompiledMail.model_validate(made) if made is not None else None), problems

    def sample(self, name: str, values: MailValues) -> tuple[CompiledMail | None, Rendered | None, list[Problem]]:
        """A mail, and the same filled in with these values: what may be wrong with it costs nobody but that process."""
        request = {"sample": name, "values": values.model_dump(mode="json")}
        made, problems = self._make(request, f"{FOLDER}{name}.md")
        if not isinstance(made, dict):
            return None, None, problems
        mail, rendered = CompiledMail.model_validate(made["mail"]), made["rendered"]
        return mail, Rendered(**rendered) if rendered else None, problems

    def partial(self, name: str) -> tuple[CompiledPartial | None, list[Problem]]:
        """As `compile_partial`, with a problem more where the file cost too much or ended the process."""
        made, problems = self._make({"partial": name}, FOLDER + name)
        return (CompiledPartial.model_validate(made) if made is not None else None), problems

    def image(self, path: str, data: bytes) -> tuple[Image | None, list[Problem]]:
        """As `judge`, with a problem more where the file cost too much or ended the process."""
        made, problems = self._make({"image": path, "data": base64.b64encode(data).decode()}, path)
        return (Image.model_validate(made) if made is not None else None), problems

    def prepared(self, data: bytes, description: str) -> tuple[Prepared | None, list[Problem]]:
        """As `prepare`, with a problem more where the image cost too much or ended the process."""
        request = {"prepare": base64.b64encode(data).decode(), "description": description}
        made, problems = self._make(request, "")
        if not isinstance(made, dict):
            return None, problems
        return Prepared(**{**made, "data": base64.b64decode(made["data"])}), problems

    def close(self) -> None:
        """End the process."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def _make(self, request: Mapping[str, Any], file: str) -> tuple[object, list[Problem]]:
        if self._lost >= _MOST_LOST:
            return None, [_problem("not-read", file)]
        try:
            if not self._told and not {"image", "prepare"} & request.keys():
                self._ask({"folder": self._folder}, file)
                self._told = True
            answer = self._ask(request, file)
        except _LostError as lost:
            self._replace()
            return None, [lost.problem]
        if "failed" in answer:
            return None, [_problem("defect", file, about=str(answer["failed"]))]
        return answer["made"], [Problem(**each) for each in answer["problems"]]

    def _ask(self, request: Mapping[str, Any], file: str) -> Mapping[str, Any]:
        self._await_start()
        until = time.monotonic() + self._limits.seconds
        try:
            self._line.settimeout(self._limits.seconds)
            self._line.sendall(json.dumps(request).encode() + b"\n")
            answer = self._read(until)
        except TimeoutError:
            raise _LostError(_problem("too-slow", file, self._limits)) from None
        except OSError:
            raise _LostError(_problem("crashed", file)) from None
        if answer.get("failed") == "memory":
            raise _LostError(_problem("too-heavy", file, self._limits))
        return answer

    def _read(self, until: float) -> Mapping[str, Any]:
        """One line, as JSON. Raises OSError where there is none, or too much of it."""
        held = bytearray()
        while not held.endswith(b"\n"):
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            got = self._line.recv(65536)
            held += got
            if not got or len(held) > _LARGEST_ANSWER:
                raise ConnectionResetError
        answer = json.loads(held)
        return answer if isinstance(answer, dict) else {}

    def _await_start(self) -> None:
        if self._ready:
            return
        try:
            self._read(time.monotonic() + self._limits.start)
        except OSError:
            self.close()
            raise _no_start() from None
        self._ready = True

    def _replace(self) -> None:
        self.close()
        self._lost += 1
        self._start()

    def _start(self) -> None:
        line, theirs = socket.socketpair()
        self._line = line
        limits = [str(self._limits.memory), str(int(self._limits.seconds) + 1)]
        command = [sys.executable, "-E", "-s", "-m", "service.mail.compile_child", *limits]
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd=_PACKAGE,
                    env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                )
        except OSError:  # too many processes, no memory
            line.close()
            raise _no_start() from None
        self._ready = False
        self._told = False


def _no_start() -> UnavailableError:
    return UnavailableError(
        "the process that reads the mails does not start; is there enough memory?",
        "De mails kunnen nu niet worden gelezen. Probeer het zo nog eens.",
        staff="het proces dat de mails leest, begint niet; is er genoeg geheugen?",
    )


def _problem(loss: str, file: str, limits: Limits = LIMITS, *, about: str = "") -> Problem:
    english, dutch = _SAID[loss]
    seconds, megabytes = f"{limits.seconds:g}", limits.memory // 1_000_000
    return Problem(
        id=f"mail.{loss}",
        file=file,
        message=english.format(seconds=seconds, megabytes=megabytes, about=about),
        dutch=dutch.format(seconds=seconds.replace(".", ","), megabytes=megabytes, about=about),
    )


_SAID = {
    "too-slow": (
        "this file takes more than {seconds} seconds to read; take the last change away, or make it shorter",
        "dit bestand lezen duurt langer dan {seconds} seconden. Haal de laatste wijziging weg, of maak het korter.",
    ),
    "too-heavy": (
        "this file needs more than {megabytes} MB of memory; take the last change away, or make it shorter",
        "dit bestand lezen kost meer dan {megabytes} MB geheugen. Haal de laatste wijziging weg, of maak het korter.",
    ),
    "crashed": (
        "the process that reads the mails ended on this file; take the last change away",
        "het lezen van dit bestand is afgebroken. Haal de laatste wijziging weg en probeer het opnieuw.",
    ),
    "defect": (
        "this file cannot be read because of a defect of ours ({about}); take the last change away, and tell us",
        "dit bestand kan niet worden gelezen door een fout van ons ({about}). Meld het ons.",
    ),
    "not-read": (
        "not read, because other files of this folder took too much; mend those first",
        "nog niet gelezen, omdat andere bestanden te veel kosten. Herstel die eerst.",
    ),
}
