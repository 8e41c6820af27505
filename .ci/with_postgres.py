"""Run a command with ACCEPTANCE_DATABASE_URL naming an empty, throw-away PostgreSQL database; its status is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.postgres import NoPostgresError, postgres_server


def main(command: list[str]) -> int:
    """The exit status of `command`; 1 where there is no PostgreSQL, 2 where there is no command."""
    if not command:
        print("usage: with_postgres.py COMMAND…", file=sys.stderr)
        return 2
    try:
        with postgres_server() as server:
            url = server.url(server.create())
            return subprocess.run(command, env=os.environ | {"ACCEPTANCE_DATABASE_URL": url}, check=False).returncode
    except NoPostgresError as error:
        print(f"no PostgreSQL to run this on: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
