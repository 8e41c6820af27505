"""Resend: Email API with idempotency keys, webhooks signed as Svix does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from service.mail.outbound import OutboundMail, SendResult
from service.mail.providers import answers, reading, signatures
from service.mail.providers.parts import taken_apart, written
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

_URL = "https://api.resend.com"
_TOLERANCE = timedelta(minutes=5)  # that of Svix's own libraries
_QUOTA_REST = timedelta(hours=1)
# By name first: which status goes with some of them is not written down. A key that has no key's form gets 400
# and `validation_error`, as a mail that will not do gets.
_OUR_FAULT = frozenset({"missing_api_key", "restricted_api_key", "invalid_api_key"})
_QUOTA = frozenset({"daily_quota_exceeded", "monthly_quota_exceeded"})
_NOBODY_KNOWS = frozenset({"invalid_idempotent_request", "concurrent_idempotent_requests"})
_THIS_MAIL = frozenset(
    {
        "missing_required_field",
        "invalid_from_address",
        "invalid_attachment",
        "invalid_parameter",
        "invalid_idempotency_key",
        "security_error",
    }
)
_KINDS = MappingProxyType(
    {
        "email.sent": EventKind.ACCEPTED,
        "email.delivered": EventKind.DELIVERED,
        "email.delivery_delayed": EventKind.DEFERRED,
        "email.suppressed": EventKind.REJECTED,
        "email.complained": EventKind.COMPLAINED,
        "email.opened": EventKind.OPENED,
        "email.clicked": EventKind.CLICKED,
        "email.failed": EventKind.FAILED,
    }
)


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /emails. The key is a tag: they show tags to no recipient, other than custom headers."""
    parts = taken_apart(mail.data)
    said: dict[str, object] = {
        "from": written(parts.sender),
        "to": [mail.recipient],
        "subject": parts.subject,
        "html": parts.html,
        "text": parts.text,
        "headers": dict(parts.headers),
        "tags": [{"name": "key", "value": mail.idempotency_key}],
    }
    if parts.reply_to is not None:
        said["reply_to"] = written(parts.reply_to)
    if parts.attachments:
        said["attachments"] = [
            {"filename": each.name, "content": each.base64, "content_type": each.kind} for each in parts.attachments
        ]
    return _post(account, said, {"Idempotency-Key": mail.idempotency_key})


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 401 or 403 for a bad key, 422 for a good one."""
    return _post(account, {}, {})


def read_response(answer: HttpAnswer) -> SendResult:
    """200 with an id, else a name for what is wrong."""
    said = answer.fields()
    name = reading.text(said.get("name")) or ""
    text = f"{name}: {reading.text(said.get('message')) or ''}" if name else ""
    if answer.status in {200, 201} and (found := reading.bare_id(said.get("id"))) is not None:
        return answers.taken(answer, found)
    if name in _NOBODY_KNOWS:
        return answers.unclear(answer, text)  # the key was used: with other bytes, or by a call that still runs
    if name in _QUOTA:
        return answers.slower(answer, text, at_least=_QUOTA_REST)
    if name in _OUR_FAULT or (name == "validation_error" and "api key is invalid" in text.lower()):
        return answers.down(answer, text)
    if name in _THIS_MAIL:
        return answers.invalid(answer, text)
    return answers.by_status(answer, text)


def verify(hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
    """HMAC-SHA256 over `id.timestamp.body`; the key is the base64 behind `whsec_`. One of several entries is enough."""
    timestamp = hook.headers.get("svix-timestamp", "")
    signed = f"{hook.headers.get('svix-id', '')}.{timestamp}.".encode("utf-8", "replace") + hook.body
    keys = [key for each in secrets if (key := signatures.decoded(each.removeprefix("whsec_"))) is not None]
    given = [
        entry.partition(",")[2] for entry in hook.headers.get("svix-signature", "").split() if entry.startswith("v1,")
    ]
    genuine = signatures.any_same(given, [signatures.base64_mac(key, signed) for key in keys])
    return genuine and signatures.is_fresh(timestamp, now, _TOLERANCE)


def parse(hook: Hook) -> list[Event]:
    """One event a call. Its time is the outer `created_at`; the inner one is when the mail was sent."""
    said = reading.object_of(hook)
    data = reading.mapping(said.get("data"))
    raw = reading.name(said.get("type"))
    provider_id = reading.bare_id(data.get("email_id"))
    kind_of_bounce = reading.text(reading.within(data, "bounce", "type"))
    why = reading.within(data, "bounce", "message") or reading.within(data, "failed", "reason") or data.get("reason")
    return [
        Event(
            provider=PROVIDER.name,
            dedup_key=hook.headers.get("svix-id") or signatures.digest(raw, provider_id, said.get("created_at")),
            kind=_bounce(kind_of_bounce, why) if raw == "email.bounced" else _KINDS.get(raw, EventKind.UNKNOWN),
            raw_kind=f"{raw}/{kind_of_bounce}" if kind_of_bounce else raw,
            occurred_at=reading.iso(said.get("created_at")),
            recipient=reading.address(data.get("to")),
            provider_id=provider_id,
            own_key=_own_key(data.get("tags")),
            diagnostic=reading.text(why),
        )
    ]


def _bounce(kind: str | None, why: object) -> EventKind:
    if kind == "Permanent":
        return EventKind.HARD_BOUNCE
    if kind is None and "suppressed sending" in str(why):  # older events name no type
        return EventKind.REJECTED
    return EventKind.SOFT_BOUNCE


def _own_key(tags: object) -> str | None:
    """Tags come back as an object; as the list that they were sent as, for good measure."""
    if isinstance(tags, list):
        tags = {reading.text(each.get("name")): each.get("value") for each in tags if isinstance(each, dict)}
    return reading.text(reading.within(tags, "key"))


def _post(account: Account, said: Mapping[str, object], more: Mapping[str, str]) -> HttpRequest:
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"}
    body = json.dumps(said).encode()
    return HttpRequest(method="POST", url=f"{account.base or _URL}/emails", headers={**headers, **more}, body=body)


PROVIDER = Provider(
    name="resend",
    url=UrlForm(example="resend://KEY@default"),
    capabilities=Capabilities(
        idempotency_window=timedelta(hours=24),
        repeats_safely=True,
        most_bytes=40_000_000,  # as commonly told; they confirm no limit
        retry_code=503,
        oldest_signature=_TOLERANCE,
        switches_tracking_off=False,
    ),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
)
