"""From due to settled: who hands over, what every answer leads to, and that nothing is lost or sent twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from service.errors import UnavailableError
from service.flows import resolving, settling, ticks
from service.mail.transport import OutboundMail, SendResult
from service.store import message_rows
from service.store.db import Database
from service.store.tables import Message, Revision
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House
from tests.support.older_worker import OlderWorker
from tests.support.transports import (
    Network,
    accepted,
    always,
    login_refused,
    lost_after_the_dot,
    no_such_mailbox,
    refused_content,
    refused_for_now,
)

BRAM = "bram@example.org"
MINUTE = timedelta(minutes=1)


# Many senders


@pytest.mark.parametrize("workers", [2, 4])
def test_senders_at_once_with_doubled_ticks_hand_each_mail_over_once(
    posted: House, network: Network, workers: int
) -> None:
    for number in range(12):
        posted.opt_in(f"lead{number}@example.org")
    posted.send_due()
    for number in range(12):
        acts.confirm(posted, f"lead{number}@example.org")
    posted.clock.advance(days=2)
    for number in range(12, 24):
        posted.opt_in(f"lead{number}@example.org")
    network.delay = 0.005
    meet = threading.Barrier(2 * workers)

    def send() -> None:
        meet.wait(30)
        posted.send_due()
        posted.send_due()

    def tick() -> None:
        meet.wait(30)
        for _ in range(2):
            ticks.plan(posted.services)
            ticks.reap(posted.services)
            ticks.housekeeping(posted.services)

    with ThreadPoolExecutor(2 * workers) as pool:
        running = [pool.submit(work) for work in (send, tick) * workers]
        for each in running:
            each.result(60)
    posted.send_due()
    assert set(network.counts().values()) == {1}
    assert Counter(mail.recipient for mail in network.mails) == {
        f"lead{n}@example.org": 2 if n < 12 else 1 for n in range(24)
    }


def test_one_bad_address_never_stops_the_others(posted: House, network: Network) -> None:
    answers: dict[str, Callable[[], SendResult]] = {
        "a@example.org": no_such_mailbox,
        "b@example.org": refused_for_now,
        "c@example.org": lost_after_the_dot,
        "d@example.org": refused_content,
    }
    network.answer = lambda mail, _before: answers.get(mail.recipient, accepted)()
    for letter in "abcdefghij":
        posted.opt_in(f"{letter}@example.org")
    assert posted.send_due() == 6
    assert len(network.to("c@example.org")) == 3


# Nobody knows


def test_an_advice_whose_fate_is_unknown_goes_again_twice_with_the_same_bytes(posted: House, network: Network) -> None:
    network.answer = always(lost_after_the_dot())
    posted.opt_in()
    for _ in range(3):
        posted.send_due()
        posted.clock.advance(minutes=7)
    assert len(network.mails) == 3
    assert len({(mail.message_id, mail.data) for mail in network.mails}) == 1
    message = acts.advice(posted)
    assert (message.state, message.attempts) == ("unknown", 3)
    assert [each.outcome for each in acts.attempts(posted, message)] == ["unknown"] * 3
    assert acts.alerts(posted) == ["message-unknown"]


def test_a_follow_up_whose_fate_is_unknown_is_never_sent_again_and_stops_nothing(
    posted: House, network: Network
) -> None:
    acts.follow_up_due(posted)
    network.answer = always(lost_after_the_dot())
    posted.send_due()
    network.answer = always(accepted())
    posted.live_through(days=12)
    sent = {step: message.state for step, message in acts.follow_ups(posted).items()}
    assert sent == {
        "hoe-ging-het": "unknown",
        "check": "accepted",
        "niets-te-zien": "accepted",
        "eerdere-uitnodiging": "skipped",
        "sterker-losser": "accepted",
    }
    assert max(network.counts().values()) == 1
    assert acts.alerts(posted) == ["message-unknown"]


def test_a_transport_that_breaks_leaves_the_fate_unknown_and_the_others_going(posted: House, network: Network) -> None:
    acts.follow_up_due(posted)
    posted.opt_in(BRAM)

    def break_on_anna(mail: OutboundMail, _before: int) -> SendResult:
        if mail.recipient == ANNA:
            raise RuntimeError("a defect in a transport")
        return accepted()

    network.answer = break_on_anna
    assert posted.send_due() == 1
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "unknown"
    assert acts.advice(posted, BRAM).state == "accepted"
    assert posted.send_due() == 0


# A sender that stalls


def test_an_answer_after_the_lease_ran_out_turns_unknown_into_the_truth(posted: House, network: Network) -> None:
    token = stalled(posted, acts.follow_up_due(posted))
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "unknown"
    assert acts.alerts(posted) == ["message-unknown"]
    settle(posted, token, accepted())
    message = acts.follow_ups(posted)["hoe-ging-het"]
    assert (message.state, message.settled_at) == ("accepted", posted.clock.now())
    assert acts.alerts(posted) == [], "nothing is unknown any more"
    settle(posted, token, no_such_mailbox())
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "accepted", "it has been settled"


def test_the_answers_to_two_tries_of_one_mail_written_together_tell_the_truth_of_each(posted: House) -> None:
    message = acts.follow_up_due(posted)
    first_token = stalled(posted, message)
    acts.commit(
        posted, resolving.resolve, posted.services, [message.id], "resend", actor="Frank", now=posted.clock.now()
    )
    (second,) = acts.commit(posted, acts.begin, posted, [message.id], "again")
    first = acts.commit(posted, acts.opening, first_token)
    answers = [settling.Answer(opening=each, result=accepted()) for each in (first, second)]
    acts.commit(posted, settling.settle_all, posted.services, answers, posted.clock.now(), datetime.now(UTC))
    assert [each.outcome for each in acts.attempts(posted, message)] == ["accepted", "accepted"]
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "accepted"


def test_a_late_refusal_for_good_is_the_truth_too(posted: House) -> None:
    token = stalled(posted, acts.follow_up_due(posted))
    settle(posted, token, no_such_mailbox())
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "failed"
    assert acts.enrolment(posted).end_reason == "hard_bounce"


@pytest.mark.parametrize("result", [refused_for_now(), lost_after_the_dot(), login_refused()])
def test_a_late_answer_that_tells_nothing_leaves_it_unknown(
    posted: House, network: Network, result: SendResult
) -> None:
    token = stalled(posted, acts.follow_up_due(posted))
    settle(posted, token, result)
    posted.live_through(days=1)
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "unknown"
    assert max(network.counts().values()) == 1


@pytest.mark.parametrize("stands", ["due", "leased"])
def test_a_late_yes_for_an_advice_that_is_to_go_again_keeps_it_from_going_twice(
    posted: House, network: Network, stands: str
) -> None:
    posted.opt_in()
    token = stalled(posted, acts.advice(posted))
    older = OlderWorker(house=posted)
    ids = older.lease() if stands == "leased" else []
    assert acts.advice(posted).state == stands
    settle(posted, token, accepted())
    assert (posted.send_due(), older.hand_over(ids, network)) == (0, 0)
    assert (acts.advice(posted).state, network.mails) == ("accepted", [])


@pytest.mark.parametrize("second", [refused_for_now(), lost_after_the_dot(), refused_content(), login_refused()])
def test_a_late_yes_while_the_repeat_is_under_way_outweighs_what_becomes_of_the_repeat(
    posted: House, network: Network, second: SendResult
) -> None:
    posted.opt_in()
    first_token = stalled(posted, acts.advice(posted))

    def answer(_mail: OutboundMail, _before: int) -> SendResult:
        settle(posted, first_token, accepted())
        return second

    network.answer = answer
    posted.send_due()
    posted.live_through(hours=1)
    assert (acts.advice(posted).state, len(network.mails)) == ("accepted", 1)


def test_a_late_yes_outweighs_a_repeat_that_nobody_answers_for(posted: House, network: Network) -> None:
    posted.opt_in()
    first_token = stalled(posted, acts.advice(posted))
    stalled(posted, acts.advice(posted), meanwhile=lambda: settle(posted, first_token, accepted()))
    assert posted.send_due() == 0
    assert (acts.advice(posted).state, acts.alerts(posted), network.mails) == ("accepted", [], [])


def test_a_no_ends_a_follow_up_that_an_older_worker_has_leased(posted: House, network: Network) -> None:
    acts.follow_up_due(posted)
    older = OlderWorker(house=posted)
    ids = older.lease()
    acts.withdraw(posted)
    assert (older.hand_over(ids, network), posted.send_due()) == (0, 0)
    assert (acts.follow_ups(posted)["hoe-ging-het"].state, len(network.to(ANNA))) == ("cancelled", 1)


# Mails that cannot be built


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)  # PostgreSQL would not take such values
@pytest.mark.parametrize("column", ["content", "planned_at"])
def test_a_row_that_cannot_be_read_is_held_and_keeps_nobody_waiting(
    posted: House, network: Network, column: str
) -> None:
    for name in ("anna", "bram", "daan"):
        posted.opt_in(f"{name}@example.org")
    broken = acts.advice(posted, "bram@example.org").id
    with posted.services.database.transaction() as session:
        session.execute(text(f"UPDATE message SET {column} = '{{' WHERE id = {broken}"))
    assert posted.send_due() == 2
    assert sorted(each.recipient for each in network.mails) == ["anna@example.org", "daan@example.org"]
    assert acts.alerts(posted) == ["mail-broken:advies-lage-rug"]
    if column == "content":  # staff see it, and decide
        with posted.services.database.reading() as session:
            assert [each.id for each in message_rows.in_states(session, ["held"])] == [broken]
        now = posted.clock.now()
        acts.commit(posted, resolving.resolve, posted.services, [broken], "drop", actor="Frank", now=now)
    with posted.services.database.reading() as session:
        became = session.execute(text(f"SELECT state FROM message WHERE id = {broken}")).scalar_one()
    assert became == ("cancelled" if column == "content" else "held")


def test_an_undefined_variable_holds_that_mail_and_tells_while_the_others_go(posted: House, network: Network) -> None:
    acts.follow_up_due(posted)
    posted.opt_in(BRAM)
    acts.commit(posted, spoil, "hoe-ging-het", "Beste {{ voornaam }}")
    before = len(network.mails)
    assert posted.send_due() == 1
    assert [mail.recipient for mail in network.mails[before:]] == [BRAM]
    message = acts.follow_ups(posted)["hoe-ging-het"]
    assert (message.state, message.attempts, message.lease_token) == ("held", 0, None)
    assert acts.alerts(posted) == ["mail-broken:hoe-ging-het"]
    posted.live_through(days=5)
    assert acts.follow_ups(posted)["check"].state == "accepted", "the sequence goes on"
    assert not any(b"voornaam" in mail.data for mail in network.mails)


def test_a_mail_without_its_lawful_footer_is_held(posted: House, network: Network) -> None:
    posted.opt_in()
    acts.commit(posted, without_unsubscribing, acts.advice(posted).id)
    assert posted.send_due() == 0
    assert (acts.advice(posted).state, network.mails) == ("held", [])


# The database goes away


class _AwayDatabase(Database):
    """A database that can be out of reach for the next few transactions, at their beginning or at their commit."""

    away = 0
    at_commit = False

    @contextmanager
    def transaction(self, *, urgent: bool = False) -> Iterator[Session]:
        """As ever, unless it is away."""
        if not self.away:
            with super().transaction(urgent=urgent) as session:
                yield session
            return
        self.away -= 1
        if self.at_commit:
            with super().transaction(urgent=urgent) as session:
                yield session
                raise UnavailableError("away")
        raise UnavailableError("away")


@pytest.mark.parametrize("at_commit", [False, True])
def test_an_answer_is_written_when_the_database_comes_back(posted: House, network: Network, at_commit: bool) -> None:
    database = _AwayDatabase(posted.services.database.url)
    away = posted.with_changes(database=database)

    def answer(_mail: OutboundMail, _before: int) -> SendResult:
        database.away, database.at_commit = 3, at_commit
        return accepted()

    network.answer = answer
    away.opt_in()
    assert away.send_due() == 1
    database.close()
    assert acts.advice(posted).state == "accepted"
    assert posted.send_due() == 0
    assert len(network.mails) == 1


# Helpers


def stalled(house: House, message: Message, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Hand over by a worker that then hangs until its lease has run out and was reaped. Returns its token."""
    (begun,) = acts.commit(house, acts.begin, house, [message.id], "stalled")
    meanwhile()
    past = datetime.now(UTC) - timedelta(seconds=1)
    acts.commit(house, expire, message.id, past)
    ticks.reap(house.services)
    return begun.token


def expire(session: Session, message_id: int, moment: datetime) -> None:
    """The lease of this message ran out."""
    session.get_one(Message, message_id).lease_until = moment


def settle(house: House, token: str, result: SendResult) -> None:
    """The transport answers, now."""
    acts.commit(house, acts.settle, house.services, token, result, house.clock.now(), datetime.now(UTC))


def spoil(session: Session, template: str, subject: str) -> None:
    """What publishing refuses, in a published revision all the same; and what the database refuses, as its owner."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    session.execute(text(f"DROP TRIGGER {'revision_no_update' if sqlite else 'revision_no_change ON revision'}"))
    for revision in session.exec(select(Revision).where(Revision.kind == "sequence")):
        if template in revision.compiled:
            mail = {**revision.compiled[template], "subject": subject}
            revision.compiled = {**revision.compiled, template: mail}


def without_unsubscribing(session: Session, message_id: int) -> None:
    """A row whose link got lost."""
    message = session.get_one(Message, message_id)
    message.content = {**message.content, "unsubscribe_url": ""}
