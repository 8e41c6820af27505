"""The website of a house, driven from within the process."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.support.house import House
from tests.support.website import website


@pytest.fixture
def client(house: House) -> TestClient:
    """A browser, or any other program, at this house's website."""
    return website(house)
