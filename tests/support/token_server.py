"""A token server and a mail server that takes its tokens alone (XOAUTH2), both on loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message as EmailMessage
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session, auth_mechanism

from tests.support.http_server import Asked, Said
from tests.support.running import free_port

USER = "advies@praktijk.example"


class TokenServer:
    """Gives `token-1`, `token-2`, … for a refresh token or for a client's own secret; forms are kept in `forms`.

    `rotates`: a new refresh token comes with each. `life`: seconds, None where it tells none. `says`: this instead.
    """

    def __init__(self, *, rotates: bool = False, life: int | None = 3600) -> None:
        self.forms: list[dict[str, str]] = []
        self.says: Said | None = None
        self._rotates, self._life = rotates, life

    def __call__(self, asked: Asked) -> Said:
        """RFC 6749 section 5.1."""
        form = dict(parse_qsl(asked.body.decode()))
        self.forms.append(form)
        if self.says is not None:
            return self.says
        said: dict[str, object] = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer"}
        if self._life is not None:
            said["expires_in"] = self._life
        if self._rotates:
            said["refresh_token"] = f"refresh-{len(self.forms)}"
        return Said(headers={"Content-Type": "application/json"}, body=json.dumps(said).encode())


class TokenMailbox(Message):
    """What the mail server took, the tokens it was shown, and those it `refuses`."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[bytes] = []
        self.shown: list[str] = []
        self.refuses: set[str] = set()

    @auth_mechanism("XOAUTH2")
    async def auth_by_token(self, server: SMTP, arguments: list[str]) -> AuthResult:
        """As Google and Microsoft do: a refusal is told in JSON first."""
        user, token, *_ = base64.b64decode(arguments[1]).decode().split("\x01")
        token = token.removeprefix("auth=Bearer ")
        self.shown.append(token)
        if user == f"user={USER}" and token not in self.refuses:
            return AuthResult(success=True, auth_data=user)
        await server.challenge_auth(json.dumps({"status": "400", "schemes": "Bearer"}))
        return AuthResult(success=False, handled=False)

    def prepare_message(self, session: Session, envelope: Envelope) -> EmailMessage:
        """Of whom logged in; anybody else is answered with a fault."""
        if not session.authenticated:
            raise PermissionError("nobody logged in")
        return super().prepare_message(session, envelope)

    def handle_message(self, message: EmailMessage) -> None:
        """Keep it."""
        self.mails.append(message.as_bytes())


@contextmanager
def token_mail_server(mailbox: TokenMailbox) -> Iterator[int]:
    """The port of a mail server that wants a log-in by token."""
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        auth_exclude_mechanism=["PLAIN", "LOGIN"],
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
