"""Reading the whole message that some providers are given, by Python's own parser."""

from __future__ import annotations

import email
import email.policy

from tests.support.fakes.base import Mail
from tests.support.house import part


def read_raw(data: bytes, *, to: list[str], key: str, tracks: bool | None) -> Mail:
    """The mail in these bytes."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    return Mail(
        to=to,
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        text=part(message, "plain").replace("\r\n", "\n"),
        html=part(message, "html").replace("\r\n", "\n"),
        headers={name: str(value) for name, value in message.items()},
        key=key,
        tracks=tracks,
        reply_to=str(message["Reply-To"]) if message["Reply-To"] else None,
        attachments=[
            (str(each.get_filename()), bytes(each.get_payload(decode=True))) for each in message.iter_attachments()
        ],
        raw=data,
    )
