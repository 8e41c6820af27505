"""Mailgun: the suite of every provider, and what is its own."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import EventKind, Hook, HttpAnswer
from tests.mail.providers.mails import a_mail
from tests.mail.providers.suite import ProviderSuite, url_of
from tests.support.fakes.mailgun import Mailgun


class TestMailgun(ProviderSuite):
    fake = Mailgun
    signs_body = False
    words = ("delivered",)


@pytest.mark.parametrize(("option", "server"), [("?region=eu", "api.eu.mailgun.net"), ("", "api.mailgun.net")])
def test_the_region_chooses_the_server(option: str, server: str) -> None:
    account = url_of(f"mailgun://key@mg.example.nl{option}").account
    assert account is not None
    request = PROVIDERS["mailgun"].build_request(a_mail(), account)
    assert request.url == f"https://{server}/v3/mg.example.nl/messages.mime"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (404, b'{"message": "Domain not found: mg.example.nl"}', Outcome.DOWN),
        (200, b"Mailgun Magnificent API", Outcome.DOWN),
        (200, b'{"message": "Queued"}', Outcome.UNKNOWN),
        (401, b"Forbidden", Outcome.DOWN),
        (420, b'{"message": "Domain mg.example.nl is not allowed to send: recipient limit exceeded"}', Outcome.RETRY),
        (400, b'{"message": "Domain mg.example.nl is not allowed to send: recipient limit exceeded"}', Outcome.RETRY),
        (400, b'{"message": "Domain mg.example.nl is not allowed to send: You are sending too fast"}', Outcome.RETRY),
        (403, b'{"message": "Domain mg.example.nl is not allowed to send: Account disabled"}', Outcome.RETRY),
        (400, b'{"message": "to parameter is not a valid address"}', Outcome.INVALID),
        (502, b"<h1>Bad Gateway</h1>", Outcome.UNKNOWN),
    ],
)
def test_a_wrong_region_or_path_is_ours_and_a_5xx_may_have_left(status: int, body: bytes, outcome: Outcome) -> None:
    """By reports of its users, answered by its maintainers: over the limit it says 420, or 400."""
    result = PROVIDERS["mailgun"].read_response(HttpAnswer(status=status, body=body))
    assert result.outcome is outcome
    assert result.scope == "channel" or outcome is not Outcome.RETRY


def test_a_signature_without_a_token_is_none() -> None:
    now = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    moment = str(int(now.timestamp()))
    mac = hmac.new(b"key", moment.encode(), hashlib.sha256).hexdigest()
    body = json.dumps({"signature": {"timestamp": moment, "token": "", "signature": mac}}).encode()
    assert not PROVIDERS["mailgun"].verify(Hook(headers={}, body=body), ["key"], now)


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        ("bounce", {"code": 550, "message": "No such user"}, EventKind.HARD_BOUNCE),
        ("bounce", None, EventKind.HARD_BOUNCE),
        ("generic", {"code": "550", "message": ""}, EventKind.HARD_BOUNCE),
        ("old", {"code": 602, "message": "", "description": ""}, EventKind.SOFT_BOUNCE),
        ("old", None, EventKind.SOFT_BOUNCE),
        ("generic", {"code": 452, "message": "Requested action not taken"}, EventKind.SOFT_BOUNCE),
        ("generic", {"code": "498", "message": "No MX for [example.nl]"}, EventKind.SOFT_BOUNCE),
        ("suppress-bounce", {"code": 605}, EventKind.REJECTED),
    ],
)
def test_given_up_after_trying_for_long_is_no_gone_mailbox(reason: str, status: object, kind: EventKind) -> None:
    data = {"event": "failed", "severity": "permanent", "reason": reason, "delivery-status": status}
    (event,) = PROVIDERS["mailgun"].parse(Hook(headers={}, body=json.dumps({"event-data": data}).encode()))
    assert event.kind is kind
