"""SMTP with a log-in by token: asked for once, kept, asked for anew, and what is said when there is none."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from service.mail.outbound import Outcome, SendResult
from service.mail.transport import open_transport
from tests.support.http_server import HttpServer, Said
from tests.support.outbound import outbound
from tests.support.smtp_server import SmtpServer
from tests.support.token_server import USER, TokenMailbox, TokenServer, token_mail_server


@dataclass(frozen=True, kw_only=True)
class Office:
    """A token server, a mail server, and the file that a token is asked for with."""

    tokens: TokenServer
    mailbox: TokenMailbox
    file: Path
    url: str

    def send(self, times: int = 1) -> list[SendResult]:
        """So many mails over one transport, one after the other."""

        async def run() -> list[SendResult]:
            transport = open_transport(self.url)
            try:
                return [await transport.send(outbound()) for _ in range(times)]
            finally:
                await transport.close()

        return asyncio.run(run())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    tokens, mailbox = TokenServer(rotates=True), TokenMailbox()
    with HttpServer(tokens) as server, token_mail_server(mailbox) as port:
        file = tmp_path / "token.json"
        given = {"token_url": f"{server.url}/token", "client_id": "us", "refresh_token": "refresh-0", "scope": "smtp"}
        file.write_text(json.dumps(given))
        login = f"{quote(USER, safe='')}@127.0.0.1:{port}"
        url = f"smtp://{login}?tls=none&auth=xoauth2&token_file={quote(str(file))}"
        yield Office(tokens=tokens, mailbox=mailbox, file=file, url=url)


def test_mails_leave_after_a_log_in_by_a_token_that_is_asked_for_once(office: Office) -> None:
    assert [result.outcome for result in office.send(3)] == [Outcome.ACCEPTED] * 3
    assert office.tokens.forms == [
        {"client_id": "us", "refresh_token": "refresh-0", "scope": "smtp", "grant_type": "refresh_token"}
    ]
    assert set(office.mailbox.shown) == {"token-1"}
    assert len(office.mailbox.mails) == 3


def test_a_new_refresh_token_is_kept_for_the_next_start(office: Office) -> None:
    office.send()
    assert json.loads(office.file.read_text())["refresh_token"] == "refresh-1"
    assert stat.S_IMODE(office.file.stat().st_mode) == 0o600
    assert [path.name for path in office.file.parent.iterdir()] == ["token.json"]
    office.send()
    assert [form["refresh_token"] for form in office.tokens.forms] == ["refresh-0", "refresh-1"]


def test_a_token_that_is_refused_is_not_offered_again(office: Office) -> None:
    office.mailbox.refuses = {"token-1"}
    refused, taken = office.send(2)
    assert (refused.outcome, refused.stage, refused.code) == (Outcome.DOWN, "auth", 535)
    assert taken.outcome is Outcome.ACCEPTED
    assert office.mailbox.shown == ["token-1", "token-2"]


def test_a_service_of_its_own_asks_with_its_secret(office: Office) -> None:
    given = json.loads(office.file.read_text())
    del given["refresh_token"]
    office.file.write_text(json.dumps(given | {"client_secret": "of-the-service"}))
    (result,) = office.send()
    assert result.outcome is Outcome.ACCEPTED
    (form,) = office.tokens.forms
    assert (form["grant_type"], form["client_secret"]) == ("client_credentials", "of-the-service")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Said(status=400, body=b'{"error": "invalid_grant"}'), "refused: 400 invalid_grant."),
        (Said(status=400, body=b'{"error": "see refresh-0 <b>"}'), "refused: 400 no reason."),
        (Said(status=500, body=b"oops"), "did not answer as one"),
        (Said(body=b"[]"), "refused: 200 no reason."),
        (Said(body=b"{}"), "answered without a token"),
        (Said(body=b'{"access_token": "a\\r\\nMAIL FROM:<x@y>"}'), "answered without a token"),
    ],
    ids=["refused", "strange reason", "no JSON", "no object", "no token", "a token with a command in it"],
)
def test_without_a_token_the_channel_is_down_and_no_secret_is_told(said: Said, sentence: str, office: Office) -> None:
    office.tokens.says = said
    (result,) = office.send()
    assert (result.outcome, result.stage, result.scope) == (Outcome.DOWN, "auth", "channel")
    assert sentence in result.text
    assert "refresh-0" not in result.text
    assert office.mailbox.shown == []


def test_a_file_that_is_gone_is_told_and_one_that_is_back_is_used(office: Office) -> None:
    held = office.file.read_text()

    async def run() -> list[SendResult]:
        transport = open_transport(office.url)
        office.file.unlink()
        before = await transport.send(outbound())
        office.file.write_text(held)
        after = await transport.send(outbound())
        await transport.close()
        return [before, after]

    before, after = asyncio.run(run())
    assert (before.outcome, before.text) == (
        Outcome.DOWN,
        "The file with which tokens are asked for cannot be read any more.",
    )
    assert after.outcome is Outcome.ACCEPTED


def test_a_token_near_its_end_is_asked_for_anew(tmp_path: Path) -> None:
    """One that lives no longer than the margin is used for what is left of it, and not asked for with each mail."""
    tokens, mailbox = TokenServer(life=1), TokenMailbox()
    with HttpServer(tokens) as server, token_mail_server(mailbox) as port:
        file = tmp_path / "token.json"
        file.write_text(json.dumps({"token_url": server.url, "client_id": "us", "refresh_token": "r"}))
        url = f"smtp://{quote(USER, safe='')}@127.0.0.1:{port}?tls=none&auth=xoauth2&token_file={file}"

        async def run() -> None:
            transport = open_transport(url)
            first = await asyncio.gather(*(transport.send(outbound()) for _ in range(4)))
            assert {result.outcome for result in first} == {Outcome.ACCEPTED}
            await transport.close()

        asyncio.run(run())
    assert len(tokens.forms) < 4
    assert json.loads(file.read_text())["refresh_token"] == "r"


def test_a_server_that_takes_passwords_alone_gets_no_token(office: Office) -> None:
    with SmtpServer(login=("praktijk", "geheim")) as server:
        port = office.url.partition("127.0.0.1:")[2].partition("?")[0]

        async def run() -> SendResult:
            transport = open_transport(office.url.replace(f":{port}?", f":{server.port}?"))
            try:
                return await transport.send(outbound())
            finally:
                await transport.close()

        result = asyncio.run(run())
    assert result.outcome is Outcome.DOWN
    assert "offers no log-in by token here (AUTH XOAUTH2)" in result.text
    assert office.tokens.forms == []
