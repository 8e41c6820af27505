"""Our mails by a real mail server (exim4, with STARTTLS and a log-in) to the one behind it (ACCEPTANCE M1, M3)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import email.utils
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from service.mail.dkim import covered_by
from service.mail.outbound import OutboundMail, Outcome, SendResult
from service.mail.transport import open_transport
from tests.support.certificates import Certificates, make_certificates
from tests.support.dkim_keys import SELECTOR, signer
from tests.support.dkim_verifier import verified
from tests.support.dns_server import DnsServer
from tests.support.house import House
from tests.support.relay import relay
from tests.support.shipped_mails import BASE, composed_mails
from tests.support.smtp_server import Fault, Received, SmtpServer

SENDER, ANNA, GONE = "advies@praktijk.example", "anna@example.org", "weg@example.org"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def onward() -> Iterator[SmtpServer]:
    """Where the relay hands on to: it knows nobody called GONE."""
    faults = [Fault(stage="rcpt", reply="550 5.1.1 No such user here", recipient=GONE)]
    with SmtpServer(faults=faults) as server:
        yield server


def hand_over(url: str, mails: Sequence[bytes], *, recipient: str = ANNA) -> list[SendResult]:
    """By our own transport, signed, all of them over the connections it keeps."""

    async def send() -> list[SendResult]:
        transport = open_transport(url, signer())
        try:
            return await asyncio.gather(*(transport.send(_outbound(data, recipient)) for data in mails))
        finally:
            await transport.close()

    return asyncio.run(send())


def _outbound(data: bytes, recipient: str) -> OutboundMail:
    return OutboundMail(
        sender=SENDER, recipient=recipient, data=data, message_id=_message_id(data), idempotency_key="k"
    )


def _message_id(data: bytes) -> str:
    found = re.search(rb"(?m)^Message-ID: (\S+)\r$", data)
    assert found
    return found[1].decode()


def _lines(data: bytes) -> list[bytes]:
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_every_shipped_mail_comes_out_of_a_real_relay_as_it_went_in(
    certificates: Certificates, onward: SmtpServer
) -> None:
    mails = {_message_id(data): data for data in composed_mails().values()}
    with relay(certificates, onward.port) as url:
        results = hand_over(url, list(mails.values()))
        assert {result.outcome for result in results} == {Outcome.ACCEPTED}
        assert all(result.provider_id for result in results), "its queue id, to find the mail in its log"
        received = onward.wait_for(len(mails), 30)
    assert sorted(_message_id(each.data) for each in received) == sorted(mails)
    for each in received:
        _is_untouched(each, mails[_message_id(each.data)])
    with DnsServer({f"{SELECTOR}._domainkey.praktijk.example": [signer().record]}) as dns:
        good = verified([each.data for each in received], dns.address)
    assert good == ["praktijk.example pass"] * len(mails)


def _is_untouched(received: Received, sent: bytes) -> None:
    """What the relay adds stands in front of our signature; behind it, byte for byte, is the mail (M1, M3)."""
    assert (received.sender, received.recipients) == (SENDER, (ANNA,))
    assert received.data.endswith(signer().sign(sent))
    to_lead = b"\r\nList-Unsubscribe: " in sent
    unsubscribe = [line for line in _lines(received.data) if line.lower().startswith(b"list-unsubscribe")]
    link = f"List-Unsubscribe: <{BASE}/u/{'aB3_-' * 10}>".encode()
    assert unsubscribe == ([link, b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if to_lead else [])
    if to_lead:  # RFC 8058 section 4
        assert covered_by(received.data) >= {"list-unsubscribe", "list-unsubscribe-post"}
    new = email.message_from_bytes(received.data, policy=email.policy.default)
    old = email.message_from_bytes(received.data)
    assert new.keys() == old.keys()
    assert not new.defects
    once = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "DKIM-Signature")
    assert [new.keys().count(name) for name in once] == [1] * len(once)
    assert [part.get_payload(decode=True) for part in new.walk()] == [p.get_payload(decode=True) for p in old.walk()]


def test_an_unknown_user_behind_the_relay_comes_back_as_a_bounce_to_our_return_path(
    house: House, certificates: Certificates, onward: SmtpServer
) -> None:
    with relay(certificates, onward.port) as url:
        posting = house.with_changes(open_transport=partial(open_transport, url, signer()))
        posting.opt_in(GONE)
        assert posting.send_due() == 1, "the relay takes it, and learns the truth only later"
        (bounce,) = onward.wait_for(1, 30)
    (message,) = posting.messages(GONE)
    assert message.state == "accepted"
    assert bounce.sender == "", "a bounce has the null return path, so that none comes back about it"
    (to,) = bounce.recipients
    assert to.rpartition("@")[2] == "praktijk.example"
    report = email.message_from_bytes(bounce.data, policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in report.walk()]
    assert "message/delivery-status" in kinds
    status = str(next(part for part in report.walk() if part.get_content_type() == "message/delivery-status"))
    assert re.search(r"(?m)^Final-Recipient: *rfc822; *weg@example.org", status)
    assert re.search(r"(?m)^Status: 5\.", status)
    assert message.message_id in bounce.data.decode("ascii"), "by which the mailbox ties it to its message"


def test_a_log_in_that_the_relay_refuses_hands_nothing_over(
    certificates: Certificates, onward: SmtpServer, tmp_path: Path
) -> None:
    other = make_certificates(tmp_path / "other")
    with relay(certificates, onward.port) as url:
        (mail,) = list(composed_mails().values())[:1]
        (wrong,) = hand_over(url.replace("geheim", "verkeerd"), [mail])
        (unknown,) = hand_over(url.replace(str(certificates.ca), str(other.ca)), [mail])
    assert (wrong.outcome, wrong.stage) == (Outcome.DOWN, "auth")
    assert (unknown.outcome, unknown.stage) == (Outcome.DOWN, "starttls")
    assert onward.messages == []
