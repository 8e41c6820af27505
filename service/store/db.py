"""The engine and its one way to a transaction, on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlmodel import Session, create_engine

from service.errors import Problem, ProblemsError, RefusedError, UnavailableError
from service.store import dump, sqlite_file
from service.store.away import is_locked, told_as_unavailable
from service.store.fair_lock import FairLock

# PostgreSQL's. A process that stands still in the middle of a transaction would hold its leads, and whoever waits for
# them, for as long as it stands; none of ours thinks for seconds between two statements.
_PATIENCE = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
NOTIFY_CHANNEL = "nurture_due"
_LEAVING_SECONDS = 5.0
# A server that vanished without a word is given up after half a minute (libpq; the last one in milliseconds).
_ANSWERS_OR_IS_GONE: Mapping[str, int] = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Database:
    """One database: `transaction()` to write, `reading()` to read. Threads may share it."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._write_lock = FairLock()
        if self.is_sqlite:
            self._writer = sqlite_file.engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite_file.engine(url, begin="BEGIN", pool_size=8)
        else:
            # Each process has a name of its own there, so that it can tell its connections from those of others.
            self._name = f"nurture-{secrets.token_hex(4)}"
            arguments = {
                "connect_timeout": 5,
                "client_encoding": "utf8",  # also where the database is in another, so that this can be told
                "options": f"-c timezone=UTC {_PATIENCE}",
                "application_name": self._name,
                **_ANSWERS_OR_IS_GONE,
            }
            self._writer = create_engine(
                url, pool_size=10, max_overflow=10, pool_pre_ping=True, connect_args=arguments, hide_parameters=True
            )
            self._reader = self._writer

    @property
    def engine(self) -> Engine:
        """The engine that may write; for migrations."""
        return self._writer

    @contextmanager
    def transaction(self, *, urgent: bool = False) -> Iterator[Session]:
        """Everything in the block is committed together, or none of it. An urgent one waits for no other's turn.

        Raises UnavailableError where the database is locked, away or full: nothing was written then.
        """
        if self.is_sqlite:
            came = time.monotonic()
            with self._write_lock.held(urgent=urgent):
                waited = max(time.monotonic() - came, self._write_lock.longest_wait)  # who is urgent passed others
                writer = sqlite_file.after_waiting(self._writer, waited)
                with self._session(writer) as session, session.begin():
                    yield session
        else:
            with self._session(self._writer) as session, session.begin():
                yield session

    @contextmanager
    def at_once(self) -> Iterator[Session | None]:
        """As `transaction()`, for a thread that has no time to wait. None: it would have to, so do it elsewhere.

        That is so while another thread or process writes; and always on PostgreSQL, which answers over a network.
        """
        if not self.is_sqlite or not self._write_lock.take_free():
            yield None
            return
        try:
            with told_as_unavailable(), self._writer.connect() as one, self._session(one) as session, session.begin():
                yield session if sqlite_file.begins_now(session, one) else None
        finally:
            self._write_lock.release()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to look with: it sees one state of the database and writes nothing."""
        with self._session(self._reader) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection to read everything with, as it was at one moment, while others go on writing."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with told_as_unavailable(), self._reader.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Session]:
        """As `transaction()`, with nobody else on the database. Raises RefusedError where somebody is.

        On SQLite nobody can come in meanwhile either; on PostgreSQL who comes in waits for every table there is.
        """
        self.close()
        if self.is_sqlite:
            engine = sqlite_file.engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1, alone=True)
            try:
                with told_as_unavailable(), engine.connect():
                    pass
            except UnavailableError as error:
                engine.dispose()
                if is_locked(error.__cause__):
                    raise _in_use() from error
                raise
            try:
                with self._session(engine) as session, session.begin():
                    yield session
            finally:
                engine.dispose()
            return
        self.wait_until_alone()
        with self.transaction() as session:
            dump.hold_still(session.connection())
            self.wait_until_alone()  # whoever came in before the locks
            yield session

    def wait_until_alone(self) -> None:
        """Raise RefusedError where somebody else is on a PostgreSQL database.

        Those who have just stopped are given a moment: the server notices a little later.
        """
        if self.is_sqlite:
            return
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND application_name <> :name"
        )
        ends = time.monotonic() + _LEAVING_SECONDS
        while True:
            with self.reading() as session:
                if not session.execute(others, {"name": self._name}).scalar_one():
                    return
            if time.monotonic() > ends:
                raise _in_use()
            time.sleep(0.1)

    @contextmanager
    def _session(self, bind: Engine | Connection) -> Iterator[Session]:
        with told_as_unavailable(), Session(bind, expire_on_commit=False) as session:
            yield session

    def forget_for_good(self) -> bool:
        """On SQLite, fold the write-ahead log in and cut it off: it still holds what was erased from the database.

        False when somebody was reading all the while: call it again. Never within a transaction of this thread.
        """
        if not self.is_sqlite:
            return True
        with self._write_lock.held():
            connection = self._writer.raw_connection()
            try:
                # Straight on the driver: a transaction, as every other statement has one, could not do this.
                busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()
        return not busy

    def close(self) -> None:
        """Let go of every connection."""
        self._writer.dispose()
        if self._reader is not self._writer:
            self._reader.dispose()


def open_database(url: str, *, given_by: str = "NURTURE_DATABASE_URL") -> Database:
    """The database a URL names. Raises ProblemsError with one plain sentence when it names none, or one that needs a
    newer SQLite than this Python has; `given_by` is the setting or option that the sentence is about.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "sqlite" and parsed.database in {None, "", ":memory:"}:
            found = "a database in memory, which would be gone with the process"
        elif parsed.drivername == "sqlite" and sqlite_file.too_old():
            raise ProblemsError([Problem(id="database-url", message=f"{given_by}: {sqlite_file.too_old()}")])
        elif not _can_be_looked_up(parsed.host or ""):
            found = "a host name that cannot be"
        elif parsed.drivername in {"sqlite", "postgresql+psycopg"}:
            return Database(parsed)
        else:
            found = f"'{parsed.drivername}'"
    except (ArgumentError, NoSuchModuleError, ValueError):
        found = "no database URL at all"
    expected = "expected sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    raise ProblemsError([Problem(id="database-url", message=f"{given_by}: {expected}, found {found}")])


