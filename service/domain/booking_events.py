"""What a booking system tells us, in our own words, and the proof that it is the one who tells it.

Each source (`calcom.py`, `calendly.py`, `own_agenda.py`) turns headers and body into one of these values. Nothing here
looks at a clock or a database; `now` is real time, by which signatures are measured.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from service.errors import FieldProblem, InvalidInputError, NurtureError

TOLERANCE = timedelta(minutes=3)
"""How far the time in a signature may be from ours (Calendly's own advice); what is older may be a replay."""
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")
_SIGNED = re.compile(r"[0-9]{1,12}")
_ModelT = TypeVar("_ModelT", bound="Told")
Kind = Literal["booked", "cancelled", "moved"]
"""`moved`: this appointment gave way to another one, so nobody needs to hear that it is off."""


class BadSignatureError(NurtureError):
    """Missing, wrong or old: whoever sent this did not prove to be the booking system. Always the same answer."""

    code, status = "bad-signature", 401

    def __init__(self) -> None:
        super().__init__(
            "the signature is missing, wrong or old", "De handtekening ontbreekt, klopt niet of is te oud."
        )


@dataclass(frozen=True, kw_only=True)
class BookingChange:
    """One appointment is made, called off, or moved elsewhere. `at` orders the changes of one appointment.

    `key` is the same for the same event alone; `booking` names the appointment at its source. `reference` is our own
    token as it came back, `address` whose appointment it is, as it was typed there; `replaces` the one it moved from.
    """

    key: str
    type: str
    kind: Kind
    booking: str
    at: datetime
    starts_at: datetime | None = None
    address: str | None = None
    reference: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, kw_only=True)
class OtherEvent:
    """Something that we do nothing with: kept by its type alone."""

    key: str
    type: str


Event = BookingChange | OtherEvent
Receive = Callable[[Mapping[str, str], bytes, Sequence[str], datetime], Event]
"""`(headers by their names in lower case, body, secrets, real now)`. Raises BadSignatureError, InvalidInputError."""


def _sensible(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise ValueError("not of this age")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
"""With its offset; comes out in UTC."""
Name = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""Visible ASCII: how a source names an appointment."""


class Told(BaseModel):
    """The base of what is read from a source's JSON: whatever else stands there is none of our business."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)


def is_signed(signature: str, signed: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets gives this HMAC-SHA256 in hex. Each is tried, in constant time."""
    given = signature.encode("ascii", "replace")
    genuine = False
    for secret in secrets:
        genuine |= hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode(), given)
    return genuine


def check_timed(header: str | None, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """`t=SECONDS,v1=HEX`, the HMAC being over `SECONDS.BODY`. Raises BadSignatureError unless all of it holds."""
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    moments = [value for name, _, value in parts if name == "t" and _SIGNED.fullmatch(value)]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(moments) != 1 or not 1 <= len(signatures) <= 5:
        raise BadSignatureError
    signed = moments[0].encode() + b"." + body
    genuine = any(is_signed(signature, signed, secrets) for signature in signatures)
    if not genuine or abs(now.timestamp() - int(moments[0])) > TOLERANCE.total_seconds():
        raise BadSignatureError


def read_json(body: bytes, model: type[_ModelT]) -> _ModelT:
    """The body as this model. Raises InvalidInputError that names every field, and repeats nothing of what was sent."""
    try:
        return model.model_validate(json.loads(body.decode(), parse_constant=_no_number))
    except ValidationError as error:
        fields = [_problem(each["loc"]) for each in error.errors(include_input=False, include_context=False)]
        raise InvalidInputError(
            "the event lacks fields, or they are wrong",
            "In dit bericht ontbreekt iets of klopt iets niet.",
            fields=fields,
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInputError(
            "the body is no JSON", "Dit is geen JSON.", fields=[FieldProblem(pointer="", detail="Dit is geen JSON.")]
        ) from None


def event_key(*parts: str) -> str:
    """64 hex digits for what makes an event this one and no other; no personal data can be read from it."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def other(event_type: str, body: bytes) -> OtherEvent:
    """An event of a type that we do not know. A type that is no plain word is not kept either."""
    known = event_type if _TYPE.fullmatch(event_type) else "?"
    return OtherEvent(key=hashlib.sha256(body).hexdigest(), type=known)


def _problem(location: tuple[int | str, ...]) -> FieldProblem:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
    # a name within the metadata is theirs, and may hold what no answer can
    return FieldProblem(pointer=pointer.encode("ascii", "replace").decode(), detail="Dit veld ontbreekt of klopt niet.")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
