"""kill -9 between the commit of a bounce and its removal from the mailbox: it counts once, and still goes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from sqlmodel import select

from service.store.db import open_database
from service.store.tables import FeedbackEvent, Message
from tests.support.mails_back import report
from tests.support.running import installation, wait_for
from tests.support.scripted_imap import ScriptedImap

ANNA = "anna@example.org"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bounce_that_a_killed_process_had_taken_in_counts_once_and_is_removed_by_the_next(
    database_url: str, tmp_path: Path
) -> None:
    database = open_database(database_url)

    def kinds() -> list[str]:
        with database.reading() as session:
            return [row.kind for row in session.exec(select(FeedbackEvent))]

    with ScriptedImap() as scripted, installation(tmp_path, database_url, NURTURE_DEMO="0") as running:
        running.start()
        assert running.opt_in(ANNA).status == 202
        running.first_mail(ANNA)
        running.stop()
        with database.reading() as session:
            (message,) = session.exec(select(Message).where(Message.recipient == ANNA))
        mail = report("bounces@praktijk.example", message_id=message.message_id).decode()
        scripted.says |= {
            "UID FETCH 1:*": '* 1 FETCH (UID 1 INTERNALDATE "27-Nov-2026 10:00:00 +0100")\r\n{tag} OK done\r\n',
            "UID FETCH 1 ": f"* 1 FETCH (UID 1 BODY[]<0> {{{{{len(mail)}}}}}\r\n{mail})\r\n{{tag}} OK done\r\n",
            "UID STORE": None,
            "UID SEARCH": "* SEARCH 1\r\n{tag} OK done\r\n",
        }
        running.env["NURTURE_BOUNCE_MAILBOX"] = scripted.url()
        running.start("worker")
        wait_for(lambda: any("UID STORE" in each for each in scripted.heard), f"the removal; log:\n{running.logs()}")
        running.stop(signal.SIGKILL)
        assert kinds() == ["hard_bounce"]
        scripted.says["UID STORE"] = "{tag} OK done\r\n"
        running.start("worker")
        wait_for(lambda: any("EXPUNGE" in each for each in scripted.heard), f"the removal; log:\n{running.logs()}")
        running.stop()
        assert kinds() == ["hard_bounce"]
        assert ANNA not in running.logs()
    database.close()
