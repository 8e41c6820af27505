"""Stands in for Amazon SES v2, and for SNS with a certificate of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from service.mail.providers.sigv4 import signed_headers
from service.mail.providers.values import Hook, HttpRequest
from tests.support.fakes.base import Fake, Mail, as_json, from_json
from tests.support.fakes.raw import read_raw
from tests.support.http_server import Asked, Said

TOPIC = "arn:aws:sns:eu-west-1:123456789012:nurture"
SECOND_TOPIC = "arn:aws:sns:eu-west-1:123456789012:nurture-two"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


class Ses(Fake):
    """Checks the signature by making it again; 200 with an id, else an exception's name. Knows no keys."""

    name = "ses"
    key = "AKIDEXAMPLEOFOURS"
    secret = "a-secret-that-nobody-may-see"
    where = "eu-west-1"
    options = "configuration_set=nurture"

    def knows(self, asked: Asked) -> bool:
        assert (asked.method, asked.target) == ("POST", "/v2/email/outbound-emails")
        signed_at = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=5)
        request = HttpRequest(
            method=asked.method,
            url=f"http://{asked.headers['host']}{asked.target}",
            headers={"Content-Type": asked.headers["content-type"]},
            body=asked.body,
        )
        expected = signed_headers(
            request, key=self.key, secret=self.secret, region="eu-west-1", service="ses", now=signed_at
        )
        return asked.headers["authorization"] == expected["Authorization"]

    def read(self, asked: Asked) -> Mail | None:
        said = from_json(asked)
        if "Destination" not in said:
            return None
        assert said["ConfigurationSetName"] == "nurture"
        tags = {each["Name"]: each["Value"] for each in said["EmailTags"]}
        raw = base64.b64decode(said["Content"]["Raw"]["Data"])
        return read_raw(raw, to=said["Destination"]["ToAddresses"], key=tags["key"], tracks=None)

    def takes(self, number: str) -> Said:
        return as_json(200, {"MessageId": number})

    def bad_key(self, asked: Asked) -> Said:
        text = f"The request signature we calculated does not match. Credential={asked.headers['authorization'][30:50]}"
        return as_json(403, {"message": text}, {"x-amzn-ErrorType": "SignatureDoesNotMatch"})

    def nothing_asked(self) -> Said:
        return as_json(400, {"message": "Missing content"}, {"x-amzn-ErrorType": "BadRequestException"})

    def blocks(self, address: str) -> Said:
        """They take it, and tell by an event."""
        del address
        return self.takes("ses-blocked")

    def cannot_take(self, address: str) -> Said:
        said = {"__type": "com.amazonaws.sesv2#MessageRejected", "message": f"Address is not valid: {address}"}
        return as_json(400, said)

    def too_many(self) -> Said:
        return as_json(
            429, {"message": "Maximum sending rate exceeded."}, {"x-amzn-ErrorType": "TooManyRequestsException:"}
        )

    def refuses_sender(self) -> Said:
        return as_json(400, {"message": "x"}, {"x-amzn-ErrorType": "MailFromDomainNotVerifiedException"})

    def secrets(self) -> Sequence[str]:
        return (TOPIC, SECOND_TOPIC)

    def hook(self, body: bytes, secret: str, now: datetime, *, version: str = "2") -> Hook:
        """An SNS envelope round the event, signed under a certificate of its own."""
        envelope = {
            "Type": "Notification",
            "MessageId": hashlib.sha256(body).hexdigest()[:36],
            "TopicArn": secret,
            "Message": body.decode(),
            "Timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
        }
        return sealed(envelope)


def sealed(envelope: dict[str, str]) -> Hook:
    """The envelope with SNS's signature over it (as its manual lays it out), and the certificate fetched."""
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    digest = {"1": "sha1", "2": "sha256"}[envelope["SignatureVersion"]]
    signature = base64.b64encode(_sign(text.encode(), digest)).decode()
    hook = Hook(headers={"x-amz-sns-message-type": envelope["Type"]}, body=b"")
    return replace(hook, body=json.dumps({**envelope, "Signature": signature}).encode(), certificate=certificate())


def certificate() -> bytes:
    """A certificate like SNS's, PEM, good for two days."""
    return _made()[0]


@cache
def _made() -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        key, pem = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sns.amazonaws.com"),
            *("-keyout", str(key), "-out", str(pem)),
        )
        return pem.read_bytes(), key.read_bytes()


def _sign(text: bytes, digest: str) -> bytes:
    with tempfile.NamedTemporaryFile() as key:
        key.write(_made()[1])
        key.flush()
        return _openssl("dgst", f"-{digest}", "-sign", key.name, given=text)


def _openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True, timeout=60).stdout
