"""Mail URLs: what each part means, and one plain sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.mail.mail_url import MailUrl, parse_mail_url
from service.mail.transport import check_mail_url
from tests.support.certificates import make_certificates


def read(url: str) -> MailUrl:
    parsed, problems = parse_mail_url(url)
    assert problems == []
    assert parsed is not None
    return parsed


def test_smtp_means_starttls_on_587_and_smtps_means_tls_on_465() -> None:
    smtp, smtps = read("smtp://mail.example.nl"), read("smtps://mail.example.nl")
    assert (smtp.host, smtp.port, smtp.tls) == ("mail.example.nl", 587, "starttls")
    assert (smtps.port, smtps.tls) == (465, "implicit")
    assert read("SMTP://mail.example.nl:2525").port == 2525


def test_user_and_password_are_decoded_and_never_shown() -> None:
    parsed = read("smtp://anna%40praktijk.example:p%2Fa%3As%40s%23%3F%C3%AB@mail.example.nl:587")
    assert (parsed.user, parsed.password) == ("anna@praktijk.example", "p/a:s@s#?ë")
    assert "p/a" not in repr(parsed)
    assert read("smtp://anna@praktijk.example:secret@mail.example.nl").user == "anna@praktijk.example"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_tls_may_be_left_out_on_loopback(host: str) -> None:
    assert read(f"smtp://{host}:25?tls=none").tls == "none"
    assert check_mail_url(f"smtp://{host}:25?tls=none", production=True) == []


@pytest.mark.parametrize(
    ("url", "directory"), [("file:data/mail", "data/mail"), ("file:/srv/m", "/srv/m"), ("file:///srv/m", "/srv/m")]
)
def test_a_file_url_names_a_directory(url: str, directory: str) -> None:
    assert read(url).directory == Path(directory)


def test_an_authority_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    ca = make_certificates(tmp_path).ca
    assert read(f"smtp://mail.example.nl?ca={ca}").ca == ca


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "The mail URL is empty"),
        ("  ", "The mail URL is empty"),
        ("mail.example.nl", "cannot start like this; it starts with file:, smtp: or smtps:"),
        ("imap://secret:pw@mail.example.nl", "cannot start with imap:"),
        ("smtp://", "names no host"),
        ("smtp://:secret@", "names no host"),
        ("smtp:mail.example.nl", "names no host"),
        ("smtp://mail.example.nl:vijf", "port is no number from 1 to 65535"),
        ("smtp://mail.example.nl:0", "port is no number from 1 to 65535"),
        ("smtp://mail.example.nl:70000", "port is no number from 1 to 65535"),
        ("smtp://anna:sec/ret@mail.example.nl", "in a password write / as %2F"),
        ("smtp://mail.example.nl/inbox", "something after its host"),
        ("smtp://anna@mail.example.nl", "needs both user and password"),
        ("smtp://:secret@mail.example.nl", "needs both user and password"),
        ("smtp://anna:%FF@mail.example.nl", "does not decode as UTF-8"),
        ("smtp://anna:a%0D%0Ab@mail.example.nl", "control character"),
        ("smtp://anna:a b@mail.example.nl", "as %20"),
        ("smtp://mail.example.nl\n", "as %20"),
        ("smtp://[::1", "stands in [brackets]"),
        ("smtp://mail.example.nl?tls=none", "for a server on this machine alone"),
        ("smtp://10.0.0.1?tls=none", "for a server on this machine alone"),
        ("smtp://localhost.example.nl?tls=none", "for a server on this machine alone"),
        ("smtps://localhost?tls=none", "write smtp:// instead"),
        ("smtp://localhost?tls=off", "tls= can only be none"),
        ("smtp://localhost?verify=no", "an option that does not exist"),
        ("smtp://localhost?ca=/nowhere/ca.pem", "ca= cannot be read: No such file or directory."),
        ("file:", "needs a directory"),
        ("file://server/share", "names no host"),
    ],
)
def test_a_mistake_gets_one_plain_sentence_without_the_password(url: str, sentence: str) -> None:
    problems = check_mail_url(url, production=False)
    messages = [problem.message for problem in problems]
    assert any(sentence in message for message in messages), messages
    assert all(problem.id.startswith("mail-url-") for problem in problems)
    assert not any("secret" in message or "sec/ret" in message or "\n" in message for message in messages)


def test_a_file_that_is_no_certificate_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    (problem,) = check_mail_url(f"smtp://localhost?ca={tmp_path / 'ca.pem'}", production=False)
    assert problem.message == "The file of the mail URL's ca= holds no certificate in PEM form."


def test_all_mistakes_are_named_at_once() -> None:
    problems = check_mail_url("smtp://anna@mail.example.nl:x?tls=none", production=True)
    assert [problem.id for problem in problems] == ["mail-url-port", "mail-url-login", "mail-url-tls"]


def test_production_takes_no_file_url() -> None:
    (problem,) = check_mail_url("file:data/mail", production=True)
    assert "reaches no lead" in problem.message
    assert check_mail_url("file:data/mail", production=False) == []
