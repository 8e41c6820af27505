"""Every mail of the corpus is what it is said to be, with its recipient, code and ties (issue 6, ACCEPTANCE F1)."""

from __future__ import annotations

from collections import Counter

import pytest

from service.mail.inbound.classify import classify, judged
from service.mail.inbound.values import Inbound, InboundKind
from tests.support.inbound_mails import FOLDER, MESSAGE_ID, OUR_ADDRESSES, TOKEN, expected, mail

EXCUSES = (
    *("mailbox full", "over quota", "blocked using zen.spamhaus.example", "message rejected as spam"),
    *(
        "rejected by DMARC policy",
        "SPF check failed",
        "message size exceeds fixed limit",
        "greylisted, try again later",
    ),
    *("rate limit exceeded", "relay access denied", "message contains a virus", "account disabled"),
)
with_a_diagnosis = [name for name in sorted(expected()) if b"\nDiagnostic-Code:" in mail(name).replace(b"\r", b"")]
hard_with_a_diagnosis = [name for name in with_a_diagnosis if name.startswith("hard/")]


def ties(found: Inbound) -> set[str]:
    ours = any(address.startswith(OUR_ADDRESSES) for address in found.came_for)
    shown = {"return-path": ours, "message-id": MESSAGE_ID in found.message_ids, "token": TOKEN in found.tokens}
    return {name for name, there in shown.items() if there}


@pytest.mark.parametrize("name", sorted(expected()))
def test_a_mail_of_the_corpus_is_what_it_is_said_to_be(name: str) -> None:
    wanted, found = expected()[name], judged(mail(name))
    assert (found.kind.value, found.status, found.recipient) == (wanted.kind, wanted.status, wanted.recipient)
    assert (found.away, found.wants_stop, found.deferred) == (wanted.away, wanted.wants_stop, wanted.deferred)
    assert ties(found) == set(wanted.ties)
    assert wanted.text is None or found.text == wanted.text
    assert classify(mail(name)) == found


def test_the_corpus_is_as_large_as_promised_and_every_file_of_it_is_described() -> None:
    files = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.eml")}
    assert files == set(expected())
    kinds = Counter(each.kind for each in expected().values())
    assert set(kinds) == {kind.value for kind in InboundKind}
    assert kinds["hard"] + kinds["soft"] + kinds["policy"] >= 100
    assert kinds.total() >= 160
    assert all(each.why for each in expected().values())


@pytest.mark.parametrize("excuse", EXCUSES)
def test_a_word_that_excuses_the_reader_takes_every_hard_verdict_back(excuse: str) -> None:
    assert len(hard_with_a_diagnosis) > 25
    for name in hard_with_a_diagnosis:
        source = mail(name).decode().replace("\nDiagnostic-Code: ", f"\nDiagnostic-Code: smtp; 550 5.1.1 {excuse}: ")
        source = source.replace("smtp;5", "smtp; 5")
        assert judged(source.encode()).kind in {InboundKind.SOFT, InboundKind.POLICY}, name


def test_every_mail_ends_the_same_with_either_kind_of_line_ends() -> None:
    for name in expected():
        unix = mail(name).replace(b"\r\n", b"\n")
        assert judged(unix) == judged(unix.replace(b"\n", b"\r\n")), name


def test_what_a_mail_says_never_stands_in_the_reason_or_the_log() -> None:
    for name in expected():
        found = judged(mail(name))
        assert not any(sign in found.reason for sign in ("@", "<", "example", "Anna")), found.reason
        for private in filter(None, (found.recipient, found.sender, *found.came_for, *found.tokens)):
            assert private not in repr(found)
        assert not found.text or found.text not in repr(found)
