"""What goes in and comes out of a transport."""

from __future__ import annotations

import subprocess
import sys

import pytest

from service.mail.transport import Outcome, SendResult, redact
from tests.support.outbound import outbound


@pytest.mark.parametrize(
    "address",
    [
        "a@b.nl\r\nRCPT TO:<evil@x.nl>",
        "a@b.nl\n",
        "a@b.nl>",
        "<a@b.nl",
        "a b@c.nl",
        "a@b.nl\0",
        "jörg@example.nl",
        "a@b.nl\x85",
    ],
)
def test_an_address_that_could_smuggle_a_command_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="envelope address"):
        outbound(address)
    with pytest.raises(ValueError, match="envelope address"):
        outbound(sender=address)


def test_the_null_return_path_is_a_sender_but_no_recipient() -> None:
    assert outbound(sender="").sender == ""
    with pytest.raises(ValueError, match="envelope address"):
        outbound("")


@pytest.mark.parametrize("data", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n\r\n", b"a\n\r\r\n", b"a\r\n\r"])
def test_bare_line_ends_that_could_smuggle_a_second_mail_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="bare CR or LF"):
        outbound(data=data)


def test_a_message_ends_with_a_line_end() -> None:
    with pytest.raises(ValueError, match="end with CRLF"):
        outbound(data=b"a\r\nb")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 <jan.jansen@example.nl>: no such user", "550 <address>: no such user"),
        ("user jan@localhost unknown", "user <address> unknown"),
        ('"jan jansen"@example.nl is gone', "<address> is gone"),
        ("see https://x.example/?who=jan%40example.nl", "see https://x.example/?who=<address>"),
        ("bounce+jan=example.nl@praktijk.example", "<address>@praktijk.example"),
        ("one\r\ntwo\x00three\u2028four", "one two three four"),
        ("mail.example.nl offers no STARTTLS", "mail.example.nl offers no STARTTLS"),
    ],
)
def test_a_text_keeps_no_address_and_stays_on_one_line(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_result_redacts_and_shortens_whatever_it_is_given() -> None:
    result = SendResult(outcome=Outcome.INVALID, stage="rcpt", text="anna@example.nl " + "long " * 10_000)
    assert result.text.startswith("<address> long")
    assert len(result.text) <= 200


@pytest.mark.parametrize("text", ["%40", "a%40", "=", '"', "a=b", "@"])
def test_no_answer_is_made_to_be_looked_at_for_long(text: str) -> None:
    """In a process of its own: one second of its processor would do for each of them twenty times over."""
    code = f"from service.mail.outbound import redact; redact({text!r} * (2000 // {len(text)}))"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5)); "
    subprocess.run([sys.executable, "-c", limit + code], check=True, timeout=60)


def test_an_endless_answer_is_no_burden() -> None:
    assert redact("a" * 1_000_000) == ""
