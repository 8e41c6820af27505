"""What a mail that came in is: frozen values, nothing in them trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class InboundKind(StrEnum):
    """What `nurture feedback inspect` calls a mail.

    HARD: the mailbox or its domain does not exist. SOFT: not now, or not any more after long trying (full, greylisted,
    no answer). POLICY: refused for what we are or what we sent (reputation, authentication, content, size): ours to
    mend, never the lead's. COMPLAINT: the reader reported the mail as spam. AUTO_REPLY: a machine answered for its
    owner. REPLY: a person wrote. NONE: anything else, a report that somebody keeps trying included.
    """

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"
    REPLY = "reply"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One mail taken apart.

    `recipient`: of a report whom it is about (as we addressed the mail, where it says so), else who wrote. `status`:
    the enhanced code (RFC 3463) it names or means. `reason`: one English sentence without addresses.

    What may tie it to a message of ours, none of it checked yet: `came_for`, the addresses it was delivered to;
    `message_ids`, those of a mail it returns or answers, with angle brackets; `tokens`, what stands in links of ours.

    `deferred`: somebody keeps trying. `away`: its owner is away. `wants_stop`: asks for no more mail. `subject` and
    `text`: a person's own words, quoted mail cut off, at most 20,000 characters. `more`: her mail holds what is not in
    `text` (a file, a picture, words that cannot be read or were cut off). `elsewhere`: a report names another mailbox
    than the one we addressed, to which the mail went on.
    """

    kind: InboundKind
    reason: str
    recipient: str | None = field(default=None, repr=False)
    status: str | None = None
    came_for: tuple[str, ...] = field(default=(), repr=False)
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = field(default=(), repr=False)
    sender: str | None = field(default=None, repr=False)
    at: datetime | None = None
    deferred: bool = False
    away: bool = False
    wants_stop: bool = False
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    more: bool = False
    elsewhere: bool = False
