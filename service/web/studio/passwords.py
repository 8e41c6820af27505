"""A password as somebody typed it, beside the one that is kept: compared in the line of `hashing.py`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from service.errors import InvalidInputError, TooManyError
from service.flows import staff_login, staff_secrets
from service.flows.staff_login import Asked
from service.web.studio.doors import Visit


async def is_right(visit: Visit, asked: Asked, password: str) -> bool:
    """Is it theirs? Raises TooManyError where the line is too long to join; then nothing was tried."""
    try:
        return await visit.hashing.run(staff_secrets.is_password, asked.kept, password)
    except TooManyError:
        await run_in_threadpool(_take_back, visit, asked)
        raise


async def asked_again(visit: Visit) -> Asked | None:
    """The password of whoever is logged in, once more, from the field `current`; None where it is wrong."""
    asked = await run_in_threadpool(_ask_again, visit)
    return asked if await is_right(visit, asked, visit.field("current")) else None


def told_wrong(visit: Visit) -> str:
    """What is said where it is wrong."""
    return visit.words(InvalidInputError("the current password is wrong", "Het huidige wachtwoord klopt niet."))


def _ask_again(visit: Visit) -> Asked:
    with visit.services.database.transaction() as session:
        return staff_login.ask_again(session, visit.services, visit.me, visit.network, visit.now)


def _take_back(visit: Visit, asked: Asked) -> None:
    # Or a flood of log-ins of others would use up the tries of whoever is only asked to wait.
    with visit.services.database.transaction() as session:
        staff_login.not_compared(session, asked)
