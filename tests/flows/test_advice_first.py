"""Whoever asks for advice does not wait behind follow-ups, however many are due (ACCEPTANCE L11)."""

from __future__ import annotations

from functools import partial

from service.mail.transport import open_transport
from service.worker import Worker
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.running import wait_for
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.website import opt_in, website

DUE = 2_000
# The few that are on their way, and those that begin while the advice is taken and composed: on a slow machine all of
# it is slow alike. Behind the backlog it would be 2,000.
MOST_BEFORE = 100
BRAM = "bram@example.org"


def test_an_advice_overtakes_the_follow_ups_that_were_due_before_it(house: House) -> None:
    gather(house, DUE - 1)
    with SmtpServer(faults=[Fault(stage="dot", delay=0.02)]) as server:
        running = house.with_changes(open_transport=partial(open_transport, server.url))
        worker, client = Worker(running.services), website(running)
        worker.start()
        try:
            assert len(server.wait_for(50, 60)) >= 50, "the backlog is under way"
            opt_in(client, BRAM)
            before = len(server.messages)
            wait_for(lambda: (BRAM,) in {mail.recipients for mail in server.messages}, "the advice", 120)
        finally:
            worker.stop()
    arrived = [mail.recipients for mail in server.messages].index((BRAM,))
    assert arrived - before <= MOST_BEFORE
    assert before < DUE - MOST_BEFORE, "there was a backlog to overtake"
