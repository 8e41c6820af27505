"""What every provider's webhooks must do: half of the suite that `suite.py` runs for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from service.mail.providers.values import EventKind, Hook, UnreadableHookError
from tests.support.fakes.base import Fake

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/providers"
NOW = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


class WebhookSuite:
    """Signatures and events. `words` are what the first event of the fixtures is called."""

    fake: ClassVar[type[Fake]]

    def _body(self) -> bytes:
        (first, *_) = self.events()
        return json.dumps(first["body"]).encode()

    @classmethod
    def events(cls) -> list[dict[str, Any]]:
        """What the provider sends, and what it means, from the fact sheet of its documentation."""
        found = json.loads((FIXTURES / f"{cls.fake.name}.json").read_text(encoding="utf-8"))
        assert isinstance(found, list)
        return found

    def _fits(self, hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
        return self.fake().provider.verify(hook, secrets, now)

    def now(self) -> datetime:
        """When the calls of these tests come."""
        return NOW

    def test_a_genuine_call_is_known_by_any_of_the_secrets(self) -> None:
        api, now = self.fake(), self.now()
        first, second = api.secrets()
        hook = api.hook(self._body(), second, now)
        assert self._fits(hook, [second], now)
        assert self._fits(hook, [first, second], now)
        assert self._fits(api.hook(self._body(), first, now), [first, second], now)

    def test_a_missing_or_wrong_signature_is_no_signature(self) -> None:
        api, now = self.fake(), self.now()
        first, second = api.secrets()
        genuine = api.hook(self._body(), first, now)
        assert not self._fits(genuine, [second], now)
        assert not self._fits(genuine, [], now)
        assert not self._fits(Hook(headers={}, body=self._body()), [first], now)
        for name in genuine.headers:
            if name.startswith("x-amz-sns"):
                continue
            assert not self._fits(replace(genuine, headers={**genuine.headers, name: "é wrong"}), [first], now) or (
                name == "content-type"
            )

    def test_an_old_signature_is_refused_where_a_time_is_signed(self) -> None:
        api, now = self.fake(), self.now()
        (first, *_), oldest = api.secrets(), api.provider.capabilities.oldest_signature
        hook = api.hook(self._body(), first, now)
        late = now + (oldest or timedelta(0)) + timedelta(minutes=1)
        assert self._fits(hook, [first], late) is (oldest is None)
        assert self._fits(api.hook(self._body(), first, now + timedelta(minutes=10)), [first], now) is (oldest is None)

    def test_a_body_that_was_changed_is_refused_where_it_is_signed(self) -> None:
        api, now = self.fake(), self.now()
        (first, *_) = api.secrets()
        hook = api.hook(self._body(), first, now)
        changed = replace(hook, body=hook.body.replace(b"anna", b"bram", 1))
        assert changed.body != hook.body
        assert self._fits(changed, [first], now) is not self.signs_body

    signs_body: ClassVar[bool] = True

    def test_every_event_of_the_fact_sheet_is_understood(self) -> None:
        api, now = self.fake(), self.now()
        (first, *_) = api.secrets()
        for sample in self.events():
            found = api.provider.parse(api.hook(json.dumps(sample["body"]).encode(), first, now))
            told = [(event.kind.value, event.recipient, event.provider_id, event.own_key) for event in found]
            assert told == [tuple(each) for each in sample["means"]], sample["name"]
            assert [event.occurred_at for event in found] == [datetime.fromisoformat(sample["at"])] * len(found)
            assert all(event.provider == api.name for event in found)

    def test_the_same_event_has_the_same_key_each_time_and_another_one_another(self) -> None:
        api, now = self.fake(), self.now()
        (first, *_) = api.secrets()
        hooks = [api.hook(json.dumps(sample["body"]).encode(), first, now) for sample in self.events()]
        keys = [[event.dedup_key for event in api.provider.parse(hook)] for hook in hooks]
        assert keys == [[event.dedup_key for event in api.provider.parse(hook)] for hook in hooks]
        flat = [key for several in keys for key in several]
        assert len(set(flat)) == len(flat)
        assert all(0 < len(key) <= 100 for key in flat)

    def test_an_event_nobody_knows_is_kept_as_unknown(self) -> None:
        api, now = self.fake(), self.now()
        (first, *_) = api.secrets()
        body = json.dumps(self.events()[0]["body"])
        for word in self.words:
            body = body.replace(f'"{word}"', '"brand_new_event"')
        (event, *_) = api.provider.parse(api.hook(body.encode(), first, now))
        assert event.kind is EventKind.UNKNOWN
        assert "brand_new_event" in event.raw_kind

    words: ClassVar[tuple[str, ...]]

    @pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"3", b'["x"]', b"[" * 100_000, b"{" * 10])
    def test_a_body_that_is_no_event_is_refused_plainly(self, body: bytes) -> None:
        with pytest.raises(UnreadableHookError):
            self.fake().provider.parse(Hook(headers={}, body=body))
