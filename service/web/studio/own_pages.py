"""Was it a page of ours that posted this?"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from service.flows.services import Services
from service.web.problems import ForbiddenError


def check_page(request: Request, services: Services) -> None:
    """Raise ForbiddenError unless the post was made by a page of ours, as the browser tells.

    Sec-Fetch-Site (Fetch Metadata, section 2.3) where it sends one; else Origin (RFC 6454), which all of them send.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        ours = site == "same-origin"
    else:
        parts = urlsplit(services.base_url)
        ours = request.headers.get("origin") == f"{parts.scheme}://{parts.netloc}"
    if not ours:
        raise ForbiddenError("posted from a page that is not ours", "Dit kan alleen vanuit de studio zelf.")
