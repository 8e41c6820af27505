"""What a provider is made of, and what goes in and comes out of it: frozen shapes, no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from service.errors import InvalidInputError
from service.mail.outbound import OutboundMail, SendResult


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who we are to a provider: what a mail URL says.

    `where` stands behind the @ (a domain, a region, `default`), `options` behind the question mark. `base` replaces the
    provider's own address: a server on this machine, for tests.
    """

    key: str = field(repr=False)
    secret: str = field(default="", repr=False)
    where: str = "default"
    options: Mapping[str, str] = field(default_factory=dict)
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class UrlForm:
    """How a provider's mail URL is written: `NAME://KEY@WHERE`, with `:SECRET` behind the key where it has one.

    `where` is what may stand behind the @, `where_is` says it in words; `options` are those of this provider alone.
    """

    example: str
    where: re.Pattern[str] = re.compile("default")
    where_is: str = "the word default"
    has_secret: bool = False
    options: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """One request, complete. Headers hold the key and the body a mail: neither is ever shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What came back: header names in lower case, the body cut off where it is longer than anybody needs."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def fields(self) -> Mapping[str, object]:
        """The body's JSON object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A webhook call as it came: header names in lower case, the raw body that the signature is about.

    `certificate` is the PEM file behind `Provider.certificate_url`, fetched by whoever verifies.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)


class UnreadableHookError(InvalidInputError):
    """A genuine call whose body is no JSON of the provider's shape."""

    code, status = "unreadable-event", 422


class EventKind(StrEnum):
    """What happened to a mail, in one vocabulary for all providers.

    REJECTED: the provider itself refused to try. DEFERRED: it keeps trying. SOFT_BOUNCE: it gave up, and the address
    may work later. UNKNOWN: an event that is no news about a mail, or that we know no word for. UNREADABLE: what stands
    among events and is none.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One piece of news about one mail to one recipient.

    `dedup_key` is the same for each delivery of the same event. `own_key` is the mail's idempotency key where the
    provider echoes it; `provider_id` what `SendResult.provider_id` was. `occurred_at` is aware, None where the event
    tells no time. `recipient` has its domain in lower case.
    """

    provider: str
    dedup_key: str
    kind: EventKind
    raw_kind: str
    occurred_at: datetime | None = None
    recipient: str | None = field(default=None, repr=False)
    provider_id: str | None = None
    own_key: str | None = None
    diagnostic: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do, and what we must do ourselves.

    `idempotency_window`: how long it recognises a key; None, it knows none. `repeats_safely`: a repeat inside the
    window is known to give the first answer again. `most_bytes`: of a whole message, after encoding. `retry_code`: the
    status that makes it deliver an event again after a failure of ours. `oldest_signature`: an event signed longer ago
    is refused; None where no time is signed. `switches_tracking_off`: for each mail, else it is a setting there.
    """

    most_bytes: int
    retry_code: int
    idempotency_window: timedelta | None = None
    repeats_safely: bool = False
    oldest_signature: timedelta | None = None
    switches_tracking_off: bool = True


def _nothing(_hook: Hook) -> str | None:
    return None


def _as_it_is(request: HttpRequest, _account: Account, _now: datetime) -> HttpRequest:
    return request


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider: pure functions and what it can do. `providers/NAME.py` makes one each.

    `build_request(mail, account)`: the one request that hands over this mail, the same bytes each time; raises
    UnfitMailError. `empty_request(account)`: the same without a mail, so to nobody: is the key good?
    `sign(request, account, now)`: what is made anew for each try, where a signature holds the time.
    `read_response(answer)`: what became of the mail. `verify(hook, secrets, now)`: is the call genuine; any of the
    secrets will do. `parse(hook)`: its events; raises UnreadableHookError.
    `certificate_url(hook)`: what `verify` needs fetched first. `confirm_url(hook)`: what a genuine call wants visited.
    """

    name: str
    url: UrlForm
    capabilities: Capabilities
    build_request: Callable[[OutboundMail, Account], HttpRequest]
    empty_request: Callable[[Account], HttpRequest]
    read_response: Callable[[HttpAnswer], SendResult]
    verify: Callable[[Hook, Sequence[str], datetime], bool]
    parse: Callable[[Hook], list[Event]]
    certificate_url: Callable[[Hook], str | None] = _nothing
    confirm_url: Callable[[Hook], str | None] = _nothing
    sign: Callable[[HttpRequest, Account, datetime], HttpRequest] = _as_it_is
