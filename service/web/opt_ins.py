"""`POST /api/opt-ins`: somebody asks for the advice."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from service.errors import FieldProblem, TooManyError
from service.flows import clients, opt_in_check, proof_of_work, refused_origins
from service.web import bodies, documented, frames, opt_in_body, signatures
from service.web.client import client_of
from service.web.deps import Here, Sent, check_origin
from service.web.even_pace import Paced
from service.web.problems import ForbiddenError

_KEY = re.compile(r"[!-~]{1,200}")
_ANSWERS = documented.content(303, description="To the thank-you page, for a form in a browser.", headers=["Location"])
_ANSWERS |= documented.said(202, "accepted") | documented.errors(401, 403, 413, 415, 422, 429, 503)
router = APIRouter()


@router.post("/api/opt-ins", status_code=202, responses=_ANSWERS, openapi_extra=opt_in_body.DOCUMENTED)
async def opt_in(request: Request, services: Here, body: Sent) -> Response:
    """202 once everything is committed: the same answer, as late, for every address, whatever we know of it.

    On the event loop, but for what waits for the database or takes long: a thread for each costs more than the rest.
    """
    await _check_origin(request, services)
    began, real_now = time.monotonic(), datetime.now(UTC)
    signed = signatures.is_signed(request, services, body.data, real_now)
    given = _fields(body)
    if isinstance(name := given.get("form"), str):
        request.state.form = name
    fields, problems = opt_in_body.shape(given)
    proof = None
    if fields.altcha and services.proof_of_work and not signed:
        proof = await run_in_threadpool(proof_of_work.read, services, fields.altcha, real_now)
        if proof is None:
            problems.append(opt_in_check.PROOF_REFUSED)
    key = request.headers.get("idempotency-key") or None
    if key is not None and not _KEY.fullmatch(key):
        problems.append(FieldProblem(pointer="", detail="Idempotency-Key: hoogstens 200 zichtbare ASCII-tekens."))
        key = None
    client = None if signed else client_of(request, services)
    asked = opt_in_body.to_request(fields, key, signed=signed, proof=proof, client=client)
    if problems:
        await run_in_threadpool(_refuse, services, asked, problems)
    try:
        await request.app.state.opt_in_groups.register(asked)
    except TooManyError:
        if client is not None and client.private:
            await run_in_threadpool(clients.tell_turned_away, services, services.clock.now())
        raise
    services.bell.ring()
    return Paced(_yes(request, asked.form, body), began=began, pace=services.answer_pace)


@router.options("/api/opt-ins", status_code=204, response_class=Response, responses=documented.errors(403))
async def preflight(request: Request, services: Here) -> Response:
    """A browser asks whether a page of another site may post (Fetch standard, CORS preflight)."""
    await _check_origin(request, services)
    headers = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=headers)


def _yes(request: Request, form: str | None, body: bodies.Body) -> Response:
    """202 for a program; for a form in a browser the way to the thank-you page."""
    if body.kind != bodies.JSON and "text/html" in request.headers.get("accept", ""):
        named = f"?{urlencode({'form': form})}" if form else ""
        return RedirectResponse(f"/bedankt{named}", status_code=303)
    return JSONResponse({"status": "accepted"}, status_code=202)


async def _check_origin(request: Request, services: Here) -> None:
    """As `check_origin`, and who was refused is kept for `doctor`: it may be the practice's own website."""
    await frames.looked_up(services)
    try:
        check_origin(request, services)
    except ForbiddenError:
        await run_in_threadpool(request.app.state.refusals.add, refused_origins.told(request.headers["origin"]))
        raise


def _fields(body: bodies.Body) -> dict[str, Any]:
    if body.kind == bodies.JSON:
        return bodies.json_object(body)
    return opt_in_body.from_form(bodies.one_each(bodies.form_fields(body)))


def _refuse(services: Here, asked: opt_in_check.OptInRequest, problems: list[FieldProblem]) -> None:
    """Raise InvalidInputError with everything at once: what is wrong in shape, and in the fields that can be read."""
    told = {problem.pointer for problem in problems}
    with services.database.reading() as session:
        found = opt_in_check.refusals(session, services, asked)
    raise opt_in_check.refused(problems + [problem for problem in found if problem.pointer not in told])
