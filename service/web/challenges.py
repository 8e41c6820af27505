"""`GET /api/challenges`: a sum for ALTCHA's widget to solve before it sends the form."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import JSONResponse

from service.errors import NotFoundError
from service.flows import proof_of_work
from service.web import documented
from service.web.deps import Here

router = APIRouter()


@router.get("/api/challenges", responses=documented.errors(404))
def challenge(services: Here) -> JSONResponse:
    """A challenge of ours, good for ten minutes and for one opt-in. Writes nothing."""
    if not services.proof_of_work:
        raise NotFoundError("no proof of work is asked for")
    return JSONResponse(proof_of_work.challenge(services, datetime.now(UTC)))
