"""The short storm: nothing lost, nothing twice, nothing stuck (ACCEPTANCE L1). `make storm` runs the long one.

A run of everything kills less often, and has the storms on several ways out on one engine each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.storm import storm
from tests.support import cases

KILLS, KILLS_ON_TWO_WAYS, KILLS_BY_KEYS = (4, 4, 3) if cases.of_everything() else (12, 6, 4)
SEED = 42


def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    migrated_database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = storm(migrated_database_url, tmp_path, kills=KILLS, seed=SEED)
    record_property("summary", done.line)
    assert done.wrong == [], done.line
    assert done.cut_off, f"no kill met a mail on its way, so this shows nothing: {done.line}"


@pytest.mark.parametrize("migrated_database_url", cases.engines("postgres"), indirect=True)
def test_kills_while_the_first_way_out_comes_and_goes_send_no_follow_up_twice_over_both(
    migrated_database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = storm(migrated_database_url, tmp_path, kills=KILLS_ON_TWO_WAYS, seed=SEED, by="two-ways")
    record_property("summary", done.line)
    assert done.wrong == [], done.line
    assert min(done.taken) > 0, f"one of the two had nothing to do, so this shows nothing: {done.line}"


@pytest.mark.parametrize("migrated_database_url", cases.engines("sqlite"), indirect=True)
def test_by_a_provider_that_knows_keys_no_mail_comes_twice_and_its_events_tell_what_nobody_knew(
    migrated_database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = storm(migrated_database_url, tmp_path, kills=KILLS_BY_KEYS, seed=SEED, by="provider")
    record_property("summary", done.line)
    assert done.wrong == [], done.line
    assert done.cut_off, f"no kill met a mail on its way, so this shows nothing: {done.line}"
