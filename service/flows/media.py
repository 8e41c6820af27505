"""The images of the content folder: read where a mail or practice.yaml names them, and kept for good when published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from service.errors import Problem
from service.mail.compiled import Image
from service.mail.workshop import Workshop
from service.store import media

FOLDER = "media"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.[a-z]+")
_NAMED = re.compile(rf"{FOLDER}/[a-z0-9][a-z0-9_-]*\.[a-z]+")
_MOST = 100
"""Images in use; each is looked at whenever the folder is read."""
LARGEST = 300_000
"""Bytes of one. Mails are read on a phone, often without Wi-Fi, and every image stays in the database for good."""


@dataclass(kw_only=True)
class Images:
    """The files of media/. `facts` has them all, by path; None for one that is not used, or cannot be.

    `data` has the bytes of those that can be used, by the name they are served under.
    """

    facts: dict[str, Image | None] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_images(folder: Path, texts: Iterable[str], workshop: Workshop) -> Images:
    """The images that the texts (mails, practice.yaml) name. Files with other names than `foto-1.jpg` are not seen."""
    files = sorted(path for path in (folder / FOLDER).glob("*") if _NAME.fullmatch(path.name) and path.is_file())
    found = Images(facts={f"{FOLDER}/{path.name}": None for path in files})
    named = sorted({name for text in texts for name in _NAMED.findall(text)} & found.facts.keys())
    if len(named) > _MOST:
        message = f"the mails use {len(named)} images; {_MOST} is the most"
        dutch = f"de mails gebruiken {len(named)} plaatjes; hoogstens {_MOST} kan."
        found.problems.append(Problem(id="media.many", file=FOLDER, message=message, dutch=dutch))
    for name in named[:_MOST]:
        path = folder / name
        size = path.stat().st_size
        if size > LARGEST:
            found.problems.append(_too_large(name, size))
            continue
        data = path.read_bytes()
        image, problems = workshop.image(name, data)
        found.problems += problems
        if image is not None:
            found.facts[name] = image
            found.data[image.name] = data
    return found


def _too_large(path: str, size: int) -> Problem:
    message = f"this image has {size // 1000} kB; at most {LARGEST // 1000} kB can stand in a mail"
    dutch = f"dit plaatje is {size // 1000} kB; hoogstens {LARGEST // 1000} kB mag. Maak het kleiner."
    return Problem(id="media.weight", file=path, message=message, dutch=dutch)


def keep(session: Session, images: Iterable[Image], data: Mapping[str, bytes], now: datetime) -> None:
    """Publish images: from here on they are served, under names that mean these bytes for ever."""
    for image in images:
        media.add(session, image.name, image.kind, data[image.name], now)
