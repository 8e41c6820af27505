"""Whatever a provider answers or sends, it is judged and never trips anybody up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Hook, HttpAnswer, UnreadableHookError
from tests.support.cases import examples

_NAMES = (
    *("data", "event-data", "signature", "Message", "mail", "event", "type", "message", "code", "ErrorCode", "id"),
    *("status", "name"),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
each_provider = pytest.mark.parametrize("name", PROVIDERS)


@each_provider
@settings(max_examples=examples(150))
@given(
    status=st.integers(100, 599),
    said=_JSON,
    headers=st.dictionaries(st.sampled_from(["retry-after", "x-amzn-errortype"]), st.text()),
)
def test_no_answer_is_too_strange_to_be_judged(name: str, status: int, said: Any, headers: dict[str, str]) -> None:
    answer = HttpAnswer(status=status, headers=headers, body=json.dumps(said).encode("utf-8", "replace"))
    result = PROVIDERS[name].read_response(answer)
    assert result.outcome is not Outcome.ACCEPTED or 200 <= status < 300
    assert not result.hard


@each_provider
def test_a_status_that_the_next_mail_would_get_too_loses_no_mail(name: str) -> None:
    """400 and 422 can be about one mail, where the provider says so in its own form, and 413: no others."""
    answers = [HttpAnswer(status=status, body=b"<html>no</html>") for status in range(300, 500)]
    lost = [each.status for each in answers if PROVIDERS[name].read_response(each).outcome is Outcome.INVALID]
    assert lost == [413]


@each_provider
@pytest.mark.parametrize("status", [200, 202, 422, 500])
def test_no_answer_is_tripped_over_where_a_word_belongs(name: str, status: int) -> None:
    strange: list[Any] = [[], {}, [{}], 1, None, True]
    for said in strange:
        answer = HttpAnswer(status=status, body=json.dumps(dict.fromkeys(_NAMES, said)).encode())
        assert PROVIDERS[name].read_response(answer).outcome in Outcome


@each_provider
@settings(max_examples=examples(150))
@given(said=_JSON)
def test_no_event_is_too_strange_to_be_read(name: str, said: Any) -> None:
    bodies: list[Any] = [said, dict.fromkeys(_NAMES, said)]
    for body in (json.dumps(each).encode() for each in bodies):
        try:
            events = PROVIDERS[name].parse(Hook(headers={}, body=body))
        except UnreadableHookError:
            continue
        for event in events:
            for text in (event.recipient, event.provider_id, event.own_key, event.diagnostic, event.raw_kind):
                assert "\x00" not in (text or "").encode().decode()
