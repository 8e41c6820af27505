"""Asked to stop while the mail server is slow: what is in flight is finished, and the rest is due."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from service.store import reports
from service.store.db import open_database
from tests.support.running import installation, wait_for
from tests.support.smtp_server import Fault, SmtpServer

OUTLIVES_ITS_TERMINAL = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # this run of the tests, as by `nohup`
BY_ITS_TERMINAL = pytest.mark.skipif(OUTLIVES_ITS_TERMINAL, reason="what it starts outlives a terminal, too")


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=BY_ITS_TERMINAL)])
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


def message_states(database_url: str) -> dict[str, int]:
    """How many messages stand in each state."""
    database = open_database(database_url)
    try:
        with database.reading() as session:
            return {state: count for (_, state), count in reports.states(session).items()}
    finally:
        database.close()
