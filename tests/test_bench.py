"""The benches measure what they say: small runs of each, whose figures nobody looks at."""

from __future__ import annotations

import email
import email.policy
from functools import partial
from pathlib import Path

import pytest

from bench import advice, equal_answers, fill_in, providers, send
from bench import compile as compiling
from service.mail.compose import compose
from tests.support import acts
from tests.support.house import House, part, shipped
from tests.support.smtp_server import SmtpServer

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def test_each_of_the_mails_measured_is_one_due_follow_up_of_its_own_lead(
    migrated_database_url: str, tmp_path: Path
) -> None:
    with SmtpServer() as server:
        sent = send.ours(migrated_database_url, tmp_path, mails=200, mail_url=server.url)
    assert sent.mails == len(server.messages) == 200
    assert len({mail.recipients for mail in server.messages}) == 200
    assert {len(mail.data) for mail in server.messages} <= set(range(sent.size - 30, sent.size + 30))


@ON_SQLITE
def test_each_opt_in_is_measured_until_its_own_advice_came(migrated_database_url: str, tmp_path: Path) -> None:
    seen = advice.measure(migrated_database_url, tmp_path, due=300, opt_ins=4, seconds=1)
    assert len(seen.advices) == len(seen.answers) == 4
    assert min(seen.advices) > 0 < min(seen.answers)
    assert 0 <= seen.overtaken_by <= 300
    assert 0 < seen.follow_ups + seen.still_due <= 300


@ON_SQLITE
def test_the_answers_measured_are_those_to_each_kind_of_address(house: House) -> None:
    seen = equal_answers.measure(house, 1, at_once=2)
    assert {kind: len(times) for kind, times in seen.items()} == dict.fromkeys(equal_answers.BEFORE, 2)
    kept = {kind: [row.disposition for row in acts.opt_ins(house, f"{kind}1@example.org")] for kind in seen}
    assert {kind: dispositions[-1] for kind, dispositions in kept.items()} == {
        **dict.fromkeys(("new", "pending", "confirmed", "unsubscribed"), "accepted"),
        **dict.fromkeys(("complained", "bounced"), "suppressed"),
        **dict.fromkeys(("held", "honeypot"), "held"),
        "capped": "capped",
    }


def test_each_mail_measured_at_a_provider_is_taken() -> None:
    seen = providers.measure("postmark", mails=64, seconds=0.001)
    assert (seen.mails, seen.possible) == (64, 32_000)
    assert seen.a_second > 0 < seen.processor_ms


def test_the_mails_measured_while_compiling_are_all_different_and_all_good() -> None:
    seen = compiling.measure(8)
    assert (seen.mails, seen.refused) == (8, 0)
    assert seen.characters > 8 * 10_000
    assert len(set(compiling.folder(8)[1].values())) > 8


def test_the_mail_measured_and_that_of_the_peer_say_the_same_to_the_same_lead() -> None:
    [seen] = fill_in.measure(["niets-te-zien"], rounds=1, leads=2)
    assert seen.ours > 0 < seen.peer
    assert 0.5 < seen.peer_size / seen.our_size < 2
    draft = shipped()
    assert draft.content.practice is not None
    values = fill_in.values_of(3, draft.content.practice)
    mine, peers = (
        email.message_from_bytes(make(values, fill_in.headers_of(3, values)), policy=email.policy.default)
        for make in (partial(compose, draft.mails["niets-te-zien"]), fill_in.Peer(draft, "niets-te-zien"))
    )
    for mail in (mine, peers):
        assert "Hallo Noor," in part(mail, "plain")
        assert "Veel mensen met een hernia" in part(mail, "html")
        assert f"https://mail.praktijk.example/u/{3:048d}" in part(mail, "html")
