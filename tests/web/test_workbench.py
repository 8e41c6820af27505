"""The pages of `nurture dev`: each mail in every look, kept to the writer's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from service.flows.pictures import LOOKS
from service.flows.workbench import Workbench
from service.web.workbench import create_workbench
from tests.support.house import open_house


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("bench")
    with open_house(f"sqlite:///{folder}/nurture.db", folder, published=False) as house:
        bench = Workbench(house.services, {})
        bench.look(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        app = create_workbench(bench, lambda problem: problem.told("nl"))
        with TestClient(app, base_url="http://localhost:8001") as client:
            yield client


def test_the_list_has_every_mail_and_every_problem(client: TestClient) -> None:
    page = client.get("/").text
    for name in ("advies-lage-rug", "hoe-ging-het", "dienst-verse-link"):
        assert f'href="/mails/{name}"' in page
    assert "practice.yaml:7: waarschuwing: deze gegevens zijn verzonnen" in page
    assert client.get("/state").json() == {"number": 1}


def test_a_mail_is_shown_in_every_look_and_as_text(client: TestClient) -> None:
    page = client.get("/mails/hoe-ging-het")
    assert page.status_code == 200
    assert "<pre tabindex" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    shown = {}
    for look in LOOKS:
        assert f'src="/mails/hoe-ging-het/{look.name}"' in page.text
        frame = client.get(f"/mails/hoe-ging-het/{look.name}")
        assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
        assert "Het gaat beter" in frame.text
        shown[look.name] = frame.text
    assert "prefers-color-scheme" in shown["600"]
    assert "prefers-color-scheme" not in shown["600-dark"], "a frame cannot be told, so its rules for the dark hold"
    assert "light dark" not in shown["600-dark"]
    assert "img-src data:" in shown["320"]
    assert "img-src data:" not in shown["320-no-images"]


@pytest.mark.parametrize("path", ["/mails/nergens", "/mails/nergens/320", "/mails/hoe-ging-het/321"])
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_another_name_for_this_machine_gets_nothing(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
