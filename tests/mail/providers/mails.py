"""Mails as the service makes them, for every provider alike."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from service.domain.mailbox import Mailbox
from service.mail.links import new_public_id
from service.mail.mime import MailHeaders, build
from service.mail.outbound import OutboundMail

NOW = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
LINK = "https://mail.praktijk.example/u/" + "t" * 200  # M1 speaks of tokens of up to 200 characters
SUBJECT = "Zo gaat het met je rug – één ding om te proberen, en waarom dat helpt (ook 's nachts) 🙂"
TEXT = (
    "Hoi,\n\n.punt aan het begin\nTot snel, Zoë\n" + "Een regel met een é die langer is dan zesenzeventig tekens. " * 3
)
HTML = "<!doctype html><html lang=nl><body><p>Hoi Zoë,</p><p>€ 35 &amp; klaar</p></body></html>"
INVITATION = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:Pijncheck\r\nEND:VCALENDAR\r\n"


def a_mail(
    to: str = "anna@example.nl",
    *,
    text: str = TEXT,
    name: str = "Praktijk “Zoë”, Rug & Nek",
    calendar: str | None = None,
) -> OutboundMail:
    """One mail with everything in it that a provider could spoil."""
    key = new_public_id()
    headers = MailHeaders(
        message_id=f"<{key}@praktijk.example>",
        date=NOW,
        boundary=f"=_{key}",
        mail_from=Mailbox(name=name, address="advies@praktijk.example"),
        to=to,
        reply_to=Mailbox(name="", address="balie@praktijk.example"),
        unsubscribe_url=LINK,
    )
    return OutboundMail(
        sender="advies@praktijk.example",
        recipient=to,
        data=build(subject=SUBJECT, text=text, html=HTML, headers=headers, calendar=calendar),
        message_id=headers.message_id,
        idempotency_key=key,
    )


def with_invitation(mail: OutboundMail) -> OutboundMail:
    """The same mail with an appointment beside it, put together by another hand than ours."""
    head, _, body = mail.data.partition(b"\r\n\r\n")
    kept, _, inner = head.rpartition(b"\r\nContent-Type: ")
    parts = [
        b"Content-Type: " + inner + b"\r\n\r\n" + body,
        b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
        b'Content-Disposition: attachment; filename="pijncheck.ics"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(INVITATION).replace(b"\n", b"\r\n"),
    ]
    mixed = b"".join(b"--=_around\r\n" + part + b"\r\n" for part in parts) + b"--=_around--\r\n"
    data = kept + b'\r\nContent-Type: multipart/mixed; boundary="=_around"\r\n\r\n' + mixed
    return OutboundMail(
        sender=mail.sender,
        recipient=mail.recipient,
        data=data,
        message_id=mail.message_id,
        idempotency_key=mail.idempotency_key,
    )
