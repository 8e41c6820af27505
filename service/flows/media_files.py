"""The images of the content folder as staff work on them: which there are, where they are used, and new ones.

What there is to see on an image is written in the file itself, so it goes where the file goes.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from service.errors import InvalidInputError, NotFoundError, RefusedError, UnavailableError
from service.flows.content import TEMPLATES
from service.flows.content_desk import NEW, ContentDesk
from service.flows.content_yaml import LARGEST_FILE
from service.flows.media import FOLDER
from service.mail.image_notes import Notes, notes
from service.mail.image_prepare import Prepared
from service.mail.workshop import Limits, Workshop

LARGEST_UPLOAD = 6_000_000
"""Bytes, as a phone makes them; what is kept of it is at most `media.LARGEST`."""
_LIMITS = Limits(seconds=10, memory=600_000_000)
_PATIENCE = 20.0
_ONE_AT_A_TIME = threading.Lock()
"""Reading an image takes memory: never two at once in a process."""

SHORTEST, LONGEST = 3, 200
"""Letters of what there is to see."""
_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,79}\.[a-z]{3,4}")
_NAMED = re.compile(rf"\b{FOLDER}/([a-z0-9][a-z0-9_-]*\.[a-z]+)")
_USED = re.compile(rf"!\[([^\[\]\n]*)\]\(\s*{FOLDER}/([a-z0-9][a-z0-9_-]*\.[a-z]+)")
_MEANT = re.compile(r"[\[\]{}<>\\`]")  # means something in a mail's Markdown, or to its tags


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image of the folder. `mark` is of its bytes; `used_in` are the files that name it; `weight` is in bytes.

    `usable` is False for a file that no mail can show.
    """

    file: str
    mark: str
    weight: int
    width: int
    height: int
    description: str
    used_in: tuple[str, ...]
    usable: bool

    @property
    def path(self) -> str:
        """As a mail names it."""
        return f"{FOLDER}/{self.file}"

    @property
    def snippet(self) -> str:
        """What puts it in a mail."""
        return f"![{self.description}]({self.path})"


def pictures(desk: ContentDesk, folder: Path) -> tuple[Picture, ...]:
    """All images of the folder, by name. Files with other names than a mail can write are not among them."""
    sources = _sources(folder)
    used, said = _uses(sources), _said(sources)
    there = sorted(path.name for path in (folder / FOLDER).glob("*") if _NAME.fullmatch(path.name) and path.is_file())
    return tuple(_picture(desk, name, used.get(name, ()), said.get(name, "")) for name in there)


def picture(desk: ContentDesk, folder: Path, file: str) -> Picture:
    """One of them. Raises NotFoundError."""
    for each in pictures(desk, folder):
        if each.file == file:
            return each
    raise _none()


def shown(desk: ContentDesk, file: str) -> tuple[bytes, Notes]:
    """The bytes of one, and what they are by their own beginning. NotFoundError where that is no image of a mail."""
    if not _NAME.fullmatch(file):
        raise _none()
    opened = desk.open(f"{FOLDER}/{file}")
    told = notes(opened.data) if opened.mark != NEW else None
    if told is None:
        raise _none()
    return opened.data, told


def described(text: str) -> str:
    """What there is to see, as it can stand in a mail. Raises InvalidInputError where that is nothing, or a story."""
    words = " ".join(_MEANT.sub(" ", text).split())
    if not words.isprintable() or not SHORTEST <= len(words) <= LONGEST:
        raise InvalidInputError(
            f"say what there is to see, in {SHORTEST} to {LONGEST} letters, for whoever does not see it",
            f"Schrijf wat er te zien is, in {SHORTEST} tot {LONGEST} letters, voor wie het niet ziet.",
        )
    return words


def prepared(data: bytes, description: str) -> Prepared:
    """The image as it can stand in a mail, drawn anew in a process of its own. Raises InvalidInputError: why not."""
    if not data:
        raise InvalidInputError("the file is empty; choose another", "Dat bestand is leeg. Kies een ander.")
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise UnavailableError("others are adding images", "Anderen voegen ook plaatjes toe. Probeer het zo nog eens.")
    try:
        with Workshop(_LIMITS) as workshop:
            made, problems = workshop.prepared(data, description)
    finally:
        _ONE_AT_A_TIME.release()
    if made is None:
        told = problems[0]
        if not told.id.startswith("media."):
            raise InvalidInputError(
                "this image takes too much to read; make it smaller first",
                "Dit plaatje is te zwaar om te lezen. Maak het eerst kleiner.",
            )
        raise InvalidInputError(told.message, told.dutch)
    return made


def new_name(told: str, ending: str, taken: Iterable[str]) -> str:
    """A name of ours for a file that somebody called this: small letters and hyphens, and of no file there is."""
    stem = re.split(r"[/\\]", told)[-1].rpartition(".")[0] or told
    plain = re.sub(r"[^a-z0-9]+", "-", _without_accents(stem).lower()).strip("-")[:50].strip("-") or "plaatje"
    names = set(taken)
    number = 1
    while (name := f"{plain}{'' if number == 1 else f'-{number}'}.{ending}") in names:
        number += 1
    return name


def may_go(found: Picture) -> None:
    """Raise RefusedError where a file of the folder names the image."""
    if found.used_in:
        where = ", ".join(found.used_in)
        raise RefusedError(
            f"{found.file} is used in {where}; take it out there first",
            f"{found.file} wordt gebruikt in {where}. Haal het daar eerst weg.",
        )


def _picture(desk: ContentDesk, name: str, used: tuple[str, ...], said: str) -> Picture:
    opened = desk.open(f"{FOLDER}/{name}")
    told = notes(opened.data)
    words = (told.description if told else "") or said or name.rpartition(".")[0].replace("-", " ").replace("_", " ")
    return Picture(
        file=name,
        mark=opened.mark,
        weight=len(opened.data),
        width=told.width if told else 0,
        height=told.height if told else 0,
        description=" ".join(_MEANT.sub(" ", words).split()),
        used_in=used,
        usable=told is not None,
    )


def _sources(folder: Path) -> dict[str, str]:
    """The files that may name an image, by their place in the folder. Not compiled: they may be broken as well."""
    mails = folder / TEMPLATES
    files = [folder / "practice.yaml", *mails.rglob("*.md"), *mails.rglob("*.mjml")]
    found = (path for path in files if path.is_file() and path.stat().st_size <= LARGEST_FILE)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace") for path in found}


def _uses(sources: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for file, text in sources.items():
        for name in _NAMED.findall(text):
            found.setdefault(name, set()).add(file)
    return {name: tuple(sorted(files)) for name, files in found.items()}


def _said(sources: Mapping[str, str]) -> dict[str, str]:
    """The words of the first mail that shows an image, by its name."""
    found: dict[str, str] = {}
    for _, text in sorted(sources.items()):
        for words, name in _USED.findall(text):
            found.setdefault(name, words.strip())
    return found


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _none() -> NotFoundError:
    return NotFoundError("no such image", "Zo heet geen plaatje.")
