"""What a line of `practice.yaml` may be: an address, a web address, a logo, a time zone."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from service.domain.field_hints import Asked
from service.domain.lead import normalise_address
from service.domain.reading import Line, WrongValueError
from service.errors import InvalidInputError

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_NO_LINK = ("that is no https address", "dat is geen https-adres")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongValueError("there is no such time zone", "die tijdzone bestaat niet") from None
    return name


def _address(raw: str) -> str:
    try:
        return normalise_address(raw)
    except InvalidInputError:
        raise WrongValueError("that is no e-mail address", "dat is geen e-mailadres") from None


def _web_address(raw: str) -> str:
    """The address in ASCII, as a mail can hold it: browsers show, and some copy, `patiënten` for `pati%C3%ABnten`."""
    if not raw:
        return raw
    try:
        parts = urlsplit(raw)
    except ValueError:
        raise WrongValueError(*_NO_LINK) from None
    if parts.scheme != "https" or not parts.hostname or any(c.isspace() or c in "<>\"'" for c in raw):
        raise WrongValueError(*_NO_LINK)
    rest = raw[len("https://") + len(parts.netloc) :]
    return f"https://{_host(parts)}" + _NOT_ASCII.sub(lambda found: quote(found[0]), rest)


def _host(parts: SplitResult) -> str:
    """Host and port, in A-labels where it has other letters (RFC 5890)."""
    if parts.netloc.isascii():
        return parts.netloc
    try:
        host, port = normalise_address(f"www@{parts.hostname}").rpartition("@")[2], parts.port
    except (InvalidInputError, ValueError):
        raise WrongValueError(*_NO_LINK) from None
    return f"{host}:{port}" if port else host


def _logo(raw: str) -> str:
    if raw.startswith(("https:", "http:")):
        return _web_address(raw)
    if raw.startswith("/") or ".." in raw or "\\" in raw:
        raise WrongValueError("that lies outside the media folder", "dat ligt buiten de map media")
    return raw


Address = Annotated[Line, AfterValidator(_address)]
WebAddress = Annotated[Line, AfterValidator(_web_address)]
FilledLine = Annotated[Line, Field(min_length=1)]
Link = Annotated[
    WebAddress,
    Asked(english="write an address that starts with https://", dutch="schrijf een adres dat begint met https://"),
]
"""A web address that may be left out."""
Zone = Annotated[str, AfterValidator(_zone)]
Logo = Annotated[Line, AfterValidator(_logo)]
