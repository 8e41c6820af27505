"""The one cookie there is: the token of a member of staff's session (ACCEPTANCE E4)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.flows.services import Services
from service.flows.staff_sessions import LONGEST


def token_of(request: Request, services: Services) -> str:
    """The token that came along; "" where none did."""
    return request.cookies.get(_name(services), "")


def give(response: Response, services: Services, token: str) -> Response:
    """Let the browser keep it: for our own pages alone, out of reach of any script.

    `__Host-` (RFC 6265bis, section 4.1.3.2) keeps other sites of the same domain from setting it. Lax, not Strict: a
    link to the studio in a mail must find whoever is logged in; it is sent along with no post from elsewhere.
    """
    response.set_cookie(
        _name(services),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=_is_secure(services),
        httponly=True,
        samesite="lax",
    )
    return response


def take(response: Response, services: Services) -> Response:
    """Let the browser forget it."""
    response.delete_cookie(_name(services), path="/", secure=_is_secure(services), httponly=True, samesite="lax")
    return response


def _name(services: Services) -> str:
    return "__Host-nurture-staff" if _is_secure(services) else "nurture-staff"


def _is_secure(services: Services) -> bool:
    """Production is always https; a first try on one's own machine is not."""
    return services.base_url.startswith("https://")
