"""A finished message taken apart again, for providers that want its parts and not its bytes."""

from __future__ import annotations

import base64
import binascii
import email.message
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import parseaddr

from service.domain.mailbox import Mailbox
from service.errors import NurtureError

# Fields of their own in every provider's request, or made anew by it.
_NOT_PASSED_ON = frozenset(
    {"from", "to", "subject", "reply-to", "date", "message-id", "mime-version"}
    | {"content-type", "content-transfer-encoding", "content-disposition"}
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_VALUE = re.compile(r"[\x20-\x7e]*")
_BARE = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+", re.ASCII)
_FOLD = re.compile(r"\r\n(?=[ \t])")
_BODIES = {"text/plain", "text/html"}
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')


class UnfitMailError(NurtureError):
    """This mail cannot be said in the provider's words. Never leaves the transport: it becomes INVALID."""

    code = "mail-unfit"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail. `kind` is its content type with `method` and `charset` where it has them."""

    name: str
    kind: str
    data: bytes

    @property
    def base64(self) -> str:
        """The file as every JSON API wants it."""
        return base64.b64encode(self.data).decode()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a message says, decoded. `headers` are those that go along as they are: printable ASCII on one line."""

    sender: Mailbox
    to: str
    subject: str
    text: str
    html: str
    reply_to: Mailbox | None
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]


def taken_apart(data: bytes) -> Parts:
    """The parts of one of our own messages: one recipient, a text and an HTML part. UnfitMailError for any other.

    Not by Python's parser, which goes through a mail line by line and takes four times as long: a worker hands over
    hundreds a second.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    fields = _fields(head)
    heads = {name.lower(): value for name, value in fields}
    if len(heads) != len(fields):
        raise UnfitMailError("a header stands in the mail twice")
    passed_on = tuple((name, value) for name, value in fields if name.lower() not in _NOT_PASSED_ON)
    leaves = list(_leaves(heads, body, depth=0))
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for about, payload in leaves:
        kind = about.get_content_type()
        if kind in _BODIES and kind not in bodies and about.get_content_disposition() != "attachment":
            bodies[kind] = _decoded(payload, about.get_content_charset("utf-8"))
        else:
            attachments.append(_attachment(about, kind, payload, len(attachments) + 1))
    if bodies.keys() != _BODIES:
        raise UnfitMailError("the mail has no text part or no HTML part")
    return Parts(
        sender=_mailbox(heads.get("from", "")),
        to=_mailbox(heads.get("to", "")).address,
        subject=_plain(heads.get("subject", "")),
        text=bodies["text/plain"],
        html=bodies["text/html"],
        reply_to=_mailbox(heads["reply-to"]) if "reply-to" in heads else None,
        headers=passed_on,
        attachments=tuple(attachments),
    )


def sender_of(data: bytes) -> Mailbox:
    """Who stands in From. The envelope names our own return path, which a provider does not know."""
    heads = {name.lower(): value for name, value in _fields(data.partition(b"\r\n\r\n")[0])}
    return _mailbox(heads.get("from", ""))


def written(mailbox: Mailbox) -> str:
    """`Name <address>` as JSON APIs read it: the name in plain Unicode, quoted where a character would end it."""
    name = mailbox.name
    if not name:
        return mailbox.address
    if _SPECIAL.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{mailbox.address}>"


def _fields(head: bytes) -> list[tuple[str, str]]:
    """Names and values, each on one line again (RFC 5322 section 2.2.3)."""
    if not head.isascii():
        raise UnfitMailError("a header of the mail is not plain ASCII")
    lines = _FOLD.sub("", head.decode("ascii")).split("\r\n")
    found = [(name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    if len(found) != len(lines) or not all(_VALUE.fullmatch(name + value) for name, value in found):
        raise UnfitMailError("a header of the mail cannot be read")
    return found


def _leaves(heads: Mapping[str, str], body: bytes, *, depth: int) -> Iterator[tuple[email.message.Message, bytes]]:
    """What a part says of itself, and its bytes, for each part that holds no others (RFC 2046 section 5.1)."""
    about = email.message.Message()
    for name in ("content-type", "content-disposition"):
        if name in heads:
            about[name] = heads[name]
    if about.get_content_maintype() != "multipart":
        yield about, _undone(heads.get("content-transfer-encoding", "7bit").lower(), body)
        return
    boundary = about.get_boundary()
    if not boundary or depth > 3:
        raise UnfitMailError("a part of the mail cannot be read")
    pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if not pieces[-1].startswith(b"--") or len(pieces) < 3:
        raise UnfitMailError("a part of the mail has no end")
    for piece in pieces[1:-1]:
        inner_head, _, inner = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield from _leaves({name.lower(): value for name, value in _fields(inner_head)}, inner, depth=depth + 1)


def _undone(encoding: str, body: bytes) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        return body
    try:
        return binascii.a2b_base64(body)
    except binascii.Error as error:
        raise UnfitMailError("a part of the mail is not the base64 it says it is") from error


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset).replace("\r\n", "\n")
    except (LookupError, UnicodeDecodeError) as error:
        raise UnfitMailError("a part of the mail is not in the character set it names") from error


def _attachment(about: email.message.Message, kind: str, data: bytes, number: int) -> Attachment:
    name = about.get_filename() or f"bijlage-{number}{mimetypes.guess_extension(kind) or '.bin'}"
    if not _VALUE.fullmatch(name) or "/" in name or '"' in name:
        raise UnfitMailError("the name of an attachment is not plain ASCII")
    told = "".join(
        f"; {key}={value}" for key in ("method", "charset") if isinstance(value := about.get_param(key), str)
    )
    return Attachment(name=name, kind=kind + told, data=data)


def _mailbox(header: str) -> Mailbox:
    if _BARE.fullmatch(header):
        return Mailbox(name="", address=header)
    name, address = parseaddr(header)
    if not address or "@" not in address or not _VALUE.fullmatch(address):
        raise UnfitMailError("an address of the mail cannot be read")
    return Mailbox(name=_plain(name), address=address)


def _plain(header: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded; nothing that could end a line."""
    if "=?" not in header:
        return header
    try:
        text = str(make_header(decode_header(header)))
    except (ValueError, LookupError) as error:
        raise UnfitMailError("a header of the mail cannot be decoded") from error
    if _CONTROL.search(text):
        raise UnfitMailError("a header of the mail holds a control character")
    return text
