"""What may tie a mail to one of ours. Candidates alone: whoever uses one proves it first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.mail.inbound.reading import everything
from service.mail.inbound.structure import Part

_MOST = 50
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@\\][^\s<>()\[\]\",;:@\\]{0,63}@\w(?:[\w.-]{0,252}\w)?")
_FOR = re.compile(r"\bfor\s{1,5}<?([^\s<>;]{1,320})", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,250}@[^\s<>@]{1,250}>")
_ID_LINE = re.compile(
    r"^[>\s]{0,10}(?:X-Original-)?Message-ID:\s{0,5}(<[^\s<>@]{1,250}@[^\s<>@]{1,250}>)", re.IGNORECASE | re.MULTILINE
)
# The path of a link of ours (mail/links.py), as it is and as the parameter of a link that goes round by a scanner.
_TOKEN = re.compile(r"(?:/|%2f)[upbac](?:/|%2f)([A-Za-z0-9_-]{48})(?![A-Za-z0-9_-])", re.IGNORECASE)
_ANGLED = re.compile(r"<([^<>]{1,320})>")
_SOFT_BREAK = re.compile(r"=\n")
# The surest first: what the last server wrote down, then what the sender wrote.
_DELIVERED_TO = ("delivered-to", "x-delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to")


def addresses(*values: str) -> list[str]:
    """The addresses in these texts, in their order."""
    return [found.rstrip(".") for value in values for found in _ADDRESS.findall(value) if found.isprintable()]


def sender(mail: Part) -> str | None:
    """Who the mail says wrote it. A name may hold another address ("jan@thuis.example" <jan@werk.example>)."""
    value = mail.first("from")
    return next(iter([*addresses(*_ANGLED.findall(value)[-1:]), *addresses(value)]), None)


def came_for(mail: Part) -> tuple[str, ...]:
    """The addresses this mail was delivered to, by its headers."""
    received = [found[1] for value in mail.every("received") for found in _FOR.finditer(value)]
    return _each_once(addresses(*mail.every(*_DELIVERED_TO), *received, *mail.every("to", "cc")))


def message_ids(mail: Part, *, returned: Iterable[str] = ()) -> tuple[str, ...]:
    """Of the mails this one returns, of those that texts in it show (`returned`), and of those it answers."""
    found: list[str] = []
    for inner in mail.enclosed():
        found += _MESSAGE_ID.findall(" ".join(inner.every("message-id")))
    for text in returned:
        found += _ID_LINE.findall(text)
    found += _MESSAGE_ID.findall(" ".join(mail.every("in-reply-to", "references")))
    for inner in mail.enclosed():
        found += _MESSAGE_ID.findall(" ".join(inner.every("in-reply-to", "references")))
    return _each_once(found)


def tokens(mail: Part) -> tuple[str, ...]:
    """What stands in links like ours, in any header or text of the mail and of those within it."""
    return _each_once(token for text in _with_links(mail) for token in _TOKEN.findall(text))


def holds_a_link(text: str) -> bool:
    """Whether a link like ours stands in the text."""
    return _TOKEN.search(text) is not None


def sent_at(mail: Part) -> datetime | None:
    """The moment in its Date header, aware; None where that is missing or nonsense."""
    try:
        at = parsedate_to_datetime(mail.first("date")[:100])
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _with_links(mail: Part) -> Iterator[str]:
    for inner in mail.enclosed():
        yield " ".join(value for _, value in inner.headers)
    for text in everything(mail):
        yield text
        if "=\n" in text:  # the source of a mail, shown as text
            yield _SOFT_BREAK.sub("", text)


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(found) if each.isprintable())[:_MOST]
