"""The bytes of a message, as a second parser reads them (M1 to M3, M7, M8)."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header
from email.message import EmailMessage, Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.mailbox import Mailbox
from service.mail.compose import HeldMailError, compose, render
from service.mail.mime import build
from tests.support.cases import examples
from tests.support.mails import HEAD, HOSTILE, UNSUBSCRIBE, compiled, headers, values

INTENDED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]
PLAIN = compiled("Hoi{% if first_name %} {{ first_name }}{% endif %}, 's middags: ë … 100% = goed.")
NAMED_HEAD = HEAD.replace("Begin vandaag", "'Dag {{ first_name or \"jij\" }}'")
NAMED = compiled("Hoi{% if first_name %} {{ first_name }}{% endif %},", head=NAMED_HEAD)
EMOJI = ["😀", "👩‍👩‍👧", "ë", "\u00ad", "e\u0301", "=", "?", "_", "İ", "字", "'", '"', ",", ";", "<", "@", "\\", " "]


def both(data: bytes) -> tuple[Message, EmailMessage]:
    """The message as the old and as the new parser of the standard library see it."""
    return email.message_from_bytes(data), email.message_from_bytes(data, policy=email.policy.default)


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def check_form(data: bytes) -> tuple[Message, EmailMessage]:
    """What every message has: CRLF alone, short 7-bit lines, each header once, both parts. Gives both readings."""
    assert re.sub(b"\r\n", b"", data).count(b"\n") == re.sub(b"\r\n", b"", data).count(b"\r") == 0
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()
    assert b"\x00" not in data
    old, new = both(data)
    for mail in (old, new):
        assert mail.keys() == INTENDED
        assert not mail.defects
        assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert not any(part.defects for part in mail.walk())
    assert len(new["To"].addresses) == len(new["From"].addresses) == 1
    return old, new


def test_a_message_has_its_headers_once_and_the_unsubscribe_link_plain() -> None:
    data = compose(PLAIN, values(), headers())
    check_form(data)
    assert f"\r\nList-Unsubscribe: <{UNSUBSCRIBE}>\r\n".encode() in data
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in data
    assert b"\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n" in data
    assert both(data)[1]["To"] == "anna@example.org"
    assert str(both(data)[1]["From"]) == "Solid Performance <advies@praktijk.example>"


@pytest.mark.parametrize("length", [48, 100, 200])
def test_an_unsubscribe_link_of_any_length_stays_on_one_line(length: int) -> None:
    link = "https://mail.praktijk-met-een-lange-naam.example/u/" + "A" * length
    data = compose(PLAIN, values().model_copy(update={"unsubscribe_url": link}), headers(link=link))
    check_form(data)
    assert data.count(f"List-Unsubscribe: <{link}>\r\n".encode()) == 1


def test_equal_input_gives_equal_bytes() -> None:
    assert compose(PLAIN, values(), headers()) == compose(PLAIN, values(), headers())
    stored = type(values()).model_validate_json(values().model_dump_json())
    assert compose(PLAIN, stored, headers()) == compose(PLAIN, values(), headers())


def test_both_parts_come_through_whole() -> None:
    rendered = render(PLAIN, values())
    mail = both(compose(PLAIN, values(), headers()))[1]
    assert body(mail, "plain") == rendered.text
    assert body(mail, "html").rstrip("\n") == rendered.html.rstrip("\n")
    assert "Hoi Zoë, 's middags: ë … 100% = goed." in rendered.text


def test_lines_that_a_server_could_mistake_are_encoded() -> None:
    text = "\n".join([".", "..", "From ons", "x" * 2000, "eind ", "tab\t", "--=_0123456789abcdeX", "é" * 500])
    data = build(subject="x", text=text, html="<p>.</p>", headers=headers())
    check_form(data)
    assert b"\r\n.\r\n" not in data
    assert body(both(data)[1], "plain") == text + "\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_of_a_lead_changes_nothing_but_the_salutation(text: str) -> None:
    data = compose(NAMED, values(first_name=text), headers())
    check_form(data)
    mail = both(data)[1]
    assert mail["Subject"] == "Dag jij"
    assert "\nHoi,\n" in body(mail, "plain")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_subject_is_refused_or_stays_one_subject(text: str) -> None:
    try:
        data = build(subject=text, text="x", html="x", headers=headers())
    except (HeldMailError, UnicodeEncodeError):
        return
    check_form(data)
    assert both(data)[1]["Subject"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_sender_name_is_refused_or_stays_a_name(text: str) -> None:
    try:
        data = build(subject="x", text="x", html="x", headers=headers(name=text))
    except (HeldMailError, UnicodeEncodeError):
        return
    check_form(data)
    sender = both(data)[1]["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (text, "advies@praktijk.example")


@pytest.mark.parametrize(
    "text", [*HOSTILE, "a@b.nl, c@d.nl", "a@b.nl\n", " a@b.nl", "a@münchen.de", "ë@a.nl", "a@b.nl>", ""]
)
def test_anything_but_one_ascii_address_is_no_recipient(text: str) -> None:
    with pytest.raises(HeldMailError):
        compose(PLAIN, values(), headers(to=text))


def test_an_international_domain_goes_as_a_labels() -> None:
    data = compose(PLAIN, values(), headers(to="anna@xn--mnchen-3ya.example"))
    assert b"\r\nTo: anna@xn--mnchen-3ya.example\r\n" in data


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\ud800"])
def test_a_hostile_value_stays_inside_its_part(text: str) -> None:
    mail = compiled("Bij {{ practice.pain_check.location }}")
    given = values(pain_check={"location": text})
    data = compose(mail, given, headers())
    check_form(data)
    html = body(both(data)[1], "html")
    assert "<evil@x.nl>" not in html
    assert not re.search("[\x00\x0b\x85\u2028\u2029\u202e]", html + body(both(data)[1], "plain"))


def test_an_address_that_breaks_a_line_cannot_stand_in_the_unsubscribe_header() -> None:
    for link in (
        "https://a.nl/u/x\r\nBcc: a@b.nl",
        "https://a.nl/u/é",
        "https://a.nl/u/a>b",
        "mailto:a@b.nl",
        "https://a.nl/=?x",
    ):
        with pytest.raises(HeldMailError):
            compose(PLAIN, values().model_copy(update={"unsubscribe_url": link}), headers(link=link))


def check_agreement(subject: str, name: str, data: bytes) -> None:
    old, new = check_form(data)
    assert body(new, "plain") == f"Hoi {name}, {subject}\n"
    assert str(make_header(decode_header(old["Subject"]))) == subject
    assert new["Subject"] == subject
    if len(name.encode()) <= 45:  # the new parser puts a space between two encoded words of a name
        assert new["From"].addresses[0].display_name == name
    head = data.split(b"\r\n\r\n", 1)[0]
    for word in re.findall(rb"=\?\S*", head):
        assert re.fullmatch(rb"=\?utf-8\?b\?[A-Za-z0-9+/]+=*\?=", word)
        assert len(word) <= 75
    assert all(len(line) <= 78 for line in head.split(b"\r\n") if not line.startswith(b"List-Unsubscribe"))


TEXTS = st.lists(
    st.one_of(st.sampled_from(EMOJI), st.text("abcABC ëïü0123", min_size=1, max_size=8)), min_size=1, max_size=40
)


@settings(max_examples=1000)
@given(TEXTS, TEXTS)
def test_two_parsers_agree_on_a_thousand_subjects_and_names(subject_parts: list[str], name_parts: list[str]) -> None:
    subject, name = (" ".join("".join(parts).split()) for parts in (subject_parts, name_parts))
    try:
        data = build(subject=subject, text=f"Hoi {name}, {subject}", html="<p>x</p>", headers=headers(name=name))
    except HeldMailError:
        assert "=?" in subject + name or not subject
        return
    check_agreement(subject, name, data)


@settings(max_examples=examples(200))
@given(st.text(max_size=50))
def test_no_first_name_whatever_it_is_breaks_a_mail(name: str) -> None:
    data = compose(NAMED, values(first_name=name), headers())
    check_form(data)
    mail = both(data)[1]
    shown = render(NAMED, values(first_name=name))
    assert mail["Subject"] == shown.subject
    assert body(mail, "plain") == shown.text


@pytest.mark.parametrize("name", ["é" * 22, "Praktijk voor bewegen, Één én Twee en Drie", "字" * 15])
def test_a_line_with_an_encoded_word_has_no_more_than_76_letters(name: str) -> None:
    """RFC 2047 section 2."""
    head = headers(name=name)._replace(reply_to=Mailbox(name=name, address="a@praktijk.example"))
    data = compose(compiled("Tekst.", head=HEAD.replace("Begin vandaag", f"Dag {name}")), values(), head)
    lines = [line for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n") if b"=?" in line]
    assert len(lines) >= 3
    assert all(len(line) <= 76 for line in lines)
    read = email.message_from_bytes(data, policy=email.policy.default)
    assert [read[field].addresses[0].display_name for field in ("From", "Reply-To")] == [name, name]


def test_a_reply_address_may_have_a_name_and_staff_mails_have_no_unsubscribe_header() -> None:
    head = "---\nsubject: Een aanvraag\npreheader: x\naudience: practice\n---\n"
    plain = headers()
    staff = type(plain)(
        message_id=plain.message_id,
        date=plain.date,
        boundary=plain.boundary,
        mail_from=plain.mail_from,
        to=plain.to,
        reply_to=Mailbox(name="Praktijk, Noord", address="a@b.example"),
    )
    data = compose(compiled("Let op.", head=head), values(), staff)
    assert b'\r\nReply-To: "Praktijk, Noord" <a@b.example>\r\n' in data
    assert b"List-Unsubscribe" not in data
