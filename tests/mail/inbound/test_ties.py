"""Where the signs are found that tie a mail to one of ours: addresses, Message-IDs, links. None of them is believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.mail.inbound import ties
from service.mail.inbound.classify import judged
from service.mail.inbound.values import Inbound
from tests.support.inbound_mails import TOKEN


def taken(*headers: str, body: str = "") -> Inbound:
    return judged("\n".join(("From: Anna <anna@example.nl>", *headers, "", body)).encode())


@pytest.mark.parametrize(
    "header",
    [
        *("To: terug+x@praktijk.example", "Delivered-To: terug+x@praktijk.example", "Cc: X <terug+x@praktijk.example>"),
        *("X-Original-To: terug+x@praktijk.example", "Envelope-To: <terug+x@praktijk.example>"),
        *("X-Envelope-To: terug+x@praktijk.example", "X-Delivered-To: TERUG+X@praktijk.example"),
        "Received: from a.example by b.example\n\tfor <terug+x@praktijk.example>; Mon, 9 Mar 2026 10:00:00 +0100",
        "Received: by b.example for terug+x@praktijk.example; Mon, 9 Mar 2026 10:00:00 +0100",
    ],
)
def test_the_address_it_came_for_is_found_in_any_header(header: str) -> None:
    assert "terug+x@praktijk.example" in [each.lower() for each in taken(header).came_for]


@pytest.mark.parametrize(
    "address",
    ["o'brien@example.nl", "renée@voorbeeldé.example", "a+b=c@example.nl", "anna@localhost", "a.b@x-y.example"],
)
def test_an_address_is_taken_whole_and_without_what_stands_around_it(address: str) -> None:
    for shown in ("<{}>", "'{}'", '"{}"', "mailto:{}", "({})", "{}.", "{},", "rfc822;{}", "x {} y"):
        assert ties.addresses(shown.format(address)) == [address], shown


def test_message_ids_of_the_mail_it_answers_are_found_and_its_own_is_not() -> None:
    found = taken("Message-ID: <own@x>", "In-Reply-To: <one@x>", "References: <two@x>\n <three@x> junk <")
    assert found.message_ids == ("<one@x>", "<two@x>", "<three@x>")


@pytest.mark.parametrize(
    "shown",
    [
        *("https://praktijk.example/u/{}", "> https://praktijk.example/b/{}", "<a href='https://x/a/{}?y=1'>ja</a>"),
        "https://scanner.example/?url=https%3A%2F%2Fpraktijk.example%2Fp%2F{}&data=1",
        *("(https://praktijk.example/c/{})", "[https://praktijk.example/u/{}]"),
    ],
)
def test_a_token_is_found_in_any_link_of_ours(shown: str) -> None:
    assert taken(body=shown.format(TOKEN)).tokens == (TOKEN,)


@pytest.mark.parametrize("shown", [f"/x/{TOKEN}", f"/u/{TOKEN}a", f"/u/{TOKEN[:-1]}", TOKEN, f"/u/{TOKEN[:-1]}~"])
def test_what_is_no_token_of_ours_is_not_taken_for_one(shown: str) -> None:
    assert taken(body=shown).tokens == ()


def test_a_token_in_the_source_of_a_mail_is_found_over_its_soft_line_break() -> None:
    assert taken(body=f"https://praktijk.example/u/{TOKEN[:20]}=\n{TOKEN[20:]}").tokens == (TOKEN,)


def test_no_more_signs_are_kept_than_can_be_looked_up() -> None:
    found = taken(
        "To: " + ", ".join(f"a{n}@x.example" for n in range(200)),
        "References: " + " ".join(f"<{n}@x>" for n in range(500)),
    )
    assert len(found.came_for) == 50
    assert len(found.message_ids) == 50


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 09 Mar 2026 10:00:02 +0100", datetime(2026, 3, 9, 9, 0, 2, tzinfo=UTC)),
        ("Mon, 09 Mar 2026 10:00:02 -0000", datetime(2026, 3, 9, 10, 0, 2, tzinfo=UTC)),
        ("gisteren", None),
        ("Mon, 99 Mar 20260 10:00:02 +9999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("", None),
    ],
)
def test_the_date_is_aware_or_none(date: str, at: datetime | None) -> None:
    assert taken(f"Date: {date}").at == at
