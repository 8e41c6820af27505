"""The file for the practice's agenda, as a second parser reads it: whatever somebody typed, one event and no more."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.compose import HeldMailError, compose
from service.mail.mime import build
from service.mail.proposal import Proposal, icalendar
from tests.support.mails import compiled, headers, values

STARTS_AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
HOSTILE = [
    "Anna\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:tweede",
    "Anna\nATTENDEE:mailto:evil@example.org",
    "Anna; Bakker, met \\n en \\; erin",
    'Anna"DQUOTE',
    "Anna\u2028BEGIN:VALARM",
    "Anna\x00\x0b\x85",
    "Ännä 😀 " * 40,
    "=?utf-8?q?a=0D=0ABcc=3A_x=40y?=",
]
_ESCAPED = {"\\n": "\n", "\\N": "\n", "\\;": ";", "\\,": ",", "\\\\": "\\"}


def proposal(name: str = "Anna Bakker", *, minutes: int | None = 60, location: str = "Voorbeeldstraat 1") -> Proposal:
    return Proposal(
        uid="pijncheck-1-1@praktijk.example",
        made_at=datetime(2026, 11, 30, 9, 0, 1, 999, tzinfo=UTC),
        starts_at=STARTS_AT,
        minutes=minutes,
        summary="Pijncheck (voorstel)",
        location=location,
        lines=(f"Naam: {name}", "Telefoon: 06 12345678"),
        organiser="praktijk@solidperformance.example",
    )


def read(text: str) -> list[tuple[str, str]]:
    """(name, value) of each content line, unfolded by the letter of RFC 5545 section 3.1: a reader of our own."""
    assert text.endswith("\r\n")
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = text.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]
    return [(line.partition(":")[0].partition(";")[0], line.partition(":")[2]) for line in lines]


def unescaped(value: str) -> str:
    return re.sub(r"\\[nN;,\\]", lambda found: _ESCAPED[found[0]], value)


def test_the_proposal_is_one_tentative_event_of_its_length() -> None:
    found = read(icalendar(proposal()))
    assert [name for name, _ in found].count("BEGIN") == 2
    told = dict(found)
    assert (told["METHOD"], told["STATUS"], told["VERSION"]) == ("PUBLISH", "TENTATIVE", "2.0")
    assert (told["DTSTART"], told["DTEND"], told["DTSTAMP"]) == (
        "20261201T080000Z",
        "20261201T090000Z",
        "20261130T090001Z",
    )
    assert told["UID"] == "pijncheck-1-1@praktijk.example"
    assert told["ORGANIZER"] == "mailto:praktijk@solidperformance.example"
    assert unescaped(told["DESCRIPTION"]) == "Naam: Anna Bakker\nTelefoon: 06 12345678"
    assert "ATTENDEE" not in told


def test_without_a_known_length_it_has_no_end() -> None:
    assert "DTEND" not in dict(read(icalendar(proposal(minutes=None))))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_within_its_line(name: str) -> None:
    intended = [line for line, _ in read(icalendar(proposal()))]
    found = read(icalendar(proposal(name, location=name)))
    assert [line for line, _ in found] == intended
    told = dict(found)
    plain = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", name).strip()
    assert unescaped(told["DESCRIPTION"]) == f"Naam: {plain}\nTelefoon: 06 12345678"
    assert unescaped(told["LOCATION"]) == plain
    assert told["SUMMARY"] == "Pijncheck (voorstel)"


@settings(max_examples=300)
@given(name=st.text(max_size=200))
def test_no_name_makes_another_line(name: str) -> None:
    intended = [line for line, _ in read(icalendar(proposal()))]
    assert [line for line, _ in read(icalendar(proposal(name)))] == intended


STAFF = compiled("Hoi", head="---\nsubject: Een aanvraag\npreheader: Wie het vroeg.\naudience: practice\n---\n")


def mail_with(calendar: str | None) -> bytes:
    filled = values().model_copy(update={"unsubscribe_url": None, "calendar": calendar})
    return compose(STAFF, filled, headers()._replace(unsubscribe_url=None))


def test_the_mail_carries_the_file_byte_for_byte_beside_its_two_texts() -> None:
    text = icalendar(proposal("Ännä 😀 " * 40))
    data = mail_with(text)
    assert data == mail_with(text)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    for policy in (email.policy.default, email.policy.compat32):
        mail = email.message_from_bytes(data, policy=policy)
        kinds = [each.get_content_type() for each in mail.walk()]
        assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]
        assert not any(each.defects for each in mail.walk())
        [file] = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
        assert file.get_payload(decode=True) == text.encode()
        assert file.get_filename() == "pijncheck.ics"
        assert file.get_param("method") == "PUBLISH"


def test_without_a_file_the_mail_is_what_it_was() -> None:
    mail = email.message_from_bytes(mail_with(None))
    assert [each.get_content_type() for each in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_mail_to_a_lead_carries_no_file() -> None:
    with pytest.raises(HeldMailError, match="nothing is attached"):
        compose(compiled("Hoi"), values().model_copy(update={"calendar": icalendar(proposal())}), headers())


@pytest.mark.parametrize("prefix", ["", "a"])
def test_a_text_that_holds_a_boundary_is_held(prefix: str) -> None:
    at = headers()._replace(unsubscribe_url=None, boundary="0123456789abcdef")
    with pytest.raises(HeldMailError, match="boundary"):
        build(
            subject="Hoi",
            text=f"--{prefix}{at.boundary}",
            html="<p>Hoi</p>",
            headers=at,
            calendar=icalendar(proposal()),
        )


def test_the_end_lies_after_the_beginning() -> None:
    told = dict(read(icalendar(proposal(minutes=90))))
    begins, ends = (datetime.strptime(told[name], "%Y%m%dT%H%M%S%z") for name in ("DTSTART", "DTEND"))
    assert ends - begins == timedelta(minutes=90)
