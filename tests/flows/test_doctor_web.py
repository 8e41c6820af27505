"""The base URL as doctor sees it: real certificates, the real service behind them, and the way out for leads."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.flows import doctor_web, self_test
from service.flows.finding import Finding
from tests.support import acts
from tests.support.certificates import make_certificates
from tests.support.house import House
from tests.support.tls_front import tls_front
from tests.support.web_servers import elsewhere, serving


def look(house: House, base_url: str, *, published: bool = True, **changes: object) -> dict[str, Finding]:
    there = house.with_changes(base_url=base_url, **changes)
    return {each.id: each for each in doctor_web.examine(there.services, published=published)}


@contextlib.contextmanager
def secured(house: House, monkeypatch: pytest.MonkeyPatch, folder: Path, **about: object) -> Iterator[str]:
    """The house's website behind TLS, with a certificate from an authority that this machine trusts."""
    certificates = make_certificates(folder / "tls", **about)  # type: ignore[arg-type]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    with serving(house) as url, tls_front(certificates, int(url.rpartition(":")[2])) as base_url:
        yield base_url


def test_a_service_that_is_well_is_well_and_nothing_of_the_look_stays(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    acts.confirmed(house)
    house.tick()
    before = house.rows()
    with secured(house, monkeypatch, tmp_path, days=60) as base_url:
        found = look(house, base_url)
        assert look(house, base_url).keys() == found.keys(), "as often as somebody asks"
    assert {each.level for each in found.values()} == {"ok"}
    assert set(found) == {"certificate", "base-url", "one-click"}
    assert "59 days" in found["certificate"].text
    assert house.rows() == before


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"days": 5}, ("warning", "certificate-ends")),
        ({"days": -2}, ("error", "certificate-expired")),
        ({"days": 60, "names": "DNS:www.example"}, ("error", "certificate-name")),
    ],
)
def test_a_certificate_that_ends_has_ended_or_is_for_another_is_told_apart(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, about: dict[str, object], expected: tuple[str, str]
) -> None:
    with secured(house, monkeypatch, tmp_path, **about) as base_url:
        found = look(house, base_url)
    level, name = expected
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
        assert self_test.press_now(there) is None
    assert house.rows() == before


def _interrupted(url: str) -> None:
    raise KeyboardInterrupt


def test_a_web_server_with_another_clock_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(doctor_web.datetime):  # type: ignore[name-defined, misc]
        @classmethod
        def now(cls, tz: object = None) -> object:
            return super().now(tz).replace(year=2050)

    monkeypatch.setattr(doctor_web, "datetime", Later)
    with serving(house) as url:
        found = look(house, url)
    assert found["clock-web"].level == "warning"
