"""Asked to stop while the mail server is slow: what is in flight is finished, and the rest is due."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from service.store import reports
from service.store.db import open_database
from tests.support.running import http, installation, wait_for
from tests.support.smtp_server import Fault, SmtpServer

BY_NOHUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from service.cli import main; main()"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_loses_nothing_repeats_nothing_and_leaves_nothing_unknown(
    database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    """Also where the terminal that it was started in is closed."""
    with SmtpServer(faults=[Fault(stage="dot", delay=1.5)]) as server:
        with installation(tmp_path, database_url, NURTURE_MAIL_URL=server.url) as running:
            process = running.start()
            for each in range(20):
                assert running.opt_in(f"lead{each}@example.org").status == 202
            wait_for(lambda: server.commands.count("DATA") >= 5, "several mails in flight")
            process.send_signal(number)
            assert process.wait(30) == 0, running.logs()
            stopped = message_states(database_url)
            assert set(stopped) == {"accepted", "due"}, "no lease is left, nothing is unknown"
            assert stopped["accepted"] == len(server.messages) < 20
            server.faults.clear()
            running.start()
            wait_for(lambda: message_states(database_url) == {"accepted": 20}, running.logs())
        recipients = [each.recipients[0] for each in server.messages]
        assert sorted(recipients) == sorted(f"lead{each}@example.org" for each in range(20))
        assert "Traceback" not in running.logs()


def test_by_nohup_it_outlives_its_terminal(tmp_path: Path) -> None:
    with installation(tmp_path, f"sqlite:///{tmp_path}/nurture.db") as running:
        process = running.launch("serve", "--port", str(running.port), program=BY_NOHUP)
        wait_for(lambda: http("GET", f"{running.url}/readyz").status == 200, "ready")
        process.send_signal(signal.SIGHUP)
        assert running.opt_in("anna@example.org").status == 202
        assert running.first_mail("anna@example.org"), "the worker goes on, too"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, running.logs()


def message_states(database_url: str) -> dict[str, int]:
    """How many messages stand in each state."""
    database = open_database(database_url)
    try:
        with database.reading() as session:
            return {state: count for (_, state), count in reports.states(session).items()}
    finally:
        database.close()
