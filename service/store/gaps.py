"""Stretches of time of which the ledger cannot tell what left: the fact `gap`.

`{"gaps": [{"since": ISO, "until": ISO, "kind": "restored" | "downtime"}]}`; the guard on backlogs reads it.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.store import events
from service.store.db import take_locks

RESTORED = "restored"  # also Message.hold of what may have left within it
_FACT = "gap"


def add(session: Session, *, since: datetime, until: datetime, kind: str) -> None:
    """One stretch more; of one kind that began at the same moment, the later end counts."""
    take_locks(session, [f"fact:{_FACT}"])
    kept = events.fact(session, _FACT) or {}
    began = since.isoformat()
    others = [each for each in kept.get("gaps", []) if (each["kind"], each["since"]) != (kind, began)]
    new = {"since": began, "until": until.isoformat(), "kind": kind}
    events.set_fact(session, _FACT, {"gaps": [*others, new]})
