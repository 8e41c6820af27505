"""What a defect of ours and the log tell: nothing of a person (ACCEPTANCE E6)."""

from __future__ import annotations

import pytest

from tests.support.house import House, link
from tests.support.website import OPT_IN, opt_in, website


class DefectError(RuntimeError):
    """Not raised on purpose."""


def test_a_defect_of_ours_tells_nothing_and_still_carries_the_headers(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    def ring() -> None:
        raise DefectError("anna@example.org")

    house.services.bell.listen(ring)
    answer = website(house).post("/api/opt-ins", json=OPT_IN)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["detail"] == "Er ging bij ons iets mis. Probeer het straks nog eens."
    assert "Defect" not in answer.text
    logged = capsys.readouterr().out
    assert "DefectError at test_told.py" in logged
    assert "anna@example.org" not in logged


def test_the_log_names_routes_and_never_tokens_queries_or_addresses(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    client = website(house)
    opt_in(client)
    house.send_due()
    url = link(house.mails("anna@example.org")[0], "u")
    client.get(f"{url}?email=anna@example.org")
    client.post(url)
    logged = capsys.readouterr().out
    assert "/u/{token}" in logged
    assert url.rpartition("/")[2] not in logged
    assert "anna" not in logged
