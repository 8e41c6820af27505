"""A call to a watch service outside after each good housekeeping: when the calls stop, it raises the alarm."""

from __future__ import annotations

import httpx
import structlog

from service.flows.services import Services

_SECONDS = 10.0
log = structlog.get_logger()


def beat(services: Services) -> None:
    """Say that all is well. A call that fails breaks nothing, and is logged without the address: its path is secret."""
    if services.heartbeat_url is None:
        return
    try:
        with httpx.stream("GET", services.heartbeat_url, timeout=_SECONDS, follow_redirects=False) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        log.warning("heartbeat failed", error=type(error).__name__)
        return
    if not httpx.codes.is_success(status):
        log.warning("heartbeat failed", status=status)