def _can_be_looked_up(host: str) -> bool:
    """Python asks for a host by its A-labels, and fails without any where one of them is empty or too long."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def locks_rows(session: Session) -> bool:
    """Is a row held by one transaction while others write? On SQLite the one writer is the lock already."""
    return session.get_bind().dialect.name == "postgresql"


def was_ended(session: Session) -> bool:
    """Has SQLite itself ended the transaction that this session is in? PostgreSQL refuses all that follows instead."""
    if session.get_bind().dialect.name != "sqlite":
        return False
    driver = cast(sqlite3.Connection, session.connection().connection.driver_connection)
    return not driver.in_transaction


def is_same(one: Database, other: Database) -> bool:
    """Whether two URLs name one database, however they are written. Raises UnavailableError where one is away."""
    if one.is_sqlite != other.is_sqlite:
        return False
    if one.is_sqlite:
        return Path(one.url.database or "").resolve() == Path(other.url.database or "").resolve()
    # Names of hosts tell nothing; a lock that one holds is held in one database alone.
    lock = {"lock": secrets.randbits(62)}
    with one.transaction() as holds, other.transaction() as tries:
        holds.execute(text("SELECT pg_advisory_xact_lock(:lock)"), lock)
        return not tries.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), lock).scalar_one()


def take_locks(session: Session, names: list[str]) -> None:
    """Hold these names until the transaction ends (sorted, so that two takers never wait for each other)."""
    if names and locks_rows(session):
        session.execute(_TAKE_LOCKS, {"names": sorted(set(names))})


# The array is read from its first name to its last, and each is taken as it is read.
_TAKE_LOCKS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
)


def real_now(session: Session) -> datetime:
    """Real time, by which leases are measured: the database's, so that a machine whose clock is wrong takes no lease
    that others hold, and loses none of its own. On SQLite all workers are on one machine, and its clock will do.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Not now(): that is when the transaction began, and it may have waited for locks since.
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)


def notify_sender(session: Session) -> None:
    """Tell every listening worker, when this transaction commits, that something became due."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {NOTIFY_CHANNEL}"))


def _in_use() -> RefusedError:
    return RefusedError("somebody else uses the database; stop `serve` and every `worker` first, and try again")
