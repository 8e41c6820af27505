"""Whose fault an enhanced status code says it is (RFC 3463, RFC 5248, RFC 7505, and some of Exchange Online)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.mail.inbound.values import InboundKind

HARD, SOFT, POLICY = InboundKind.HARD, InboundKind.SOFT, InboundKind.POLICY

# The reply's and the code's classes are equal, or it only looks like one (RFC 2034 section 4): 250 2.0.0, 550 5.1.1.
_AFTER_REPLY = re.compile(r"(?<![\d.])([45])\d\d[ :-]{1,3}[#(]{0,2}(\1\.\d{1,3}\.\d{1,3})(?![\d.])")
_MARKED = re.compile(
    r"(?:#|\(|(?:status|code|error):? |dsn=|smtp; ?|^)([45]\.\d{1,3}\.\d{1,3})(?![\d.])", re.IGNORECASE
)
_REPLY = re.compile(r"(?<![\w./-])([45][0-5]\d)(?=[ :)\]'-]|$)")

_BY_CODE: dict[str, tuple[InboundKind, str]] = {
    "1.1": (HARD, "the mailbox does not exist"),
    "1.2": (HARD, "the domain does not exist"),
    "1.3": (HARD, "the address cannot exist"),
    "1.6": (HARD, "the mailbox has moved, nobody knows where"),
    "1.7": (POLICY, "our sender address is not accepted"),
    "1.8": (POLICY, "our sender address is not accepted"),
    "1.10": (HARD, "the domain takes no mail, or the mailbox is not there"),
    "1.20": (POLICY, "our sender address is not accepted"),
    "1.90": (POLICY, "we sent too much"),
    # RFC 3463 section 3.3: it exists and may be enabled again; who stays disabled goes by counting.
    "2.1": (SOFT, "the mailbox is disabled"),
    "2.2": (SOFT, "the mailbox is full"),
    "2.3": (POLICY, "the mail is too big"),
    "3.1": (SOFT, "the receiving system is full"),
    "3.4": (POLICY, "the mail is too big"),
    "4.5": (SOFT, "too much mail at once"),
    "4.7": (SOFT, "given up after long trying"),
    "4.310": (HARD, "the domain does not exist"),
    "5.3": (POLICY, "too many recipients"),
}
_BY_SUBJECT: dict[str, tuple[InboundKind, str]] = {
    "6": (POLICY, "the content is not accepted"),
    "7": (POLICY, "refused by policy, reputation or authentication"),
}
# Say that something went wrong and not what; 5.4.4 may be a domain that is gone or a name server that is slow.
_SAYS_NOTHING = frozenset({"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "4.4"})


def by_code(status: str) -> tuple[InboundKind, str] | None:
    """The verdict of a code such as `5.1.1` and its reason; None where only words can tell. Class 4 is never hard."""
    kind, _, detail = status.partition(".")
    if detail in _SAYS_NOTHING or detail.startswith("0.") or kind not in {"4", "5"}:
        return None
    found = _BY_CODE.get(detail) or _BY_SUBJECT.get(detail.partition(".")[0])
    if kind == "4":
        return SOFT, found[1] if found and found[0] is SOFT else "not taken for now, and given up"
    return found or (SOFT, "refused for a reason that proves nothing about the mailbox")


def says_nothing(status: str) -> bool:
    """Whether the code leaves the reason open."""
    return by_code(status) is None


def enhanced(text: str) -> Iterator[str]:
    """The enhanced codes of class 4 and 5 in a text, those behind a reply code first; parts of addresses are none."""
    for found in _AFTER_REPLY.finditer(text):
        yield found[2]
    for found in _MARKED.finditer(text):
        yield found[1]


def reply_code(text: str) -> int | None:
    """The first SMTP reply code of class 4 or 5 (RFC 5321 section 4.2) in a text."""
    found = _REPLY.search(text)
    return int(found[1]) if found else None
