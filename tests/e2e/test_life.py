"""An installation over its life: the demo stopped and started again, a schema that is not ours."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

from sqlalchemy import text

from service.store.db import open_database
from tests.support.commands import nurture
from tests.support.running import http, installation, link_in


def test_stopped_and_started_again_nothing_is_lost_and_the_clock_goes_on(database_url: str, tmp_path: Path) -> None:
    with installation(tmp_path, database_url) as running:
        running.start()
        running.opt_in("anna@example.org")
        advice = running.first_mail("anna@example.org")
        assert http("POST", link_in(advice, "c"), form={}).status == 200
        moved = running.clock(advance="P3D")["now"]
        before = inbox(running.url)
        for number in (signal.SIGINT, signal.SIGTERM):
            running.stop(number)
            running.start()
            assert inbox(running.url) == before
            assert running.clock(advance="PT1M")["now"] > moved
        while running.clock(to="next")["sent"]:
            pass
        assert len(running.mails("anna@example.org")) == 8
        assert "Traceback" not in running.logs()


def test_a_database_of_another_version_is_refused_with_the_command_that_helps(
    migrated_database_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": migrated_database_url, "data_dir": str(tmp_path), "mail_url": f"file:{tmp_path}/out"}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])

    def refused(change: str) -> str:
        database = open_database(migrated_database_url)
        with database.transaction() as session:
            session.execute(text(change))
        database.close()
        said = nurture("serve", "--port", port, folder=tmp_path, **settings)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1), said
        return said.err

    assert "newer version" in refused("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert nurture("migrate", folder=tmp_path, **settings).status == 1
    assert "run: nurture migrate" in refused("UPDATE alembic_version SET version_num = '0016'")
    assert "restore a backup" in refused("DELETE FROM alembic_version")
    assert nurture("migrate", folder=tmp_path, **settings).status == 1


def inbox(url: str) -> list[tuple[str, str]]:
    """What the demo's inbox shows, oldest first."""
    return [(mail["to"], mail["subject"]) for mail in json.loads(http("GET", f"{url}/demo/inbox.json").text)]
