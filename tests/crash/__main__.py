"""The long storm, on both databases one after the other: `make storm`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.ground import migrated
from tests.crash.other_side import SIDES
from tests.crash.storm import storm
from tests.support.postgres import postgres_server


def main() -> int:
    """Print a line for each database; 1 when anything is wrong."""
    asked = argparse.ArgumentParser(description="kill -9 under load, on SQLite and on PostgreSQL")
    asked.add_argument("--kills", type=int, default=500, help="on each database")
    asked.add_argument("--seed", type=int, default=None)
    asked.add_argument("--only", choices=("sqlite", "postgresql"))
    asked.add_argument("--by", choices=tuple(SIDES), default="smtp", help="who takes the mails")
    given = asked.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    wrong = []
    for engine in (given.only,) if given.only else ("sqlite", "postgresql"):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            if engine == "sqlite":
                url = f"sqlite:///{folder}/nurture.db"
                done = storm(migrated(url), Path(folder), kills=given.kills, seed=seed, by=given.by)
            else:
                with postgres_server() as server:
                    url = migrated(server.url(server.create()))
                    done = storm(url, Path(folder), kills=given.kills, seed=seed, by=given.by)
        sys.stdout.write(f"{done.line}, {time.monotonic() - began:.0f} s\n")
        sys.stdout.writelines(f"  {each}\n" for each in done.wrong)
        sys.stdout.flush()
        wrong += done.wrong
    return 1 if wrong else 0


sys.exit(main())
