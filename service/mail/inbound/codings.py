"""Bytes of a mail as text: charsets, transfer encodings and encoded words (RFC 2045 to 2047). Nothing here raises."""

from __future__ import annotations

import binascii
import re

# Codecs of Python that are text, cost no more than their input, and do not warn; `idna` and `unicode_escape` are
# not. UTF-7 makes halves of characters.
_CHARSET = re.compile(
    r"(?:us-?)?ascii|ansi_x3\.4-1968|utf-?(?:8|16|16le|16be|32)|iso-?8859-?1?\d|latin-?1"
    r"|(?:windows|cp)-?(?:125\d|437|850|858)"
    r"|koi8-[ru]|gb(?:2312|k|18030)|big5|shift_jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|macintosh|mac-roman"
)
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?]{0,1000})\?=", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"\?=\s{1,20}=\?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decoded(data: bytes, charset: str = "") -> str:
    """The text in this charset; where that is unknown or not true, as UTF-8, else as Windows-1252."""
    name = charset.strip().strip("\"'").lower()
    wanted = name.replace("windows-", "cp") if _CHARSET.fullmatch(name) else "utf-8"
    for each in (wanted, "utf-8"):
        try:
            return data.decode(each)
        except (UnicodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def unwrapped(data: bytes, encoding: str) -> bytes:
    """The content behind a Content-Transfer-Encoding; one nobody knows leaves it as it is."""
    match encoding.strip().lower():
        case "base64":
            return _base64(data)
        case "quoted-printable":
            return binascii.a2b_qp(data)
        case _:
            return data


def without_words(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded; what is no proper one stays."""
    if "=?" not in value:
        return value
    return _WORD.sub(_word, _BETWEEN_WORDS.sub("?==?", value))


def _word(found: re.Match[str]) -> str:
    charset, encoding, text = found.groups()
    data = text.encode("utf-8", "replace")
    return decoded(_base64(data) if encoding.lower() == "b" else binascii.a2b_qp(data, header=True), charset)


def _base64(data: bytes) -> bytes:
    """As much as can be decoded: padding and strange letters do not matter."""
    letters = _NOT_BASE64.sub(b"", data)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
