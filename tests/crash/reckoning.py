"""After the storm: what the mail server counted against what the ledger says."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import col, select

from service.flows.outcomes import MOST_REPEATS
from service.flows.sending import MOST_OPEN
from service.store import message_rows
from service.store.attempts import TOLD
from service.store.tables import Attempt, Enrolment, Message
from tests.support import crowd
from tests.support.house import House

GROUP = MOST_OPEN  # what one worker may leave behind
_ENDS = frozenset({"accepted", "delivered", "unknown", "failed", "cancelled", "skipped"})


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One mail at the server, by its Message-ID or its key: when MAIL came and when the dot had been read (epoch), and
    its bytes' SHA-256."""

    message_id: str
    recipient: str
    digest: str
    began: float
    taken: float


@dataclass(kw_only=True)
class Reckoning:
    """What each list holds is wrong but `unknown`, which staff find listed; ids and addresses for whoever looks."""

    mails: int = 0
    cut_off: int = 0  # hand-overs whose outcome a kill kept from being written
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    unlisted: list[int] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [
            *(f"lost: {each}" for each in self.lost),
            *(f"repeated: {each}" for each in self.repeated),
            *(f"unknown and not listed: {each}" for each in self.unlisted),
            *(f"stuck: {each}" for each in self.stuck),
            *self.other,
        ]

    def line(self, engine: str, kills: int, seed: int) -> str:
        """The storm in one line."""
        listed = f"{len(self.unlisted)} not listed" if self.unlisted else "all listed"
        return (
            f"{engine}: {kills} kills, {self.mails} mails: {len(self.lost)} lost, {len(self.repeated)} repeated, "
            f"{len(self.unknown)} unknown ({listed}), {len(self.stuck)} stuck, "
            f"{self.cut_off} hand-overs cut off"
            f"{f', {len(self.other)} otherwise wrong' if self.other else ''} (seed {seed})"
        )


def unsettled(house: House) -> list[str]:
    """What is still to happen by itself, now: nothing, when all is over."""
    now = datetime.now(UTC)
    with house.services.database.reading() as session:
        hand = ("leased", "handed_over")
        messages = session.exec(
            select(Message).where(
                col(Message.state).in_(hand) | ((col(Message.state) == "due") & (col(Message.due_at) <= now))
            )
        ).all()
        runs = session.exec(
            select(Enrolment).where(
                Enrolment.state == "active", col(Enrolment.next_at).is_(None) | (col(Enrolment.next_at) <= now)
            )
        ).all()
        return [
            *(f"message {each.id} ({each.kind}) is {each.state}" for each in messages),
            *(f"run {each.id} waits for {each.next_at}" for each in runs),
        ]


def reckon(
    house: House,
    seen: Sequence[Seen],
    *,
    promised: set[str],
    silenced: dict[str, float],
    refused: set[str],
    killed: Sequence[float],
    by_key: bool = False,
) -> Reckoning:
    """Hold the server's count, the answers that were given and the ledger against each other.

    `promised` were answered 202, `silenced` "no more mail" at that moment, `refused` were turned away by the server
    for good; `killed` is when processes that send were killed. `by_key`: mails were seen by their keys, under which the
    other side sends one mail and tells of it.
    """
    with house.services.database.reading() as session:
        messages = {
            each.public_id if by_key else each.message_id: each
            for each in session.exec(select(Message).where(Message.recipient != crowd.MODEL))
        }
        attempts: dict[int, list[Attempt]] = defaultdict(list)
        for attempt in session.exec(select(Attempt).order_by(col(Attempt.id))):
            attempts[attempt.message_id].append(attempt)
        listed = {each.id for each in message_rows.in_states(session, ["unknown"])}
    found = Reckoning(mails=len(seen), stuck=unsettled(house))
    counts = Counter(each.message_id for each in seen)
    for name, message in messages.items():
        _look_at(found, message, attempts[message.id], counts[name], refused)
        if by_key:
            _look_at_told(found, message, counts[name])
    found.unlisted = [each for each in found.unknown if each not in listed]
    _count_promises(found, promised, messages.values())
    _compare_bytes(found, seen, messages)
    _look_for_mail_after_a_no(found, messages.values(), attempts, silenced)
    _charge_to_kills(found, [each for rows in attempts.values() for each in rows], killed)
    return found


