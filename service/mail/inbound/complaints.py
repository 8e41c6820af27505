"""Complaints: a reader told the provider that our mail is spam (RFC 5965; Outlook.com's own form)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.mail.inbound.structure import Part, on_one_line
from service.mail.inbound.ties import addresses
from service.mail.inbound.values import InboundKind

NO_WISH = frozenset({"not-spam", "auth-failure", "virus", "dmarc", "miscategorized"})
"""Sorts of report that are no reader's complaint, but what was found on the way, or the opposite of one (RFC 5965
section 7.3, RFC 6591 and RFC 6430)."""
_OUTLOOK_RECIPIENT = "x-hmxmroriginalrecipient"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """COMPLAINT, or NONE for a report that no reader asked for."""

    kind: InboundKind
    reason: str
    recipient: str | None


def read(mail: Part) -> Complaint | None:
    """The complaint in this mail, None where it is none. What cannot be told is taken for one: somebody said no."""
    part = next((each for each in mail.walk() if each.kind == "message/feedback-report"), None)
    returned = [inner for inner in mail.enclosed() if inner.headers]
    if part is None:
        named = [found for inner in returned for found in inner.every(_OUTLOOK_RECIPIENT)]
        if named and mail.first("subject").lower().startswith("complaint about message"):
            return Complaint(
                kind=InboundKind.COMPLAINT,
                reason="the reader marked the mail as spam",
                recipient=next(iter(addresses(*named)), None),
            )
        return None
    fields = _fields(part.text or "\n".join(f"{name}: {value}" for name, value in part.headers))
    told = [*fields.get("original-rcpt-to", []), *(each for inner in returned for each in inner.every("to"))]
    recipient = next(iter(addresses(*told)), None)
    sort = next(iter(fields.get("feedback-type", [])), "").lower()
    if sort in NO_WISH:
        return Complaint(kind=InboundKind.NONE, reason="a feedback report that is no complaint", recipient=recipient)
    return Complaint(kind=InboundKind.COMPLAINT, reason="the reader marked the mail as spam", recipient=recipient)


def _fields(source: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\n[ \t]+", " ", source).split("\n")[:200]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), []).append(on_one_line(value)[:1_000])
    return found
