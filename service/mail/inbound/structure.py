"""A mail as a tree of parts, whatever its bytes are (RFC 5322, RFC 2045, RFC 2046, RFC 2231). Nothing here raises.

Not Python's own parser: it recurses as deep as a mail is nested, and takes time by depth times lines. Everything here
is bounded, and costs no more than the bytes looked at times how deep they may be nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from service.mail.inbound.codings import decoded, unwrapped, without_words

MOST_BYTES = 512_000
"""So much of a mail is looked at; what makes it a report or an answer stands before any large attachment."""
_MOST_PARTS, _DEEPEST, _MOST_FIELDS, _LONGEST_VALUE = 60, 8, 400, 8_000
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]{0,20}:")
_PARAMETER = re.compile(
    r"([\w!#$&+.^'-]{1,40})(\*\d{0,2}\*?)?\s{0,9}=\s{0,9}(?:\"((?:[^\"\\]|\\.){0,300})\"|([^\s;\"]{1,300}))"
)
_KIND = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_HEADERS_ALONE = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})


@dataclass(frozen=True, kw_only=True)
class Part:
    """A mail or a part of one: content type, headers in their order with small names, content without its encoding.

    A part that holds parts has them in `parts`; so has a mail within the mail, of which only headers may be there.
    """

    kind: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = field(default=b"", repr=False)
    parts: tuple[Part, ...] = ()

    def every(self, *names: str) -> list[str]:
        """The values of all headers of these names, in their order, encoded words decoded."""
        return [on_one_line(without_words(value)) for name, value in self.headers if name in names]

    def first(self, name: str) -> str:
        """The value of the first header of this name; empty where there is none."""
        return next((on_one_line(without_words(value)) for each, value in self.headers if each == name), "")

    @property
    def text(self) -> str:
        """The content as text in its charset, lines ended by a newline alone."""
        text = decoded(self.content, self.parameters.get("charset", ""))
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")

    @property
    def attached(self) -> bool:
        """Whether it is a file that goes along, and not what is read."""
        return self.first("content-disposition").lower().startswith("attachment")

    @property
    def is_message(self) -> bool:
        """Whether it is a mail, or the head of one, within the mail."""
        return self.kind in _MESSAGES or self.kind in _HEADERS_ALONE

    def walk(self) -> Iterator[Part]:
        """This part and those in it, first to last, mails within the mail as one part each."""
        yield self
        if not self.is_message:
            for part in self.parts:
                yield from part.walk()

    def enclosed(self) -> Iterator[Part]:
        """The mails (or heads of mails) within this one, not those within them."""
        for part in self.walk():
            if part.is_message:
                yield from part.parts


def read(raw: bytes) -> Part:
    """The mail in these bytes. Those that are none become one with few headers or none."""
    data = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if data.startswith((b"From ", b">From ")):  # the first line of a mail in an mbox file
        data = data.partition(b"\n")[2]
    return _Reader().part(data, depth=0)


class _Reader:
    def __init__(self) -> None:
        self._left = _MOST_PARTS

    def part(self, data: bytes, *, depth: int) -> Part:
        self._left -= 1
        headers, body = _head_and_body(data)
        heads = dict(reversed(headers))
        kind, parameters = _content_type(heads.get("content-type", ""))
        boundary = parameters.get("boundary", "").encode("utf-8", "replace")
        parts: tuple[Part, ...] = ()
        content = b""
        if kind.startswith("multipart/") and boundary and depth < _DEEPEST:
            parts = tuple(self._children(body, boundary, depth=depth))
        if not parts:
            content = unwrapped(body, heads.get("content-transfer-encoding", ""))
            if kind in _MESSAGES and depth < _DEEPEST and self._left > 0:
                parts = (self.part(content.lstrip(b"\r\n"), depth=depth + 1),)
            elif kind in _HEADERS_ALONE:
                inner, _ = _head_and_body(content.replace(b"\r\n", b"\n").lstrip(b"\n"))
                parts = (Part(headers=tuple(inner)),)
        if kind.startswith("multipart/") and not parts:
            kind = "text/plain"  # no boundary, or none of its lines: what is there is read as it is
        return Part(kind=kind, parameters=parameters, headers=tuple(headers), content=content, parts=parts)

    def _children(self, body: bytes, boundary: bytes, *, depth: int) -> Iterator[Part]:
        for piece in _pieces(body, b"--" + boundary):
            if self._left <= 0:
                return
            yield self.part(piece, depth=depth + 1)


def _pieces(body: bytes, delimiter: bytes) -> Iterator[bytes]:
    """What stands between the lines of a boundary (RFC 2046 section 5.1.1); the last one may lack its end."""
    start: int | None = None
    position = 0
    while (found := body.find(delimiter, position)) >= 0:
        position = found + len(delimiter)
        if found and body[found - 1 : found] != b"\n":
            continue
        end = body.find(b"\n", position)
        end = len(body) if end < 0 else end
        rest = body[position:end].strip()
        if rest not in {b"", b"--"}:  # a longer boundary that begins like this one
            continue
        if start is not None:
            yield body[start : max(start, found - 1)]
        if rest == b"--":
            return
        start = position = end + 1
    if start is not None and start < len(body):
        yield body[start:]


def _head_and_body(data: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Headers, unfolded, and the rest. A line that cannot be a header begins the body, as if one were missing."""
    fields: list[tuple[str, str]] = []
    position = 0
    value: list[bytes] = []
    name = ""
    while position < len(data):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        line = data[position:end]
        if not line.strip():
            position = end + 1
            break
        if line[:1] in b" \t" and name:
            value.append(line.strip())
        else:
            match = _FIELD.match(line)
            if match is None:
                break
            _keep(fields, name, value)
            name, value = match[1].decode("ascii").lower(), [line[match.end() :].strip()]
        position = end + 1
    _keep(fields, name, value)
    return fields, data[position:]


def _keep(fields: list[tuple[str, str]], name: str, value: list[bytes]) -> None:
    if name and len(fields) < _MOST_FIELDS:
        fields.append((name, on_one_line(decoded(b" ".join(value)[:_LONGEST_VALUE]))))


def on_one_line(text: str) -> str:
    """The text without controls and line ends, blanks at both ends gone."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _content_type(value: str) -> tuple[str, Mapping[str, str]]:
    """Kind and parameters (RFC 2045 section 5.1, RFC 2231 section 3); plain text where it makes no sense."""
    kind = value.partition(";")[0].strip().lower()
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(value):
        name, continued, quoted, plain = found.groups()
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        if continued or name.lower() not in parameters:
            parameters[name.lower()] = parameters.get(name.lower(), "") + text
    return (kind if _KIND.fullmatch(kind) else "text/plain"), parameters
