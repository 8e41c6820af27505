"""Lettermint: the suite of every provider, and what is its own."""

from __future__ import annotations

from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.lettermint import Lettermint


class TestLettermint(ProviderSuite):
    fake = Lettermint
    tells_blocked = True
    words = ("message.delivered",)
