"""Mails that come back about mails of ours, in the plainest shape of each sort."""

from __future__ import annotations

from itertools import count

_numbers = count(1)


def report(
    to: str,
    *,
    recipient: str = "anna@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    message_id: str = "<somebody-elses@mail.example>",
    text: str = "550 no such user here",
    links: str = "",
    padding: int = 0,
) -> bytes:
    """A delivery status notification (RFC 3464) with the head of the mail it is about."""
    number = next(_numbers)
    lines = f"""\
        Return-Path: <>
        Delivered-To: {to}
        From: Mail Delivery System <mailer-daemon@mx.example.org>
        To: {to}
        Subject: Undelivered Mail Returned to Sender
        Date: Mon, 9 Mar 2026 10:00:{number % 60:02d} +0100
        Message-ID: <report-{number}@mx.example.org>
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

        --=_b
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mx.example.org.

        I'm sorry to have to inform you that your message could not be delivered to one or more recipients.

        <{recipient}>: {text}
        {"x" * padding}
        --=_b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; {recipient}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; {text}

        --=_b
        Content-Type: text/rfc822-headers

        From: advies@praktijk.example
        To: {recipient}
        Subject: Je advies
        Message-ID: {message_id}
        {f"List-Unsubscribe: <{links}>" if links else "X-Other: none"}

        --=_b--
        """
    return _bytes(lines)


def complaint(to: str, *, message_id: str = "<somebody-elses@mail.example>", links: str = "") -> bytes:
    """A report of abuse (RFC 5965)."""
    lines = f"""\
        Delivered-To: {to}
        From: Feedback <staff@provider.example>
        To: {to}
        Subject: FW: Je advies
        Date: Mon, 9 Mar 2026 10:00:00 +0100
        Message-ID: <complaint-{next(_numbers)}@provider.example>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"

        --=_b
        Content-Type: text/plain; charset=us-ascii

        This is an email abuse report for an email message received on Mon, 9 Mar 2026.

        --=_b
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: SomeGenerator/1.0
        Version: 1

        --=_b
        Content-Type: message/rfc822

        From: advies@praktijk.example
        Subject: Je advies
        Message-ID: {message_id}
        {f"List-Unsubscribe: <{links}>" if links else "X-Other: none"}

        Hallo

        --=_b--
        """
    return _bytes(lines)


def reply(
    to: str,
    text: str = "Dank u wel. De oefening met de muur lukt mij nog niet, hoe moet dat?",
    *,
    sender: str = "anna@example.org",
    in_reply_to: str = "",
    subject: str = "Re: Je advies",
) -> bytes:
    """A person's own words."""
    number = next(_numbers)
    lines = f"""\
        Delivered-To: {to}
        From: Anna <{sender}>
        To: {to}
        Subject: {subject}
        Date: Mon, 9 Mar 2026 10:00:{number % 60:02d} +0100
        Message-ID: <reply-{number}@mail.example.org>
        {f"In-Reply-To: {in_reply_to}" if in_reply_to else "X-Mailer: a mail program"}
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8

        """
    return _bytes(lines) + text.encode() + b"\r\n"


def away(to: str, *, sender: str = "anna@example.org") -> bytes:
    """An automatic answer of somebody who is away (RFC 3834)."""
    lines = f"""\
        Return-Path: <>
        Delivered-To: {to}
        From: Anna <{sender}>
        To: {to}
        Subject: Automatisch antwoord: afwezig
        Date: Mon, 9 Mar 2026 10:00:00 +0100
        Message-ID: <away-{next(_numbers)}@mail.example.org>
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8

        Ik ben afwezig tot en met 20 maart en lees mijn e-mail niet. Na mijn vakantie antwoord ik.
        """
    return _bytes(lines)


def _bytes(text: str) -> bytes:
    return "".join(f"{line.strip()}\r\n" for line in text.splitlines()).encode()
