"""A token server and a mail server that takes its tokens alone (XOAUTH2), both on loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

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


class TokenMailbox:
    """What the mail server took, the tokens it was shown, and those it `refuses`."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.shown: list[str] = []
        self.refuses: set[str] = set()

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd looks for it
        """As Google and Microsoft do: a refusal is told in JSON first."""
        user, token, *_ = base64.b64decode(arguments[1]).decode().split("\x01")
        token = token.removeprefix("auth=Bearer ")
        self.shown.append(token)
        if user == f"user={USER}" and token not in self.refuses:
            return AuthResult(success=True, auth_data=user)
        await server.challenge_auth(json.dumps({"status": "400", "schemes": "Bearer"}))
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take it from whom we know."""
        del server
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        self.mails.append(envelope.original_content or b"")
        return "250 2.0.0 Ok: queued as 1234567890"


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
