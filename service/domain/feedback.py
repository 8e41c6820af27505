"""What comes back about a mail we handed over, in one vocabulary for providers' events and for mail that comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FeedbackKind(StrEnum):
    """What happened to a mail, or what its reader did.

    REJECTED: refused for a reason of ours (policy, reputation, content) or of the provider's own list; never the
    lead's fault. DEFERRED: somebody keeps trying. AWAY: an automatic answer of somebody who is away. UNKNOWN: no news
    about a mail, or an event that we know no word for; kept, and nothing is done.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    AWAY = "away"
    REPLIED = "replied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Tie:
    """By what feedback belongs to a message of ours; the first that is known counts. Proved before it gets here.

    `public_id`: the message's own id, from an echoed key or a signed return path. `provider_id`: what the source
    answered when the mail was handed over. `message_id`: the Message-ID header, with its angle brackets.
    `lead_public_id`: of a link of ours that names a lead and no message.
    """

    public_id: str | None = None
    provider_id: str | None = None
    message_id: str | None = None
    lead_public_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One piece of news, from one source.

    `source` is a provider's name, `bounces` or `replies`. `key` is the same for each delivery of the same news.
    `at` is aware, and when it happened by the source's word; None where it tells no time. `status` is the enhanced
    code (RFC 3463), `diagnostic` one line without addresses. `subject` and `text` are a reader's own words; `more`: her
    mail holds what is not in them. `writer`: the address they came from, where that is another than we mailed.
    """

    source: str
    key: str
    kind: FeedbackKind
    raw_kind: str
    tie: Tie = field(default_factory=Tie)
    at: datetime | None = None
    status: str | None = None
    diagnostic: str | None = field(default=None, repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    more: bool = False
    writer: str = field(default="", repr=False)
