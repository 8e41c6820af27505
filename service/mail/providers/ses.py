"""Amazon SES v2: the finished message goes over byte for byte, signed by SigV4; events come by SNS.

`NURTURE_WEBHOOK_SECRETS_SES` lists the ARNs of our topics: a signature by SNS alone proves only that it is somebody's.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from service.mail.inbound.complaints import NO_WISH
from service.mail.outbound import OutboundMail, SendResult
from service.mail.providers import answers, reading, signatures
from service.mail.providers.certificates import Hash, public_key
from service.mail.providers.parts import sender_of
from service.mail.providers.sigv4 import signed_headers
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

_TOLERANCE = timedelta(hours=2)  # SNS goes on trying for an hour
_QUOTA_REST = timedelta(minutes=10)
_SNS_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
# SNS answers calls of its API under the same host, with words that the caller chose: a certificate of his, say.
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
_HASHES: Mapping[str, Hash] = MappingProxyType({"1": "sha1", "2": "sha256"})
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
_THIS_MAIL = frozenset({"BadRequestException", "MessageRejected", "ValidationException", "InvalidParameterValue"})
_KINDS = MappingProxyType(
    {
        "Send": EventKind.ACCEPTED,
        "Delivery": EventKind.DELIVERED,
        "DeliveryDelay": EventKind.DEFERRED,
        "Complaint": EventKind.COMPLAINED,
        "Reject": EventKind.REJECTED,
        "Open": EventKind.OPENED,
        "Click": EventKind.CLICKED,
        "Rendering Failure": EventKind.FAILED,
        "Subscription": EventKind.UNSUBSCRIBED,
    }
)
_DETAILS = MappingProxyType({"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"})


def build_request(mail: OutboundMail, account: Account) -> HttpRequest:
    """POST /v2/email/outbound-emails with the raw message. The tag comes back with events, not with notifications."""
    said: dict[str, object] = {
        "FromEmailAddress": sender_of(mail.data).address,
        "Destination": {"ToAddresses": [mail.recipient]},
        "Content": {"Raw": {"Data": base64.b64encode(mail.data).decode()}},
        "EmailTags": [{"Name": "key", "Value": mail.idempotency_key}],
    }
    if "configuration_set" in account.options:
        said["ConfigurationSetName"] = account.options["configuration_set"]
    return _post(account, said)


def empty_request(account: Account) -> HttpRequest:
    """The same to nobody: 403 for a bad key, 400 for a good one."""
    return _post(account, {})


def sign(request: HttpRequest, account: Account, now: datetime) -> HttpRequest:
    """By SigV4, anew for each try: Amazon takes no signature that is older than some minutes."""
    headers = signed_headers(
        request, key=account.key, secret=account.secret, region=account.where, service="ses", now=now
    )
    return replace(request, headers=headers)


def read_response(answer: HttpAnswer) -> SendResult:
    """200 with an id, else the name of an exception, in a header or in the body."""
    said = answer.fields()
    named = answer.headers.get("x-amzn-errortype") or reading.text(said.get("__type")) or ""
    name = named.partition(":")[0].rpartition("#")[2]
    message = reading.text(said.get("message")) or reading.text(said.get("Message")) or ""
    text = f"{name}: {message}" if name else message
    if answer.status == 200 and (found := reading.bare_id(said.get("MessageId"))) is not None:
        return answers.taken(answer, found)
    if name in _THROTTLED:
        return answers.slower(answer, text, at_least=_QUOTA_REST if "quota" in message.lower() else None)
    if name in _THIS_MAIL:
        # Outside production access SES refuses everybody it does not know: no mail gets past that.
        return answers.down(answer, text) if "not verified" in message else answers.invalid(answer, text)
    if 400 <= answer.status < 500 and name:
        return answers.down(answer, text)  # key, signature, clock, account, sender domain
    return answers.by_status(answer, text)


def verify(hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
    """One of our topics, and SNS's own signature under the certificate that was fetched."""
    said = reading.object_of(hook)
    topic = reading.text(said.get("TopicArn")) or ""
    key = public_key(hook.certificate or b"")
    signature = signatures.decoded(str(said.get("Signature")))
    hash_name = _HASHES.get(str(said.get("SignatureVersion")))
    signed_at = reading.iso(said.get("Timestamp"))
    if key is None or signature is None or hash_name is None or signed_at is None:
        return False
    genuine = key.signed(_to_sign(said), signature, hash_name=hash_name, now=now)
    fresh = signatures.is_fresh(signed_at.timestamp(), now, _TOLERANCE)
    return genuine and fresh and signatures.any_same([topic], secrets)


