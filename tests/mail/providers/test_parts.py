"""A finished mail taken apart: what was put in comes out, and what no provider could say is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.mailbox import Mailbox
from service.mail.providers.parts import UnfitMailError, taken_apart, written
from tests.mail.providers.mails import HTML, INVITATION, LINK, SUBJECT, TEXT, a_mail, with_invitation

_LETTERS = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"))


def test_what_was_put_in_comes_out() -> None:
    mail = a_mail()
    parts = taken_apart(mail.data)
    assert (parts.subject, parts.to) == (SUBJECT, "anna@example.nl")
    assert parts.sender == Mailbox(name="Praktijk “Zoë”, Rug & Nek", address="advies@praktijk.example")
    assert parts.reply_to == Mailbox(name="", address="balie@praktijk.example")
    assert (parts.text.rstrip("\n"), parts.html.rstrip("\n")) == (TEXT.rstrip("\n"), HTML)
    assert parts.headers == (
        ("List-Unsubscribe", f"<{LINK}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "nl"),
    )
    assert parts.attachments == ()


@settings(max_examples=200)
@given(text=st.text(_LETTERS, max_size=300), name=st.text(_LETTERS, max_size=60))
def test_every_text_and_every_name_comes_out_as_it_went_in(text: str, name: str) -> None:
    name = " ".join(name.replace("=?", "").split()).replace('"', "").replace("\\", "")
    parts = taken_apart(a_mail(text=text, name=name).data)
    assert parts.text.rstrip("\n") == text.rstrip("\n")
    assert parts.sender.name == name


def test_an_appointment_keeps_its_name_its_kind_and_its_bytes() -> None:
    (found,) = taken_apart(with_invitation(a_mail()).data).attachments
    assert (found.name, found.kind, found.data) == (
        "pijncheck.ics",
        "text/calendar; method=REQUEST; charset=utf-8",
        INVITATION,
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (b"Auto-Submitted: auto-generated\r\n", b"To: bram@example.nl\r\n", "a header stands in the mail twice"),
        (b"auto-generated", "gemaakt door één".encode(), "is not plain ASCII"),
        (b"To: anna@example.nl", b"To: nobody", "an address of the mail cannot be read"),
        (b"text/html", b"text/other", "no text part or no HTML part"),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted auto-generated", "a header of the mail cannot be read"),
        (b"--=_around--", b"--=_around", "a part of the mail has no end"),
        (b'boundary="=_around"', b"x=y", "a part of the mail cannot be read"),
        (b"QkVHSU46", b"QkVHSU4", "not the base64 it says it is"),
        (b"charset=utf-8", b"charset=klingon", "not in the character set it names"),
        (b"Subject: ", b"Subject: =?utf-8?q?a=0D=0ABcc=3A_x?=\r\n ", "holds a control character"),
        (b"Subject: ", b"Subject: =?klingon?q?a?=\r\n ", "cannot be decoded"),
        (b'filename="pijncheck.ics"', b'filename="../pijncheck.ics"', "the name of an attachment"),
    ],
)
def test_what_no_provider_could_say_is_refused(before: bytes, after: bytes, sentence: str) -> None:
    data = with_invitation(a_mail()).data
    assert before in data
    with pytest.raises(UnfitMailError, match=sentence):
        taken_apart(data.replace(before, after, 1))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "a@b.nl"),
        ("Praktijk Zon", "Praktijk Zon <a@b.nl>"),
        ("Rug, Nek", '"Rug, Nek" <a@b.nl>'),
        ("Zoë (rug)", '"Zoë (rug)" <a@b.nl>'),
    ],
)
def test_a_name_is_quoted_where_a_character_would_end_it(name: str, shown: str) -> None:
    assert written(Mailbox(name=name, address="a@b.nl")) == shown
