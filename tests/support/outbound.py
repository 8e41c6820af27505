"""Mails for tests of transports."""

from __future__ import annotations

import secrets

from service.mail.transport import OutboundMail

BODY = b"From: Praktijk <info@praktijk.example>\r\nSubject: Je advies\r\n\r\nHallo,\r\n\r\nTot snel.\r\n"


def outbound(
    recipient: str = "anna@example.nl", *, data: bytes = BODY, sender: str = "terug+1@praktijk.example"
) -> OutboundMail:
    """A mail with an idempotency key of its own."""
    key = secrets.token_hex(8)
    return OutboundMail(
        sender=sender, recipient=recipient, data=data, message_id=f"<{key}@praktijk.example>", idempotency_key=key
    )
