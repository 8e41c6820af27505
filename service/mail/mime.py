"""Writes a mail's bytes by hand: headers, two parts, perhaps a file (RFC 5322, RFC 2045 to 2047, RFC 2369, RFC 8058).

`email.message.EmailMessage` is not used: it encodes or folds a long List-Unsubscribe, decodes encoded words it was
given, and costs twenty times as much.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Iterable
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

from service.domain.mailbox import Mailbox
from service.errors import NurtureError
from service.mail.lines import Lines, Pieces

_Piece = TypeVar("_Piece")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,255}>")
_BOUNDARY = re.compile(r"[A-Za-z0-9._=-]{8,69}[A-Za-z0-9]")
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")
_PLAIN = re.compile(r"[ -~]{0,66}")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
# What ends a line or a text for some reader: controls, line and paragraph separators, halves of characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_QUOTED = b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT, _HTML = b"Content-Type: text/plain" + _QUOTED, b"Content-Type: text/html" + _QUOTED
# Bytes in one encoded word: 52 or 60 letters of base64 and 12 around them. With "Subject: " before it a line stays
# within 76 (RFC 2047 section 2). A name gets the longer one: some readers put a space between two words of a name.
_SUBJECT_WORD, _NAME_WORD = 39, 45
_LONGEST_ENCODED = 76


class HeldMailError(NurtureError):
    """This mail must not leave as it is: a value is missing or hostile. Whoever composes it holds it and alerts."""

    code = "mail-held"


class MailHeaders(NamedTuple):
    """What stands in a message's head; all of it is fixed before the first hand-over, so a retry gives equal bytes.

    `unsubscribe_url` is None in mails to staff only. `date` is aware; addresses are ASCII (A-labels).
    """

    message_id: str
    date: datetime.datetime
    boundary: str
    mail_from: Mailbox
    to: str
    reply_to: Mailbox | None = None
    unsubscribe_url: str | None = None


def build(*, subject: str, text: str, html: str, headers: MailHeaders, calendar: str | None = None) -> bytes:
    """The whole message: CRLF only, 7-bit, lines of at most 998 bytes. HeldMailError when a header cannot stand.

    `calendar` is an iCalendar object to go along as a file.
    """
    boundary = inner_boundary(headers, calendar).encode()
    parts = two_parts(map(quoted, lines_of(text)), map(quoted, lines_of(html)), boundary)
    return assemble(subject=subject, parts=Pieces(parts, are_plain=False), headers=headers, calendar=calendar)


def inner_boundary(headers: MailHeaders, calendar: str | None) -> str:
    """What stands between the text and the HTML. Where a file goes along that is not the outer one, and neither may
    begin with the other (RFC 2046 section 5.1.2)."""
    return headers.boundary if calendar is None else f"a{headers.boundary}"


def two_parts(text: Iterable[_Piece], html: Iterable[_Piece], boundary: _Piece) -> list[bytes | _Piece]:
    """Text and HTML, of encoded lines, between boundaries: the line end before one belongs to it, so a part needs one
    more (RFC 2046 section 5.1.1)."""
    first: list[bytes | _Piece] = [b"--", boundary, b"\r\n" + _TEXT, *text]
    return [*first, b"\r\n--", boundary, b"\r\n" + _HTML, *html, b"\r\n--", boundary, b"--\r\n"]


def assemble(*, subject: str, parts: Pieces, headers: MailHeaders, calendar: str | None = None) -> bytes:
    """As `build`, of `two_parts` that were made before. A mail is put together once, of all its pieces."""
    kind, pieces = "alternative", parts.pieces
    _hold_if_torn(pieces, inner_boundary(headers, calendar))
    if calendar is not None:
        kind, between = "mixed", f"--{headers.boundary}"
        inner = _multipart_type("alternative", inner_boundary(headers, calendar))
        begin = f"{between}\r\nContent-Type: {inner}\r\n\r\n".encode()
        pieces = [begin, *pieces, f"\r\n{between}\r\n".encode(), _file(calendar), f"\r\n{between}--\r\n".encode()]
        _hold_if_torn(pieces, headers.boundary)
    head = _head(subject, headers, kind).encode("ascii")
    return Lines.joined((head, b"\r\n", *pieces), plain=parts.are_plain)  # no line of the rest begins with a dot


def _hold_if_torn(pieces: Iterable[bytes], boundary: str) -> None:
    """It stands before two parts and behind them, and nowhere else. `=_` never does in a part: in quoted-printable and
    base64 no underscore follows a `=` (RFC 2045 section 6.7)."""
    _checked(_BOUNDARY, boundary, "boundary")
    if "=_" not in boundary and b"".join(pieces).count(f"--{boundary}".encode()) != 3:
        raise HeldMailError("the boundary occurs in the mail")


def _multipart_type(kind: str, boundary: str) -> str:
    return f'multipart/{kind}; boundary="{boundary}"'


def _file(calendar: str) -> bytes:
    """To be saved or opened: RFC 5545 section 8.1; base64 keeps its own line ends as they are."""
    head = (
        "Content-Type: text/calendar; charset=utf-8; method=PUBLISH\r\n"
        'Content-Disposition: attachment; filename="pijncheck.ics"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(calendar.encode()).replace(b"\n", b"\r\n")


def _head(subject: str, headers: MailHeaders, kind: str) -> str:
    optional = ""
    if headers.reply_to is not None:
        optional = f"{_addressed('Reply-To', headers.reply_to)}\r\n"
    if headers.unsubscribe_url is not None:
        # RFC 8058 section 3.1: https, one line, never encoded; receivers look for these exact bytes.
        optional += f"List-Unsubscribe: <{_checked(_URL, headers.unsubscribe_url, 'unsubscribe link')}>\r\n"
        optional += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return (
        f"{_addressed('From', headers.mail_from)}\r\n"
        f"To: {_checked(_ADDRESS, headers.to, 'recipient')}\r\n"
        f"Subject: {_unstructured(subject)}\r\n"
        f"Date: {_date(headers.date)}\r\n"
        f"Message-ID: {_checked(_MESSAGE_ID, headers.message_id, 'Message-ID')}\r\n"
        f"{optional}"
        "Auto-Submitted: auto-generated\r\n"  # RFC 3834 section 5
        "Content-Language: nl\r\n"
        "MIME-Version: 1.0\r\n"
        f"Content-Type: {_multipart_type(kind, headers.boundary)}\r\n"
    )


def lines_of(text: str) -> list[str]:
    """The lines of a part: whatever ended them ends none of them now, and none is left empty at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def quoted(line: str) -> bytes:
    """One line of a part, quoted-printable with its line end. Each line is encoded by itself (RFC 2045 section 6.7)."""
    if "\r" in line or "\n" in line:
        raise HeldMailError("a line of the mail holds the end of one")
    return binascii.b2a_qp((line + "\r\n").encode())


