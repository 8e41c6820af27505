"""Reading a mailbox on a real IMAP server, and what is said of one that cannot be read."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from service.mail.imap import Connection, MailboxError, Tokens, UnreadableError, check
from service.mail.imap_answers import MOST_BYTES
from service.mail.mailbox_url import MailboxUrl, parse_mailbox_url
from tests.support.certificates import make_certificates
from tests.support.dovecot import Box, Dovecot, dovecot
from tests.support.http_server import Asked, HttpServer, Said
from tests.support.running import free_port
from tests.support.scripted_imap import ScriptedImap
from tests.support.tcp_proxy import TcpProxy
from tests.support.token_server import TokenServer

PLAIN = b"Subject: hallo\r\n\r\nDag\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def box(server: Dovecot) -> Box:
    return server.box()


def read(url: str) -> MailboxUrl:
    parsed, problems = parse_mailbox_url(url)
    assert parsed is not None, problems
    return parsed


@contextmanager
def opened(url: str, *, seconds: float = 20) -> Iterator[Connection]:
    tokens = Tokens(read(url))
    try:
        with Connection(read(url), tokens, seconds=seconds) as connection:
            yield connection
    finally:
        tokens.close()


def test_new_mails_come_oldest_first_whole_and_unseen(box: Box) -> None:
    box.deliver(PLAIN, PLAIN.replace(b"Dag", b"Tweede"))
    with opened(box.url()) as connection:
        first, second = connection.newer(0)
        letter = connection.fetch(first.uid)
        assert letter is not None
        assert letter.data == PLAIN
        assert letter.arrived is not None
        assert [each.uid for each in connection.newer(first.uid)] == [second.uid]
        assert connection.newer(second.uid) == []
    assert box.flags() == [set(), set()]


def test_an_empty_mailbox_has_nothing_new(box: Box) -> None:
    with opened(box.url()) as connection:
        assert connection.newer(0) == []
        assert connection.fetch(1) is None


def test_a_mail_that_went_meanwhile_is_none(box: Box) -> None:
    box.deliver(PLAIN)
    with opened(box.url()) as connection:
        (first,) = connection.newer(0)
        connection.remove([first.uid])
        assert connection.fetch(first.uid) is None


def test_of_a_mail_of_fifty_megabytes_only_the_beginning_is_fetched(box: Box) -> None:
    with box.session():
        pass
    box.deliver(PLAIN + b"x" * 50_000_000)
    with opened(box.url()) as connection:
        (first,) = connection.newer(0)
        letter = connection.fetch(first.uid)
        assert letter is not None
        assert len(letter.data) == MOST_BYTES
        assert letter.data.startswith(PLAIN)


def test_only_what_we_dealt_with_is_removed_and_what_a_person_marked_as_deleted_stays(box: Box) -> None:
    box.deliver(PLAIN, PLAIN.replace(b"Dag", b"Tweede"), PLAIN.replace(b"Dag", b"Derde"))
    with box.session() as imap:
        imap.uid("STORE", "3", "+FLAGS", r"(\Deleted)")
    with opened(box.url()) as connection:
        connection.remove([1])
        connection.remove([])
    assert [b"Tweede" in each for each in box.mails()] == [True, False]
    assert len(box.mails()) == 2


@pytest.mark.parametrize("marked", ["1", "1 3"])
def test_without_uidplus_all_that_is_marked_is_removed_only_where_all_of_it_is_ours(marked: str) -> None:
    script = {"UID SEARCH": f"* SEARCH {marked}\r\n{{tag}} OK done\r\n"}
    with ScriptedImap(script) as scripted, opened(scripted.url()) as connection:
        connection.remove([1])
        assert any("UID STORE 1 +FLAGS.SILENT" in each for each in scripted.heard)
        assert any(each.endswith(" EXPUNGE") for each in scripted.heard) == (marked == "1")


def test_tls_is_verified_from_the_first_byte_and_after_starttls(box: Box) -> None:
    ca = str(box.server.certificates.ca)
    assert check(read(box.tls_url())) is None
    assert check(read(box.url().replace("tls=none", f"ca={quote(ca, safe='')}"))) is None


@pytest.mark.parametrize("implicit", [True, False], ids=["imaps", "starttls"])
def test_a_certificate_of_another_authority_or_for_another_name_is_refused(
    box: Box, tmp_path: Path, implicit: bool
) -> None:
    other = make_certificates(tmp_path).ca
    url = box.tls_url() if implicit else f"imap://{box.login}@localhost:{box.server.port}"
    bare = url.partition("?")[0]
    for wrong in (bare, f"{bare}?ca={quote(str(other), safe='')}"):
        told = check(read(wrong))
        assert told == "The mail server localhost shows a certificate that cannot be verified."


def test_a_server_without_starttls_never_sees_the_password() -> None:
    with ScriptedImap() as scripted:
        told = check(read(scripted.url().removesuffix("?tls=none")))
        assert told is not None
        assert "offers no STARTTLS" in told
        assert not any("AUTHENTICATE" in each or "LOGIN" in each for each in scripted.heard)


def test_a_wrong_password_is_told_without_it_and_lasts(box: Box) -> None:
    url = box.url().replace(box.login.rpartition(":")[2], "a-wrong-one")
    with pytest.raises(MailboxError) as caught, opened(url):
        pass
    assert caught.value.lasting
    assert caught.value.english == "The mail server 127.0.0.1 refused the log-in."


def test_a_folder_that_is_not_there_is_told(box: Box) -> None:
    told = check(read(box.url().replace("/?", "/Nergens?")))
    assert told == "The mail server 127.0.0.1 has no folder of that name for us."


def test_a_folder_of_another_name_is_read(box: Box) -> None:
    with box.session() as imap:
        imap.create('"Terug gekomen"')
        imap.append('"Terug gekomen"', "", "", PLAIN)
    with opened(box.url().replace("/?", "/Terug%20gekomen?")) as connection:
        assert len(connection.newer(0)) == 1


def test_a_box_that_keeps_its_mails_is_opened_for_reading_alone(box: Box) -> None:
    box.deliver(PLAIN)
    with opened(box.url(keep="yes")) as connection:
        assert len(connection.newer(0)) == 1
    assert box.flags() == [set()]


def test_a_connection_cut_in_the_middle_of_a_mail_is_an_error_that_passes(box: Box) -> None:
    box.deliver(PLAIN + b"x" * 100_000)
    with TcpProxy(box.server.port) as proxy:
        proxy.lets_back = 20_000
        with pytest.raises(MailboxError) as caught, opened(box.url(port=proxy.port)) as connection:
            connection.fetch(1)
    assert not caught.value.lasting
    assert caught.value.english == "The mail server 127.0.0.1 did not answer, or was lost."


def test_a_port_where_nobody_listens_is_told_and_passes() -> None:
    port = free_port()
    with pytest.raises(MailboxError) as caught, opened(f"imap://box%40praktijk.example:p@127.0.0.1:{port}?tls=none"):
        pass
    assert caught.value.english == f"The mail server 127.0.0.1 refused the connection to port {port}."
    assert not caught.value.lasting


def test_a_name_that_nobody_knows_is_told_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(MailboxError) as caught, opened("imaps://box%40praktijk.example:p@imap.praktijk.example"):
        pass
    assert caught.value.english == "The mail server imap.praktijk.example could not be found by its name."
    assert not caught.value.lasting


def test_a_server_that_says_nothing_is_given_up() -> None:
    with ScriptedImap(greeting=None) as scripted:
        with pytest.raises(MailboxError) as caught, opened(scripted.url(), seconds=0.2):
            pass
        assert not caught.value.lasting


def test_another_thread_ends_the_wait_for_a_server() -> None:
    with ScriptedImap({"UID FETCH": None}) as scripted, opened(scripted.url(), seconds=60) as connection:
        threading.Timer(0.1, connection.abort).start()
        with pytest.raises(MailboxError):
            connection.newer(0)
        with pytest.raises(MailboxError):
            connection.newer(0)


@pytest.mark.parametrize(
    "script",
    [
        {"UID FETCH": "* 1 FETCH (UID x)\r\n{tag} BAD no\r\n"},
        {"UID FETCH": "what\r\n"},
        {"UID FETCH": "* 1 FETCH (BODY[] {{99999999999999999999}}\r\n"},
        {"SELECT": "* 0 EXISTS\r\n{tag} OK done\r\n"},
        {"SELECT": "* OK [UIDVALIDITY 7] \r\n* OK [READ-ONLY] \r\n{tag} OK [READ-ONLY]\r\n"},
        {"CAPABILITY": "{tag} BAD no\r\n"},
        {"CAPABILITY": "* BYE\r\n"},
        {"AUTHENTICATE": "{tag} NO [UNAVAILABLE] later\r\n"},
    ],
)
def test_a_server_that_talks_nonsense_gives_one_sentence(script: dict[str, str | None]) -> None:
    with ScriptedImap(script) as scripted:
        with pytest.raises(MailboxError) as caught, opened(scripted.url(), seconds=2) as connection:
            connection.fetch(1)
        assert caught.value.english.startswith("The mail server 127.0.0.1 ")


def test_a_mail_that_the_server_does_not_give_out_is_an_error_of_that_mail() -> None:
    with (
        ScriptedImap({"UID FETCH": "{tag} NO broken\r\n"}) as scripted,
        opened(scripted.url()) as connection,
        pytest.raises(UnreadableError),
    ):
        connection.fetch(3)


def test_a_mail_among_other_news_of_the_server_is_told_apart() -> None:
    mine = '* 1 FETCH (UID 3 BODY[]<0> {{4}}\r\nabcd INTERNALDATE " 9-Mar-2026 10:00:00 +0100")\r\n'
    body = f"* 4 FETCH (FLAGS (\\Seen))\r\n{mine}"
    with ScriptedImap({"UID FETCH": body + "{tag} OK done\r\n"}) as scripted, opened(scripted.url()) as connection:
        letter = connection.fetch(3)
        assert letter is not None
        assert (letter.uid, letter.data) == (3, b"abcd")
        assert letter.arrived is not None
        assert letter.arrived.isoformat() == "2026-03-09T09:00:00+00:00"
        assert connection.fetch(4) is None


def test_news_of_another_mail_with_its_uid_before_ours_hides_ours_from_nobody() -> None:
    """A colleague reads mail 9 at that moment (RFC 3501 section 6.4.8: a UID stands in every FETCH then)."""
    other = "* 7 FETCH (UID 9 FLAGS (\\Seen))\r\n"
    mine = '* 1 FETCH (UID 3 INTERNALDATE " 9-Mar-2026 10:00:00 +0100" BODY[]<0> {{4}}\r\nabcd)\r\n'
    for body in (other + mine, mine + other, other + mine + "* 1 FETCH (UID 3 FLAGS ())\r\n"):
        with ScriptedImap({"UID FETCH": body + "{tag} OK done\r\n"}) as scripted, opened(scripted.url()) as connection:
            letter = connection.fetch(3)
            assert letter is not None
            assert (letter.uid, letter.data) == (3, b"abcd")
            assert connection.fetch(9) is None
            listed = {each.uid: each.arrived for each in connection.newer(0)}
            assert listed[3] is not None


def test_a_server_that_knows_log_in_alone_is_given_user_and_password_quoted() -> None:
    with ScriptedImap({"CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"}) as scripted:
        assert check(read(scripted.url(login="a%20b%40c.example:p%22%5C%20q", options="&address=a@b.example"))) is None
        assert any(each.endswith(r'LOGIN "a b@c.example" "p\"\\ q"') for each in scripted.heard), scripted.heard


def test_a_server_that_forbids_plain_log_in_never_sees_the_password() -> None:
    with ScriptedImap({"CAPABILITY": "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"}) as scripted:
        told = check(read(scripted.url()))
        assert told is not None
        assert "no log-in that we know" in told
        assert not any("LOGIN" in each for each in scripted.heard)


def whose(asked: Asked) -> Said:
    """Whose token it is, as dovecot asks: `token-1` is refused, `token-2` is box1's."""
    said = {
        "active": parse_qs(urlsplit(asked.target).query)["token"] == ["token-2"],
        "username": "box1@praktijk.example",
    }
    return Said(headers={"Content-Type": "application/json"}, body=json.dumps(said).encode())


