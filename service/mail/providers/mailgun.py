"""Mailgun, in the EU or the US: the finished message goes over byte for byte, webhooks sign a time and a token."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import quote

from service.mail.outbound import OutboundMail, SendResult
from service.mail.providers import answers, reading, signatures
from service.mail.providers.parts import UnfitMailError
from service.mail.providers.values import (
    Account,
    Capabilities,
    Event,
    EventKind,
    Hook,
    HttpAnswer,
    HttpRequest,
    Provider,
    UrlForm,
)

_URLS = MappingProxyType({"eu": "https://api.eu.mailgun.net", "us": "https://api.mailgun.net"})
# They try for 8 hours, and may sign each try with the first time. A token counts once, so an old one does no harm.
_TOLERANCE = timedelta(hours=9)
_LIMIT_REST = timedelta(minutes=10)
_PASSING = re.compile(r"4\d\d")
_KINDS = MappingProxyType(
    {
        "accepted": EventKind.ACCEPTED,
        "delivered": EventKind.DELIVERED,
        "rejected": EventKind.REJECTED,
        "complained": EventKind.COMPLAINED,
        "unsubscribed": EventKind.UNSUBSCRIBED,
        "opened": EventKind.OPENED,
        "clicked": EventKind.CLICKED,
    }
)


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /v3/DOMAIN/messages.mime, as multipart/form-data (RFC 7578): the envelope, the key, and the bytes."""
    fields = [
        ("to", mail.recipient),
        ("v:key", mail.idempotency_key),
        ("o:tracking", "no"),
        ("o:tracking-opens", "no"),
        ("o:tracking-clicks", "no"),
    ]
    return _post(account, fields, mail.data)


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 401 for a bad key, 404 for a domain that is not in this region, 400 for a good one."""
    return _post(account, [("o:tracking", "no")], b"")


def read_response(answer: HttpAnswer) -> SendResult:
    """200 with an id. A wrong path answers 200 as well, with other words and no id: that is a fault of ours."""
    said = answer.fields()
    text = reading.text(said.get("message")) or ""
    if answer.status == 200:
        found = reading.bare_id(said.get("id"))
        if found is not None:
            return answers.taken(answer, found)
        if b"Mailgun Magnificent API" in answer.body:
            return answers.down(answer, "This is Mailgun, but not the address that mail is sent to.")
        return answers.unclear(answer, text or "Mailgun's answer makes no sense.")
    if answer.status == 404:
        return answers.down(answer, "Mailgun knows no such domain here: is the region right (region=eu, region=us)?")
    # "Domain … is not allowed to send: recipient limit exceeded", or "sending too fast", with 420, 403 or 400
    if answer.status == 420 or "not allowed to send" in text:
        return answers.slower(answer, text, at_least=_LIMIT_REST)
    return answers.by_status(answer, text)


def verify(hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
    """HMAC-SHA256 over timestamp and token, under the webhook signing key. The body itself is not signed."""
    signed = reading.mapping(reading.object_of(hook).get("signature"))
    timestamp, token = reading.text(signed.get("timestamp")) or "", reading.text(signed.get("token")) or ""
    given = reading.text(signed.get("signature")) or ""
    text = (timestamp + token).encode("utf-8", "replace")
    genuine = signatures.any_same([given], [signatures.hex_mac(each.encode(), text) for each in secrets])
    return genuine and bool(token) and signatures.is_fresh(timestamp, now, _TOLERANCE)


def parse(hook: Hook) -> list[Event]:
    """One event a call; its token is what makes it unique."""
    said = reading.object_of(hook)
    data = reading.mapping(said.get("event-data"))
    raw = reading.name(data.get("event"))
    status = reading.mapping(data.get("delivery-status"))
    provider_id = reading.bare_id(reading.within(data, "message", "headers", "message-id"))
    token = reading.text(reading.within(said, "signature", "token"))
    recipient = reading.address(data.get("recipient")) or reading.address(
        reading.within(data, "message", "headers", "to")
    )
    severity, reason = reading.text(data.get("severity")), reading.text(data.get("reason"))
    code = reading.text(status.get("code"))
    return [
        Event(
            provider=PROVIDER.name,
            dedup_key=token or signatures.digest(raw, provider_id, recipient, data.get("timestamp")),
            kind=_failed(severity, reason, code) if raw == "failed" else _KINDS.get(raw, EventKind.UNKNOWN),
            raw_kind="/".join(filter(None, (raw, severity, reason))),
            occurred_at=reading.seconds(data.get("timestamp")),
            recipient=recipient,
            provider_id=provider_id,
            own_key=reading.text(reading.within(data, "user-variables", "key")),
            diagnostic=reading.text(status.get("message"))
            or reading.text(status.get("description"))
            or reading.text(reading.within(data, "reject", "reason")),
        )
    ]


def _failed(severity: str | None, reason: str | None, code: str | None) -> EventKind:
    if severity == "temporary":
        return EventKind.DEFERRED
    if (reason or "").startswith("suppress-"):
        return EventKind.REJECTED
    if severity != "permanent":
        return EventKind.UNKNOWN
    # given up after eight hours, or at a reply of class 4: that proves nothing about the mailbox
    return EventKind.SOFT_BOUNCE if reason == "old" or _PASSING.fullmatch(code or "") else EventKind.HARD_BOUNCE


def _post(account: Account, fields: Iterable[tuple[str, str]], message: bytes) -> HttpRequest:
    boundary = "nurture-" + hashlib.sha256(message).hexdigest()
    if boundary.encode() in message:
        raise UnfitMailError("the mail holds the boundary of its own request")
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields
    ]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="message"; filename="message.eml"\r\n'
        "Content-Type: message/rfc822\r\n\r\n"
    )
    head, tail = "".join(pieces).encode(), f"\r\n--{boundary}--\r\n".encode()
    body = head + (file.encode() + message + tail if message else tail[2:])
    headers: Mapping[str, str] = {
        "Authorization": "Basic " + base64.b64encode(f"api:{account.key}".encode()).decode(),
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    server = account.base or _URLS[account.options.get("region", "us")]
    return HttpRequest(
        method="POST", url=f"{server}/v3/{quote(account.where, safe='')}/messages.mime", headers=headers, body=body
    )


PROVIDER = Provider(
    name="mailgun",
    url=UrlForm(
        example="mailgun://KEY@mg.example.nl?region=eu",
        where=re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"),
        where_is="the sending domain",
        options={"region": re.compile("eu|us")},
    ),
    # They were seen to send mail out and answer 5xx all the same, so without a key that stays unknown.
    capabilities=Capabilities(most_bytes=25_000_000, retry_code=503, oldest_signature=_TOLERANCE),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
)
