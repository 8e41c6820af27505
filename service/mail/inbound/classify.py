"""What a mail that came in is (RFC 3464, RFC 5965, RFC 3834): the plainest of each sort."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

from service.mail.inbound.values import Inbound, InboundKind

_LINK = re.compile(r"/[upbad]/([A-Za-z0-9_-]{48})\b")
_ID = re.compile(r"<[^<>\s]{3,200}>")
_STOP = re.compile(r"^\s*(stop|afmelden|uitschrijven|unsubscribe)\b", re.IGNORECASE | re.MULTILINE)


def classify(raw: bytes) -> Inbound:
    """One mail taken apart; whatever it is, something comes back."""
    mail = message_from_bytes(raw[:524_288])
    text = raw[:524_288].decode("utf-8", "replace")
    fields = {name.lower(): str(value) for name, value in mail.items()}
    came_for = tuple(parseaddr(fields[name])[1] for name in ("delivered-to", "to") if name in fields)
    ids = tuple(_ID.findall(fields.get("in-reply-to", "") + fields.get("references", "") + _returned(text)))
    tokens = tuple(_LINK.findall(text))
    sender = parseaddr(fields.get("from", ""))[1] or None
    kind, reason, status, recipient = InboundKind.REPLY, "a person wrote", None, sender
    deferred = False
    if mail.get_content_type() == "multipart/report":
        found = re.search(r"^Status: ([245]\.\d+\.\d+)", text, re.MULTILINE)
        status = found[1] if found else None
        about = re.search(r"^(?:Original|Final)-Recipient: *rfc822; *(\S+)", text, re.MULTILINE)
        recipient = about[1] if about else None
        deferred = "Action: delayed" in text
        kind, reason = _verdict(mail, status, deferred), "a report"
    elif fields.get("auto-submitted", "no") != "no":
        kind, reason = InboundKind.AUTO_REPLY, "a machine answered"
    body = _own_words(mail)
    return Inbound(
        kind=kind,
        reason=reason,
        recipient=recipient,
        status=status,
        came_for=came_for,
        message_ids=ids,
        tokens=tokens,
        sender=sender,
        deferred=deferred,
        away=kind is InboundKind.AUTO_REPLY and "afwezig" in text,
        wants_stop=kind is InboundKind.REPLY and bool(_STOP.search(body)),
        subject=fields.get("subject", ""),
        text=body,
    )


def _verdict(mail: Message, status: str | None, deferred: bool) -> InboundKind:
    if mail.get_param("report-type") == "feedback-report":
        return InboundKind.COMPLAINT
    if deferred or status is None:
        return InboundKind.NONE
    if status.startswith("5.7."):
        return InboundKind.POLICY
    return InboundKind.HARD if status.startswith("5.1.") else InboundKind.SOFT


def _returned(text: str) -> str:
    return " ".join(re.findall(r"^Message-ID: (<.*>)", text, re.MULTILINE)[1:])


def _own_words(mail: Message) -> str:
    payload = None if mail.is_multipart() else mail.get_payload(decode=True)
    words = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return "\n".join(line for line in words.splitlines() if not line.startswith(">")).strip()[:20_000]
