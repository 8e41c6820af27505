"""A house whose mail goes onto a network that answers as the test says."""

from __future__ import annotations

import pytest

from tests.support.house import House
from tests.support.transports import Network


@pytest.fixture
def network() -> Network:
    """What the other side says is the test's to choose."""
    return Network()


@pytest.fixture
def posted(house: House, network: Network) -> House:
    """The house, its mails going onto the test's network."""
    return house.with_changes(open_transport=network.open)
