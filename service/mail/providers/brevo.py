"""Brevo (France): transactional API, webhooks without a signature: an event that we fail at once is gone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from email.header import Header
from types import MappingProxyType

from service.domain.mailbox import Mailbox
from service.mail.outbound import OutboundMail, SendResult
from service.mail.providers import answers, reading, signatures
from service.mail.providers.parts import taken_apart
from service.mail.providers.values import (
    Account,
    Capabilities,
    Event,
    EventKind,
    Hook,
    HttpAnswer,
    HttpRequest,
    Provider,
    UnreadableHookError,
    UrlForm,
)

_URL = "https://api.brevo.com"
_OUR_FAULT = frozenset({"unauthorized", "not_enough_credits", "permission_denied", "account_under_validation"})
_KEY_WAS_USED = frozenset({"duplicate_parameter", "duplicate_request"})  # their list of codes has both
_KINDS = MappingProxyType(
    {
        "request": EventKind.ACCEPTED,
        "delivered": EventKind.DELIVERED,
        "deferred": EventKind.DEFERRED,
        "hard_bounce": EventKind.HARD_BOUNCE,
        "invalid_email": EventKind.HARD_BOUNCE,
        "soft_bounce": EventKind.SOFT_BOUNCE,
        "blocked": EventKind.REJECTED,
        "spam": EventKind.COMPLAINED,
        "complaint": EventKind.COMPLAINED,
        "unsubscribe": EventKind.UNSUBSCRIBED,
        "unsubscribed": EventKind.UNSUBSCRIBED,
        "opened": EventKind.OPENED,
        "unique_opened": EventKind.OPENED,
        "proxy_open": EventKind.OPENED,
        "unique_proxy_open": EventKind.OPENED,
        "click": EventKind.CLICKED,
        "error": EventKind.FAILED,
    }
)


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /v3/smtp/email. X-Mailin-custom comes back with every event; the recipient can see it too.

    The idempotency key stands where their documentation has it, in the body's `headers`, and must be a UUID.
    """
    parts = taken_apart(mail.data)
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, mail.idempotency_key))
    said: dict[str, object] = {
        "sender": _named(parts.sender),
        "to": [{"email": mail.recipient}],
        "subject": parts.subject,
        "htmlContent": parts.html,
        "textContent": parts.text,
        "headers": {**dict(parts.headers), "X-Mailin-custom": mail.idempotency_key, "idempotencyKey": key},
    }
    if parts.reply_to is not None:
        said["replyTo"] = _named(parts.reply_to)
    if parts.attachments:
        said["attachment"] = [{"name": each.name, "content": each.base64} for each in parts.attachments]
    return _post(account, said)


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 401 for a bad key, 400 for a good one."""
    return _post(account, {})


def read_response(answer: HttpAnswer) -> SendResult:
    """201 with an id, or with nothing at all. Words without an id are no yes, whoever says them on the way."""
    said = answer.fields()
    provider_id = reading.bare_id(said.get("messageId"))
    code = reading.text(said.get("code")) or ""
    text = f"{code}: {reading.text(said.get('message')) or ''}" if code else ""
    if answer.status in {200, 201, 202} and (provider_id is not None or not answer.body.strip()):
        return answers.taken(answer, provider_id)
    if code in _KEY_WAS_USED and answer.status < 500:
        return answers.unclear(answer, text)  # a call with this key was worked on before
    if code in _OUR_FAULT:
        return answers.down(answer, text)
    return answers.by_status(answer, text)


verify = signatures.has_password


def parse(hook: Hook) -> list[Event]:
    """One object a call, or a list of up to 500. `id` names the webhook; only `ts_epoch` knows no time zone.

    One of several that nobody can read hides no other, for none of them comes again.
    """
    said = reading.body_of(hook)
    several = said if isinstance(said, list) else [said]
    events = [_event(reading.mapping(each)) for each in several]
    if events and all(each.kind is EventKind.UNREADABLE for each in events):
        raise UnreadableHookError("the event cannot be read", "De gebeurtenis is niet te lezen.")
    return events


def _event(said: Mapping[str, object]) -> Event:
    raw = reading.text(said.get("event"))
    kind = _KINDS.get(raw, EventKind.UNKNOWN) if raw else EventKind.UNREADABLE
    provider_id, moment = reading.bare_id(said.get("message-id")), said.get("ts_epoch")
    recipient = reading.address(said.get("email"))
    return Event(
        provider=PROVIDER.name,
        dedup_key=signatures.digest(raw, provider_id, recipient, moment),
        kind=kind,
        raw_kind=raw or "",
        occurred_at=reading.seconds(moment, unit=1000),
        recipient=recipient,
        provider_id=provider_id,
        own_key=reading.text(said.get("X-Mailin-custom")),
        diagnostic=reading.text(said.get("reason")),
    )


def _named(mailbox: Mailbox) -> dict[str, str]:
    """They drop a name with both a comma and a letter outside ASCII, unless it is an encoded word already."""
    if not mailbox.name:
        return {"email": mailbox.address}
    name = mailbox.name
    if "," in name and not name.isascii():
        name = Header(name, "utf-8", maxlinelen=1000).encode()
    return {"email": mailbox.address, "name": name}


def _post(account: Account, said: Mapping[str, object]) -> HttpRequest:
    headers = {"api-key": account.key, "Content-Type": "application/json", "Accept": "application/json"}
    body = json.dumps(said).encode()
    return HttpRequest(method="POST", url=f"{account.base or _URL}/v3/smtp/email", headers=headers, body=body)


PROVIDER = Provider(
    name="brevo",
    url=UrlForm(example="brevo://KEY@default"),
    capabilities=Capabilities(
        # 30 minutes by their manual, 15 when it was announced; what a repeat answers is not sure either
        idempotency_window=timedelta(minutes=15),
        most_bytes=20_000_000,
        retry_code=429,  # any other answer but 2xx throws the event away
        switches_tracking_off=False,
    ),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
)
