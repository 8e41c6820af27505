"""The simulated year is of leads as the service has them: its first week, looked at by the real rules."""

from __future__ import annotations

import psycopg
import pytest

from bench.year import Year
from service.store.tables import Table
from tests.support.house import House
from tests.support.kept_connections import give_up


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_simulated_week_brings_as_many_leads_as_it_says_with_all_their_rows(
    house: House,
) -> None:
    give_up(str(house.services.database.url.database))  # it waits until nobody is on its database
    beside = house.services.database.url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(beside.render_as_string(hide_password=False), autocommit=True) as administrator:
        seen = Year(house, 40, administrator).go_on(1)
    rows = {name: seen.sizes[name].rows for name in Table.metadata.tables}
    assert rows["lead"] == rows["opt_in"] == rows["enrolment"] == 8 * 40  # a Wednesday is the eighth day's end
    assert rows["message"] > rows["lead"] < rows["receipt"]
    assert rows["attempt"] == rows["feedback_event"] == rows["message"]
    assert seen.plan_due.pages > seen.plan_idle.pages
