"""TLS that is verified or nothing, and log-in: real certificates, made for the test."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from pathlib import Path

import pytest

from service.mail.smtp_line import SmtpLine
from service.mail.transport import Outcome, SendResult, open_transport
from tests.support.certificates import Certificates, make_certificates
from tests.support.outbound import outbound
from tests.support.smtp_server import Fault, SmtpServer


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("others"))


@pytest.fixture(scope="module")
def misnamed(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("misnamed"), names="DNS:mail.example.nl")


def send(url: str, count: int = 1) -> list[SendResult]:
    async def run() -> list[SendResult]:
        transport = open_transport(url)
        results = [await transport.send(outbound()) for _ in range(count)]
        await transport.close()
        return results

    return asyncio.run(run())


@pytest.mark.parametrize("implicit", [False, True])
def test_mail_goes_over_verified_tls_and_the_connection_is_kept(certificates: Certificates, implicit: bool) -> None:
    with SmtpServer(certificates=certificates, implicit_tls=implicit) as server:
        results = send(server.url, 3)
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert (server.connections, len(server.messages)) == (1, 3)
    assert ("STARTTLS" in server.commands) is not implicit


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_of_an_unknown_authority_is_refused(
    certificates: Certificates, others: Certificates, implicit: bool
) -> None:
    with SmtpServer(certificates=certificates, implicit_tls=implicit) as server:
        (result,) = send(server.url.replace(str(certificates.ca), str(others.ca)))
    assert (result.outcome, result.scope) == (Outcome.DOWN, "channel")
    assert result.text.startswith("The certificate of the mail server 127.0.0.1 could not be verified: ")
    assert "MAIL" not in server.commands


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_for_another_name_is_refused(misnamed: Certificates, implicit: bool) -> None:
    with SmtpServer(certificates=misnamed, implicit_tls=implicit) as server:
        (result,) = send(server.url)
    assert result.outcome is Outcome.DOWN
    assert "could not be verified" in result.text


def test_a_server_without_starttls_gets_nothing(certificates: Certificates) -> None:
    with SmtpServer(login=("anna", "geheim")) as server:
        (result,) = send(f"smtp://anna:geheim@127.0.0.1:{server.port}?ca={certificates.ca}")
    assert (result.outcome, result.stage) == (Outcome.DOWN, "starttls")
    assert result.text == "The mail server 127.0.0.1 offers no STARTTLS, so nothing was sent to it."
    assert set(server.commands) == {"EHLO"}


def test_starttls_that_is_refused_is_not_gone_without(certificates: Certificates) -> None:
    with SmtpServer(certificates=certificates, faults=[Fault(stage="starttls", reply="502 not today")]) as server:
        (result,) = send(server.url)
    assert (result.outcome, result.stage, result.code) == (Outcome.DOWN, "starttls", 502)
    assert "MAIL" not in server.commands


def test_a_cut_in_the_tls_handshake_means_that_the_channel_is_down(certificates: Certificates) -> None:
    with SmtpServer(certificates=certificates, faults=[Fault(stage="starttls", reply="220 go", cut=True)]) as server:
        (result,) = send(server.url)
    assert (result.outcome, result.stage) == (Outcome.DOWN, "starttls")


def test_tls_spoken_to_a_server_without_it_means_that_the_channel_is_down(certificates: Certificates) -> None:
    with SmtpServer() as server:
        (result,) = send(f"smtps://127.0.0.1:{server.port}?ca={certificates.ca}")
    assert (result.outcome, result.stage) == (Outcome.DOWN, "connect")
    assert result.text == "The mail server 127.0.0.1 could not agree on TLS."


def test_plain_text_slipped_in_after_starttls_is_never_believed(certificates: Certificates) -> None:
    # RFC 3207 section 6: the attacker's EHLO answer offers a log-in, the real one does not.
    injected = b"250-evil.example\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n"
    with SmtpServer(certificates=certificates, inject=injected) as server:
        (result,) = send(server.url.replace("smtp://", "smtp://anna:geheim@"))
    assert result.outcome is Outcome.DOWN
    assert "AUTH" not in server.commands


@pytest.mark.parametrize("methods", ["PLAIN", "LOGIN", "CRAM-MD5 LOGIN PLAIN"])
def test_log_in_goes_over_tls(certificates: Certificates, methods: str) -> None:
    login = ("anna@praktijk.example", "p/a:s@s ë")
    with SmtpServer(certificates=certificates, login=login, auth_methods=methods) as server:
        results = send(server.url, 2)
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert server.commands.count("AUTH") == 1
    assert server.commands.index("STARTTLS") < server.commands.index("AUTH")


def test_a_wrong_password_is_the_channels_fault_and_shows_neither_user_nor_password(certificates: Certificates) -> None:
    with SmtpServer(certificates=certificates, login=("anna", "goed")) as server:
        (result,) = send(server.url.replace("anna:goed", "anna:fout"))
    assert (result.outcome, result.stage, result.code) == (Outcome.DOWN, "auth", 535)
    assert "anna" not in result.text
    assert "fout" not in result.text


@pytest.mark.parametrize("methods", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("cut", [0, 9], ids=["all of it", "some of it"])
def test_a_server_that_says_a_log_in_again_is_not_quoted(certificates: Certificates, methods: str, cut: int) -> None:
    login = ("anna@praktijk.example", "heel-geheim-woord")
    said = "\0".join(("", *login)) if methods == "PLAIN" else login[1]
    echo = base64.b64encode(said.encode()).decode()[cut:]
    faults = [Fault(stage="auth", reply=f'500 5.5.1 Command unrecognized: "AUTH={echo.upper()}"')]
    with SmtpServer(certificates=certificates, login=login, auth_methods=methods, faults=faults) as server:
        (result,) = send(server.url)
    assert (result.outcome, result.stage) == (Outcome.DOWN, "auth")
    assert result.text == "The mail server refused the log-in, in words that hold it."


def test_why_a_log_in_was_refused_is_told(certificates: Certificates) -> None:
    faults = [Fault(stage="auth", reply="535 5.7.139 SmtpClientAuthentication is disabled for the Tenant")]
    with SmtpServer(certificates=certificates, login=("anna", "goed"), faults=faults) as server:
        (result,) = send(server.url)
    assert "SmtpClientAuthentication is disabled" in result.text


def test_a_log_in_that_fails_for_now_is_tried_again(certificates: Certificates) -> None:
    later = Fault(stage="auth", reply="454 4.7.0 later")
    with SmtpServer(certificates=certificates, login=("anna", "goed"), faults=[later]) as server:
        (result,) = send(server.url)
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, "auth", 454)


def test_a_server_without_a_log_in_we_know_is_said_to_have_none(certificates: Certificates) -> None:
    with SmtpServer(certificates=certificates, login=("anna", "goed"), auth_methods="GSSAPI") as server:
        (result,) = send(server.url)
    assert (result.outcome, result.stage) == (Outcome.DOWN, "auth")
    assert "offers no log-in by user and password" in result.text


def test_an_authority_file_that_went_away_means_that_the_channel_is_down(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "gone")
    with SmtpServer(certificates=made) as server:
        transport = open_transport(server.url)
        made.ca.unlink()
        result = asyncio.run(transport.send(outbound()))
    assert (result.outcome, result.stage) == (Outcome.DOWN, "connect")


def test_replies_that_come_together_over_tls_are_each_what_the_server_said(certificates: Certificates) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    said = [b"250 OK\r\n", b"550 NO\r\n", b"554 NO\r\n"]

    def serve(listener: socket.socket, older: bytes) -> None:
        connection, _ = listener.accept()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        with connection:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65536))
            tls.write(older)
            connection.sendall(outgoing.read())
            incoming.write(connection.recv(65536))  # it is read
            for reply in said:
                tls.write(reply)  # a record each
            connection.sendall(outgoing.read())  # and all of them at once
            connection.recv(1)

    async def read(port: int, older: bytes) -> list[int]:
        trusted = ssl.create_default_context(cafile=str(certificates.ca))
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, "127.0.0.1", port, ssl=trusted
        )
        line = SmtpLine(transport)
        before = [(await line.reply(5)).code for _ in range(older.count(b"\n"))]
        line.write(b"NOOP\r\n")
        codes = [(await line.reply(5)).code for _ in said]
        line.drop()
        return before + codes

    for older in (b"250 OK\r\n250 OK\r\n354 GO\r\n", b"250 " + b"x" * 4090 + b"\r\n"):  # the second fills the buffer
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = threading.Thread(target=serve, args=(listener, older))
            server.start()
            codes = asyncio.run(read(listener.getsockname()[1], older))
            server.join()
        assert codes[-3:] == [250, 550, 554]
