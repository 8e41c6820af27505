"""Any bytes become a tree of parts: the one that Python's own parser makes of a sound mail, and never too large."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.inbound.codings import decoded, unwrapped, without_words
from service.mail.inbound.structure import MOST_BYTES, Part, read
from tests.support.inbound_mails import expected, mail


def leaves(part: Part) -> Iterator[tuple[str, bytes]]:
    if part.kind == "text/rfc822-headers" or (part.kind.startswith("message/") and not part.parts):
        yield part.kind, b""
    elif part.parts:
        for each in part.parts:
            yield from leaves(each)
    else:
        yield part.kind, b"".join(part.content.split())


def leaves_of_python(message: Message) -> Iterator[tuple[str, bytes]]:
    """Those of Python's parser, which takes the content of every `message/...` for a mail or for mails."""
    kind = message.get_content_type()
    if kind == "text/rfc822-headers" or (kind.startswith("message/") and kind != "message/rfc822"):
        yield kind, b""
    elif message.is_multipart():
        for each in message.get_payload():
            assert isinstance(each, Message)
            yield from leaves_of_python(each)
    else:
        content = message.get_payload(decode=True)
        yield kind, b"".join((content if isinstance(content, bytes) else b"").split())


def test_every_mail_of_the_corpus_has_the_parts_that_python_s_own_parser_sees() -> None:
    for name in expected():
        parsed = email.message_from_bytes(mail(name), policy=email.policy.compat32)
        assert list(leaves(read(mail(name)))) == list(leaves_of_python(parsed)), name


@settings(max_examples=300)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_mail_of_some_sort(raw: bytes) -> None:
    part = read(raw)
    assert all(name == name.lower() and value.isprintable() for name, value in part.headers)
    assert "\x00" not in part.text


def test_a_mail_nested_without_end_ends() -> None:
    source = b"Content-Type: message/rfc822\n\n" * 10_000
    depth, part = 0, read(source)
    while part.parts:
        depth, part = depth + 1, part.parts[0]
    assert depth == 8
    boxes = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000))
    assert sum(1 for _ in read(boxes).walk()) < 20


def test_no_more_parts_headers_and_bytes_are_kept_than_anybody_needs() -> None:
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000
    assert len(read(many).parts) <= 60
    headers = b"".join(b"X-%d: %b\n" % (n, b"v" * 20_000) for n in range(600))
    found = read(headers).headers
    assert len(found) <= 400
    assert max(len(value) for _, value in found) <= 8_000
    assert len(read(b"From: a@b.example\n\n" + b"x" * 2_000_000).content) < MOST_BYTES


def test_a_multipart_without_its_boundary_is_read_as_text() -> None:
    for kind in ("multipart/mixed", "multipart/report; boundary=x", 'multipart/mixed; boundary=""'):
        part = read(f"Content-Type: {kind}\n\nhoi".encode())
        assert (part.kind, part.text) == ("text/plain", "hoi")


def test_a_line_that_is_no_header_begins_the_body() -> None:
    part = read(b"From: a@b.example\nhoi, dit is tekst\nSubject: nee\n")
    assert (part.first("subject"), part.text) == ("", "hoi, dit is tekst\nSubject: nee\n")


def test_a_part_s_end_may_be_missing_and_a_longer_boundary_is_another() -> None:
    part = read(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\n\ntwo\n--b\n\nthree")
    assert [each.text for each in part.parts] == ["one\n--bb\n\ntwo", "three"]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("=?iso-8859-1?Q?Ren=E9e?=", "Renée"),
        ("=?utf-8?B?w6k=?= =?utf-8?B?w6k=?=", "éé"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?idna?q?xn--a?=", "xn--a"),
        ("=?nonsense?q?a?=", "a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?", "=?utf-8?q?"),
    ],
)
def test_encoded_words_are_read_as_far_as_they_make_sense(word: str, text: str) -> None:
    assert without_words(word) == text


def test_an_encoded_word_brings_no_line_end_into_a_header() -> None:
    part = read(b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\n")
    assert part.first("subject") == "a  Bcc: x"


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "unicode_escape", "zlib", "utf-7", "\x00", "x" * 500, "utf-16"]
)
def test_no_charset_raises(charset: str) -> None:
    assert isinstance(decoded(b"a\xff\\x\xe2", charset), str)
    assert decoded("één".encode(), charset if charset != "utf-16" else "utf-8") == "één"


def test_half_a_base64_gives_what_it_has() -> None:
    assert unwrapped(b"aGFs\nbG8g d2Vy*ZWxk", "BASE64").startswith(b"hallo wer")
    assert unwrapped(b"a", "base64") == b""
