"""The demo's own member of staff, so that the studio can be looked at. Never outside of the demo."""

from __future__ import annotations

from datetime import datetime

from service.errors import RefusedError
from service.flows.services import Services
from service.flows.staff_secrets import hash_password
from service.store import staff
from service.store.staff_tables import Staff

ADDRESS, PASSWORD = "demo@praktijk.example", "kijk-maar-rond"


def ensure(services: Services, now: datetime) -> tuple[str, str]:
    """Address and password of the demo's admin, who is made where there is nobody yet. RefusedError elsewhere."""
    if not services.demo or services.production:
        raise RefusedError("only the demo has a member of staff of its own (NURTURE_DEMO=1)")
    with services.database.reading() as session:
        if staff.by_address(session, ADDRESS) is not None:
            return ADDRESS, PASSWORD
    kept = hash_password(PASSWORD)
    with services.database.transaction() as session:
        staff.take_turn(session)
        if staff.by_address(session, ADDRESS) is None:
            session.add(
                Staff(
                    address=ADDRESS,
                    name="Demi Demo",
                    role="admin",
                    language="nl",
                    password_hash=kept,
                    created_at=now,
                    recovery=[],
                )
            )
    return ADDRESS, PASSWORD
