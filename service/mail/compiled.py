"""A mail compiled for good: what a revision stores, and all that sending needs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from service.mail.names import Audience


class Contained(BaseModel):
    """A partial that a mail includes: the text it had (by hash) and how its approval stood when it was compiled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    hash: str
    needs_approval: bool
    approval: Literal["approved", "lapsed", "missing"]
    by: str = ""
    on: str = ""


ImageKind = Literal["image/png", "image/jpeg", "image/gif"]


class Image(BaseModel):
    """An image of the content folder as it was when it was read: `path` there, size in pixels as stored.

    `name` is made of its content, and is what it is kept and served under for good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    name: str
    kind: ImageKind
    width: int
    height: int


class CompiledMail(BaseModel):
    """One mail of one revision. Subject, preheader, HTML and text are Jinja templates; only `html` escapes values.

    `answers` names the answers it looks at, `contains` the partials in it, each once, in the order of reading; `images`
    those of `media/` that it shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    audience: Audience
    subject: str
    preheader: str
    html: str
    text: str
    contains: tuple[Contained, ...] = ()
    answers: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def for_lead(self) -> bool:
        """Whether a lead gets it, and so the law on what each mail must show counts."""
        return self.audience != "practice"


class CompiledPartial(BaseModel):
    """A partial for a web page: HTML without styles and plain text, as Jinja templates over `practice` alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    html: str
    text: str
