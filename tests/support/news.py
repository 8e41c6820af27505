"""What comes back about mails in a test: news of any kind, applied in a transaction of its own."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from service.domain.feedback import Feedback, FeedbackKind, Tie
from service.flows import feedback
from service.store.tables import Message
from tests.support import acts
from tests.support.house import House

_numbers = itertools.count()


def about(message: Message | None, kind: FeedbackKind, *, at: datetime | None = None, **more: Any) -> Feedback:
    """News of this kind about a message, tied by its own id unless `tie` says otherwise; another key each time."""
    given: dict[str, Any] = {
        "source": "lettermint",
        "key": f"event-{next(_numbers)}",
        "raw_kind": kind.value,
        "tie": Tie(public_id=message.public_id) if message else Tie(),
    }
    return Feedback(kind=kind, at=at, **(given | more))


def comes(house: House, news: Feedback) -> bool:
    """It arrives, as of the house's clock. False: it came before."""
    return acts.commit(house, feedback.apply, house.services, news, house.clock.now())
