"""Stands in for Resend."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from service.mail.providers.values import Hook
from tests.support.fakes.base import Fake, Mail, as_json, from_json
from tests.support.http_server import Asked, Said


class Resend(Fake):
    """200 with an id, else a name for what is wrong; remembers keys for 24 hours and compares the bytes."""

    name = "resend"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target) == ("POST", "/emails")
        return asked.headers.get("authorization") == f"Bearer {self.key}"

    def read(self, asked: Asked) -> Mail | None:
        said = from_json(asked)
        if "to" not in said:
            return None
        tags = {each["name"]: each["value"] for each in said["tags"]}
        assert asked.headers["idempotency-key"] == tags["key"]
        return Mail(
            to=said["to"],
            sender=said["from"],
            subject=said["subject"],
            text=said["text"],
            html=said["html"],
            headers=said["headers"],
            key=tags["key"],
            reply_to=said.get("reply_to"),
            attachments=[(each["filename"], base64.b64decode(each["content"])) for each in said.get("attachments", [])],
        )

    def takes(self, number: str) -> Said:
        return as_json(200, {"id": number})

    def bad_key(self, asked: Asked) -> Said:
        del asked
        return as_json(403, {"statusCode": 403, "name": "invalid_api_key", "message": f"API key {self.key} is invalid"})

    def nothing_asked(self) -> Said:
        return as_json(422, {"statusCode": 422, "name": "missing_required_field", "message": "Missing `to` field."})

    def blocks(self, address: str) -> Said:
        """They take it, and tell by an event."""
        del address
        return self.takes("resend-blocked")

    def cannot_take(self, address: str) -> Said:
        text = f"Invalid `to` field: {address}."
        return as_json(422, {"statusCode": 422, "name": "validation_error", "message": text})

    def too_many(self) -> Said:
        said = {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests."}
        return as_json(429, said, {"retry-after": "7", "ratelimit-remaining": "0"})

    def memory_key(self, asked: Asked) -> str | None:
        return asked.headers.get("idempotency-key")

    def other_bytes(self) -> Said:
        return as_json(409, {"statusCode": 409, "name": "invalid_idempotent_request", "message": "Another payload."})

    def refuses_sender(self) -> Said:
        return as_json(422, {"statusCode": 422, "name": "invalid_from_address", "message": "Invalid `from` field."})

    def secrets(self) -> Sequence[str]:
        return tuple("whsec_" + base64.b64encode(text).decode() for text in (b"first key of ours", b"the second one"))

    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        number, moment = f"msg_{hashlib.sha256(body).hexdigest()[:20]}", str(int(now.timestamp()))
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{number}.{moment}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,bm90IHRoaXMgb25l v1,{base64.b64encode(mac).decode()}"
        return Hook(headers={"svix-id": number, "svix-timestamp": moment, "svix-signature": signature}, body=body)
