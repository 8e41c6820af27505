"""Resend: the suite of every provider, and what is its own."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import HttpAnswer
from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.resend import Resend


class TestResend(ProviderSuite):
    fake = Resend
    words = ("email.delivered",)


@pytest.mark.parametrize(
    ("status", "name", "outcome"),
    [
        (400, "invalid_idempotency_key", Outcome.INVALID),
        (400, "validation_error", Outcome.INVALID),
        (403, "validation_error", Outcome.DOWN),
        (401, "missing_api_key", Outcome.DOWN),
        (400, "restricted_api_key", Outcome.DOWN),
        (422, "invalid_attachment", Outcome.INVALID),
        (409, "invalid_idempotent_request", Outcome.UNKNOWN),
        (409, "concurrent_idempotent_requests", Outcome.UNKNOWN),
        (429, "rate_limit_exceeded", Outcome.RETRY),
        (429, "daily_quota_exceeded", Outcome.RETRY),
        (451, "security_error", Outcome.INVALID),
        (500, "application_error", Outcome.UNKNOWN),
    ],
)
def test_the_name_says_whose_fault_it_is_before_the_status_does(status: int, name: str, outcome: Outcome) -> None:
    body = json.dumps({"statusCode": status, "name": name, "message": "x"}).encode()
    result = PROVIDERS["resend"].read_response(HttpAnswer(status=status, body=body))
    assert (result.outcome, result.hard) == (outcome, False)
    assert (result.retry_after == timedelta(hours=1)) == ("quota" in name)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_key_without_the_form_of_one_loses_no_mail_and_is_found_by_a_check(status: int) -> None:
    body = json.dumps({"statusCode": status, "name": "validation_error", "message": "API key is invalid"}).encode()
    result = PROVIDERS["resend"].read_response(HttpAnswer(status=status, body=body))
    assert (result.outcome, result.scope, result.stage) == (Outcome.DOWN, "channel", "answer")
