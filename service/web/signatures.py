"""A post that the website's own server signed: `Nurture-Signature: t=<unix>,v1=<hex>`, over the time and the body."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from starlette.requests import Request

from service.errors import UnauthorisedError
from service.flows.services import Services

HEADER = "nurture-signature"
_LASTS = timedelta(minutes=5)  # either way: clocks differ
_SHAPE = re.compile(r"t=(?P<time>\d{1,12}),v1=(?P<mac>[0-9a-f]{64})")


def is_signed(request: Request, services: Services, body: bytes, now: datetime) -> bool:
    """Whether the post is signed with one of our secrets, lately; `now` is real time.

    False where it carries no signature. Raises UnauthorisedError where it carries one that does not verify.
    """
    written = request.headers.getlist(HEADER)
    if not written:
        return False
    match = _SHAPE.fullmatch(written[0]) if len(written) == 1 else None
    if match is None:
        raise _unauthorised(
            "write it once, as t=<unix time>,v1=<64 hex digits>", "schrijf één keer t=<unixtijd>,v1=<64 hexcijfers>"
        )
    if abs(now.timestamp() - int(match["time"])) > _LASTS.total_seconds():
        raise _unauthorised("its time is more than 5 minutes from ours", "de tijd wijkt meer dan 5 minuten af")
    signed = match["time"].encode() + b"." + body
    genuine = False
    for secret in services.opt_in_secrets:
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        genuine |= hmac.compare_digest(expected, match["mac"])
    if not genuine:
        raise _unauthorised(
            "no secret of NURTURE_OPT_IN_SECRETS gives it for this time and body",
            "bij deze tijd en inhoud past geen van onze geheime sleutels",
        )
    return True


def _unauthorised(english: str, dutch: str) -> UnauthorisedError:
    return UnauthorisedError(
        f"the signature does not verify: {english}", f"De handtekening (Nurture-Signature) klopt niet: {dutch}."
    )
