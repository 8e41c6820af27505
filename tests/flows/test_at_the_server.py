"""The bytes as a mail server gets them, from opt-in to the last mail (ACCEPTANCE C7, M1 to M4, M7, M8)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial

import pytest

from service.domain.lead import carries_advert
from service.flows import alerts
from service.mail.compose import compose
from service.mail.transport import OutboundMail, Outcome, SendResult, open_transport
from tests.support import acts
from tests.support.house import House, link, part, recipient
from tests.support.mails import HOSTILE, compiled, headers, values
from tests.support.smtp_server import Received, SmtpServer
from tests.support.website import OPT_IN, opt_in, website

LONG_BASE = "https://advies." + "een-praktijk-met-een-lange-naam." * 5 + "example/post"
OURS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version"]
TO_LEADS = ["List-Unsubscribe", "List-Unsubscribe-Post"]


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """Takes everything."""
    with SmtpServer() as started:
        yield started


@pytest.fixture
def posting(house: House, server: SmtpServer) -> House:
    """The house, its mails going to that server."""
    return house.with_changes(open_transport=partial(open_transport, server.url), alert_to=("staf@praktijk.example",))


def head_of(received: Received) -> list[bytes]:
    """The lines of the header, as they came."""
    return received.data.split(b"\r\n\r\n", 1)[0].split(b"\r\n")


def read(received: Received) -> EmailMessage:
    """The mail as a mail program reads it."""
    return email.message_from_bytes(received.data, policy=email.policy.default)


def check_unsubscribe(received: Received, url: str) -> None:
    """M1: each header once, in plain ASCII on one line, with this link."""
    lines = head_of(received)
    assert [line for line in lines if line.lower().startswith(b"list-unsubscribe")] == [
        f"List-Unsubscribe: <{url}>".encode(),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]
    after = lines[lines.index(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click") - 1 :]
    assert not any(line[:1] in {b" ", b"\t"} for line in after[1:3]), "folded"


def check_headers(received: Received, *, to_lead: bool) -> EmailMessage:
    """M3, M8: what must be there once is, nothing else came in, and the old parser sees the same as the new."""
    mail = read(received)
    names = [name for name, _ in mail.items() if name not in {"Reply-To", "Content-Type"}]  # a header may repeat
    assert sorted(names) == sorted(OURS + (TO_LEADS if to_lead else []))
    assert email.message_from_bytes(received.data).keys() == mail.keys()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert received.recipients == (recipient(mail),)
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == received.sender == "advies@praktijk.example"
    assert not mail.defects
    kinds, both = (
        [each.get_content_type() for each in mail.walk()],
        ["multipart/alternative", "text/plain", "text/html"],
    )
    # A request for a pain check brings the practice a proposal for its agenda.
    assert kinds == both or (not to_lead and kinds == ["multipart/mixed", *both, "text/calendar"])
    assert max(map(len, received.data.split(b"\r\n"))) <= 998
    assert received.data.count(b"\r\n") == received.data.count(b"\n") == received.data.count(b"\r")
    return mail


@pytest.mark.parametrize("base_url", ["https://p.example", LONG_BASE])
@pytest.mark.parametrize("topic", ["lage-rug", "uitstraling-been"])
def test_every_mail_of_a_sequence_arrives_with_what_the_law_and_mail_programs_want(
    posting: House, server: SmtpServer, base_url: str, topic: str
) -> None:
    lived = posting.with_changes(base_url=base_url)
    acts.confirmed(lived, topic=topic, first_name="Zoë", answers={"posture": "hollow"})
    lived.live_through(days=40, keep_house=True)
    assert len(server.messages) == 8
    for received in server.messages:
        mail = check_headers(received, to_lead=True)
        url = link(mail, "u")
        assert len(url) > 200 or base_url != LONG_BASE
        check_unsubscribe(received, url)
        for kind in ("plain", "html"):
            shown = part(mail, kind)
            for needed in ("Solid Performance", "Voorbeeldstraat 1", "00000000", "Je krijgt deze mail omdat", url):
                assert needed in shown, f"{mail['Subject']}: no {needed} in the {kind} part"


@pytest.mark.parametrize("length", [1, 48, 100, 150, 200])
def test_a_token_of_up_to_200_characters_arrives_in_one_piece(server: SmtpServer, length: int) -> None:
    url = "https://mail.praktijk-met-een-lange-naam.example/u/" + "aB3_-"[: length % 5] + "aB3_-" * (length // 5)
    assert len(url.rpartition("/")[2]) == length
    data = compose(compiled("Hoi."), values().model_copy(update={"unsubscribe_url": url}), headers(link=url))
    mail = OutboundMail(
        sender="advies@praktijk.example",
        recipient="anna@example.org",
        data=data,
        message_id="<m1.abc@mail.example>",
        idempotency_key="k",
    )

    async def hand_over() -> SendResult:
        transport = open_transport(server.url)
        try:
            return await transport.send(mail)
        finally:
            await transport.close()

    assert asyncio.run(hand_over()).outcome is Outcome.ACCEPTED
    (received,) = server.messages
    assert received.data == data
    check_unsubscribe(received, url)


def test_mails_to_staff_and_receipts_say_that_nobody_need_answer_them(posting: House, server: SmtpServer) -> None:
    acts.confirmed(posting)
    acts.request_pain_check(posting, name="Anna Jansen", phone="06 12345678", note="Liefst\r\nBcc: x@y.example")
    acts.commit(
        posting,
        lambda s: alerts.tell(s, "proef", dutch="Er is iets.", english="something", now=posting.clock.now()),
    )
    posting.tick(keep_house=True)
    posting.send_due()
    by_recipient = {received.recipients[0]: received for received in server.messages}
    assert set(by_recipient) == {"anna@example.org", "praktijk@solidperformance.example", "staf@praktijk.example"}
    assert len(server.messages) == 4, "advice, receipt, request, alert"
    for received in server.messages:
        check_headers(received, to_lead=received.recipients == ("anna@example.org",))
    assert "Liefst" in part(read(by_recipient["praktijk@solidperformance.example"]), "plain")


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\ud800"])
def test_a_hostile_name_reaches_the_server_neither_in_the_envelope_nor_in_the_mail(
    posting: House, server: SmtpServer, text: str
) -> None:
    if carries_advert(text):
        answer = website(posting).post("/api/opt-ins", json=OPT_IN | {"first_name": text})
        assert (answer.status_code, posting.rows()["opt_in"], server.messages) == (422, [], [])
        return
    opt_in(website(posting), first_name=text)
    posting.send_due()
    (received,) = server.messages
    mail = check_headers(received, to_lead=True)
    assert received.recipients == ("anna@example.org",)
    for shown in (part(mail, "plain"), part(mail, "html"), str(mail["Subject"])):
        words = re.sub(r"https?://\S+", "", shown)  # a link's token may spell anything
        assert "Bcc" not in words
        assert "evil" not in words
    assert "\r\nHallo,\r\n" in part(mail, "plain"), "a salutation without a name"


def test_the_first_mail_holds_nothing_a_stranger_typed_but_a_name_that_is_one(
    posting: House, server: SmtpServer
) -> None:
    typed = "KwaadWoord"
    client = website(posting)
    fields = {
        "source_url": f"https://elders.example/{typed}",
        "form_token": typed,
        "altcha": typed,
        "form": "lage-rug",
        "answers": {"posture": "flat"},
    }
    for number, name in enumerate(("Zoë", f"{typed}1", typed * 5)):
        opt_in(client, f"lead{number}@example.org", first_name=name, **fields)
    posting.send_due()
    assert len(server.messages) == 3
    for received in server.messages:
        mail = read(received)
        assert typed not in str(mail) + part(mail, "plain") + part(mail, "html")
        assert ("Zoë" in part(mail, "plain")) == (received.recipients == ("lead0@example.org",))


def test_an_international_domain_goes_as_a_labels_in_envelope_and_header(posting: House, server: SmtpServer) -> None:
    client = website(posting)
    opt_in(client, "Anna@MÜNCHEN.example")
    posting.send_due()
    (received,) = server.messages
    assert received.recipients == ("anna@xn--mnchen-3ya.example",)
    assert b"To: anna@xn--mnchen-3ya.example" in head_of(received)
    refused = client.post(
        "/api/opt-ins", json={"email": "zoë@example.org", "topic": "lage-rug", "consent_advice": True}
    )
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["pointer"]) == (422, "/email")
    assert "@" in problem["detail"], "it says which part cannot be used"
