"""Mailbox URLs: what each part means, and one plain sentence for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.mail.mailbox_url import MailboxUrl, check_mailbox_url, check_mailboxes, parse_mailbox_url
from tests.support.certificates import make_certificates

GOOD = "imaps://bounces%40praktijk.example:geheim@imap.praktijk.example"


def read(url: str) -> MailboxUrl:
    parsed, problems = parse_mailbox_url(url)
    assert problems == []
    assert parsed is not None
    return parsed


def test_imaps_means_tls_on_993_and_imap_means_starttls_on_143() -> None:
    imaps, imap = read(GOOD), read(GOOD.replace("imaps:", "IMAP:"))
    assert (imaps.host, imaps.port, imaps.tls) == ("imap.praktijk.example", 993, "implicit")
    assert (imap.port, imap.tls) == (143, "starttls")
    assert read(f"{GOOD}:1993").port == 1993


def test_the_inbox_is_read_unless_a_folder_is_named() -> None:
    assert read(GOOD).folder == "INBOX"
    assert read(f"{GOOD}/").folder == "INBOX"
    assert read(f"{GOOD}/INBOX/Terug%20gekomen?keep=yes").folder == "INBOX/Terug gekomen"


def test_user_and_password_are_decoded_and_never_shown() -> None:
    box = read("imaps://anna%40praktijk.example:p%2Fa%3As%40s%23%3F%C3%AB@imap.praktijk.example")
    assert (box.user, box.password) == ("anna@praktijk.example", "p/a:s@s#?ë")
    assert "p/a" not in repr(box)
    assert "anna" not in repr(box)


def test_the_address_is_the_users_unless_another_is_told() -> None:
    assert read(GOOD).address == "bounces@praktijk.example"
    box = read("imaps://praktijk:geheim@imap.praktijk.example?address=terug@praktijk.example")
    assert (box.user, box.address) == ("praktijk", "terug@praktijk.example")


def test_a_plus_is_used_and_mails_are_removed_unless_told_otherwise() -> None:
    assert (read(GOOD).plus, read(GOOD).keep) == (True, False)
    box = read(f"{GOOD}?plus=no&keep=yes")
    assert (box.plus, box.keep) == (False, True)


def test_a_log_in_by_token_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"token_url": "https://login.example/t", "client_id": "us", "refresh_token": "r"}))
    url = f"imaps://advies%40praktijk.example@outlook.office365.com?auth=xoauth2&token_file={file}"
    assert read(url).oauth == file


def test_an_authority_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    ca = make_certificates(tmp_path).ca
    assert read(f"{GOOD}?ca={ca}").ca == ca


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_tls_may_be_left_out_on_loopback_but_not_in_production(host: str) -> None:
    url = f"imap://a%40praktijk.example:geheim@{host}?tls=none"
    assert read(url).tls == "none"
    assert [each.id for each in check_mailbox_url(url, production=True)] == ["mailbox-url-unsafe"]
    assert check_mailbox_url(GOOD, production=True) == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "The mailbox URL is empty"),
        ("pop3://a%40b.example:geheim@host", "starts with imaps:// or imap://"),
        ("imaps://a%40b.example:geheim@", "names no host"),
        ("imaps://a%40b.example:geheim@[::1", "stands in [brackets]"),
        ("imaps://a%40b.example:geheim@host:0", "no number from 1 to 65535"),
        ("imaps://a%40b.example:geheim@host:vijf", "no number from 1 to 65535"),
        ("imaps://a%40b.example:ge heim@host", "a blank in a password as %20"),
        ("imaps://a%40b.example:geheim@host\n", "a blank in a password as %20"),
        ("imaps://a%40b.example@host", "needs a user and a password"),
        ("imaps://:geheim@host", "needs a user and a password"),
        ("imaps://host", "needs a user and a password"),
        ("imaps://a%40b.example:%FFgeheim@host", "does not decode as UTF-8"),
        ("imaps://a%40b.example:geheim%0D%0AA1@host", "holds a control character"),
        ("imaps://a%40b.example:geheim@host/a%0Db", "more than plain letters"),
        ("imaps://a%40b.example:geheim@host/Prullenbak%20%C3%AB", "more than plain letters"),
        ("imaps://a%40b.example:geheim@host/x#y", "write # as %23"),
        ("imaps://praktijk:geheim@host", "add ?address=bounces@example.nl"),
        ("imaps://praktijk:geheim@host?address=geheim", "address= is no mail address"),
        ("imaps://een-heel-lange-naam-voor-een-box%40b.example:geheim@host", "no token fits behind it"),
        ("imaps://a%40b.example:geheim@host?tls=none", "imaps:// is TLS from the first byte"),
        ("imap://a%40b.example:geheim@host?tls=none", "for a server on this machine alone"),
        ("imap://a%40b.example:geheim@localhost?tls=off", "tls= can only be none"),
        ("imaps://a%40b.example:geheim@host?plus=perhaps", "plus= is yes or no"),
        ("imaps://a%40b.example:geheim@host?keep=", "keep= is yes or no"),
        ("imaps://a%40b.example:geheim@host?verify=no", "an option that does not exist"),
        ("imaps://a%40b.example:geheim@host?ca=/nowhere/ca.pem", "ca= cannot be read: No such file or directory."),
        ("imaps://a%40b.example@host?auth=xoauth2", "does not go without the other"),
        ("imaps://a%40b.example@host?auth=plain&token_file=/nowhere", "does not go without the other"),
        ("imaps://a%40b.example@host?auth=xoauth2&token_file=/nowhere", "cannot be read: No such file or directory."),
    ],
)
def test_a_mistake_gets_one_plain_sentence_without_the_password(url: str, sentence: str) -> None:
    messages = [problem.message for problem in check_mailbox_url(url, production=False)]
    assert any(sentence in message for message in messages), messages
    assert not any("geheim" in message or "\n" in message for message in messages)


def test_a_long_address_will_do_where_nothing_is_put_behind_it() -> None:
    read("imaps://een-heel-lange-naam-voor-een-box%40b.example:geheim@host?plus=no")


def test_all_that_is_wrong_is_told_at_once_under_the_settings_name() -> None:
    problems = check_mailboxes(
        bounces="imaps://praktijk@?plus=perhaps&x=1",
        replies="imap://a%40b.example:geheim@host?tls=none",
        production=True,
    )
    assert {each.id.removeprefix("mailbox-url-") for each in problems} == {"host", "login", "option", "address", "tls"}
    assert sorted({each.message.partition(":")[0] for each in problems}) == [
        "NURTURE_BOUNCE_MAILBOX",
        "NURTURE_REPLY_MAILBOX",
    ]
    assert check_mailboxes(bounces=GOOD, replies=None, production=True) == []
