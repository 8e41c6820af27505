"""Reports of several recipients, with fields missing or elsewhere, and those that only look like one (RFC 3464)."""

from __future__ import annotations

import pytest

from service.mail.inbound.classify import judged
from service.mail.inbound.values import Inbound, InboundKind


def report(
    *groups: str, human: str = "Undelivered.", sender: str = "MAILER-DAEMON@mx.example", kind: str = "report"
) -> Inbound:
    fields = "\n\n".join(("Reporting-MTA: dns; mx.example", *groups))
    source = (
        f"From: {sender}\nTo: terug+x@praktijk.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/{kind}; report-type=delivery-status; boundary="b"\n\n'
        f"--b\n\n{human}\n--b\nContent-Type: message/delivery-status\n\n{fields}\n\n--b--\n"
    )
    return judged(source.encode())


def failed(address: str, status: str, *, said: str = "", original: str = "", action: str = "failed") -> str:
    lines = [f"Original-Recipient: rfc822;{original}"] if original else []
    lines += [f"Final-Recipient: rfc822; {address}", f"Action: {action}", f"Status: {status}"]
    return "\n".join(lines + ([f"Diagnostic-Code: smtp; {said}"] if said else []))


def test_of_several_that_failed_the_mildest_counts_with_its_own_recipient() -> None:
    found = report(failed("a@x.example", "5.1.1"), failed("b@x.example", "5.2.2"), failed("c@x.example", "5.1.1"))
    assert (found.kind, found.recipient, found.status) == (InboundKind.SOFT, "b@x.example", "5.2.2")


def test_a_recipient_that_failed_counts_before_one_that_was_reached_or_waits() -> None:
    for action in ("delivered", "delayed", "relayed", "expanded"):
        found = report(failed("a@x.example", "2.0.0", action=action), failed("b@x.example", "5.1.1"))
        assert (found.kind, found.recipient, found.deferred) == (InboundKind.HARD, "b@x.example", False)


def test_a_forwarded_address_shows_whom_we_mailed_and_else_whom_the_server_knew() -> None:
    said = failed("target@elders.example", "5.1.1", original="anna+2Bextra@example.nl")
    assert report(said).recipient == "anna+extra@example.nl"
    assert report(failed("target@elders.example", "5.1.1")).recipient == "target@elders.example"


@pytest.mark.parametrize("action", ["Failed", "failed (5.1.1)", "FAILED;", ""])
def test_an_action_is_read_however_it_is_written(action: str) -> None:
    assert report(failed("a@x.example", "5.1.1", action=action)).kind is InboundKind.HARD


def test_two_recipients_without_an_empty_line_between_them_are_two() -> None:
    found = report(failed("a@x.example", "5.1.1") + "\n" + failed("b@x.example", "5.2.2"))
    assert (found.kind, found.recipient) == (InboundKind.SOFT, "b@x.example")


def test_a_report_without_a_reason_is_judged_by_the_words_for_people_but_not_condemned_against_a_sentence() -> None:
    bare = failed("a@x.example", "5.0.0")
    assert report(bare, human="550 user unknown").kind is InboundKind.HARD
    assert report(bare, human="The mailbox of the recipient is full.").kind is InboundKind.SOFT
    assert report(bare, human="Something went wrong.").kind is InboundKind.SOFT
    vague = failed("a@x.example", "5.0.0", said="554 transaction went wrong")
    assert report(vague, human="Perhaps the address could not be found.").kind is InboundKind.SOFT


def test_a_report_in_which_nothing_can_be_read_is_soft_or_a_delay_and_never_hard() -> None:
    assert report("nonsense").kind is InboundKind.SOFT
    found = report("nonsense", human="Delivery is delayed; we will retry for 3 days.")
    assert (found.kind, found.deferred) == (InboundKind.NONE, True)


def test_what_a_person_sends_with_the_parts_of_a_report_in_it_is_no_report() -> None:
    found = report(failed("a@x.example", "5.1.1"), sender="Anna <anna@example.nl>", human="Wat is dit?", kind="mixed")
    assert (found.kind, found.text) == (InboundKind.REPLY, "Wat is dit?")


def test_exchange_wraps_the_code_that_tells_in_one_that_does_not() -> None:
    said = "550 5.0.350 Remote server returned an error -> 550 5.1.1 user unknown"
    found = report(failed("a@x.example", "5.0.350", said=said))
    assert (found.kind, found.status) == (InboundKind.HARD, "5.1.1")


def test_of_a_report_about_thousands_no_more_than_fifty_are_judged() -> None:
    many = "\n".join(failed(f"a{number}@x.example", "5.1.1") for number in range(5_000))
    assert report(many + "\n" + failed("last@x.example", "5.2.2")).kind is InboundKind.HARD
