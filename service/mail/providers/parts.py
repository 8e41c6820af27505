"""A finished message taken apart again, for providers that want its parts and not its bytes."""

from __future__ import annotations

import base64
import email
import email.message
import mimetypes
import re
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
    """The parts of one of our own messages: one recipient, a text and an HTML part. UnfitMailError for any other."""
    message = email.message_from_bytes(data)
    heads: dict[str, str] = {}
    passed_on: list[tuple[str, str]] = []
    for name, folded in message.items():
        value = re.sub(r"\r?\n(?=[ \t])", "", str(folded))  # RFC 5322 section 2.2.3
        if name.lower() in heads:
            raise UnfitMailError(f"the header {name} stands in the mail twice")
        heads[name.lower()] = value
        if name.lower() not in _NOT_PASSED_ON:
            if not _VALUE.fullmatch(value):
                raise UnfitMailError(f"the header {name} is not plain ASCII")
            passed_on.append((name, value.strip()))
    bodies, attachments = _leaves(message)
    if not bodies.keys() >= {"text/plain", "text/html"}:
        raise UnfitMailError("the mail has no text part or no HTML part")
    return Parts(
        sender=_mailbox(heads.get("from", "")),
        to=_mailbox(heads.get("to", "")).address,
        subject=_plain(heads.get("subject", "")),
        text=bodies["text/plain"],
        html=bodies["text/html"],
        reply_to=_mailbox(heads["reply-to"]) if "reply-to" in heads else None,
        headers=tuple(passed_on),
        attachments=tuple(attachments),
    )


def written(mailbox: Mailbox) -> str:
    """`Name <address>` as JSON APIs read it: the name in plain Unicode, quoted where a character would end it."""
    name = mailbox.name
    if not name:
        return mailbox.address
    if _SPECIAL.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{mailbox.address}>"


def _leaves(message: email.message.Message) -> tuple[dict[str, str], list[Attachment]]:
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind, payload = part.get_content_type(), part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        is_body = kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment"
        if is_body and kind not in bodies:
            bodies[kind] = _decoded(data, part.get_content_charset("utf-8"))
        else:
            attachments.append(_attachment(part, kind, data, len(attachments) + 1))
    return bodies, attachments


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset).replace("\r\n", "\n")
    except (LookupError, UnicodeDecodeError) as error:
        raise UnfitMailError("a part of the mail is not in the character set it names") from error


def _attachment(part: email.message.Message, kind: str, data: bytes, number: int) -> Attachment:
    name = part.get_filename() or f"bijlage-{number}{mimetypes.guess_extension(kind) or '.bin'}"
    if not _VALUE.fullmatch(name) or "/" in name or '"' in name:
        raise UnfitMailError("the name of an attachment is not plain ASCII")
    told = "".join(f"; {key}={value}" for key in ("method", "charset") if isinstance(value := part.get_param(key), str))
    return Attachment(name=name, kind=kind + told, data=data)


def _mailbox(header: str) -> Mailbox:
    name, address = parseaddr(header)
    if not address or "@" not in address or not _VALUE.fullmatch(address):
        raise UnfitMailError("an address of the mail cannot be read")
    return Mailbox(name=_plain(name), address=address)


def _plain(header: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded; nothing that could end a line."""
    try:
        text = str(make_header(decode_header(header)))
    except (ValueError, LookupError) as error:
        raise UnfitMailError("a header of the mail cannot be decoded") from error
    if _CONTROL.search(text):
        raise UnfitMailError("a header of the mail holds a control character")
    return text