def test_a_log_in_by_token_asks_anew_after_a_refusal_and_keeps_the_token(tmp_path: Path) -> None:
    tokens = TokenServer()
    with HttpServer(tokens) as giver, HttpServer(whose) as teller:
        file = tmp_path / "token.json"
        file.write_text(
            json.dumps({"token_url": f"{giver.url}/token", "client_id": "us", "refresh_token": "r", "scope": "imap"})
        )
        with dovecot(introspection_url=f"{teller.url}/?token=") as server:
            box = server.box()
            box.deliver(PLAIN)
            url = (
                f"imap://{quote(box.address, safe='')}@127.0.0.1:{server.port}?tls=none&auth=xoauth2&token_file={file}"
            )
            kept = Tokens(read(url))
            with pytest.raises(MailboxError, match="refused the log-in"), Connection(read(url), kept):
                pass
            for _ in range(2):
                with Connection(read(url), kept) as connection:
                    assert len(connection.newer(0)) == 1
            kept.close()
    assert len(tokens.forms) == 2


@pytest.mark.parametrize(
    ("said", "lasting"),
    [
        (Said(status=400, body=b'{"error": "invalid_grant"}'), True),
        (Said(status=429, body=b'{"error": "slow_down"}'), False),
        (Said(status=503, body=b"<html>at work</html>"), False),
        (Said(status=500, body=b"{}"), False),
    ],
)
def test_a_token_server_that_is_away_for_a_moment_is_no_fault_that_lasts(
    tmp_path: Path, said: Said, lasting: bool
) -> None:
    """Staff are told at once of one that lasts, and of any other only when it goes on for minutes."""
    tokens = TokenServer()
    tokens.says = said
    file = tmp_path / "token.json"
    with HttpServer(tokens) as giver, ScriptedImap() as scripted:
        file.write_text(json.dumps({"token_url": f"{giver.url}/token", "client_id": "us", "refresh_token": "r"}))
        url = scripted.url(login="box%40praktijk.example", options=f"&auth=xoauth2&token_file={file}")
        with pytest.raises(MailboxError) as told, opened(url):
            pass
    assert told.value.lasting is lasting


def test_without_a_token_the_log_in_is_not_tried(tmp_path: Path) -> None:
    tokens = TokenServer()
    tokens.says = Said(status=400, body=b'{"error": "invalid_grant"}')
    with HttpServer(tokens) as giver, ScriptedImap() as scripted:
        file = tmp_path / "token.json"
        file.write_text(json.dumps({"token_url": f"{giver.url}/token", "client_id": "us", "refresh_token": "r-secret"}))
        url = scripted.url(login="box%40praktijk.example", options=f"&auth=xoauth2&token_file={file}")
        told = check(read(url))
        assert told is not None
        assert told.endswith("refused: 400 invalid_grant.")
        assert not any("AUTHENTICATE" in each for each in scripted.heard)
