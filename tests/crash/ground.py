"""What every test with dying processes stands on: a house to look with, and its installation as real processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from service.errors import UnavailableError
from service.store.db import open_database
from service.store.schema import migrate
from tests.support import crowd
from tests.support.drafts import publish, with_steps
from tests.support.house import SECRET_KEY, House, open_house
from tests.support.running import Running, installation

ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:00",
    "to": "23:59",
    "skip_holidays": False,
}
UNLIMITED = "network=1000000/h; domain=1000000/h; all=1000000/h"
_T = TypeVar("_T")


class HasUrl(Protocol):
    """Whatever takes mails at a mail URL."""

    @property
    def url(self) -> str:
        """Where."""


@contextmanager
def ground(database_url: str, folder: Path, server: HasUrl, **more: str) -> Iterator[tuple[House, Running]]:
    """A sequence of two steps a day apart that may leave at any hour, on a migrated database and real time.

    Mails go to `server`; `more` are further settings. `crowd.due_at` brings leads whose first step is due when a test
    wants it. No process runs yet.
    """
    with open_house(database_url, folder, published=False) as house:
        house.clock.moment = datetime.now(UTC) - timedelta(hours=1)
        publish(house, with_steps({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}, window=ALWAYS))
        crowd.model(house)
        settings = {
            "NURTURE_DEMO": "0",
            "NURTURE_MAIL_URL": server.url,
            "NURTURE_SECRET_KEYS": SECRET_KEY,
            "NURTURE_SUPPRESSION_KEY": house.services.suppression_key,
            "NURTURE_OPT_IN_LIMITS": UNLIMITED,
            **more,
        }
        with installation(folder, database_url, **settings) as running:
            yield house, running


def insist(work: Callable[[], _T]) -> _T:
    """What the work returns. On SQLite we are a writer beside a busy service, and may find the database locked."""
    ends = time.monotonic() + 120
    while True:
        try:
            return work()
        except UnavailableError:
            if time.monotonic() > ends:
                raise


def migrated(database_url: str) -> str:
    """The same URL, once the empty database has the newest schema."""
    database = open_database(database_url)
    migrate(database)
    database.close()
    return database_url
