"""The OpenAPI document: every public route, with all of its answers and none that there is not (ACCEPTANCE E7)."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from service.web.app import create_app
from tests.support.house import House, link
from tests.support.website import BROWSER, opt_in


@pytest.fixture
def document(house: House) -> dict[str, Any]:
    return create_app(house.services, worker_alive=None).openapi()


def test_every_route_stands_in_the_document(house: House, document: dict[str, Any]) -> None:
    routes = {
        (method.lower(), each.path)
        for each in iter_route_contexts(create_app(house.services, worker_alive=None).routes)
        for method in each.methods or ()  # a mounted folder has none
    }
    told = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert told == routes, "take include_in_schema=False away, and see service/web/documented.py"


def test_a_page_of_a_mail_says_what_it_answers_and_what_it_reads(document: dict[str, Any]) -> None:
    show, act = (document["paths"]["/b/{token}"][method] for method in ("get", "post"))
    assert sorted(show["responses"]) == ["200", "404", "503"]
    assert sorted(act["responses"]) == ["200", "404", "413", "422", "503"]
    assert list(act["responses"]["200"]["content"]) == ["text/html"]
    assert sorted(act["responses"]["422"]["content"]) == ["application/problem+json", "text/html"]
    for schema in act["requestBody"]["content"].values():
        assert schema["schema"]["properties"]["action"]["enum"] == ["request", "go", "booked"]


def test_the_frameworks_own_errors_are_told_nowhere(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(document)
    assert list(document["components"]["schemas"]) == ["Problem"]


def test_errors_are_of_the_kinds_that_are_told(client: TestClient, house: House, document: dict[str, Any]) -> None:
    opt_in(client)
    house.send_due()
    url = link(house.mails("anna@example.org")[0], "b")
    told = document["paths"]["/b/{token}"]["post"]["responses"]["422"]["content"]
    for accept in ({}, BROWSER):
        answer = client.post(url, data={"action": "dance"}, headers=accept)
        assert answer.status_code == 422
        assert answer.headers["content-type"].partition(";")[0] in told
