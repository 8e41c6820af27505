"""Sender and reply addresses."""

from __future__ import annotations

import pytest

from service.domain.mailbox import Mailbox, parse_mailbox


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("advies@praktijk.example", Mailbox(name="", address="advies@praktijk.example")),
        (
            "Solid Performance <advies@praktijk.example>",
            Mailbox(name="Solid Performance", address="advies@praktijk.example"),
        ),
        ('"Rug, been & meer" <a@b.nl>', Mailbox(name="Rug, been & meer", address="a@b.nl")),
        (" Zoë <a@praktijk.test> ", Mailbox(name="Zoë", address="a@praktijk.test")),
        ("Praktijk <advies@bücher.example>", Mailbox(name="Praktijk", address="advies@xn--bcher-kva.example")),
    ],
)
def test_a_name_and_an_address_are_read(text: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(text) == mailbox
    assert parse_mailbox(str(mailbox)) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Solid Performance",
        "a@b@c.nl",
        "A <a@b.nl> <c@d.nl>",
        "A <a@b.nl>, B <c@d.nl>",
        "<a b@c.nl>",
        "zoë@b.nl",
        "a@localhost",
        "A\r\nBcc: x@y.nl <a@b.nl>",
        "=?utf-8?q?a?= <a@b.nl>",
        "A\u2028B <a@b.nl>",
        "A\x00 <a@b.nl>",
        "x" * 79 + " <a@b.nl>",
    ],
)
def test_what_could_break_a_header_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|name|control"):
        parse_mailbox(text)
