"""What the page of images is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from service.flows.content import TEMPLATES
from service.flows.media_files import LONGEST, SHORTEST, Picture
from service.web.studio.views import StudioPage


@dataclass(frozen=True, kw_only=True)
class Use:
    """A file that names an image. `mail` is the name of its mail, "" where it is none."""

    file: str
    mail: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """An image, and where it is used."""

    picture: Picture
    uses: tuple[Use, ...]

    @property
    def kilobytes(self) -> int:
        """Rounded up, so that nothing weighs nothing."""
        return -(-self.picture.weight // 1000)


@dataclass(frozen=True, kw_only=True)
class MediaPage(StudioPage):
    """All images, and a form for another. `added`: the one of just now. `told`: why the last one was not taken."""

    template: ClassVar[str] = "studio/media/library.html"
    scripts: ClassVar[bool] = True

    cards: tuple[Card, ...]
    writable: bool
    added: Card | None = None
    removed: bool = False
    told: str = ""
    typed: str = ""
    shortest: int = SHORTEST
    longest: int = LONGEST


def card(picture: Picture) -> Card:
    """With its uses, mails by their names."""
    return Card(picture=picture, uses=tuple(_use(file) for file in picture.used_in))


def _use(file: str) -> Use:
    name = file.removeprefix(f"{TEMPLATES}/").removesuffix(".md")
    is_mail = file == f"{TEMPLATES}/{name}.md" and "/" not in name
    return Use(file=file, mail=name if is_mail else "")
