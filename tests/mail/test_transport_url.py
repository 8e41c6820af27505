"""Mail URLs: what each part means, and one plain sentence for each mistake."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from service.mail.mail_url import MailUrl, parse_mail_url
from service.mail.providers import PROVIDERS
from service.mail.transport import check_mail_url, open_transport
from tests.support.certificates import make_certificates
from tests.support.house import ROOT


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


def test_a_server_that_allows_fewer_connections_is_given_fewer() -> None:
    assert read("smtp://mail.example.nl").connections == 8
    url = "smtp://mail.example.nl?connections=3"
    assert (read(url).connections, open_transport(url).capacity) == (3, 3)


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


def test_a_relative_path_counts_from_the_package_wherever_a_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = make_certificates(tmp_path).ca
    token = tmp_path / "token.json"
    token.write_text(json.dumps({"token_url": "https://login.example/t", "client_id": "us", "refresh_token": "r"}))
    monkeypatch.chdir(tmp_path.parent)
    named_ca, named_token = (quote(os.path.relpath(each, ROOT)) for each in (ca, token))
    found = read(f"smtp://anna@mail.example.nl?ca={named_ca}&auth=xoauth2&token_file={named_token}")
    assert [each.resolve() for each in (found.ca, found.oauth) if each] == [ca, token]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "The mail URL is empty"),
        ("  ", "The mail URL is empty"),
        ("mail.example.nl", "cannot start like this; it starts with one of file:, smtp:, smtps:, lettermint:"),
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
        ("smtp://mail.example.nl?connections=0", "connections= is not a number from 1 to 32; without it there are 8."),
        ("smtp://mail.example.nl?connections=many", "connections= is not a number from 1 to 32"),
        ("smtp://localhost?ca=/nowhere/ca.pem", "ca= cannot be read: No such file or directory."),
        ("smtp://anna@mail.example.nl?auth=xoauth2", "does not go without the other"),
        ("smtp://anna@mail.example.nl?token_file=/nowhere", "does not go without the other"),
        ("smtp://anna@mail.example.nl?auth=plain&token_file=/nowhere", "does not go without the other"),
        ("smtp://anna:secret@mail.example.nl?auth=xoauth2&token_file=/nowhere", "names a user and no password"),
        ("smtp://anna@mail.example.nl?auth=xoauth2&token_file=/nowhere", "cannot be read: No such file or directory."),
        ("lettermint://default", "is written lettermint://TOKEN@default, and nothing else"),
        ("lettermint://secret:more@default", "is written lettermint://TOKEN@default, and nothing else"),
        ("lettermint://secret@elsewhere", "stands the word default; write lettermint://TOKEN@default"),
        ("lettermint://secret@default:443", "something more behind its @"),
        ("lettermint://secret@default/v1", "something more behind its @"),
        ("lettermint://sec/ret@default", "in a key / as %2F"),
        ("lettermint://secret@default?route=a b", "as %20"),
        ("lettermint://secret@default?route=%C3%A9", "route= is not to be used so"),
        ("postmark://secret@default?stream=UP", "stream= is not to be used so"),
        ("postmark://%FF@default", "does not decode as UTF-8"),
        ("postmark://secret%20@default", "holds a blank"),
        ("resend://secret@default?region=eu", "option that does not exist; resend has parallel, most_mb, remembers."),
        ("resend://secret@default?parallel=100", "how many calls at a time, from 1 to 32"),
        ("resend://secret@default?remembers=always", "for how many minutes an idempotency key is known"),
        ("resend://secret@default?remembers=1441", "0 (not at all) to 1440"),
        ("resend://secret@default?most_mb=100", "how large a message may be, from 1 to 99 MB"),
        ("brevo://secret@[::1", "cannot be read behind its @"),
        ("brevo://secret@default?base=https://api.example.nl", "a stand-in on this machine alone"),
        ("brevo://secret@default?base=http://10.0.0.1:80", "a stand-in on this machine alone"),
        ("brevo://secret@default?base=http://127.0.0.1", "a stand-in on this machine alone"),
        ("mailgun://secret@default?region=eu", "stands the sending domain"),
        ("mailgun://secret@mg.example.nl?region=nl", "region= is not to be used so"),
        ("mailgun://secret@..%2Fv4?region=eu", "stands the sending domain"),
        ("ses://secret@eu-west-1", "is written ses://KEY:SECRET@eu-west-1, and nothing else"),
        ("ses://KEY:secret@europe", "a region such as eu-west-1"),
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


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_example_of_each_provider_can_be_written_just_so(name: str) -> None:
    form = PROVIDERS[name].url
    parsed = read(form.example)
    assert parsed.provider is PROVIDERS[name]
    assert parsed.account is not None
    assert parsed.account.key in {"TOKEN", "KEY"}
    assert parsed.account.secret == ("SECRET" if form.has_secret else "")
    assert check_mail_url(form.example, production=True) == []


def test_a_key_is_decoded_and_never_shown() -> None:
    parsed = read("ses://AKID:a%2Fb%2Bc%3D@eu-west-1?configuration_set=nurture&parallel=8")
    assert parsed.account is not None
    assert (parsed.account.secret, parsed.account.where) == ("a/b+c=", "eu-west-1")
    assert parsed.account.options == {"configuration_set": "nurture", "parallel": "8"}
    assert "a/b+c=" not in repr(parsed)
    assert "AKID" not in repr(parsed)


def test_the_stand_in_of_tests_is_refused_in_production() -> None:
    url = "resend://key@default?base=http://127.0.0.1:8080"
    assert check_mail_url(url, production=False) == []
    (problem,) = check_mail_url(url, production=True)
    assert (problem.id, "stand-in for tests" in problem.message) == ("mail-url-unsafe", True)


def test_a_log_in_by_token_names_the_file_that_holds_what_it_is_asked_with(tmp_path: Path) -> None:
    file = tmp_path / "token.json"
    file.write_text('{"token_url": "https://login.example.nl/token", "client_id": "us", "refresh_token": "r"}')
    parsed = read(f"smtp://advies%40example.nl@smtp.example.nl:587?auth=xoauth2&token_file={file}")
    assert (parsed.oauth, parsed.user, parsed.password) == (file, "advies@example.nl", "")


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ("no JSON", "holds no JSON object of texts"),
        ('{"token_url": 3}', "holds no JSON object of texts"),
        ("{}", "lacks token_url"),
        ('{"token_url": "https://x.example", "client_id": "us"}', "has neither refresh_token nor client_secret"),
        ('{"token_url": "http://x.example", "client_id": "us", "client_secret": "s"}', "that is not https://"),
        (
            '{"token_url": "https://x.example", "client_id": "us", "client_secret": "s", "x": ""}',
            "has 1 fields",
        ),
    ],
)
def test_a_file_for_tokens_that_cannot_work_is_told_at_once(held: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "token.json").write_text(held)
    url = f"smtp://anna@mail.example.nl?auth=xoauth2&token_file={tmp_path / 'token.json'}"
    problems = check_mail_url(url, production=False)
    assert any(sentence in problem.message for problem in problems), problems
    assert {problem.id for problem in problems} == {"mail-url-oauth"}


def test_production_takes_no_file_url() -> None:
    (problem,) = check_mail_url("file:data/mail", production=True)
    assert "reaches no lead" in problem.message
    assert check_mail_url("file:data/mail", production=False) == []
