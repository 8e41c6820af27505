"""Brevo: the suite of every provider, and what is its own."""

from __future__ import annotations

from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.brevo import Brevo


class TestBrevo(ProviderSuite):
    fake = Brevo
    signs_body = False
    words = ("delivered",)
