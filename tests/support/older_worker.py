"""A worker of an older version, which may run on beside newer ones: it leases what is due in one transaction, and looks
at it and opens attempts in a second one. It knows nothing of what newer ones do, but takes the same locks."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select, update

from service.flows.building import build
from service.store import outbox
from service.store.tables import Attempt, Message
from tests.support import acts
from tests.support.house import House
from tests.support.transports import Network

_MINE = "of-an-older-worker"


@dataclass(frozen=True, kw_only=True)
class OlderWorker:
    """On the database of this house."""

    house: House
    token: str = _MINE

    def lease(self, most: int = 100, *, ran_out: bool = False) -> list[int]:
        """Take so much of what is due, of whatever kind; `ran_out`: and hang until the lease has run out."""
        until = datetime.now(UTC) + (timedelta(hours=-2) if ran_out else outbox.LEASE)
        return acts.commit(self.house, self._lease, most, until)

    def hand_over(self, ids: Sequence[int], network: Network) -> int:
        """Open attempts for those of them that it still holds, hand these over, and settle. Returns how many."""
        begun = acts.commit(self.house, self._open, ids)
        services, now = self.house.services, self.house.clock.now()
        for message_id, token in begun:
            with services.database.reading() as session:
                mail = build(session, services, session.get_one(Message, message_id), now)
            acts.commit(self.house, acts.settle, services, token, network.take(mail), now, datetime.now(UTC))
        return len(begun)

    def _lease(self, session: Session, most: int, until: datetime) -> list[int]:
        due = (
            select(Message.id)
            .where(Message.state == "due", Message.due_at <= self.house.clock.now())
            .order_by(col(Message.priority), col(Message.due_at), col(Message.id))
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.exec(due))
        mine = {"state": "leased", "lease_token": self.token, "lease_until": until}
        session.exec(update(Message).where(col(Message.id).in_(ids)).values(**mine))
        return ids

    def _open(self, session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
        acts.hold_leads(session, self.house, ids)
        moment = datetime.now(UTC)
        held = select(Message).where(
            col(Message.id).in_(ids),
            Message.state == "leased",
            Message.lease_token == self.token,
            col(Message.lease_until) > moment,
        )
        begun = []
        for message in session.exec(held.order_by(col(Message.id)).with_for_update()):
            message.state, message.attempts = "handed_over", message.attempts + 1
            message.first_handed_at = message.first_handed_at or self.house.clock.now()
            token = secrets.token_hex(16)
            session.add(Attempt(message_id=message.id, token=token, number=message.attempts, opened_at=moment))
            begun.append((message.id, token))
        return begun
