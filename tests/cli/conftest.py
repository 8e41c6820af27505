"""What tests of commands share: an office, which is a house with a keyboard beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.house import open_house
from tests.support.kept_connections import keep
from tests.support.office import Office


@pytest.fixture
def office(migrated_database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A house whose clock shows the real time, as the commands' does."""
    with open_house(migrated_database_url, tmp_path, published=False) as house:
        house.clock.moment = datetime.now(UTC)
        yield Office(house=house, folder=tmp_path)
        keep(house.services.database)
