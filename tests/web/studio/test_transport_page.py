"""How mail leaves, as the studio shows it: webhooks that were refused, and the doctor's examination."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from service.domain.staff import Role
from service.flows import doctor, refused_webhooks
from service.flows.finding import Finding
from service.store import events
from tests.support import studio
from tests.support.house import House
from tests.support.studio import Desk, words

ROOM = "/studio/settings/transport"


@pytest.fixture
def admin(house: House) -> Desk:
    return studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs"))


def audited(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.action for each in events.audit_log(session, limit=20) if each.action != "published"]


def test_twenty_webhooks_that_the_secret_did_not_sign_in_a_day_raise_one_alert_that_ends_the_next_day(
    house: House,
) -> None:
    now = house.clock.now()

    def alerts_after(count: int, *, watched: tuple[str, ...] = ("postmark",)) -> list[str]:
        with house.services.database.transaction() as session:
            refused_webhooks.add(session, {"postmark": count}, watched=watched, now=now)
            return [each.cause for each in events.open_alerts(session)]

    assert alerts_after(30, watched=()) == [], "a source without a secret is not awaited"
    now += timedelta(days=1)
    assert alerts_after(refused_webhooks.MANY - 1) == []
    assert alerts_after(1) == alerts_after(5) == ["webhook-refused:postmark"]
    with house.services.database.transaction() as session:
        refused_webhooks.review(session, now)
        assert len(events.open_alerts(session)) == 1
        refused_webhooks.review(session, now + timedelta(days=1))
        assert not events.open_alerts(session)


def test_the_examination_is_shown_faults_first_and_stands_in_the_audit_log(
    house: House, admin: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(*_: object) -> Iterator[Finding]:
        yield Finding(id="database", level="ok", text="the database answers", dutch="De database antwoordt.")
        yield Finding(id="spf", level="error", text="no SPF", dutch="Er is geen SPF <b>record</b>.")

    monkeypatch.setattr(doctor, "examine", examine)
    assert admin.post(f"{ROOM}/doctor", look="").status_code == 422
    assert audited(house) == []
    answer = admin.post(f"{ROOM}/doctor", look="yes")
    told = unescape(words(answer))
    assert answer.status_code == 200
    assert 0 < told.index("Er is geen SPF <b>record</b>.") < told.index("De database antwoordt.")
    assert "<b>record" not in answer.text
    assert audited(house) == ["installation examined"]


def test_the_last_mail_has_the_moment_that_all_pages_show_and_not_the_machines_own(house: House, admin: Desk) -> None:
    assert "De laatste mail ging weg op" not in words(admin.see(ROOM))
    house.opt_in()
    house.send_due()
    house.clock.advance(days=20)
    assert "De laatste mail ging weg op ma 9 mrt 2026, 10:00" in words(admin.see(ROOM))
