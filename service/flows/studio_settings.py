"""What an admin settled for the whole studio, kept in the database: every process reads it anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlmodel import Session

from service.store import events

_FACT = "studio_settings"


@dataclass(frozen=True, kw_only=True)
class StudioSettings:
    """`editors_publish`: may editors publish? `second_step`: may only those enter who have one?"""

    editors_publish: bool = False
    second_step: bool = False


def read(session: Session) -> StudioSettings:
    """As they are now; what was never settled is off."""
    kept = events.fact(session, _FACT) or {}
    return StudioSettings(**{each.name: bool(kept.get(each.name, False)) for each in fields(StudioSettings)})


def change(
    session: Session, settings: StudioSettings, *, seen: StudioSettings | None = None, actor: str, now: datetime
) -> None:
    """Settle them, and keep in the audit log who did.

    What is as it was `seen` stays as it is: another admin may have settled that meanwhile.
    """
    before = events.hold_fact(session, _FACT) or {}
    after = asdict(settings)
    if seen is not None:
        after = asdict(read(session)) | {name: value for name, value in after.items() if value != asdict(seen)[name]}
    if after != before:
        events.set_fact(session, _FACT, after)
        events.audit(session, actor, "studio settings changed", now, **after)
