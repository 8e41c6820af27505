"""Each test has a house of its own; the moulds that its mails are poured into serve all."""

from __future__ import annotations

from service.flows.published import Published
from service.mail.compose import Mould
from tests.support.drafts import publish, with_practice
from tests.support.house import House


def mould(house: House) -> Mould:
    published = Published()  # as another house reads it, which knows nothing yet
    with house.services.database.reading() as session:
        live = published.live_for_topic(session, "lage-rug")
        assert live is not None
        practice, _ = published.live_practice(session)
        return published.mould(session, live.revision_id, "hoe-ging-het", practice)


def test_a_house_finds_the_moulds_of_others_and_one_with_other_facts_has_its_own(house: House) -> None:
    before = mould(house)
    assert mould(house) is before
    publish(house, with_practice(phone="+31 20 555 01 23"))
    assert mould(house) is not before
