"""Whence opt-ins come, as far as a cap and `doctor` need it: keyed hashes, never an address (ACCEPTANCE E2, P3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.flows import alerts
from service.flows.services import Services
from service.store import events

_FACT, _ALERT = "opt_in_clients", "opt-ins-from-one-client"
_ENOUGH = 20  # in a row from one private address: more of them say nothing new
SUSPICIOUS = 3
"""So many opt-ins in a row from one private address are no chance: a proxy stands before us."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client by keyed hashes: its `network`, and its very address where that is a `private` one, else None."""

    network: str
    private: str | None


def note(session: Session, clients: Sequence[Client], now: datetime) -> None:
    """Keep whether the latest opt-ins, these last, all came from one private address. Writes only where that changed.

    The caller holds the lock of all opt-ins.
    """
    if not clients:
        return
    before = events.fact(session, _FACT) or {"private": None, "count": 0}
    private, count = before["private"], before["count"]
    for client in clients:
        in_a_row = count + 1 if client.private == private else 1
        private = client.private
        count = 0 if private is None else min(in_a_row, _ENOUGH)
    if any(client.private is None for client in clients):
        alerts.mended(session, _ALERT, now)
    if (after := {"private": private, "count": count}) != before:
        events.set_fact(session, _FACT, after)


def one_for_all(session: Session) -> bool:
    """Did all of the latest opt-ins come from one and the same private address?"""
    found = events.fact(session, _FACT)
    return found is not None and found["count"] >= SUSPICIOUS


def tell_turned_away(services: Services, now: datetime) -> None:
    """Tell staff that a private address ran into the cap of a network: all visitors may share it."""
    with services.database.transaction() as session:
        alerts.tell(
            session,
            _ALERT,
            dutch=(
                "Aanvragen worden geweigerd: ze komen allemaal van één intern adres, waarschijnlijk van je proxy. "
                "Zet het netwerk van je proxy in NURTURE_TRUSTED_PROXIES. Kijk met: nurture doctor"
            ),
            english=(
                "opt-ins are turned away: all of them come from one private address, probably that of your proxy; "
                "name its network in NURTURE_TRUSTED_PROXIES, and see: nurture doctor"
            ),
            now=now,
        )