def parse(hook: Hook) -> list[Event]:
    """One event an envelope, for each recipient it names. Confirmations of a subscription are no news about a mail."""
    envelope = reading.object_of(hook)
    number = reading.text(envelope.get("MessageId")) or signatures.digest(hook.body)
    if envelope.get("Type") != "Notification":
        raw = reading.text(envelope.get("Type")) or "unknown"
        return [Event(provider=PROVIDER.name, dedup_key=number, kind=EventKind.UNKNOWN, raw_kind=raw)]
    said = _inner(envelope)
    raw = reading.name(said.get("eventType") or said.get("notificationType")) if said else "unknown"
    detail = reading.mapping(said.get(_DETAILS.get(raw, raw.lower())))
    names = ("bounceType", "bounceSubType", "complaintFeedbackType")
    sorts = tuple(reading.text(detail.get(each)) for each in names)
    mail = reading.mapping(said.get("mail"))
    return [
        Event(
            provider=PROVIDER.name,
            dedup_key=number if place == 0 else f"{number}-{place}",
            kind=_kind(raw, *sorts),
            raw_kind="/".join(filter(None, (raw, *sorts))),
            occurred_at=reading.iso(detail.get("timestamp")) or reading.iso(envelope.get("Timestamp")),
            recipient=recipient,
            provider_id=reading.bare_id(mail.get("messageId")),
            own_key=reading.text(reading.within(mail, "tags", "key")),
            diagnostic=diagnostic,
        )
        for place, (recipient, diagnostic) in enumerate(_recipients(detail, mail))
    ]


def certificate_url(hook: Hook) -> str | None:
    """Where the certificate lies, if that is SNS itself; None for any other place, which nobody may make us fetch."""
    url = _at_sns(reading.object_of(hook).get("SigningCertURL"))
    if url is None:
        return None
    return url if _CERTIFICATE.fullmatch(urlsplit(url).path) and "?" not in url else None


def confirm_url(hook: Hook) -> str | None:
    """What to visit to confirm the subscription of a topic, when this genuine call asks for that."""
    said = reading.object_of(hook)
    return _at_sns(said.get("SubscribeURL")) if said.get("Type") == "SubscriptionConfirmation" else None


def _at_sns(value: object) -> str | None:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    genuine = parts.scheme == "https" and _SNS_HOST.fullmatch(parts.netloc) is not None
    return value if genuine and not parts.fragment else None


def _to_sign(said: Mapping[str, object]) -> bytes:
    """Name and value a line each, in the order that SNS's manual gives; a subject only where there is one."""
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if said.get("Type") != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    lines = (f"{name}\n{said[name]}\n" for name in names if isinstance(said.get(name), str))
    return "".join(lines).encode("utf-8", "replace")


def _inner(envelope: Mapping[str, object]) -> Mapping[str, object]:
    """The event is a JSON text within the JSON; SNS also sends plain words, to see whether anybody is there."""
    try:
        found = json.loads(str(envelope.get("Message")))
    except ValueError:
        return {}
    except RecursionError as error:
        raise UnreadableHookError("the event is no JSON", "De gebeurtenis is geen JSON.") from error
    return reading.mapping(found)


def _kind(raw: str, bounce: str | None, why: str | None, complaint: str | None) -> EventKind:
    if raw == "Complaint" and (complaint or "").lower() in NO_WISH:
        return EventKind.UNKNOWN  # what stood in the report of her provider, "this is no spam" included
    if raw != "Bounce":
        return _KINDS.get(raw, EventKind.UNKNOWN)
    if why in {"Suppressed", "OnAccountSuppressionList"}:
        return EventKind.REJECTED
    return EventKind.HARD_BOUNCE if bounce == "Permanent" else EventKind.SOFT_BOUNCE


def _recipients(detail: Mapping[str, object], mail: Mapping[str, object]) -> list[tuple[str | None, str | None]]:
    """Whom an event is about, with the words of their server; nobody's name where it tells none."""
    for name in ("bouncedRecipients", "complainedRecipients", "delayedRecipients"):
        several = detail.get(name)
        if isinstance(several, list) and several:
            each = [reading.mapping(one) for one in several]
            return [(reading.address(one.get("emailAddress")), reading.text(one.get("diagnosticCode"))) for one in each]
    for named in (detail.get("recipients"), mail.get("destination")):
        if isinstance(named, list) and named:
            words = reading.text(detail.get("smtpResponse")) or reading.text(detail.get("reason"))
            return [(reading.address(one), words) for one in named]
    return [(None, None)]


def _post(account: Account, said: Mapping[str, object]) -> HttpRequest:
    url = f"{account.base or f'https://email.{account.where}.amazonaws.com'}/v2/email/outbound-emails"
    headers = {"Content-Type": "application/json"}
    return HttpRequest(method="POST", url=url, headers=headers, body=json.dumps(said).encode())


PROVIDER = Provider(
    name="ses",
    url=UrlForm(
        example="ses://KEY:SECRET@eu-west-1",
        where=re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d"),
        where_is="a region such as eu-west-1",
        has_secret=True,
        options={"configuration_set": re.compile(r"[A-Za-z0-9_-]{1,64}")},
    ),
    capabilities=Capabilities(
        most_bytes=30_000_000,  # 40 MB after base64
        retry_code=503,
        oldest_signature=_TOLERANCE,
        switches_tracking_off=False,
    ),
    build_request=build_request,
    empty_request=empty_request,
    read_response=read_response,
    verify=verify,
    parse=parse,
    sign=sign,
    certificate_url=certificate_url,
    confirm_url=confirm_url,
)
