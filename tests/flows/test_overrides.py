"""Publishing over a warning in production is somebody's own doing, and stays known (P4)."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from service.errors import RefusedError
from service.store.tables import AuditEntry
from tests.support.drafts import publish, with_practice
from tests.support.house import House


def test_whoever_publishes_over_warnings_is_kept_in_the_audit_log_with_what_was_warned_of(house: House) -> None:
    publish(house.with_changes(production=True), with_practice(placeholder=False), by="Frank", override_by="Gerda")
    with house.services.database.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.details["override_by"]) == ("Frank", "published", "Gerda")
    assert {"mail.approval", "practice-link-empty"} <= set(entry.details["warnings"])


def test_a_name_that_cannot_be_read_is_refused(house: House) -> None:
    """Of a terminal that is not in UTF-8 half a letter would come; the log could never be mended."""
    with pytest.raises(RefusedError, match="no name that can be read"):
        publish(house, with_practice(placeholder=False), by="Frank", override_by="Jos\udce9")
