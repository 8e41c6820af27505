"""The website of a house, driven from within the process; redirects are answers to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session
from starlette.testclient import TestClient

from service.domain.practice import Practice
from service.flows.published import LiveIds, Published
from service.flows.services import Services
from service.web.app import create_app
from tests.support.house import BASE_URL, House

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
OPT_IN = {"email": "anna@example.org", "topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}


def website(house: House, *, worker_alive: Callable[[], bool] | None = None, peer: str = "203.0.113.7") -> TestClient:
    """Requests to this house's website, from `peer`."""
    app = create_app(house.services, worker_alive=worker_alive)
    return TestClient(app, base_url=BASE_URL, follow_redirects=False, client=(peer, 50_000))


_built: list[tuple[Services, FastAPI]] = []  # the last one


def same_website(house: House, *, peer: str = "203.0.113.7") -> TestClient:
    """As `website`, for whoever comes to one that is there: a process has one, and building it takes a while."""
    if not _built or _built[0][0] is not house.services:
        _built[:] = [(house.services, create_app(house.services, worker_alive=None))]
    return TestClient(_built[0][1], base_url=BASE_URL, follow_redirects=False, client=(peer, 50_000))


def opt_in(client: TestClient, address: str = "anna@example.org", **fields: Any) -> None:
    """A website's post, both boxes ticked; it must be taken."""
    answer = client.post("/api/opt-ins", json=OPT_IN | {"email": address} | fields)
    assert answer.status_code == 202, answer.text


class OtherPractice(Published):
    """The practice as published, but for what is given here."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self._changes = changes

    def live_practice(self, session: Session, live: LiveIds | None = None) -> tuple[int, Practice]:
        revision_id, practice = super().live_practice(session, live)
        return revision_id, practice.model_copy(update=self._changes)
