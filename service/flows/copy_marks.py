"""Of a database and its copy one is in use: the marks that see to it.

The copy is closed until its source is, and opened only then. So a copy that is killed anywhere leaves no two that send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session

from service.errors import RefusedError
from service.store import events, outbox

_FACT = "copied"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Why a database is closed: it is filled from `other` (arriving), or it was copied there (left).

    `copy` is the same in both databases. `paused` is what was held back before it was closed.
    """

    state: Literal["arriving", "left"]
    copy: str
    other: str
    at: datetime
    paused: dict[str, Any] | None = None


def of(session: Session) -> Mark | None:
    """The mark of a database; None where it is in use, or may be."""
    kept = events.facts(session, [_FACT]).get(_FACT)
    return Mark(**kept | {"at": datetime.fromisoformat(kept["at"])}) if kept else None


def close_copy(session: Session, *, copy: str, source: str, at: datetime) -> None:
    """Nobody may use this copy yet."""
    _keep(session, Mark(state="arriving", copy=copy, other=source, at=at))


def open_copy(session: Session) -> None:
    """The source is closed: the copy may be used."""
    events.forget_fact(session, _FACT)


def close_source(session: Session, *, copy: str, target: str, at: datetime) -> None:
    """Nobody starts on it any more, and whoever runs all the same hands no mail over."""
    paused = events.fact(session, outbox.PAUSED)
    _keep(session, Mark(state="left", copy=copy, other=target, at=at, paused=paused))
    sequences = sorted(outbox.paused(session).sequences)
    closed = {"all_mail": True, "follow_ups": True, "sequences": sequences, "since": {"*": at.isoformat()}}
    events.set_fact(session, outbox.PAUSED, closed)


def refuse_closed(session: Session) -> None:
    """Raise RefusedError where this database is closed."""
    mark = of(session)
    if mark is None:
        return
    if mark.state == "arriving":
        raise RefusedError(
            f"the copy from {mark.other} into this database was not finished; run `nurture copy-database` again there",
            f"de kopie van {mark.other} naar deze database is niet af; geef `nurture copy-database` daar nog een keer",
        )
    raise RefusedError(
        f"this database was copied to {mark.other} on {mark.at:%Y-%m-%d %H:%M} UTC and is closed, so that no mail "
        "leaves twice: set NURTURE_DATABASE_URL to the copy (or, to go on with this one, stop the copy and run: "
        "nurture copy-database --take-back --to THE COPY)",
        f"deze database is op {mark.at:%Y-%m-%d %H:%M} UTC gekopieerd naar {mark.other} en gesloten, zodat geen mail "
        "dubbel gaat: zet de kopie in NURTURE_DATABASE_URL (of stop de kopie, als je met deze verder wilt, en geef: "
        "nurture copy-database --take-back --to DE-KOPIE)",
    )


def open_again(session: Session, mark: Mark) -> None:
    """What `close_source` did is undone."""
    events.forget_fact(session, _FACT)
    if mark.paused is None:
        events.forget_fact(session, outbox.PAUSED)
    else:
        events.set_fact(session, outbox.PAUSED, mark.paused)
    session.flush()
    session.expire_all()


def _keep(session: Session, mark: Mark) -> None:
    events.set_fact(session, _FACT, vars(mark) | {"at": mark.at.isoformat()})
