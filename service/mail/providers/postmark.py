"""Postmark: Email API, bounce and delivery webhooks. It signs nothing and knows no idempotency key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
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

_URL = "https://api.postmarkapp.com"
_MAINTENANCE_REST = timedelta(minutes=5)
_KINDS = MappingProxyType(
    {
        "Delivery": EventKind.DELIVERED,
        "SpamComplaint": EventKind.COMPLAINED,
        "Open": EventKind.OPENED,
        "Click": EventKind.CLICKED,
    }
)
_BOUNCES = MappingProxyType(
    {
        "HardBounce": EventKind.HARD_BOUNCE,
        "BadEmailAddress": EventKind.HARD_BOUNCE,
        "SoftBounce": EventKind.SOFT_BOUNCE,
        "VirusNotification": EventKind.SOFT_BOUNCE,
        "Transient": EventKind.DEFERRED,
        "DnsError": EventKind.DEFERRED,
        "OpenRelayTest": EventKind.DEFERRED,
        "Blocked": EventKind.REJECTED,
        "DMARCPolicy": EventKind.REJECTED,
        "ManuallyDeactivated": EventKind.REJECTED,
        "Unconfirmed": EventKind.REJECTED,
        "SpamNotification": EventKind.REJECTED,  # a filter's verdict, and no person's complaint
        "Unsubscribe": EventKind.UNSUBSCRIBED,
        "Subscribe": EventKind.RESUBSCRIBED,
        "SMTPApiError": EventKind.FAILED,
        "TemplateRenderingFailed": EventKind.FAILED,
    }
)
_SUPPRESSIONS = MappingProxyType(
    {
        "ManualSuppression": EventKind.UNSUBSCRIBED,
        "HardBounce": EventKind.HARD_BOUNCE,
        "SpamComplaint": EventKind.COMPLAINED,
    }
)


def _at_work(answer: HttpAnswer, text: str) -> SendResult:
    return answers.slower(answer, text, at_least=_MAINTENANCE_REST)


# By ErrorCode. A fault of ours: token, sender signature (missing, unconfirmed), credits, account pending or closed.
_VERDICTS: Mapping[object, Callable[[HttpAnswer, str], SendResult]] = MappingProxyType(
    {
        100: _at_work,
        406: answers.suppressed,
        429: answers.slower,
        **dict.fromkeys((10, 400, 401, 405, 412, 413), answers.down),
        **dict.fromkeys((1235, 1236), answers.misnamed),  # no such stream, or not one to send by
    }
)


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /email. A broadcast stream adds an unsubscribe footer of its own, unless their support agreed otherwise."""
    parts = taken_apart(mail.data)
    said: dict[str, object] = {
        "From": written(parts.sender),
        "To": mail.recipient,
        "Subject": parts.subject,
        "HtmlBody": parts.html,
        "TextBody": parts.text,
        "Headers": [{"Name": name, "Value": value} for name, value in parts.headers],
        "Metadata": {"key": mail.idempotency_key},
        "TrackOpens": False,
        "TrackLinks": "None",
        "MessageStream": account.options.get("stream", "outbound"),
    }
    if parts.reply_to is not None:
        said["ReplyTo"] = written(parts.reply_to)
    if parts.attachments:
        said["Attachments"] = [
            {"Name": each.name, "Content": each.base64, "ContentType": each.kind} for each in parts.attachments
        ]
    return _post(account, said)


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 401 or code 10 for a bad token, 422 for a good one."""
    return _post(account, {})


def read_response(answer: HttpAnswer) -> SendResult:
    """200 with ErrorCode 0. The code may be missing where they are late: `delivery may be delayed` is a yes."""
    said = answer.fields()
    text, code = reading.text(said.get("Message")) or "", said.get("ErrorCode")
    if answer.status == 200 and (code == 0 or "delivery may be delayed" in text):
        if "inactive address" in text.lower():
            return answers.suppressed(answer, text)
        return answers.taken(answer, reading.bare_id(said.get("MessageID")))
    if isinstance(code, int) and code in _VERDICTS:
        return _VERDICTS[code](answer, text)
    if isinstance(code, int) and code and answer.status in {200, 422}:
        return answers.invalid(answer, text)
    return answers.by_status(answer, text)


verify = signatures.has_password


def parse(hook: Hook) -> list[Event]:
    """One event a call; `RecordType` says of which sort."""
    said = reading.object_of(hook)
    record, kind_of_bounce = reading.name(said.get("RecordType")), reading.text(said.get("Type"))
    provider_id = reading.bare_id(said.get("MessageID"))
    recipient = reading.address(said.get("Email")) or reading.address(said.get("Recipient"))
    moment = next(
        (said[name] for name in ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt") if said.get(name)), None
    )
    bounce = reading.text(said.get("ID")) if record == "Bounce" else None
    return [
        Event(
            provider=PROVIDER.name,
            dedup_key=f"bounce-{bounce}" if bounce else signatures.digest(record, provider_id, recipient, moment),
            kind=_kind(record, said),
            raw_kind=f"{record}/{kind_of_bounce}" if kind_of_bounce else record,
            occurred_at=reading.iso(moment),
            recipient=recipient,
            provider_id=provider_id,
            own_key=reading.text(reading.within(said, "Metadata", "key")),
            diagnostic=reading.text(said.get("Details")) or reading.text(said.get("Description")),
        )
    ]


def _kind(record: str, said: Mapping[str, object]) -> EventKind:
    if record == "Bounce":
        return _BOUNCES.get(str(said.get("Type")), EventKind.UNKNOWN)  # automatic answers among them
    if record == "SubscriptionChange":
        if said.get("SuppressSending") is False:
            return EventKind.RESUBSCRIBED
        return _SUPPRESSIONS.get(str(said.get("SuppressionReason")), EventKind.UNKNOWN)
    return _KINDS.get(record, EventKind.UNKNOWN)


def _post(account: Account, said: Mapping[str, object]) -> HttpRequest:
    headers = {
        "X-Postmark-Server-Token": account.key,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    body = json.dumps(said).encode()
    return HttpRequest(method="POST", url=f"{account.base or _URL}/email", headers=headers, body=body)


PROVIDER = Provider(
    name="postmark",
    url=UrlForm(
        example="postmark://TOKEN@default",
        options={"stream": re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")},
    ),
    capabilities=Capabilities(most_bytes=10_000_000, retry_code=503),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
)
