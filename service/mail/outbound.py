"""What every transport is given and gives back: a mail as bytes, and what became of it. Knows no way out by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, Protocol, cast

from service.mail.lines import Lines

Scope = Literal["recipient", "domain", "channel"]

_WORD = r"[^\s<>()\[\]:;,\"'@=]+"
# With an @, or as it stands in return paths that hold an address (=).
_ADDRESS = re.compile(rf"""(?:"[^"]*"|{_WORD})(?:@{_WORD}|={_WORD}\.{_WORD})""")
_NOT_IN_AN_ADDRESS = re.compile(r"[^\x21-\x7e]|[<>]")
_LONGEST_TEXT = 200
_MOST_LOOKED_AT = 2000  # the search takes quadratic time, and a server may answer with kilobytes


class Outcome(StrEnum):
    """What became of a hand-over.

    ACCEPTED: the other side took it. RETRY: not taken, may be later. INVALID: never will be, this mail to this
    recipient. SUPPRESSED: the provider itself blocks the address. UNKNOWN: it may or may not have been taken.
    DOWN: our side of the channel (login, TLS, network, disk) is at fault; nothing was handed over.
    """

    ACCEPTED = "accepted"
    RETRY = "retry"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class OutboundMail:
    """One mail for one recipient, as the exact bytes to hand over.

    `sender` is the envelope's return path ("" is the null path, RFC 5321 section 4.5.5), `data` the whole message
    with CRLF line ends. Raises ValueError for what could smuggle a command or a second mail: blanks, controls or
    angle brackets in an address, bare CR or LF in the message (RFC 5321 section 2.3.8).
    """

    sender: str
    recipient: str
    data: bytes
    message_id: str
    idempotency_key: str

    def __post_init__(self) -> None:
        if _NOT_IN_AN_ADDRESS.search(self.sender) or _NOT_IN_AN_ADDRESS.search(self.recipient) or not self.recipient:
            raise ValueError("an envelope address holds characters that cannot go into an SMTP command")
        if not isinstance(self.data, Lines):
            object.__setattr__(self, "data", Lines.of(self.data))

    @property
    def lines(self) -> Lines:
        """The message as what it is."""
        return cast(Lines, self.data)


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """The outcome of one hand-over and what the other side said.

    `stage` is where it ended (`connect`, `mail`, `rcpt`, `dot`, `write`, ...), `code` the SMTP or HTTP status,
    `enhanced` the RFC 3463 code. `hard` says that the recipient's mailbox does not exist; never set for policy,
    full mailboxes or faults of ours. `scope` says whom a refusal is about; an UNKNOWN of the channel's means that the
    next mails would fare no better. `retry_after` is how long the other side asks to be left alone. `text` never holds
    an address.
    """

    outcome: Outcome
    stage: str
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    provider_id: str | None = None
    hard: bool = False
    scope: Scope = "recipient"
    retry_after: timedelta | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", redact(self.text)[:_LONGEST_TEXT])


class Transport(Protocol):
    """Hands mails over; bound to the event loop of its first `send`."""

    @property
    def name(self) -> str:
        """A word for logs and metrics: `file`, `smtp`, a provider's name."""

    @property
    def capacity(self) -> int:
        """How many sends at a time make sense; more than that only wait for each other."""

    @property
    def remembers(self) -> timedelta | None:
        """How long the other side recognises an idempotency key it was given; None: it knows none."""

    async def send(self, mail: OutboundMail) -> SendResult:
        """Hand over one mail. Returns what became of it, whatever that is; raises only CancelledError."""

    async def check(self) -> SendResult | None:
        """None when a mail could be handed over now, else what is in the way. Sends nothing; never raises."""

    async def close(self) -> None:
        """Say goodbye and let go of all connections; never raises."""


def redact(text: str) -> str:
    """The text on one line, without controls, and with `<address>` for all that looks like an address."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    plain = " ".join(text.split())
    if len(plain) > _MOST_LOOKED_AT:
        plain = plain[:_MOST_LOOKED_AT].rpartition(" ")[0]  # half an address would not be seen as one
    plain = plain.replace("%40", "@")  # as it stands in links; a pattern that knew both would take cubic time
    if "@" in plain or "=" in plain:  # one of these is in every address
        plain = _ADDRESS.sub("<address>", plain)
    return plain.replace("<<address>>", "<address>")


def strike(text: str, private: Iterable[str]) -> str:
    """The text with these words (parts of an address, a log-in) gone wherever they stand by themselves.

    What else looks like an address is still in it: a `SendResult` has none.
    """
    # Most answers hold none of them. In what is not ASCII one letter may stand for another.
    plain, anything = text.lower(), not text.isascii()
    there = {word for word in private if len(word) > 1 and (anything or word.lower() in plain)}
    for word in sorted(there, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "<address>", text, flags=re.IGNORECASE)
    return text
