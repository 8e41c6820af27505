"""One memory of compiled SQL for all the databases of a test run.

SQLAlchemy keeps what it compiled with each engine and dialect. Every test has a database of its own, so an engine
of its own, and would compile the same statements anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlmodel
from sqlalchemy import Engine

from service.store import db
from tests.support.kept_connections import take_kept


@contextmanager
def compiled_once() -> Iterator[None]:
    """Engines that `service.store.db` opens meanwhile share the first one's dialect and what it has compiled.

    Nothing of one database is in either: the URL, the connections and the listeners stay each engine's own.
    """
    first: dict[str, Engine] = {}
    create_engine = sqlmodel.create_engine

    def create(*given: Any, **named: Any) -> Engine:
        engine: Engine = create_engine(*given, **named)
        if engine.name == "postgresql":
            take_kept(engine)  # while it has the dialect that its pool connects by
        known = first.get(engine.name)
        if known is None or getattr(known.dialect, "server_version_info", None) is None:  # it has never been connected
            first[engine.name] = engine
        else:
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", create)
        yield
