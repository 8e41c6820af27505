"""Websites that an admin lets post the opt-in form, beside those of NURTURE_ALLOWED_ORIGINS: kept in the database.

Every process asks for them anew after a few seconds, so that one is in force, or is no longer, without a restart.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from sqlmodel import Session

from service.errors import InvalidInputError, NotFoundError, RefusedError, trace
from service.store import events
from service.store.db import Database

_FACT = "allowed_origins"
_MOST = 20
_FRESH_SECONDS = 3.0
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"https://({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?(:[1-9]\d{{0,4}})?", re.ASCII)
_USUAL_PORT = ":443"
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class AllowedOrigin:
    """An origin (RFC 6454), the day it was allowed, and by whom, as the audit log names them."""

    origin: str
    day: date
    actor: str


class AllowedOrigins:
    """What stands in the database, as this process last saw it. Threads share it; one of them looks anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[str, ...] | None = None
        self._until = 0.0

    @property
    def is_fresh(self) -> bool:
        """Was there a look within the last seconds, so that `known` asks nothing of the database?"""
        return self._seen is not None and time.monotonic() < self._until

    def known(self, database: Database) -> tuple[str, ...]:
        """The origins. While the database is away those of the last look; none where there was no look yet."""
        if self.is_fresh:
            return self._seen or ()
        # Whoever comes while another looks takes what was seen last; only at the very first look do all wait.
        if not self._lock.acquire(blocking=self._seen is None):
            return self._seen or ()
        try:
            if not self.is_fresh:
                self._look(database)
        finally:
            self._lock.release()
        return self._seen or ()

    def look_again(self) -> None:
        """The next question is asked of the database: this process has just changed them."""
        self._until = 0.0

    def _look(self, database: Database) -> None:
        try:
            with database.reading() as session:
                seen = tuple(each.origin for each in allowed(session))
        except Exception as error:  # also asked for while another error is being answered
            log.warning("allowed origins not looked up", error=trace(error))
            seen = self._seen or ()
        self._seen, self._until = seen, time.monotonic() + _FRESH_SECONDS


def allowed(session: Session) -> list[AllowedOrigin]:
    """Those that were allowed here, in the order in which they were."""
    return _read(events.fact(session, _FACT))


def allow(session: Session, origin: str, *, actor: str, now: datetime) -> bool:
    """Let pages of this website post the form. False where they may already.

    Raises InvalidInputError for what is no https origin, written exactly as browsers send it: no path, no wildcard.
    """
    checked = checked_origin(origin)
    kept = _read(events.hold_fact(session, _FACT))
    if any(each.origin == checked for each in kept):
        return False
    if len(kept) >= _MOST:
        raise RefusedError(
            f"there are {_MOST} already; take one back first", f"Er staan er al {_MOST}. Neem er eerst een terug."
        )
    _write(session, [*kept, AllowedOrigin(origin=checked, day=now.date(), actor=actor)])
    events.audit(session, actor, "origin allowed", now, origin=checked)
    return True


def take_back(session: Session, origin: str, *, actor: str, now: datetime) -> None:
    """Pages of this website may post the form no more. NotFoundError where they were not allowed here."""
    kept = _read(events.hold_fact(session, _FACT))
    left = [each for each in kept if each.origin != origin]
    if len(left) == len(kept):
        raise NotFoundError("that website is not among the allowed ones", "Die website staat er niet bij.")
    _write(session, left)
    events.audit(session, actor, "origin taken back", now, origin=origin)


def checked_origin(written: str) -> str:
    """An https origin as browsers send it (RFC 6454, section 6.2), of one that somebody wrote."""
    text = written.strip().lower().removesuffix("/").removesuffix(_USUAL_PORT)
    if not _ORIGIN.fullmatch(text) or len(text) > 260:
        raise InvalidInputError(
            "write the address of the website alone, such as https://www.example.nl",
            "Schrijf alleen het adres van de website, zoals https://www.example.nl. Het begint met https:// en er "
            "staat niets achter.",
        )
    return text


def _read(kept: dict[str, Any] | None) -> list[AllowedOrigin]:
    return [
        AllowedOrigin(origin=each["origin"], day=date.fromisoformat(each["day"]), actor=each["actor"])
        for each in (kept or {"origins": []})["origins"]
    ]


def _write(session: Session, origins: list[AllowedOrigin]) -> None:
    kept = [{"origin": each.origin, "day": each.day.isoformat(), "actor": each.actor} for each in origins]
    events.set_fact(session, _FACT, {"origins": kept})
