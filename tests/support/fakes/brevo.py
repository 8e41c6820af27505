"""Stands in for Brevo."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime
from email.header import decode_header, make_header

from service.mail.providers.values import Hook
from tests.support.fakes.base import Fake, Mail, as_json, basic_hook, from_json
from tests.support.http_server import Asked, Said


class Brevo(Fake):
    """201 with an id in angle brackets; a key that was used is a duplicate, whatever became of the first call."""

    name = "brevo"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target) == ("POST", "/v3/smtp/email")
        return asked.headers.get("api-key") == self.key

    def read(self, asked: Asked) -> Mail | None:
        said = from_json(asked)
        if "to" not in said:
            return None
        headers = dict(said["headers"])
        uuid.UUID(headers.pop("idempotencyKey"))
        name = said["sender"].get("name", "")
        reply_to = said.get("replyTo")
        return Mail(
            to=[each["email"] for each in said["to"]],
            sender=said["sender"]["email"],
            sender_name=str(make_header(decode_header(name))),
            subject=said["subject"],
            text=said["textContent"],
            html=said["htmlContent"],
            key=headers.pop("X-Mailin-custom"),
            headers=headers,
            reply_to=reply_to["email"] if reply_to else None,
            attachments=[(each["name"], base64.b64decode(each["content"])) for each in said.get("attachment", [])],
        )

    def takes(self, number: str) -> Said:
        return as_json(201, {"messageId": f"<{number}@smtp-relay.mailin.fr>"})

    def bad_key(self, asked: Asked) -> Said:
        return as_json(401, {"code": "unauthorized", "message": f"Key not found: {asked.headers['api-key']}"})

    def nothing_asked(self) -> Said:
        return as_json(400, {"code": "missing_parameter", "message": "sender is missing"})

    def blocks(self, address: str) -> Said:
        """They take it, and tell by an event."""
        del address
        return self.takes("brevo-blocked")

    def cannot_take(self, address: str) -> Said:
        return as_json(400, {"code": "invalid_parameter", "message": f"email is not valid in to: {address}"})

    def memory_key(self, asked: Asked) -> str | None:
        headers = from_json(asked).get("headers", {})
        return str(headers["idempotencyKey"]) if headers else None

    def __call__(self, asked: Asked) -> Said:
        before = len(self.mails)
        known = self.memory_key(asked) in self._answers
        said = super().__call__(asked)
        repeated = known and len(self.mails) == before
        return (
            as_json(400, {"code": "duplicate_parameter", "message": "Duplicate idempotencyKey"}) if repeated else said
        )

    def other_bytes(self) -> Said:
        return as_json(400, {"code": "duplicate_parameter", "message": "Duplicate idempotencyKey"})

    def refuses_sender(self) -> Said:
        return as_json(400, {"code": "invalid_parameter", "message": "Sender email is not valid"})

    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        del now
        return basic_hook(body, secret)
