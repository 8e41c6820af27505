"""What can become of a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from service.domain import mail_reasons
from service.domain.feedback import FeedbackKind


class State(StrEnum):
    """Where a message stands in the ledger."""

    DUE = "due"
    LEASED = "leased"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    HELD = "held"
    FAILED = "failed"
    UNKNOWN = "unknown"


_EVENTS = frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED})
_TOLD = _EVENTS | {State.ACCEPTED}

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        # unknown: an advice was to be repeated, and the provider would not recognise it any more.
        # failed: the recipient's domain has turned us away for as long as we try.
        # told: a repeat waits, or a database was put back, and the mail turns out to have left before
        State.DUE: frozenset(
            {
                *(State.HANDED_OVER, State.CANCELLED, State.SKIPPED, State.HELD),
                *(State.UNKNOWN, State.FAILED),
            }
        )
        | _TOLD,
        # Workers of an older version, which may run on beside newer ones, leased what is due before they looked at it.
        State.LEASED: frozenset({State.DUE, State.CANCELLED, State.HELD}) | _TOLD,
        # an event may come before the call has answered
        State.HANDED_OVER: frozenset({State.DUE, State.FAILED, State.UNKNOWN}) | _TOLD,
        # failed: an event said that the provider had it, and then the call was answered with no
        State.ACCEPTED: frozenset({State.FAILED}) | _EVENTS,
        State.DELIVERED: frozenset({State.BOUNCED, State.COMPLAINED}),
        State.BOUNCED: frozenset({State.COMPLAINED}),
        State.COMPLAINED: frozenset(),
        # its fate was unknown when we let it go, and an event tells it after all
        State.CANCELLED: _TOLD,
        State.SKIPPED: _TOLD,
        State.HELD: frozenset({State.DUE, State.CANCELLED}) | _TOLD,
        # what came back about a mail tells more than the answer to the call that it went with;
        # accepted: only one that we gave up, for a no for good is nearer than the word that it was taken
        State.FAILED: _TOLD,
        # due: the advice by itself, a follow-up by staff alone; failed: a late answer that it was refused for good
        State.UNKNOWN: frozenset({State.DUE, State.FAILED, State.CANCELLED}) | _TOLD,
    }
)
"""Every allowed move; a stronger state is never replaced by a weaker one."""

SOFT_BOUNCES = 3
"""Different mails of one lead that came back for now, within the time below: then the mailbox counts as gone."""
SOFT_BOUNCES_WITHIN = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event says about its mail: a state, and for one that came back why, for staff."""

    state: State
    reason: str | None = None


_NO_MAILBOX = Told(state=State.BOUNCED, reason=mail_reasons.BACK_NO_MAILBOX)
_NOT_NOW = Told(state=State.BOUNCED, reason=mail_reasons.BACK_NOT_NOW)
_NOT_FROM_US = Told(state=State.BOUNCED, reason=mail_reasons.BACK_NOT_FROM_US)
_ARRIVED = Told(state=State.DELIVERED)
_TAKEN = Told(state=State.ACCEPTED)
_TELLS: Mapping[FeedbackKind, Told] = MappingProxyType(
    {
        FeedbackKind.ACCEPTED: _TAKEN,
        FeedbackKind.DEFERRED: _TAKEN,  # whoever goes on trying has the mail
        FeedbackKind.DELIVERED: _ARRIVED,
        FeedbackKind.UNSUBSCRIBED: _ARRIVED,  # she, or her mail program, answered it
        FeedbackKind.REPLIED: _ARRIVED,
        FeedbackKind.AWAY: _ARRIVED,
        FeedbackKind.HARD_BOUNCE: _NO_MAILBOX,
        FeedbackKind.SOFT_BOUNCE: _NOT_NOW,
        FeedbackKind.REJECTED: _NOT_FROM_US,
        FeedbackKind.COMPLAINED: Told(state=State.COMPLAINED, reason=mail_reasons.UNWANTED),
    }
)
_WE_STOPPED = {mail_reasons.GIVEN_UP, mail_reasons.DOMAIN_REFUSES}  # trying: nobody refused it for good
_GRAVITY = (_NOT_FROM_US.reason, _NOT_NOW.reason, _NO_MAILBOX.reason)


def can_move(before: State, after: State) -> bool:
    """Whether a message may go from one state to the other."""
    return after in MOVES[before]


def told(before: State, reason: str | None, kind: FeedbackKind) -> Told | None:
    """What becomes of a message by this news; None where nothing does. The order in which news comes does not matter.

    Of several reasons why it came back the gravest stays.
    """
    news = _TELLS.get(kind)
    if news is None:
        return None
    if before is State.FAILED and news.state is State.ACCEPTED and reason not in _WE_STOPPED:
        return None
    if can_move(before, news.state):
        return news
    graver = news.state is before is State.BOUNCED and _gravity(news.reason) > _gravity(reason)
    return news if graver else None


def counts_as_hard(soft: Iterable[tuple[int, datetime]]) -> datetime | None:
    """When, at last, so many different mails had come back within that time: (message, moment) each; None: never."""
    found = sorted(soft, key=lambda each: each[1])
    last: datetime | None = None
    latest: dict[int, datetime] = {}  # of each mail; once through, for one return path of ours can get 10,000 reports
    for mail, moment in found:
        latest[mail] = moment
        if sum(at > moment - SOFT_BOUNCES_WITHIN for at in latest.values()) >= SOFT_BOUNCES:
            last = moment
    return last


def _gravity(reason: str | None) -> int:
    return _GRAVITY.index(reason) if reason in _GRAVITY else -1
