"""Postmark: the suite of every provider, and what is its own."""

from __future__ import annotations

from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.postmark import Postmark


class TestPostmark(ProviderSuite):
    fake = Postmark
    tells_blocked = True
    signs_body = False
    words = ("Delivery",)
