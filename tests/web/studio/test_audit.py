"""The audit log on its page: what a save changed, by kind and by person, and on to what was published."""

from __future__ import annotations

import pytest

from service.domain.staff import Role
from service.flows import rates
from service.store import events
from tests.support import studio
from tests.support.house import START, House
from tests.support.studio import Desk

pytestmark = pytest.mark.files

LOG = "/studio/audit"
DIFF = "--- a.md\n+++ a.md\n@@ -1,2 +1,2 @@\n-oud\n+nieuw <script>alert(1)</script>\n gelijk"


@pytest.fixture
def frank(house: House) -> Desk:
    number = studio.hire(house, studio.FRANK, Role.MANAGER, "Frank")
    other = studio.hire(house, studio.ESRA, Role.EDITOR, "Esra")
    with house.services.database.transaction() as session:
        told = {"files": ["a.md"], "diff": {"a.md": DIFF}, "cut": True}
        events.audit(session, f"studio:{other}", "content saved", START, **told)
        for step in range(60):
            events.audit(session, f"studio:{number}", "paused", START, name=f"reeks-{step}")
    return studio.desk(house, number)


def last(house: House, action: str) -> int:
    with house.services.database.reading() as session:
        return events.audit_log(session, limit=1, action=action)[0].id


def test_what_a_save_changed_stands_on_a_page_of_its_own_and_runs_nothing(house: House, frank: Desk) -> None:
    number = last(house, "content saved")
    assert f'href="{LOG}/{number}"' in frank.see(f"{LOG}?action=content+saved").text
    page = frank.see(f"{LOG}/{number}")
    for told in ("-oud", "+nieuw", "Esra", "Er was nog meer"):
        assert told in studio.words(page)
    assert "<script>alert" not in page.text
    assert "+++" not in page.text
    assert "diff" not in studio.words(frank.see(f"{LOG}?action=content+saved"))


def test_the_log_is_filtered_by_kind_and_by_person_and_stays_so_page_after_page(house: House, frank: Desk) -> None:
    by_kind = studio.words(frank.see(f"{LOG}?action=content+saved"))
    assert "a.md" in by_kind
    assert "reeks-1" not in by_kind
    page = frank.see(f"{LOG}?who=1&action=paused")
    assert "reeks-59" in page.text
    assert "a.md" not in studio.words(page)
    older = page.text.rpartition('href="/studio/audit?')[2].partition('"')[0].replace("&amp;", "&")
    assert "who=1" in older
    assert "action=paused" in older
    assert "reeks-0" in frank.see(f"{LOG}?{older}").text
    assert "Daarvan staat er niets" in frank.see(f"{LOG}?action=lead+erased").text


@pytest.mark.parametrize("query", ["action=x", "who=x", "who=999", "who=-1", "before=x", "action=paused&sort=at"])
def test_a_filter_outside_what_there_is_is_refused(frank: Desk, query: str) -> None:
    assert frank.see(f"{LOG}?{query}").status_code == 422


def test_values_of_ours_stand_there_in_the_language_of_the_page(house: House, frank: Desk) -> None:
    with house.services.database.transaction() as session:
        events.audit(session, "studio:1", "request closed", START, request=7, lead=3, outcome="booked")
        events.audit(session, "service", "retention run", START, alerts=0, requests=2)
        for why in ("asked for", "staff", "expired", "erased before the restore", "erased in the copy"):
            events.audit(session, "reader", "lead erased", START, lead=4, why=why)
        for why in (rates.COMPLAINTS_PAUSED, rates.BOUNCES_PAUSED):
            events.audit(session, "service", "paused", START, why=why)
        events.audit(session, "first start", "published", START, kind="mails", warnings=["a", "b", "c", "d"])
    page = studio.words(frank.see(LOG))
    assert "lead: 3, uitkomst: geboekt, aanvraag: 7" in page
    assert "opgeruimd aanvragen: 2" in page
    for why in ("op eigen verzoek", "door de praktijk", "de bewaartermijn is om", "al gewist voor het terugzetten"):
        assert f"lead gewist lead: 4, waarom: {why}" in page
    for why in ("gewist in de kopie", "te veel klachten", "te veel adressen die niet bestaan"):
        assert f"waarom: {why}" in page
    assert "eerste start gepubliceerd soort: dienstmails, waarschuwingen: 4" in page


@pytest.mark.parametrize("number", ["x", "999999", "0", "-1", "99999999999"])
def test_an_entry_that_is_not_there_is_not_found(frank: Desk, number: str) -> None:
    assert frank.see(f"{LOG}/{number}").status_code == 404


def test_what_was_published_leads_on_to_its_version(house: House, frank: Desk) -> None:
    page = frank.see(f"{LOG}?action=published")
    assert 'href="/studio/publish/history/lage-rug/' in page.text
    assert frank.see(f"{LOG}/{last(house, 'published')}").status_code == 200