@lru_cache(maxsize=256)  # what is handed over together has one
def _date(moment: datetime.datetime) -> str:
    if moment.tzinfo is None:
        raise HeldMailError("the date has no time zone")
    return format_datetime(moment.astimezone(datetime.UTC))


def _unstructured(text: str) -> str:
    """A subject as one plain line or as encoded words (RFC 2047), each cut between characters."""
    if not text.strip():
        raise HeldMailError("the subject is empty")
    if "=?" in text:
        raise HeldMailError("the subject holds `=?`, which some readers take for an encoded header")
    if text != text.strip() or _CONTROL.search(text):
        raise HeldMailError("the subject holds a control character or stray spaces")
    return text if _PLAIN.fullmatch(text) else _encoded_words(text, _SUBJECT_WORD)


def _encoded_words(text: str, size: int) -> str:
    words: list[bytes] = []
    for character in text:
        encoded = character.encode()
        if words and len(words[-1]) + len(encoded) <= size:
            words[-1] += encoded
        else:
            words.append(encoded)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _addressed(field: str, mailbox: Mailbox) -> str:
    """The field with its name, which has a line to itself where a long word goes beside it no more."""
    written = _mailbox(mailbox)
    word = written.partition("\r\n")[0] if written.startswith("=?") else ""
    return f"{field}:\r\n {written}" if len(f"{field}: {word}") > _LONGEST_ENCODED else f"{field}: {written}"


@lru_cache(maxsize=64)  # a practice's own few
def _mailbox(mailbox: Mailbox) -> str:
    address = _checked(_ADDRESS, mailbox.address, "address")
    name = mailbox.name
    if not name:
        return address
    if "=?" in name or _CONTROL.search(name) or name != name.strip():
        raise HeldMailError("a name in the head holds a control character or `=?`")
    if _PHRASE.fullmatch(name):
        return f"{name} <{address}>"
    if name.isascii() and len(name) <= 60 and not set(name) & {'"', "\\"}:
        return f'"{name}" <{address}>'
    return f"{_encoded_words(name, _NAME_WORD)}\r\n <{address}>"


def _checked(form: re.Pattern[str], value: str, what: str) -> str:
    if not form.fullmatch(value) or "=?" in value:
        raise HeldMailError(f"the {what} cannot stand in a header")
    return value
