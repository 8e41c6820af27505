"""Each test has databases of its own; what SQLAlchemy compiles for the first of them serves all."""

from __future__ import annotations

from contextlib import closing

from service.store.db import open_database


def test_a_database_finds_what_was_compiled_for_others(migrated_database_url: str) -> None:
    with closing(open_database(migrated_database_url)) as first, first.transaction():
        pass
    with closing(open_database(migrated_database_url)) as one, closing(open_database(migrated_database_url)) as other:
        engines = [one._writer, one._reader, other._writer, other._reader]
        assert len({id(each._compiled_cache) for each in engines}) == 1
        assert len({id(each.dialect) for each in engines}) == 1
