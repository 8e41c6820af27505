"""A hand-over against whatever ends or holds back a lead's mails, in another thread, in every order (ACCEPTANCE C4)."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlmodel import Session, col, select, update

from service.domain.lead import Suppression, SuppressionReason
from service.flows import answers, booking, consent, planning, settling
from service.flows.handover import Routes
from service.flows.taking import Wanted, take
from service.store import leads, outbox, suppressions
from service.store.tables import Attempt, Enrolment, Lead, Message
from tests.support.acts import begin, commit, settle
from tests.support.crowd import Member, gather
from tests.support.house import House
from tests.support.transports import accepted

INTERLEAVINGS = 1_000
LEASE = "lease-of-a-worker"
Act = Callable[[Session, House, Member], object]


def _withdraw(session: Session, house: House, who: Member) -> None:
    consent.withdraw(session, house.services, session.get_one(Lead, who.lead_id), "link", house.clock.now())


def _booked(session: Session, house: House, who: Member) -> None:
    booking.booked(session, house.services, session.get_one(Lead, who.lead_id), "staff", house.clock.now())


def _pause(session: Session, house: House, who: Member) -> None:
    message = session.get_one(Message, who.message_id)
    answers.record(session, house.services, message, "worse", house.clock.now())


def _suppress(session: Session, house: House, who: Member) -> None:
    hmac = house.services.hmac(who.address)
    leads.lock(session, [who.lead_id], [hmac])
    rule = Suppression.following(SuppressionReason.COMPLAINT, now=house.clock.now())
    suppressions.add(session, hmac, rule, house.clock.now())


ACTS: dict[str, Act] = {"withdraw": _withdraw, "booked": _booked, "pause": _pause, "suppress": _suppress}
SHARES = (list(ACTS), (3, 2, 1, 4))  # by what they cost: a pause writes the most, a suppression the least


def test_no_hand_over_begins_after_what_forbids_it_was_committed(house: House) -> None:
    crowd = gather(house, INTERLEAVINGS)
    chance = random.Random(4)
    stamps = count()
    meet = threading.Barrier(2)
    began_at: dict[int, int] = {}
    begun: set[int] = set()
    done_at: dict[int, int] = {}
    seen: dict[int, str] = {}
    act_of = {who.message_id: name for who, name in zip(crowd, chance.choices(*SHARES, k=len(crowd)), strict=True)}

    def hand_over(group: list[Member], delay: float) -> None:
        meet.wait(30)
        time.sleep(delay)
        stamp = next(stamps)
        ids = [who.message_id for who in group]
        began_at.update(dict.fromkeys(ids, stamp))
        begun.update(each.message.id for each in commit(house, begin, house, ids, LEASE))

    def act(group: list[Member], delay: float) -> None:
        meet.wait(30)
        time.sleep(delay)
        for who in group:
            with house.services.database.transaction() as session:
                ACTS[act_of[who.message_id]](session, house, who)
                session.flush()
                # The lead is ours until the commit, so this is how the two are ordered.
                seen[who.message_id] = session.exec(select(Message.state).where(Message.id == who.message_id)).one()
            done_at[who.message_id] = next(stamps)

    waiting = list(crowd)
    with ThreadPoolExecutor(1) as sender, ThreadPoolExecutor(1) as others:
        while waiting:
            group = [waiting.pop() for _ in range(min(chance.choice((1, 2, 4, 6)), len(waiting)))]
            mixed = chance.sample(group, len(group))
            delays = chance.choice(((0, 0), (0, 0.001), (0.001, 0), (0.002, 0), (0, 0.003)))
            pair = (sender.submit(hand_over, group, delays[0]), others.submit(act, mixed, delays[1]))
            for each in pair:
                each.result(60)

    with house.services.database.reading() as session:
        messages = {each.id: each for each in session.exec(select(Message).where(col(Message.kind) == "follow_up"))}
        opened = Counter(session.exec(select(Attempt.message_id)).all())
        paused = {each.id: each.paused_until for each in session.exec(select(Enrolment))}
    for who in crowd:
        message, name = messages[who.message_id], act_of[who.message_id]
        if done_at[message.id] < began_at[message.id]:
            assert message.id not in begun, f"handed over after the {name} was answered"
        assert (message.id in begun) == (seen[message.id] == "handed_over"), f"a {name} and a hand-over crossed"
        if message.id in begun:
            assert (message.state, opened[message.id]) == ("handed_over", 1)
        elif name == "pause":
            until = paused[who.enrolment_id]
            assert until is not None
            assert (message.state, opened[message.id], message.due_at >= until) == ("due", 0, True)
        else:
            assert (message.state, opened[message.id]) == ("cancelled", 0)
    assert 50 < len(begun) < INTERLEAVINGS - 50, "both orders must come up, or this shows nothing"


def test_nothing_is_taken_after_what_forbids_it_was_committed(house: House) -> None:
    """As above, by the whole transaction of a sender, which waits for no lead: whom somebody has is passed over."""
    crowd = gather(house, INTERLEAVINGS // 2)
    commit(house, _put_off, [], house.clock.now() + timedelta(hours=3))
    chance = random.Random(7)
    stamps = count()
    meet = threading.Barrier(2)
    began_at: dict[int, int] = {}
    done_at: dict[int, int] = {}
    seen: dict[int, str] = {}
    act_of = {who.message_id: name for who, name in zip(crowd, chance.choices(*SHARES, k=len(crowd)), strict=True)}

    def take_all(most: int, delay: float, number: int) -> None:
        meet.wait(30)
        time.sleep(delay)
        for again in range(8):
            stamp = next(stamps)
            lease = f"{number}-{again}"
            wanted = Wanted(lease=lease, most=most, urgent=False, routes=Routes(), one_by_one=number % 5 == 0)
            begun = commit(house, take, house.services, wanted).begun
            began_at.update({each.message.id: stamp for each in begun})

    def act(group: list[Member], delay: float) -> None:
        meet.wait(30)
        time.sleep(delay)
        for who in group:
            with house.services.database.transaction() as session:
                ACTS[act_of[who.message_id]](session, house, who)
                session.flush()
                seen[who.message_id] = session.exec(select(Message.state).where(Message.id == who.message_id)).one()
            done_at[who.message_id] = next(stamps)

    waiting, number = list(crowd), 0
    with ThreadPoolExecutor(2) as both:
        while waiting:
            number += 1
            group = [waiting.pop() for _ in range(min(chance.choice((1, 2, 4, 6)), len(waiting)))]
            commit(house, _put_off, group, house.clock.now())
            delays = chance.choice(((0, 0), (0, 0.004), (0.002, 0), (0.004, 0), (0.008, 0), (0, 0.008)))
            mixed = chance.sample(group, len(group))
            pair = both.submit(take_all, len(group), delays[0], number), both.submit(act, mixed, delays[1])
            for each in pair:
                each.result(60)

    with house.services.database.reading() as session:
        opened = Counter(session.exec(select(Attempt.message_id)).all())
    for who in crowd:
        message, name = who.message_id, act_of[who.message_id]
        if message in began_at:
            assert began_at[message] < done_at[message], f"taken after the {name} was answered"
            assert opened[message] == 1
        assert (message in began_at) == (seen[message] == "handed_over"), f"a {name} and a hand-over crossed"
    assert 25 < len(began_at) < len(crowd) - 25, "both orders must come up, or this shows nothing"


def _put_off(session: Session, group: list[Member], until: datetime) -> None:
    """These are due then, or all that is due is."""
    mine = [col(Message.id).in_([who.message_id for who in group])] if group else [Message.state == "due"]
    session.exec(update(Message).where(*mine).values(due_at=until))


class _Hands:
    """A sender on one lease, with everything around it that touches the same rows."""

    def __init__(self, house: House, crowd: list[Member]) -> None:
        self._house, self._crowd = house, crowd
        self._over = threading.Event()

    def send(self, groups: list[list[Member]]) -> None:
        """Hand these groups over and settle them, the last first."""
        now, services = self._house.clock.now(), self._house.services
        for group in groups:
            ids = [who.message_id for who in group]
            opened = commit(self._house, begin, self._house, ids, LEASE)
            for each in reversed(opened):
                commit(self._house, settle, services, each, accepted(), now, datetime.now(UTC))

    def heartbeat(self) -> None:
        """Renew the lease, without a rest."""
        while not self._over.is_set():
            commit(self._house, outbox.renew, [LEASE], datetime.now(UTC))

    def plan(self) -> None:
        """Plan everybody, the last first."""
        ids = [who.enrolment_id for who in reversed(self._crowd)]
        lead_ids = [who.lead_id for who in reversed(self._crowd)]
        while not self._over.is_set():
            commit(self._house, planning.plan, self._house.services, ids, lead_ids, self._house.clock.now())

    def reap(self) -> None:
        """Look for leases that ran out."""
        while not self._over.is_set():
            commit(self._house, settling.reap, self._house.clock.now(), datetime.now(UTC))

    def stop(self) -> None:
        """Let the background end."""
        self._over.set()


def test_senders_planners_heartbeats_and_reapers_never_wait_for_each_other_in_a_circle(house: House) -> None:
    crowd = gather(house, 96)
    random.Random(6).shuffle(crowd)
    for who in crowd:  # PostgreSQL then keeps the rows in an order that has nothing to do with their ids
        commit(house, _touch, who)
    groups = [crowd[start : start + 8] for start in range(0, len(crowd), 8)]
    hands = _Hands(house, crowd)
    with ThreadPoolExecutor(5) as pool:
        background = [pool.submit(work) for work in (hands.heartbeat, hands.plan, hands.reap)]
        senders = [pool.submit(hands.send, groups[0::2]), pool.submit(hands.send, groups[1::2])]
        try:
            for each in senders:
                each.result(60)
        finally:
            hands.stop()
        for each in background:
            each.result(60)
    with house.services.database.reading() as session:
        mine = col(Message.id).in_([who.message_id for who in crowd])
        states = Counter(session.exec(select(Message.state).where(mine)).all())
    assert states == {"accepted": len(crowd)}


def _touch(session: Session, who: Member) -> None:
    session.get_one(Message, who.message_id).reason = "aangeraakt"
