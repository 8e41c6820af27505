"""Postmark: the suite of every provider, and what is its own."""

from __future__ import annotations

import json

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import HttpAnswer
from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.postmark import Postmark


class TestPostmark(ProviderSuite):
    fake = Postmark
    tells_blocked = True
    signs_body = False
    words = ("Delivery",)


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, {"Message": "Message accepted, but delivery may be delayed."}, Outcome.ACCEPTED),
        (
            200,
            {"ErrorCode": 0, "Message": "OK, but inactive addresses: anna@example.nl", "MessageID": "1"},
            "suppressed",
        ),
        (200, {"ErrorCode": 300, "Message": "Zero recipients specified"}, Outcome.INVALID),
        (200, {"Message": "OK"}, Outcome.UNKNOWN),
        (422, {"ErrorCode": 406, "Message": "inactive"}, Outcome.SUPPRESSED),
        (422, {"ErrorCode": 400, "Message": "no sender signature"}, Outcome.DOWN),
        (422, {"ErrorCode": 405, "Message": "no credits"}, Outcome.DOWN),
        (422, {"ErrorCode": 412, "Message": "account pending"}, Outcome.DOWN),
        (422, {"ErrorCode": 411, "Message": "forbidden attachment"}, Outcome.INVALID),
        (422, {"ErrorCode": 1235, "Message": "The 'MessageStream' provided does not exist."}, Outcome.DOWN),
        (422, {"ErrorCode": 1236, "Message": "Sending is not supported on the 'MessageStream'."}, Outcome.DOWN),
        (503, {"ErrorCode": 100, "Message": "Maintenance"}, Outcome.RETRY),
        (429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}, Outcome.RETRY),
        (500, {}, Outcome.UNKNOWN),
        (500, {"ErrorCode": 500, "Message": "Internal error"}, Outcome.UNKNOWN),
        (503, {"ErrorCode": 1, "Message": "Service unavailable"}, Outcome.UNKNOWN),
        (401, {"ErrorCode": 1, "Message": "Unauthorised"}, Outcome.DOWN),
    ],
)
def test_each_code_is_somebodys_fault(status: int, said: dict[str, object], outcome: str) -> None:
    result = PROVIDERS["postmark"].read_response(HttpAnswer(status=status, body=json.dumps(said).encode()))
    assert (result.outcome, result.hard) == (outcome, False)
    assert "anna" not in result.text
