"""The providers that mail can go by, each in a file of its own. A seventh is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.mail.providers import brevo, lettermint, mailgun, postmark, resend, ses
from service.mail.providers.values import Provider

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {each.PROVIDER.name: each.PROVIDER for each in (lettermint, brevo, postmark, resend, mailgun, ses)}
)
"""By the scheme of their mail URL, which is also their name in settings, logs and `/webhooks/mail/{provider}`."""
