"""Limits on sending in a test: mails that wait, real time that passes without waiting, and what left when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select, update

from service.domain.limits import Limit
from service.domain.send_limits import SendLimits
from service.store.tables import Attempt, CapHit, Fact, Message
from tests.support.crowd import gather
from tests.support.house import House


def follow_ups_wait(house: House, count: int, *, domains: int = 1) -> None:
    """This many follow-ups, due; their recipients are spread evenly over the domains d0.example, d1.example, …"""
    gather(house, count - 1)  # the one they are copied from makes the last
    with house.services.database.transaction() as session:
        ids = session.exec(select(Message.id).where(Message.kind == "follow_up").order_by(col(Message.id))).all()
        for domain in range(domains):
            mine = col(Message.id).in_(ids[domain::domains])
            session.exec(update(Message).where(mine).values(recipient=f"someone@d{domain}.example"))


def let_real_time_pass(house: House, *, clock: bool = True, **by: float) -> None:
    """What the limits look at is moved into the past, and the house's clock forward with it (unless told otherwise)."""
    step = timedelta(**by)
    with house.services.database.transaction() as session:
        for hit in session.exec(select(CapHit)):
            hit.at -= step
        for attempt in session.exec(select(Attempt)):
            attempt.opened_at -= step
        fact = session.get(Fact, "warm_up")
        if fact is not None:
            fact.value = {"since": (datetime.fromisoformat(fact.value["since"]) - step).isoformat()}
    if clock:
        house.clock.advance(**by)


def left(house: House, since: int = 0) -> list[tuple[datetime, Message]]:
    """Each attempt after the one with this id: when it was opened, and its message; oldest first."""
    statement = (
        select(Attempt.opened_at, Message)
        .join(Message, col(Message.id) == Attempt.message_id)
        .where(Attempt.id > since)
        .order_by(col(Attempt.opened_at), col(Attempt.id))
    )
    with house.services.database.reading() as session:
        return [(moment, message) for moment, message in session.exec(statement)]


def waiting(house: House) -> list[Message]:
    """What is due, now or later."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Message).where(Message.state == "due").order_by(col(Message.id))))


def broken(attempts: Sequence[tuple[datetime, Message]], limits: SendLimits) -> list[str]:
    """Every limit that some stretch of time holds more than; empty when all of them held."""
    found = _broken("all", attempts, limits.overall(timedelta(0)))
    for domain in {_domain(message) for _, message in attempts}:
        mine = [each for each in attempts if _domain(each[1]) == domain]
        found += _broken(domain, mine, limits.domain)
    return found


def per_domain(attempts: Iterable[tuple[datetime, Message]]) -> Counter[str]:
    """Recipient domain -> how many left."""
    return Counter(_domain(message) for _, message in attempts)


def _broken(scope: str, attempts: Sequence[tuple[datetime, Message]], limits: Iterable[Limit]) -> list[str]:
    found = []
    for limit in limits:
        stretch = timedelta(seconds=limit.seconds)
        for first, (moment, _) in enumerate(attempts):
            within = [message for later, message in attempts[first:] if later - moment < stretch]
            if len(within) > limit.count:
                found.append(f"{scope}: {len(within)} within {limit.seconds} s, of {limit.count}")
                break
    return found


def _domain(message: Message) -> str:
    return message.recipient.rpartition("@")[2]
