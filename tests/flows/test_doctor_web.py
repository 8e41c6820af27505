"""The base URL as doctor sees it: real certificates, the real service behind them, and the way out for leads."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from service.flows import doctor_web, self_test
from service.flows.finding import Finding
from service.store import events
from tests.support import acts
from tests.support.certificates import make_certificates
from tests.support.house import House
from tests.support.http_server import HttpServer, Said
from tests.support.tls_front import tls_front
from tests.support.web_servers import elsewhere, serving


def look(house: House, base_url: str, *, published: bool = True, **changes: object) -> dict[str, Finding]:
    there = house.with_changes(base_url=base_url, **changes)
    return {each.id: each for each in doctor_web.examine(there.services, published=published)}


@contextlib.contextmanager
def secured(
    house: House, monkeypatch: pytest.MonkeyPatch, folder: Path, *, days: float, names: str = "DNS:localhost"
) -> Iterator[str]:
    """The house's website behind TLS, with a certificate from an authority that this machine trusts."""
    certificates = make_certificates(folder / "tls", days=days, names=names)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    with serving(house) as url, tls_front(certificates, int(url.rpartition(":")[2])) as base_url:
        yield base_url


def test_a_service_that_is_well_is_well_and_nothing_of_the_look_stays(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    acts.confirmed(house)
    house.tick(keep_house=True)
    before = house.rows()
    with secured(house, monkeypatch, tmp_path, days=60) as base_url:
        found = look(house, base_url)
        assert look(house, base_url).keys() == found.keys(), "as often as somebody asks"
    assert {each.level for each in found.values()} == {"ok"}
    assert set(found) == {"certificate", "base-url", "one-click"}
    assert "59 days" in found["certificate"].text
    assert house.rows() == before


@pytest.mark.parametrize(
    ("days", "names", "level", "name"),
    [
        (5, "DNS:localhost", "warning", "certificate-ends"),
        (-2, "DNS:localhost", "error", "certificate-expired"),
        (60, "DNS:www.example", "error", "certificate-name"),
    ],
)
def test_a_certificate_that_ends_has_ended_or_is_for_another_is_told_apart(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: float, names: str, level: str, name: str
) -> None:
    with secured(house, monkeypatch, tmp_path, days=days, names=names) as base_url:
        found = look(house, base_url)
    assert found[name].level == level
    assert found[name].dutch_fix
    assert ("one-click" in found) == (level != "error"), "what cannot be reached is not pressed"


def test_a_certificate_of_an_unknown_authority_is_an_error(house: House, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path / "tls")
    with serving(house) as url, tls_front(certificates, int(url.rpartition(":")[2])) as base_url:
        found = look(house, base_url)
    assert (found["certificate-untrusted"].level, set(found)) == ("error", {"certificate-untrusted"})


@pytest.mark.parametrize("production", [False, True])
def test_nobody_at_the_base_url_is_an_error_in_production_and_a_warning_before(house: House, production: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = look(house, f"http://127.0.0.1:{port}", production=production)
    assert set(found) == {"base-url-unreachable"}
    assert found["base-url-unreachable"].level == ("error" if production else "warning")
    assert "phone" not in found["base-url-unreachable"].fix, "which reaches no address of this machine"
    assert set(look(house, f"https://127.0.0.1:{port}")) == {"base-url-unreachable"}


def test_a_server_that_says_nothing_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_web, "_SECONDS", 0.3)
    with elsewhere(silent=True) as server:
        assert set(look(house, server.url)) == {"base-url-unreachable"}


@pytest.mark.parametrize("status", [200, 301, 404])
def test_another_website_at_the_base_url_is_told(house: House, status: int) -> None:
    with elsewhere(status) as server:
        found = look(house, server.url)
        assert [method for method, _ in server.asked] == ["GET"], "nothing is pressed at a stranger's"
    assert set(found) == {"base-url-elsewhere"}
    assert str(status) in found["base-url-elsewhere"].text


def test_another_installation_at_the_base_url_is_found_by_its_way_out(house: House, tmp_path: Path) -> None:
    other = house.with_changes(suppression_key="quite-another-key-of-another-installation")
    with serving(other) as url:
        found = look(house, url)
    assert found["one-click-broken"].level == "error"
    assert "another installation" in found["one-click-broken"].text
    assert acts.all_alerts(house) == [], "whoever looks is told, and nobody else"


def test_before_anything_is_published_there_is_no_way_out_to_press(house: House) -> None:
    with serving(house) as url:
        assert set(look(house, url, published=False)) == {"base-url"}


def test_a_look_that_was_killed_is_cleared_away_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = house.rows()
    with serving(house) as url:
        there = house.with_changes(base_url=url).services
        with monkeypatch.context() as killed:
            killed.setattr(self_test, "_press", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                self_test.press_now(there)
        assert house.rows()["lead"] != before["lead"]
        acts.commit(house, _began_long_ago)
        assert self_test.press_now(there) is None
    assert house.rows() == before


def _began_long_ago(session: Session) -> None:
    (address,) = (events.fact(session, "self_test_by_hand") or {})["tests"]
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    events.set_fact(session, "self_test_by_hand", {"tests": {address: long_ago.isoformat()}})


def test_of_two_who_look_at_once_neither_takes_the_others_lead_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, press = house.rows(), self_test._press
    others: list[object] = []

    def while_another_looks(url: str) -> self_test.Fault | None:
        with monkeypatch.context() as alone:
            alone.setattr(self_test, "_press", press)
            others.append(self_test.press_now(there))
        return press(url)

    with serving(house) as url:
        there = house.with_changes(base_url=url).services
        monkeypatch.setattr(self_test, "_press", while_another_looks)
        assert self_test.press_now(there) is None
    assert others == [None]
    assert house.rows() == before


def _interrupted(url: str) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("off", "told"), [(timedelta(hours=3), True), (timedelta(minutes=-9), True), (timedelta(), False)]
)
def test_a_web_server_with_another_clock_is_told(house: House, off: timedelta, told: bool) -> None:
    date = format_datetime(datetime.now(UTC) + off, usegmt=True)
    with HttpServer(lambda _: Said(headers={"Date": date}, body=b'{"status": "ok"}')) as server:
        found = look(house, f"http://127.0.0.1:{server.port}", published=False)
    assert set(found) == {"base-url"} | ({"clock-web"} if told else set())
    assert not told or str(abs(round(off.total_seconds() / 60))) in found["clock-web"].text