def _look_at(found: Reckoning, message: Message, attempts: Sequence[Attempt], times: int, refused: set[str]) -> None:
    who = f"{message.kind} {message.id}, {message.state} after {[each.outcome for each in attempts]}, seen {times}x"
    most = 1 + MOST_REPEATS if message.kind == "advice" else 1
    if times > most:
        found.repeated.append(who)
    if message.state not in _ENDS and not (message.state == "due" and not attempts):
        found.stuck.append(who)
    unknown = [each for each in attempts if each.outcome == "unknown"]
    match message.state:
        case "accepted" if times == 0:
            found.lost.append(who)
        case "unknown":
            found.unknown.append(message.id)
            if len(unknown) != most:
                found.other.append(f"unknown too soon or too late: {who}")
        case "failed" if message.recipient not in refused:
            found.other.append(f"failed, though the server refused nothing: {who}")
        case "cancelled" if times:
            found.other.append(f"cancelled after it left: {who}")
    if times > len(attempts):
        found.other.append(f"left without an attempt: {who}")
    if any(each.outcome is None for each in attempts):
        found.stuck.append(f"an open attempt: {who}")


def _look_at_told(found: Reckoning, message: Message, times: int) -> None:
    """No mail twice at all, advice neither; and what left was told, so that nothing of it is of unknown fate."""
    who = f"{message.kind} {message.id}, {message.state}, seen {times}x"
    if times > 1:
        found.repeated.append(who)
    if times and message.state != "delivered":
        found.other.append(f"told that it arrived: {who}")
    if not times and message.state == "delivered":
        found.lost.append(who)


def _count_promises(found: Reckoning, promised: set[str], messages: Iterable[Message]) -> None:
    advices = Counter(each.recipient for each in messages if each.kind == "advice")
    found.lost += [f"202 without an advice: {address}" for address in promised if advices[address] == 0]
    found.repeated += [f"202 with two advices: {address}" for address in promised if advices[address] > 1]


def _compare_bytes(found: Reckoning, seen: Sequence[Seen], messages: dict[str, Message]) -> None:
    digests: dict[str, set[str]] = defaultdict(set)
    steps: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for each in seen:
        digests[each.message_id].add(each.digest)
        message = messages.get(each.message_id)
        if message is None or message.recipient != each.recipient:
            found.other.append(f"a mail that no row stands for: {each}")
        elif message.kind == "follow_up":
            steps[message.enrolment_id, message.step].add(each.message_id)
    found.other += [f"not the same bytes: {each}" for each, different in digests.items() if len(different) > 1]
    found.repeated += [f"one step, two mails: {step}" for step, ids in steps.items() if len(ids) > 1]


def _look_for_mail_after_a_no(
    found: Reckoning, messages: Iterable[Message], attempts: dict[int, list[Attempt]], silenced: dict[str, float]
) -> None:
    """A hand-over begins with its attempt; one that began before the answer may reach the server after it."""
    for message in messages:
        if message.kind != "follow_up" or message.recipient not in silenced:
            continue
        answered = datetime.fromtimestamp(silenced[message.recipient], UTC)
        found.other += [
            f"{message.id} began {each.opened_at - answered} after the no was answered"
            for each in attempts[message.id]
            if each.opened_at > answered
        ]


def _charge_to_kills(found: Reckoning, attempts: Sequence[Attempt], killed: Sequence[float]) -> None:
    """Only a killed process leaves an attempt to the reaper, and each no more than it may have open.

    Which of several processes an attempt was of, it does not say: so those opened since any moment are at most a
    group for each kill after it.
    """
    reaped = sorted(each.opened_at.timestamp() for each in attempts if each.outcome == "unknown" and not each.stage)
    # Those that an event closed had no answer either, if none came since.
    found.cut_off = len(reaped) + sum(each.stage == TOLD for each in attempts)
    for position, opened in enumerate(reaped):
        kills_left = len(killed) - bisect_left(killed, opened)
        if len(reaped) - position > kills_left * GROUP:
            found.other.append(f"{len(reaped) - position} hand-overs without an outcome for {kills_left} kills")
            return
