"""Published images: written once under a name made of their content, never changed, never taken away."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.store.tables import Media


def add(session: Session, name: str, kind: str, data: bytes, now: datetime) -> None:
    """Keep an image, unless it is kept already: equal bytes have an equal name. Called under the publishing lock."""
    if session.get(Media, name) is None:
        session.add(Media(name=name, kind=kind, data=data, published_at=now))
        session.flush()


def by_name(session: Session, name: str) -> Media | None:
    """The image of a name, or None."""
    return session.get(Media, name)
