"""A house for the studio: it saves files, so it has a content folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.folders import content_copy
from tests.support.house import House


@pytest.fixture
def house(house: House, tmp_path: Path) -> House:
    return house.with_changes(content_dir=content_copy(tmp_path))
