"""Mailgun: the suite of every provider, and what is its own."""

from __future__ import annotations

from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.mailgun import Mailgun


class TestMailgun(ProviderSuite):
    fake = Mailgun
    signs_body = False
    words = ("delivered",)
