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

from service.store import db, sqlite_file
from tests.support.kept_connections import take_kept


@contextmanager
def compiled_once() -> Iterator[None]:
    """Engines that `service.store` opens meanwhile share the dialect and the memory of the first that connected.

    Nothing of one database is in either: the URL, the connections and the listeners stay each engine's own.
    """
    opened: dict[str, list[Engine]] = {}  # until one of them has connected; then that one
    create_engine = sqlmodel.create_engine

    def create(*given: Any, **named: Any) -> Engine:
        engine: Engine = create_engine(*given, **named)
        if engine.name == "postgresql":
            take_kept(engine)  # while it has the dialect that its pool connects by
        for known in opened.setdefault(engine.name, []):
            if getattr(known.dialect, "server_version_info", None) is not None:
                opened[engine.name] = [known]
                engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
                return engine
        opened[engine.name].append(engine)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        for module in (db, sqlite_file):
            patch.setattr(module, "create_engine", create)
        yield
