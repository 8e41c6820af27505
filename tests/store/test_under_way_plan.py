"""What stands on the studio's first pages is counted from indexes: it costs no look at each run and each press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text
from sqlmodel import Session, insert, select

from service.store import answers, enrolments
from service.store.tables import Lead, TimelineEntry
from tests.support import crowd
from tests.support.house import House

LOOKS: tuple[tuple[Callable[[Session], Any], str], ...] = (
    (enrolments.waiting, "ix_enrolment_open"),
    (enrolments.count_by_revision, "ix_enrolment_open"),
    (answers.count_unread, "ix_timeline_answers"),
    (lambda session: answers.unread(session, 50), "ix_timeline_answers"),
)


def test_a_count_is_read_from_its_index(house: House) -> None:
    crowd.model(house)
    crowd.due_at(house, [house.clock.now()] * 3_000)
    engine, asked = house.services.database.engine, list[tuple[str, Any]]()

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    with house.services.database.transaction() as session:
        lead, at = session.exec(select(Lead.id)).first(), house.clock.now()
        pressed = {"lead_id": lead, "kind": "answered", "details": {"helped": "same", "message": 1}, "at": at}
        session.execute(insert(TimelineEntry), [pressed] * 3_000)
        session.execute(text("ANALYZE"))
        explain = "EXPLAIN QUERY PLAN " if house.services.database.is_sqlite else "EXPLAIN "
        for look, index in LOOKS:  # one crowd for all of them
            asked.clear()
            event.listen(engine, "before_cursor_execute", keep)
            try:
                look(session)
            finally:
                event.remove(engine, "before_cursor_execute", keep)
            (statement, values), *more = asked
            rows = session.connection().exec_driver_sql(explain + statement, values)
            assert not more
            plan = "\n".join(map(str, rows))
            assert index in plan or "Seq Scan on enrolment" in plan, plan  # which is as good for some thousand
