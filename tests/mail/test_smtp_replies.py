"""Whose fault a refusal is."""

from __future__ import annotations

import pytest

from service.mail.smtp_replies import broken, judge
from service.mail.transport import Outcome

NO_USER = "5.1.1 <anna@example.nl>: Recipient address rejected: User unknown in local recipient table"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, NO_USER),
        (550, "5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Please try double-checking"),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        (556, "5.1.10 Recipient address has a null MX"),
        (550, "5.1.2 Host unknown"),
        (550, "No such user here"),
        (550, "user unknown"),
        (550, "5.0.0 Unknown recipient"),
    ],
)
@pytest.mark.parametrize("stage", ["rcpt", "dot"])
def test_a_mailbox_that_does_not_exist_is_the_leads_and_hard(stage: str, code: int, text: str) -> None:
    result = judge(stage=stage, code=code, text=text)
    assert (result.outcome, result.hard, result.scope) == (Outcome.INVALID, True, "recipient")
    assert "anna" not in result.text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (552, "5.2.2 Mailbox full"),
        (550, "5.2.1 The account is disabled"),
        (550, "mailbox unavailable"),
        (554, "Transaction failed"),
        (554, "user unknown"),
        (550, "5.1.1 Blocked as spam"),
        (550, "5.1.1 Sender reputation too low"),
        (550, "5.1.1 mailbox is over quota"),
        (550, "5.4.1 Recipient address rejected: Access denied"),
        (501, "5.1.3 Bad recipient address syntax"),
        (552, "5.3.4 Message too big"),
        (550, "4.1.1 user has moved"),
    ],
)
def test_no_other_refusal_is_ever_hard(code: int, text: str) -> None:
    result = judge(stage="rcpt", code=code, text=text)
    assert (result.outcome, result.hard) == (Outcome.INVALID, False)


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
@pytest.mark.parametrize(
    "text",
    [
        "5.7.1 Message rejected as spam",
        "5.7.26 DMARC",
        "5.7.1 no such user, says policy",
        "5.7.1 Relay access denied",
        "5.1.8 Sender address rejected: Domain not found",
        "5.4.5 Daily user sending limit exceeded",
    ],
)
def test_policy_is_never_the_leads_fault(stage: str, text: str) -> None:
    result = judge(stage=stage, code=550, text=text)
    assert (result.outcome, result.hard, result.scope) == (Outcome.RETRY, False, "domain")


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        ("greeting", 554, "5.7.1 go away"),
        ("ehlo", 550, "bad name"),
        ("starttls", 501, "no"),
        ("auth", 535, "5.7.8 wrong password"),
        ("mail", 550, "5.7.1 sender not allowed"),
        ("mail", 550, NO_USER),
        ("rcpt", 530, "5.7.0 Authentication required"),
        ("dot", 535, "5.7.8 log in again"),
    ],
)
def test_what_concerns_every_mail_is_the_channels_fault(stage: str, code: int, text: str) -> None:
    result = judge(stage=stage, code=code, text=text)
    assert (result.outcome, result.hard, result.scope) == (Outcome.DOWN, False, "channel")


@pytest.mark.parametrize(("code", "text"), [(552, "too much"), (552, "5.3.4 too big"), (550, "5.2.3 too long")])
def test_one_mail_that_is_too_big_does_not_stop_the_others(code: int, text: str) -> None:
    result = judge(stage="mail", code=code, text=text)
    assert (result.outcome, result.hard, result.scope) == (Outcome.INVALID, False, "recipient")


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
@pytest.mark.parametrize("stage", ["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot"])
def test_a_passing_refusal_is_tried_again_at_every_stage(stage: str, code: int) -> None:
    result = judge(stage=stage, code=code, text="4.7.1 later")
    assert (result.outcome, result.enhanced, result.hard) == (Outcome.RETRY, "4.7.1", False)
    channel = stage in ("greeting", "ehlo", "starttls", "auth", "mail")
    assert result.scope == ("channel" if channel else "recipient")


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        ("2.0.0 Ok: queued as 4XyZ12ab", "4XyZ12ab"),
        ("OK id=1rABCD-0001Xy-2Z", "1rABCD-0001Xy-2Z"),
        ("Ok 0102018f1b2c3d4e-aaaabbbb-cccc-000000", "0102018f1b2c3d4e-aaaabbbb-cccc-000000"),
        ("2.0.0 thanks", None),
    ],
)
def test_the_servers_own_id_is_kept(text: str, queue_id: str | None) -> None:
    result = judge(stage="dot", code=250, text=text)
    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, queue_id)


def test_an_answer_that_fits_nowhere_is_unknown_after_the_dot_and_retried_before() -> None:
    assert judge(stage="dot", code=354, text="go on").outcome is Outcome.UNKNOWN
    assert judge(stage="data", code=250, text="ok").outcome is Outcome.RETRY
    assert broken(stage="dot", text="").outcome is Outcome.UNKNOWN
    assert broken(stage="body", text="").outcome is Outcome.RETRY


def test_private_words_are_struck_from_the_text() -> None:
    text = "5.1.1 user jan.jansen unknown at example.nl, not JAN.JANSEN"
    result = judge(stage="rcpt", code=550, text=text, private=("jan.jansen@example.nl", "jan.jansen", ""))
    assert result.text == "5.1.1 user <address> unknown at example.nl, not <address>"
