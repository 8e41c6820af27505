"""Brevo: the suite of every provider, and what is its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Hook, HttpAnswer
from tests.mail.providers.mails import a_mail
from tests.mail.providers.suite import ProviderSuite, url_of
from tests.support.fakes.brevo import Brevo


class TestBrevo(ProviderSuite):
    fake = Brevo
    signs_body = False
    words = ("delivered",)


def test_an_event_that_we_fail_at_is_asked_for_again_by_the_one_code_that_does_so() -> None:
    codes = {name: provider.capabilities.retry_code for name, provider in PROVIDERS.items()}
    assert codes.pop("brevo") == 429
    assert set(codes.values()) == {503}


def test_a_bearer_token_is_known_as_well_as_a_password() -> None:
    now = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    hook = Hook(headers={"authorization": "Bearer a-long-token"}, body=b"{}")
    verify = PROVIDERS["brevo"].verify
    assert verify(hook, ["user:password", "a-long-token"], now)
    assert not verify(hook, ["user:password"], now)
    assert not verify(Hook(headers={"authorization": "Basic a-long-token"}, body=b"{}"), ["a-long-token"], now)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, b'{"messageId": "<1@smtp-relay.mailin.fr>"}', Outcome.ACCEPTED),
        (201, b"", Outcome.ACCEPTED),
        (200, b"<html>We are at work</html>", Outcome.UNKNOWN),
        (201, b"{}", Outcome.UNKNOWN),
        (202, b'{"code": "account_under_validation", "message": "wait"}', Outcome.DOWN),
        (400, b'{"code": "duplicate_parameter", "message": "x"}', Outcome.UNKNOWN),
        (400, b'{"code": "duplicate_request", "message": "x"}', Outcome.UNKNOWN),
    ],
)
def test_only_an_id_or_an_empty_answer_is_a_yes(status: int, body: bytes, outcome: Outcome) -> None:
    assert PROVIDERS["brevo"].read_response(HttpAnswer(status=status, body=body)).outcome is outcome


def test_a_name_that_brevo_would_drop_goes_over_as_an_encoded_word() -> None:
    account = url_of("brevo://key@default").account
    assert account is not None
    said = json.loads(PROVIDERS["brevo"].build_request(a_mail(name="Zoë, Rug & Nek"), account).body)
    assert said["sender"]["name"].startswith("=?utf-8?")
    assert json.loads(PROVIDERS["brevo"].build_request(a_mail(name="Zoë"), account).body)["sender"]["name"] == "Zoë"
