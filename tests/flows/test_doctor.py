"""What doctor finds beside the parts that it looks at one by one."""

from __future__ import annotations

import pytest

from service.flows import doctor
from tests.support.house import House


def test_alerts_that_nobody_would_hear_of_are_told_in_production(house: House) -> None:
    nobody = house.with_changes(production=True, alert_to=(), alert_url=None)
    (found,) = doctor.alerts_heard(nobody.services)
    assert (found.id, found.level) == ("alerts-unheard", "warning")
    assert "NURTURE_ALERT_TO" in found.fix


@pytest.mark.parametrize(
    "changes",
    [
        {"production": False, "alert_to": (), "alert_url": None},
        {"production": True, "alert_to": ("beheer@praktijk.example",), "alert_url": None},
        {"production": True, "alert_to": (), "alert_url": "https://wacht.example/a"},
    ],
)
def test_where_somebody_hears_of_them_or_no_lead_is_real_nothing_is_told(
    house: House, changes: dict[str, object]
) -> None:
    assert list(doctor.alerts_heard(house.with_changes(**changes).services)) == []
