"""Stands in for Lettermint."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from service.mail.providers.values import Hook
from tests.support.fakes.base import Fake, Mail, as_json, from_json
from tests.support.http_server import Asked, Said


class Lettermint(Fake):
    """202 with an id; remembers keys for 24 hours and compares the bytes."""

    name = "lettermint"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target) == ("POST", "/v1/send")
        return asked.headers.get("x-lettermint-token") == self.key

    def read(self, asked: Asked) -> Mail | None:
        said = from_json(asked)
        if "to" not in said:
            return None
        assert asked.headers["idempotency-key"] == said["metadata"]["key"]
        return Mail(
            to=said["to"],
            sender=said["from"],
            subject=said["subject"],
            text=said["text"],
            html=said["html"],
            headers=said["headers"],
            key=said["metadata"]["key"],
            tracks=said["settings"]["track_opens"] or said["settings"]["track_clicks"],
            reply_to=said.get("reply_to", [None])[0],
            attachments=[(each["filename"], base64.b64decode(each["content"])) for each in said.get("attachments", [])],
        )

    def takes(self, number: str) -> Said:
        return as_json(202, {"message_id": number, "status": "pending"})

    def bad_key(self, asked: Asked) -> Said:
        return as_json(401, {"message": f"Unauthorized: {asked.headers['x-lettermint-token']}"})

    def nothing_asked(self) -> Said:
        return as_json(422, {"message": "The to field is required.", "errors": {"to": ["required"]}})

    def blocks(self, address: str) -> Said:
        del address
        return as_json(202, {"message_id": "none", "status": "suppressed"})

    def cannot_take(self, address: str) -> Said:
        return as_json(422, {"message": f"The to.0 field must be a valid email address: {address}."})

    def memory_key(self, asked: Asked) -> str | None:
        return asked.headers.get("idempotency-key")

    def other_bytes(self) -> Said:
        return as_json(409, {"message": "This idempotency key has already been used with a different payload."})

    def refuses_sender(self) -> Said:
        return as_json(422, {"message": "The from field must use a verified domain."})

    def secrets(self) -> Sequence[str]:
        return ("whsec_first", "whsec_second")

    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        moment = str(int(now.timestamp()))
        mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-lettermint-signature": f"t={moment},v1={mac}", "x-lettermint-delivery": moment}
        return Hook(headers=headers, body=body)
