"""Amazon's Signature Version 4, as far as one POST or GET with a whole body needs it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from service.mail.providers.values import HttpRequest


def signed_headers(
    request: HttpRequest, *, key: str, secret: str, region: str, service: str, now: datetime
) -> dict[str, str]:
    """The request's headers with `X-Amz-Date` and `Authorization` added; all of them, and the host, are signed.

    `now` is aware. Amazon refuses a request whose time is some minutes off.
    """
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(request.url)
    sent = {**request.headers, "X-Amz-Date": moment}
    canonical = {name.lower(): " ".join(value.split()) for name, value in {**sent, "Host": parts.netloc}.items()}
    names = ";".join(sorted(canonical))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    canonical_request = "\n".join(
        [
            request.method,
            parts.path or "/",
            query,
            *(f"{name}:{canonical[name]}" for name in sorted(canonical)),
            "",
            names,
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical_request.encode()).hexdigest()])
    signing = f"AWS4{secret}".encode()
    for step in (moment[:8], region, service, "aws4_request"):
        signing = hmac.new(signing, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, to_sign.encode(), hashlib.sha256).hexdigest()
    sent["Authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return sent
