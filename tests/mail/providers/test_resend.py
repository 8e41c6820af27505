"""Resend: the suite of every provider, and what is its own."""

from __future__ import annotations

from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.resend import Resend


class TestResend(ProviderSuite):
    fake = Resend
    words = ("email.delivered",)
