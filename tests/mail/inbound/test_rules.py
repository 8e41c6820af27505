"""Codes and words of servers: whose fault they are, each alone and both together (RFC 3463, ACCEPTANCE F1)."""

from __future__ import annotations

import pytest

from service.mail.inbound import codes
from service.mail.inbound.diagnosis import judge, judge_with
from service.mail.inbound.rules import REFUSALS
from service.mail.inbound.values import InboundKind
from tests.support.inbound_mails import FOLDER

HARD, SOFT, POLICY = InboundKind.HARD, InboundKind.SOFT, InboundKind.POLICY
REPLIES = [
    tuple(line.split(" | ", 1))
    for line in (FOLDER / "replies.txt").read_text(encoding="utf-8").splitlines()
    if " | " in line and not line.startswith("#")
]


@pytest.mark.parametrize(("kind", "said"), REPLIES, ids=[said for _, said in REPLIES])
def test_what_a_server_says_is_understood(kind: str, said: str) -> None:
    assert judge(list(codes.enhanced(said)), said).kind.value == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *(("5.1.1", HARD), ("5.1.2", HARD), ("5.1.3", HARD), ("5.1.6", HARD), ("5.1.10", HARD), ("5.4.310", HARD)),
        *(("5.2.1", SOFT), ("5.2.2", SOFT), ("5.4.7", SOFT), ("5.4.1", SOFT), ("5.3.2", SOFT), ("5.9.9", SOFT)),
        *(("5.7.1", POLICY), ("5.7.26", POLICY), ("5.7.606", POLICY), ("5.3.4", POLICY), ("5.6.0", POLICY)),
        *(("5.1.8", POLICY), ("5.2.3", POLICY), ("4.1.1", SOFT), ("4.7.1", SOFT), ("4.2.2", SOFT)),
    ],
)
def test_a_code_by_itself_has_one_meaning(status: str, kind: InboundKind) -> None:
    assert judge([status], "").kind is kind


@pytest.mark.parametrize("status", ["5.0.0", "5.1.0", "5.4.4", "5.5.0", "5.0.350", "2.0.0", ""])
def test_a_code_that_leaves_the_reason_open_is_never_hard_without_words(status: str) -> None:
    found = judge([status] if status else [], "")
    assert (found.kind, found.sure) == (SOFT, False)
    assert judge([status] if status else [], "550 user unknown").kind is HARD


def test_of_two_codes_that_disagree_the_milder_counts() -> None:
    assert judge(["5.1.1", "5.7.1"], "").kind is POLICY
    assert judge(["5.2.2", "5.1.1"], "").kind is SOFT


def test_no_class_four_is_hard_whatever_the_words() -> None:
    for said in ("450 user unknown", "450 4.1.1 no such user", "451 4.0.0 mailbox does not exist"):
        assert judge(list(codes.enhanced(said)), said).kind is SOFT, said


def test_a_name_server_that_knows_no_such_domain_is_proof_and_one_that_is_slow_is_none() -> None:
    assert judge(["4.0.0"], "DNS type 'mx' lookup of exampel.nl responded with code NXDOMAIN").kind is HARD
    assert judge(["4.0.0"], "DNS type 'mx' lookup of example.nl responded with code SERVFAIL").kind is SOFT


def test_names_of_machines_and_people_are_no_reason() -> None:
    for said in (
        "host mx.spamfilter.example[203.0.113.5] said: 550 5.1.1 user unknown",
        "550 5.1.1 <full.quota.spam@example.nl> user unknown",
        "d1234.ess.barracudanetworks.example rejected your message: 550 5.1.1 no such user",
    ):
        assert judge(list(codes.enhanced(said)), said).kind is HARD, said


def test_text_around_a_server_s_own_sentence_may_excuse_and_never_condemns() -> None:
    boilerplate = "The address couldn't be found, or is unable to receive mail."
    assert judge_with([], "554 foo bar", boilerplate).kind is SOFT
    assert judge_with([], "", boilerplate).kind is HARD
    assert judge_with([], "554 foo bar", "Your message was blocked as spam.").kind is POLICY


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("550 5.1.1 gone", ["5.1.1"]),
        ("550-5.1.1 gone\n550 5.1.1 really", ["5.1.1", "5.1.1"]),
        ("552 #5.2.2 full", ["5.2.2"]),
        ("sorry. (#5.1.1)", ["5.1.1"]),
        ("550: 5.1.1 <anna@example.nl>: unknown", ["5.1.1"]),
        ("SMTP error code: 5.1.1, status 5.2.2", ["5.1.1", "5.2.2"]),
        ("550 4.4.7 expired", []),
        ("connect to 5.1.1.7: refused", []),
        ("version 4.9.3 of our software", []),
        ("[5.1.1.9] 550 blocked", []),
    ],
)
def test_enhanced_codes_are_found_and_parts_of_addresses_are_none(text: str, found: list[str]) -> None:
    assert sorted(set(codes.enhanced(text))) == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("550 gone", 550), ("SMTP Error (550): no", 550), ("'554 no'", 554), ("550: no", 550), ("said: 452", 452)),
        *(("port 5500", None), ("203.0.113.550", None), ("id 4a550", None), ("10:45:02", None), ("250 ok", None)),
    ],
)
def test_reply_codes_are_found_and_other_numbers_are_none(text: str, code: int | None) -> None:
    assert codes.reply_code(text) == code


def test_every_excuse_stands_before_every_sentence_that_condemns() -> None:
    kinds = [rule.kind for rule in REFUSALS[:-1]]
    assert HARD not in kinds[: kinds.index(HARD)]
    assert set(kinds[kinds.index(HARD) :]) == {HARD}
