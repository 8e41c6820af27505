"""Lettermint: the suite of every provider, and what is its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Hook, HttpAnswer
from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.lettermint import Lettermint


class TestLettermint(ProviderSuite):
    fake = Lettermint
    tells_blocked = True
    words = ("message.delivered",)


def test_the_time_of_delivery_must_be_the_one_that_is_signed() -> None:
    now = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    hook = Lettermint().hook(b"{}", "whsec_first", now)
    other = replace(hook, headers={**hook.headers, "x-lettermint-delivery": "1"})
    assert PROVIDERS["lettermint"].verify(hook, ["whsec_first"], now)
    assert not PROVIDERS["lettermint"].verify(other, ["whsec_first"], now)


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (202, {"message_id": "1", "status": "queued"}, Outcome.ACCEPTED),
        (202, {"message_id": "1", "status": "suppressed"}, Outcome.SUPPRESSED),
        (202, {"message_id": "1", "status": "policy_rejected"}, Outcome.INVALID),
        (202, {"status": "queued"}, Outcome.UNKNOWN),
        (409, {"message": "A request with this key is in progress."}, Outcome.UNKNOWN),
        (422, {"message": "This idempotency key has already been used."}, Outcome.UNKNOWN),
        (422, {"message": "The subject field is required."}, Outcome.INVALID),
        (400, {"message": "Malformed JSON"}, Outcome.INVALID),
        (422, {"message": "x", "errors": {"to.0": ["x"]}}, Outcome.INVALID),
        (422, {"error": {"code": "VALIDATION_ERROR", "message": "x"}}, Outcome.INVALID),
        (400, {"error": "Invalid request"}, Outcome.INVALID),
        (422, {"error": "DailyLimitExceeded"}, Outcome.RETRY),
        (422, {"error_type": "DailyLimitExceeded", "message": "No more today."}, Outcome.RETRY),
        (422, {"error": {"code": "QUOTA_EXCEEDED", "message": "No more today."}}, Outcome.RETRY),
        (422, {"message": "The selected value is invalid.", "errors": {"route": ["x"]}}, Outcome.DOWN),
        (422, {"message": "Use a verified domain.", "errors": {"from": ["x"]}}, Outcome.DOWN),
        (422, {"error": {"code": "DOMAIN_NOT_VERIFIED", "message": "Verify it."}}, Outcome.DOWN),
        (403, {"error": "sandbox_not_available", "message": "Not on this plan."}, Outcome.DOWN),
        (500, {}, Outcome.UNKNOWN),
    ],
)
def test_each_answer_is_somebodys_fault(status: int, said: dict[str, object], outcome: Outcome) -> None:
    """Their errors have one of three forms: an object with a code, a code alone, or words with a list by field."""
    answer = HttpAnswer(status=status, body=json.dumps(said).encode())
    result = PROVIDERS["lettermint"].read_response(answer)
    assert (result.outcome, result.scope == "channel") == (
        outcome,
        outcome in {Outcome.RETRY, Outcome.DOWN} or status == 500,
    )


@pytest.mark.parametrize(
    ("told", "diagnostic"),
    [
        ({"response": {"status_code": 550, "content": "5.1.1 No such user"}}, "550 5.1.1 No such user"),
        ({"response": {"status_code": 550, "content": "550 5.1.1 No such user"}}, "550 5.1.1 No such user"),
        ({"response": {"status_code": 552, "message": "Mailbox full"}}, "552 Mailbox full"),
        ({"response": {"status_code": 452}}, "452"),
        ({"reason": "Spam score"}, "Spam score"),
        ({}, None),
    ],
)
def test_the_servers_words_are_found_in_every_form_of_the_event(
    told: dict[str, object], diagnostic: str | None
) -> None:
    """By them a bounce is judged: without, a full mailbox counts as one that is gone."""
    body = json.dumps({"id": "1", "event": "message.hard_bounced", "data": told}).encode()
    (event,) = PROVIDERS["lettermint"].parse(Hook(headers={}, body=body))
    assert event.diagnostic == diagnostic
