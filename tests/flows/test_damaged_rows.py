"""A mail whose row is damaged: it ends no look at others, and what is told of it still counts."""

from __future__ import annotations

import pytest

from service.domain.feedback import FeedbackKind
from service.flows import keys, messages, outlook
from service.store import suppressions
from tests.support import acts
from tests.support.house import House
from tests.support.news import about, comes

DAMAGED = ["{", "[]", "null", "3", '{"practice": 1}', '{"damaged": true}']


@pytest.mark.parametrize("content", DAMAGED)
def test_all_others_are_listed(house: House, content: str) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.damage(house, acts.advice(house), content)
    with house.services.database.reading() as session:
        sent = outlook.sent(session, house.services, house.lead().id)
        coming = outlook.planned(session, house.services, acts.enrolment(house), house.clock.now())
        listed = keys.shown(session, ["a" * 32])
    assert [each.subject for each in sent] == ["(niet meer te lezen)", "Hoe ging de eerste stap?"]
    assert coming
    assert len(listed) == 1


@pytest.mark.parametrize("content", DAMAGED)
def test_a_complaint_about_a_mail_to_her_counts(house: House, content: str) -> None:
    acts.confirmed(house)
    acts.commit(house, messages.add_fresh_link, house.services, house.lead(), house.clock.now())
    house.send_due()
    fresh_link = house.messages(acts.ANNA)[-1]
    assert fresh_link.kind == "service"
    acts.damage(house, fresh_link, content)
    assert comes(house, about(fresh_link, FeedbackKind.COMPLAINED))
    hmac = house.services.hmac(acts.ANNA)
    with house.services.database.reading() as session:
        assert [each.reason for each in suppressions.of(session, [hmac])[hmac]] == ["complaint"]
    assert acts.enrolment(house).end_reason == "complaint"
