"""The worker reads the mailboxes beside its other work, and a mail server that hangs holds up none of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import select

from service.flows import mailboxes
from service.mail import return_paths
from service.mail.mailbox_url import parse_mailbox_url
from service.store.tables import FeedbackEvent
from service.worker import Worker
from tests.support import acts
from tests.support.dovecot import Dovecot, dovecot
from tests.support.house import House
from tests.support.mails_back import report
from tests.support.running import wait_for
from tests.support.scripted_imap import ScriptedImap


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


def kinds(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [row.kind for row in session.exec(select(FeedbackEvent))]


def test_a_worker_reads_its_mailbox_at_once_and_again_later(
    house: House, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "SECONDS", 0.1)
    box = server.box()
    found, _ = parse_mailbox_url(box.url())
    assert found is not None
    house = house.with_changes(bounce_mailbox=found)
    house.opt_in()
    house.send_due()
    message = acts.advice(house)
    mail = report(return_paths.address_for(found, house.services.keyring, "return-path", message.public_id))
    box.deliver(mail)
    worker = Worker(house.services)
    worker.start()
    try:
        wait_for(lambda: kinds(house) == ["hard_bounce"], "the bounce", 30)
        box.deliver(mail.replace(b"Message-ID: <report-", b"Message-ID: <another-"))
        wait_for(lambda: len(kinds(house)) == 2, "the next one", 30)
        wait_for(lambda: box.mails() == [], "an empty mailbox", 30)
    finally:
        worker.stop()


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("silent", ["from the start", "at a mail"])
def test_a_mail_server_that_hangs_holds_up_neither_the_mails_nor_the_stop(house: House, silent: str) -> None:
    greeting = None if silent == "from the start" else "* OK ready\r\n"
    with ScriptedImap({"UID FETCH": None}, greeting=greeting) as scripted:
        found, _ = parse_mailbox_url(scripted.url())
        house = house.with_changes(bounce_mailbox=found)
        worker = Worker(house.services)
        worker.start()
        try:
            assert scripted.connected.wait(30)
            house.opt_in()
            house.services.bell.ring()
            wait_for(lambda: acts.advice(house).state == "accepted", "the advice", 30)
        finally:
            worker.stop()
        assert not worker.alive
        if silent == "at a mail":
            assert not any(thread.is_alive() for thread in worker._reading)


def test_without_a_mailbox_no_thread_reads_any(house: House) -> None:
    worker = Worker(house.services)
    worker.start()
    try:
        assert worker._reading == []
    finally:
        worker.stop()
