"""Stands in for Mailgun."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.mail.providers.values import Hook
from tests.support.fakes.base import Fake, Mail, as_json
from tests.support.fakes.raw import read_raw
from tests.support.http_server import Asked, Said


class Mailgun(Fake):
    """Form data in, 200 with an id in angle brackets out; knows no keys."""

    name = "mailgun"
    where = "mg.example.nl"
    options = "region=eu"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target) == ("POST", "/v3/mg.example.nl/messages.mime")
        return asked.headers.get("authorization") == "Basic " + base64.b64encode(f"api:{self.key}".encode()).decode()

    def read(self, asked: Asked) -> Mail | None:
        fields = _form(asked)
        if "to" not in fields:
            return None
        tracks = {fields[name] for name in ("o:tracking", "o:tracking-opens", "o:tracking-clicks")} != {b"no"}
        return read_raw(
            fields["message"], to=fields["to"].decode().split(","), key=fields["v:key"].decode(), tracks=tracks
        )

    def takes(self, number: str) -> Said:
        return as_json(200, {"id": f"<{number}@mg.example.nl>", "message": "Queued. Thank you."})

    def bad_key(self, asked: Asked) -> Said:
        del asked
        return Said(status=401, headers={"Content-Type": "text/plain"}, body=f"Forbidden {self.key}".encode())

    def nothing_asked(self) -> Said:
        return as_json(400, {"message": "to parameter is missing"})

    def blocks(self, address: str) -> Said:
        """They take it, and tell by an event."""
        del address
        return self.takes("mailgun-blocked")

    def cannot_take(self, address: str) -> Said:
        return as_json(400, {"message": f"to parameter is not a valid address. please check documentation: {address}"})

    def refuses_sender(self) -> Said:
        return as_json(400, {"message": "from parameter is not a valid address. please check documentation"})

    def secrets(self) -> Sequence[str]:
        return ("first-signing-key", "second-signing-key")

    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        """The signature stands in the body, beside what it does not sign."""
        said: Any = json.loads(body)
        moment, token = str(int(now.timestamp())), hashlib.sha256(body).hexdigest()[:50]
        mac = hmac.new(secret.encode(), (moment + token).encode(), hashlib.sha256).hexdigest()
        signature = {"timestamp": moment, "token": token, "signature": mac}
        return Hook(headers={}, body=json.dumps({**said, "signature": signature}).encode())


def _form(asked: Asked) -> dict[str, bytes]:
    """RFC 7578, read as the MIME multipart that it is; the message exactly as it came."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    boundary = form.get_boundary()
    assert form.is_multipart()
    assert boundary
    fields: dict[str, bytes] = {}
    for piece in asked.body.split(f"--{boundary}".encode())[1:-1]:
        top, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = email.message_from_bytes(top, policy=email.policy.default)["Content-Disposition"].params["name"]
        fields[name] = content.removesuffix(b"\r\n")
    return fields
