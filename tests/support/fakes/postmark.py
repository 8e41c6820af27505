"""Stands in for Postmark."""

from __future__ import annotations

import base64
from datetime import datetime

from service.mail.providers.values import Hook
from tests.support.fakes.base import Fake, Mail, as_json, basic_hook, from_json
from tests.support.http_server import Asked, Said


class Postmark(Fake):
    """200 with ErrorCode 0, 422 with another; knows no keys."""

    name = "postmark"
    options = "stream=nurture"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target, asked.headers["accept"]) == ("POST", "/email", "application/json")
        return asked.headers.get("x-postmark-server-token") == self.key

    def read(self, asked: Asked) -> Mail | None:
        said = from_json(asked)
        if "To" not in said:
            return None
        assert said["MessageStream"] == "nurture"
        return Mail(
            to=said["To"].split(","),
            sender=said["From"],
            subject=said["Subject"],
            text=said["TextBody"],
            html=said["HtmlBody"],
            headers={each["Name"]: each["Value"] for each in said["Headers"]},
            key=said["Metadata"]["key"],
            tracks=said["TrackOpens"] or said["TrackLinks"] != "None",
            reply_to=said.get("ReplyTo"),
            attachments=[(each["Name"], base64.b64decode(each["Content"])) for each in said.get("Attachments", [])],
        )

    def takes(self, number: str) -> Said:
        return as_json(
            200,
            {
                "To": "anna@example.nl",
                "SubmittedAt": "2026-03-09T09:00:00.1234567Z",
                "MessageID": number,
                "ErrorCode": 0,
                "Message": "OK",
            },
        )

    def bad_key(self, asked: Asked) -> Said:
        del asked
        return as_json(401, {"ErrorCode": 10, "Message": f"No account with token {self.key}."})

    def nothing_asked(self) -> Said:
        return as_json(422, {"ErrorCode": 300, "Message": "Invalid 'From' address: ''."})

    def blocks(self, address: str) -> Said:
        text = (
            f"You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: {address}."
        )
        return as_json(422, {"ErrorCode": 406, "Message": text})

    def cannot_take(self, address: str) -> Said:
        return as_json(422, {"ErrorCode": 300, "Message": f"Error parsing 'To': Illegal email address '{address}'."})

    def refuses_sender(self) -> Said:
        return as_json(422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'advies'."})

    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        del now
        return basic_hook(body, secret)
