"""After each good housekeeping a watch service outside is called; a call that fails breaks nothing."""

from __future__ import annotations

import pytest

from service.flows import heartbeat, refusals, ticks
from tests.support.house import House
from tests.support.web_servers import elsewhere

SECRET = "/ping/3f1c2a-geheim"


def test_each_good_housekeeping_is_one_call_and_nothing_is_followed(house: House) -> None:
    with elsewhere(302, Location="/elsewhere") as server:
        here = house.with_changes(heartbeat_url=f"{server.url}{SECRET}")
        ticks.housekeeping(here.services)
        ticks.housekeeping(here.services)
        assert server.asked == [("GET", SECRET), ("GET", SECRET)]


def test_a_housekeeping_that_failed_makes_no_call(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    with elsewhere() as server:
        here = house.with_changes(heartbeat_url=f"{server.url}{SECRET}")
        with monkeypatch.context() as patched:
            patched.setattr(refusals, "forget_old", fail)
            with pytest.raises(RuntimeError, match="a defect"):
                ticks.housekeeping(here.services)
        assert server.asked == []
        ticks.housekeeping(here.services)
        assert len(server.asked) == 1


@pytest.mark.parametrize("how", ["gone", "silent", "refused"])
def test_a_watch_service_that_is_away_is_logged_without_its_address(
    house: House, how: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(heartbeat, "_SECONDS", 0.3)
    with elsewhere(500, silent=how == "silent") as server:
        here = house.with_changes(heartbeat_url=f"{server.url}{SECRET}")
        if how != "gone":
            ticks.housekeeping(here.services)
    if how == "gone":
        ticks.housekeeping(here.services)
    said = "".join(capfd.readouterr())
    assert "heartbeat failed" in said
    assert {"gone": "ConnectError", "silent": "ReadTimeout", "refused": "500"}[how] in said
    assert "geheim" not in said


def test_without_a_watch_service_nobody_is_called(house: House) -> None:
    heartbeat.beat(house.services)
    assert house.services.heartbeat_url is None
