"""The bench of the studio measures pages with leads on them: a small run, whose figures nobody looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import crowded, studio
from service.store import lead_list
from service.store.db import open_database
from tests.support import cases


@pytest.mark.parametrize("migrated_database_url", cases.engines("sqlite"), indirect=True)
def test_each_page_of_the_leads_is_measured_with_a_crowd_behind_it(migrated_database_url: str, tmp_path: Path) -> None:
    found = {each.path: each for each in studio.measure(migrated_database_url, tmp_path, leads=300, calls=2)}
    lead = crowded.BASE + 40
    for path in (
        "/studio/",
        "/studio/leads",
        f"/studio/leads/{lead}",
        f"/studio/leads/{lead}/mails/{lead * crowded.APART}",
    ):
        assert found[path].status == 200, path
        assert found[path].p95 >= found[path].p50 > 0
    assert all(found[path].status == 200 for path in studio.FURTHER)
    database = open_database(migrated_database_url)
    with database.reading() as session:
        assert lead_list.count(session) == 301
    database.close()
