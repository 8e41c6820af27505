"""Our DKIM signatures (RFC 6376), read by a verifier of somebody else's, with the key in a name server of our own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.domain.mailbox import Mailbox
from service.errors import InvalidInputError
from service.mail.compose import compose
from service.mail.dkim import DkimSigner, SignedTransport, covered_by, read_signer, signature_of
from service.mail.outbound import OutboundMail, Outcome
from service.mail.transport import FileTransport, open_transport
from tests.support.dkim_keys import SELECTOR, ed25519_pem, elliptic_pem, other_pem, rsa_pem, signer
from tests.support.dkim_verifier import verified
from tests.support.dns_server import DnsServer
from tests.support.mails import compiled, headers, values

DOMAIN = "mail.example"
BODIES = (
    "Hoi.",
    "Hoi.\n\n\n\nTot ziens.  \n\n\n",
    "Één   twee\t drie — vier.\n\n.\n\n..\n\n From hier tot daar.",
    "=" * 200 + "\n\n" + "woord " * 400,
)


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer({f"{SELECTOR}._domainkey.{DOMAIN}": [signer().record]}) as server:
        yield server


def composed(
    body: str = "Hoi.", *, name: str = "", sender: str = f"a@{DOMAIN}", reply_to: Mailbox | None = None
) -> bytes:
    """A mail to a lead, unsigned."""
    head = headers()._replace(mail_from=Mailbox(name=name, address=sender), reply_to=reply_to)
    return compose(compiled(body), values(), head)


def test_an_independent_verifier_finds_every_signature_good(dns: DnsServer) -> None:
    named = composed(name="Zoë de Vries, praktijk voor rug en nek")
    answered = composed(reply_to=Mailbox(name="Zoë", address="b@example.org"))
    mails = [signer().sign(data) for data in (*map(composed, BODIES), named, answered)]
    assert verified(mails, dns.address) == [f"{DOMAIN} pass"] * len(mails)


def test_a_key_of_4096_bits_spans_two_strings_of_its_record_and_works() -> None:
    large = read_signer(rsa_pem(4096), "l")
    with DnsServer({f"l._domainkey.{DOMAIN}": [large.record]}) as server:
        assert verified([large.sign(composed())], server.address) == [f"{DOMAIN} pass"]


def test_what_a_relay_may_do_to_a_mail_leaves_its_signature_good(dns: DnsServer) -> None:
    signed = signer().sign(composed())
    received = b"Received: from a by b;\r\n\tSat, 7 Mar 2026 10:00:00 +0000\r\n" + signed
    refolded = signed.replace(b"Subject: Begin vandaag", b"SUBJECT:  Begin\r\n\t vandaag ")
    longer = signed + b"\r\n\r\n"
    assert refolded != signed
    assert verified([received, refolded, longer], dns.address) == [f"{DOMAIN} pass"] * 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: Begin", b"Subject: Stop"),
        (b"List-Unsubscribe: <https://mail", b"List-Unsubscribe: <https://evil"),
        (b"List-Unsubscribe-Post: ", b"X-Gone: "),
        (b"\r\nFrom: ", b"\r\nFrom: evil@x.example\r\nFrom: "),
        (b"\r\nSubject: ", b"\r\nSubject: Gratis\r\nSubject: "),
        (b"\r\nTo: ", b"\r\nReply-To: evil@x.example\r\nTo: "),
        (b"\r\nContent-Type: multipart/", b"\r\nContent-Type: text/plain\r\nContent-Type: multipart/"),
        (b"Hoi.", b"Hoi!"),
    ],
)
def test_a_mail_that_was_changed_or_added_to_fails(dns: DnsServer, before: bytes, after: bytes) -> None:
    signed = signer().sign(composed())
    changed = signed.replace(before, after)
    assert changed != signed
    (said,) = verified([changed], dns.address)
    assert said.startswith(f"{DOMAIN} fail")


def test_the_signature_stands_once_in_front_and_the_mail_behind_it_is_untouched() -> None:
    data = composed()
    signed = signer().sign(data)
    assert signed.endswith(data)
    added = signed.removesuffix(data)
    assert added.startswith(
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mail.example;\r\n s=nurture;\r\n h="
    )
    assert added.isascii()
    assert max(map(len, added.split(b"\r\n"))) <= 78
    assert not re.search(rb"\b[txil]=", added.partition(b" b=")[0].partition(b" bh=")[0])
    assert covered_by(signed) >= {"from", "to", "subject", "date", "message-id", "list-unsubscribe"}
    assert covered_by(signed) >= {"list-unsubscribe-post", "content-type", "mime-version", "reply-to"}
    assert (covered_by(data), signature_of(data)) == (frozenset(), {})
    assert covered_by(data + b"\r\nDKIM-Signature: v=1; h=from\r\n") == frozenset(), "what a body says is no header"
    assert (signature_of(signed)["d"], signature_of(signed)["s"]) == (DOMAIN, SELECTOR)


def test_equal_bytes_get_an_equal_signature() -> None:
    assert signer().sign(composed()) == signer().sign(composed())


def test_the_domain_is_that_of_from_whoever_the_return_path_names() -> None:
    signed = signer().sign(composed(name="A @ B", sender="a@Praktijk.Example"))
    assert b" d=praktijk.example;" in signed


@pytest.mark.parametrize(
    ("pem", "sentence"),
    [
        (lambda: "geheim", "no private key"),
        (lambda: rsa_pem().replace("MII", "XII"), "cannot be read"),
        (lambda: rsa_pem(1024), "has 1024 bits"),
        (lambda: rsa_pem(2048, password="geheim"), "locked with a password"),
        (elliptic_pem, "is not RSA"),
        (ed25519_pem, "is not RSA"),
    ],
    ids=["no key", "damaged", "short", "locked", "elliptic", "ed25519"],
)
def test_a_key_that_cannot_sign_is_refused_in_a_sentence_that_quotes_nothing(pem: object, sentence: str) -> None:
    assert callable(pem)
    text = pem()
    with pytest.raises(InvalidInputError, match=sentence) as refused:
        read_signer(text, SELECTOR)
    lines = [line for line in text.splitlines() if line not in {"", "geheim"} and "KEY" not in line]
    assert not any(line in str(refused.value) for line in lines)


def test_a_key_on_one_line_is_read_too() -> None:
    assert read_signer(rsa_pem().replace("\n", "\\n"), SELECTOR).record == signer().record
    assert read_signer(other_pem(), SELECTOR).record != signer().record


def test_mail_by_smtp_and_into_files_is_signed_and_mail_by_an_api_is_not(tmp_path: Path) -> None:
    assert isinstance(open_transport("smtp://127.0.0.1:25?tls=none", signer()), SignedTransport)
    assert not isinstance(open_transport("postmark://token@default", signer()), SignedTransport)
    assert isinstance(open_transport(f"file:{tmp_path}"), FileTransport)
    data = composed()
    mail = OutboundMail(sender="", recipient="a@b.example", data=data, message_id="<a@b.example>", idempotency_key="k")

    async def hand_over() -> None:
        transport = open_transport(f"file:{tmp_path}", signer())
        assert (transport.name, transport.capacity, transport.remembers) == ("file", 1, None)
        assert await transport.check() is None
        await transport.send(mail)
        await transport.close()

    asyncio.run(hand_over())
    (file,) = tmp_path.glob("*.eml")
    assert file.read_bytes() == signer().sign(data)


def test_a_mail_that_cannot_be_signed_is_known_not_to_have_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_signer: DkimSigner, _data: bytes) -> bytes:
        raise ValueError("whatever it is")

    mail = OutboundMail(sender="", recipient="a@b.example", data=composed(), message_id="<a@b>", idempotency_key="k")
    monkeypatch.setattr(DkimSigner, "sign", fails)
    result = asyncio.run(SignedTransport(FileTransport(tmp_path), signer()).send(mail))
    assert (result.outcome, result.stage, result.scope) == (Outcome.DOWN, "sign", "channel")
    assert list(tmp_path.iterdir()) == []
