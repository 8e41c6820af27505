"""The way on to the practice's own agenda, with a reference that comes back when an appointment is made there."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

from service.domain.calcom import METADATA
from service.domain.practice import Booking

_FIELDS = MappingProxyType({"calcom": f"metadata[{METADATA}]", "calendly": "utm_content", "other": "ref"})
"""What each agenda hands back: Cal.com its metadata, Calendly its tracking, any other what docs/booking.md asks."""


def with_reference(booking: Booking, token: str) -> str:
    """The practice's link as it stands, and with the token where the practice named the agenda behind it."""
    if booking.source is None:
        return booking.url
    parts = urlsplit(booking.url)
    query = "&".join(filter(None, [parts.query, urlencode({_FIELDS[booking.source]: token})]))
    return parts._replace(query=query).geturl()
