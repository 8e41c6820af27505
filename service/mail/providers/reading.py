"""Reading what a provider sends: nothing in it is taken for granted, neither its shape nor its size."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from service.mail.providers.values import Hook, UnreadableHookError

_LONGEST = 500
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, and UTF-8 no half of a character
_FRACTION = re.compile(r"(\.\d{6})\d+")


def body_of(hook: Hook) -> object:
    """The body as JSON. Raises UnreadableHookError."""
    try:
        return json.loads(hook.body)
    except (ValueError, RecursionError) as error:
        raise UnreadableHookError("the event is no JSON", "De gebeurtenis is geen JSON.") from error


def object_of(hook: Hook) -> Mapping[str, object]:
    """The body as one object; one that is alone in a list counts. Raises UnreadableHookError."""
    found = body_of(hook)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise UnreadableHookError("the event is no JSON object", "De gebeurtenis is geen JSON-object.")
    return found


def name(value: object) -> str:
    """What an event calls itself. Raises UnreadableHookError where it has no name: its form changed, and a no that
    nobody can read may not pass for an event of a sort that means nothing here.
    """
    found = text(value)
    if found is None:
        raise UnreadableHookError("the event has no name", "De gebeurtenis heeft geen naam.")
    return found


def within(value: object, *path: str) -> object:
    """What lies at this path of nested objects; None where it ends early. A list counts as its first entry."""
    for name in path:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def mapping(value: object) -> Mapping[str, object]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str | None:
    """A short text or number as text, without what no database keeps; None for anything else, and for nothing."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _NOT_KEPT.sub("", str(value)[:_LONGEST]).strip() or None


def address(value: object) -> str | None:
    """An address, with a display name or not, its domain in lower case; None where there is none."""
    found = text(value)
    if found is None:
        return None
    bare = found.rpartition("<")[2].partition(">")[0] if "<" in found else found
    local, at, domain = bare.strip().rpartition("@")
    return f"{local}@{domain.lower()}" if at and local and domain else None


def bare_id(value: object) -> str | None:
    """A message id without the angle brackets that some put round it."""
    found = text(value)
    return found.strip("<>") or None if found else None


def seconds(value: object, *, unit: float = 1) -> datetime | None:
    """A time in seconds since the epoch (or so many parts of one: 1000 for milliseconds); None for nonsense."""
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
        return datetime.fromtimestamp(number / unit, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def iso(value: object) -> datetime | None:
    """A time as ISO 8601, with up to nine digits of a second; without an offset it counts as UTC."""
    found = text(value)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", found))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the second: an hour before the year 1, as UTC has it
        return None
