"""Lettermint (Netherlands): Sending API v1, idempotency keys, signed webhooks."""

from __future__ import annotations

import json
import re
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

_URL = "https://api.lettermint.co"
_TOLERANCE = timedelta(seconds=300)  # theirs
_LIMIT = re.compile(
    r"quota|(?:day|daily|month|monthly|rate|sending|plan|account|team|project).{0,9}limit", re.IGNORECASE
)
_LIMIT_REST = timedelta(hours=1)
_OF_A_MAIL = re.compile(r"valid", re.IGNORECASE)
_KINDS = MappingProxyType(
    {
        "message.created": EventKind.ACCEPTED,
        "message.sent": EventKind.ACCEPTED,
        "message.delivered": EventKind.DELIVERED,
        "message.soft_bounced": EventKind.SOFT_BOUNCE,
        "message.hard_bounced": EventKind.HARD_BOUNCE,
        "message.spam_complaint": EventKind.COMPLAINED,
        "message.unsubscribed": EventKind.UNSUBSCRIBED,
        "message.suppressed": EventKind.REJECTED,
        "message.policy_rejected": EventKind.REJECTED,
        "message.failed": EventKind.FAILED,
        "message.opened": EventKind.OPENED,
        "message.clicked": EventKind.CLICKED,
    }
)


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /v1/send; the key is metadata, which they put into no header of the mail."""
    parts = taken_apart(mail.data)
    said: dict[str, object] = {
        "from": written(parts.sender),
        "to": [mail.recipient],
        "subject": parts.subject,
        "html": parts.html,
        "text": parts.text,
        "headers": dict(parts.headers),
        "metadata": {"key": mail.idempotency_key},
        "settings": {"track_opens": False, "track_clicks": False},
    }
    if parts.reply_to is not None:
        said["reply_to"] = [written(parts.reply_to)]
    if "route" in account.options:
        said["route"] = account.options["route"]
    if parts.attachments:
        said["attachments"] = [
            {"filename": each.name, "content": each.base64, "content_type": each.kind} for each in parts.attachments
        ]
    return _post(account, said, {"Idempotency-Key": mail.idempotency_key})


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 401 for a bad token, 422 for a good one."""
    return _post(account, {}, {})


def read_response(answer: HttpAnswer) -> SendResult:
    """202 with an id; `suppressed` means that they send nothing to this address."""
    said = answer.fields()
    state, found = reading.text(said.get("status")), reading.bare_id(said.get("message_id"))
    if answer.status not in {200, 202}:
        return _refused(answer, said)
    if state == "suppressed":
        return answers.suppressed(answer, "Lettermint has the address on its suppression list.")
    if state in {"policy_rejected", "failed"}:
        return answers.invalid(answer, f"Lettermint refused the mail: {state}.")
    return answers.taken(answer, found) if found is not None else _refused(answer, said)


def _refused(answer: HttpAnswer, said: Mapping[str, object]) -> SendResult:
    """What is wrong has one of three forms: a code with words, a code alone, or words with the fields of the mail.

    Their limit for a day is a 422 as well. A code without fields is about all of us, unless it says otherwise: what is
    wrong in one mail is told by its fields.
    """
    named = (said.get("error"), reading.within(said, "error", "code"), said.get("error_type"))
    code = next((found for each in named if (found := reading.text(each))), "")
    words = reading.text(reading.within(said, "error", "message")) or reading.text(said.get("message")) or ""
    text = ": ".join(filter(None, (code, words)))
    # 409 (an older page: 422): the key was used, with other bytes or by a call that still runs
    if answer.status == 409 or "idempotency" in text.lower():
        return answers.unclear(answer, text or "Lettermint knows this key from another call.")
    if answer.status in {400, 422}:
        fields = reading.mapping(said.get("errors")).keys()
        if _LIMIT.search(code):
            return answers.slower(answer, text, at_least=_LIMIT_REST)
        if fields & {"from", "route"} or (code and not fields and not _OF_A_MAIL.search(code)):
            return answers.misnamed(answer, text)
    return answers.by_status(answer, text)


def verify(hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
    """`t=…,v1=…`: HMAC-SHA256 over `t.body`, under the whole secret as it is shown, `whsec_` included."""
    signed = dict(
        part.strip().partition("=")[::2] for part in hook.headers.get("x-lettermint-signature", "").split(",")
    )
    timestamp = signed.get("t", "")
    if hook.headers.get("x-lettermint-delivery", timestamp) != timestamp:
        return False
    text = timestamp.encode("utf-8", "replace") + b"." + hook.body
    genuine = signatures.any_same([signed.get("v1", "")], [signatures.hex_mac(each.encode(), text) for each in secrets])
    return genuine and signatures.is_fresh(timestamp, now, _TOLERANCE)


def parse(hook: Hook) -> list[Event]:
    """One event a call."""
    said = reading.object_of(hook)
    data = reading.mapping(said.get("data"))
    raw = reading.name(said.get("event"))
    provider_id = reading.bare_id(data.get("message_id"))
    moment = said.get("timestamp", said.get("created_at"))
    return [
        Event(
            provider=PROVIDER.name,
            dedup_key=reading.text(said.get("id")) or signatures.digest(raw, provider_id, moment),
            kind=_KINDS.get(raw, EventKind.UNKNOWN),
            raw_kind=raw,
            occurred_at=reading.iso(moment) or reading.seconds(moment),
            recipient=reading.address(data.get("recipient")),
            provider_id=provider_id,
            own_key=reading.text(reading.within(data, "metadata", "key")),
            diagnostic=_diagnostic(data),
        )
    ]


def _diagnostic(data: Mapping[str, object]) -> str | None:
    """What the server said, its code before its words; in older events the words have another name."""
    response = reading.mapping(data.get("response"))
    words = reading.text(response.get("content")) or reading.text(response.get("message"))
    code = reading.text(response.get("status_code"))
    if code and words and words.startswith(code):
        return words
    return " ".join(filter(None, (code, words))) or reading.text(data.get("reason"))


def _post(account: Account, said: Mapping[str, object], more: Mapping[str, str]) -> HttpRequest:
    headers = {"x-lettermint-token": account.key, "Content-Type": "application/json", "Accept": "application/json"}
    body = json.dumps(said).encode()
    return HttpRequest(method="POST", url=f"{account.base or _URL}/v1/send", headers={**headers, **more}, body=body)


PROVIDER = Provider(
    name="lettermint",
    url=UrlForm(
        example="lettermint://TOKEN@default",
        options={"route": re.compile(r"[A-Za-z0-9_-]{1,60}")},
    ),
    capabilities=Capabilities(
        idempotency_window=timedelta(hours=24),
        repeats_safely=True,
        most_bytes=10_000_000,  # they tell no limit; the smallest of the others'
        retry_code=503,
        oldest_signature=_TOLERANCE,
    ),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
)
