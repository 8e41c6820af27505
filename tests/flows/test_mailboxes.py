"""The mailboxes on a real IMAP server: each mail counts once, what was acted on goes, the rest stays for a person."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from service.domain.clock import RealClock
from service.errors import UnavailableError
from service.flows import feedback, mailboxes, ticks
from service.flows.mailboxes import Reader, boxes
from service.mail import return_paths
from service.mail.imap import Connection, MailboxError
from service.mail.imap_answers import Letter
from service.mail.inbound import automatic
from service.mail.inbound.classify import judged
from service.mail.inbound.values import Inbound
from service.mail.mailbox_url import parse_mailbox_url
from service.store import events
from service.store.tables import FeedbackEvent, Message
from tests.support import acts
from tests.support.dovecot import Box, Dovecot, dovecot
from tests.support.house import House, WrongClock
from tests.support.mails_back import away, complaint, reply, report
from tests.support.scripted_imap import ScriptedImap
from tests.support.tcp_proxy import TcpProxy

BROKEN, UNREACHABLE = "mailbox-mail-failed", "mailbox-unreachable:bounces"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def box(server: Dovecot) -> Box:
    return server.box()


def reading(house: House, url: str, *, replies: str | None = None) -> House:
    """The same house, with these mailboxes."""
    both = [parse_mailbox_url(each)[0] if each else None for each in (url, replies)]
    return house.with_changes(bounce_mailbox=both[0], reply_mailbox=both[1])


@contextmanager
def readers(house: House) -> Iterator[list[Reader]]:
    found = [Reader(house.services, each) for each in boxes(house.services)]
    try:
        yield found
    finally:
        for each in found:
            each.close()


def look(house: House, times: int = 1) -> None:
    """So many looks at every mailbox by one process."""
    with readers(house) as found:
        for _ in range(times):
            for each in found:
                each.read()


def advice(house: House, address: str = acts.ANNA) -> Message:
    """The lead's advice, on its way."""
    house.opt_in(address)
    house.send_due()
    return acts.advice(house, address)


def return_path(house: House, message: Message) -> str:
    assert house.services.bounce_mailbox is not None
    return return_paths.address_for(
        house.services.bounce_mailbox, house.services.keyring, "return-path", message.public_id
    )


def news(house: House) -> list[tuple[str, str, int | None]]:
    """What was taken for news: source, kind, about which message."""
    with house.services.database.reading() as session:
        rows = session.exec(select(FeedbackEvent).order_by(col(FeedbackEvent.id))).all()
    return [(row.source, row.kind, row.message_id) for row in rows]


def alerts(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.cause for each in events.open_alerts(session)]


def test_a_bounce_to_our_return_path_counts_and_is_removed(house: House, box: Box) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(report(return_path(house, message)))
    look(house)
    assert news(house) == [("bounces", "hard_bounce", message.id)]
    assert box.mails() == []
    with house.services.database.reading() as session:
        (row,) = session.exec(select(FeedbackEvent))
    assert (row.status, row.raw_kind) == ("5.1.1", "hard")
    assert "@" not in (row.diagnostic or "")
    assert row.at == house.clock.now(), "never later than it came, by our clock"


def test_each_mail_counts_once_however_often_it_comes_or_is_read(house: House, box: Box) -> None:
    house = reading(house, box.url(keep="yes"))
    message = advice(house)
    twice = report(return_path(house, message))
    box.deliver(twice, b"Received: by another way\r\n" + twice)
    look(house, 2)
    box.forget_uids()
    look(house)
    assert len(news(house)) == 1
    assert len(box.mails()) == 2, "keep=yes: they stay"
    assert box.flags() == [set(), set()]


def test_what_belongs_to_no_mail_of_ours_stays_unseen_and_changes_nothing(house: House, box: Box) -> None:
    house = reading(house, box.url())
    advice(house)
    before = house.rows()
    box.deliver(report(box.address), complaint(box.address), away(box.address), b"\xff\x00 no mail at all")
    look(house, 2)
    after = house.rows()
    before.pop("fact"), after.pop("fact")  # how far the box was read
    assert after == before
    assert len(box.mails()) == 4
    assert box.flags() == [set()] * 4


def test_a_mail_that_stays_is_not_fetched_again(house: House, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    house = reading(house, box.url())
    box.deliver(report(box.address))
    fetched: list[int] = []
    real = Connection.fetch

    def fetch(self: Connection, uid: int) -> Letter | None:
        fetched.append(uid)
        return real(self, uid)

    monkeypatch.setattr(Connection, "fetch", fetch)
    look(house)
    box.deliver(report(box.address))
    look(house, 2)
    assert fetched == [1, 2]


def test_an_answer_to_our_reply_address_reaches_the_ledger_and_leaves_the_mailbox(house: House, box: Box) -> None:
    house = reading(house, "", replies=box.url())
    message = advice(house)
    assert message.reply_to is not None
    box.deliver(reply(message.reply_to.partition("<")[2].rstrip(">")))
    look(house)
    assert news(house) == [("replies", "replied", message.id)]
    assert box.mails() == []


def test_a_box_that_is_named_for_both_is_read_once(house: House, box: Box) -> None:
    house = reading(house, box.url(), replies=box.url())
    message = advice(house)
    box.deliver(away(return_path(house, message)))
    assert len(boxes(house.services)) == 1
    look(house)
    assert news(house) == [("replies", "away", message.id)]


def test_killed_between_the_commit_and_the_removal_it_counts_once_and_still_goes(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(report(return_path(house, message)))

    class Killed(BaseException):
        """The process is gone."""

    def die(self: Connection, uids: list[int]) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "remove", die)
        with pytest.raises(Killed):
            look(house)
    assert len(news(house)) == 1
    assert len(box.mails()) == 1
    look(house)
    assert len(news(house)) == 1
    assert box.mails() == []


def test_a_connection_cut_in_the_middle_of_a_mail_loses_nothing(house: House, box: Box) -> None:
    with TcpProxy(box.server.port) as proxy:
        house = reading(house, box.url(port=proxy.port))
        messages = [advice(house, f"lead{number}@example.org") for number in range(3)]
        box.deliver(*(report(return_path(house, each), recipient=each.recipient, padding=30_000) for each in messages))
        with readers(house) as (reader,):
            proxy.lets_back = 50_000
            assert not reader.read()
            assert len(news(house)) == 1, "the second was on its way when the line broke"
            proxy.lets_back = None
            reader.read()
    assert news(house) == [("bounces", "hard_bounce", each.id) for each in messages]
    assert box.mails() == []


def test_a_mail_at_which_the_server_breaks_off_each_time_does_not_stop_those_behind_it(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(report(box.address), report(return_path(house, message)))
    real = Connection.fetch

    def fetch(self: Connection, uid: int) -> Letter | None:
        if uid == 1:
            self.abort()
        return real(self, uid)

    monkeypatch.setattr(Connection, "fetch", fetch)
    with readers(house) as (reader,):
        for _ in range(3):
            reader.read()
        assert news(house) == []
        reader.read()
    assert len(news(house)) == 1
    assert alerts(house).count(BROKEN) == 1
    assert len(box.mails()) == 1, "it lies there for a person"


def test_a_mail_at_which_our_own_code_fails_stops_no_other_and_is_told_once(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reading(house, box.url())
    message = advice(house)
    poison = b"X-Poison: yes\r\n" + report(return_path(house, message))
    box.deliver(poison, poison, report(return_path(house, message)))

    def fails(data: bytes) -> Inbound:
        if b"X-Poison" in data:
            raise RuntimeError("a defect")
        return judged(data)

    monkeypatch.setattr(mailboxes, "judged", fails)
    look(house, 2)
    assert len(news(house)) == 1
    assert alerts(house) == [BROKEN]
    assert len(box.mails()) == 2
    house.clock.advance(days=1, minutes=1)
    look(house)
    assert alerts(house) == []


def test_a_reply_that_cannot_be_taken_apart_lies_there_and_the_practice_hears_of_it(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(reply(return_path(house, message), "Stop."))

    def fails(_: object) -> bool:
        raise RecursionError("a mail nobody thought of")

    monkeypatch.setattr(automatic, "answers", fails)
    look(house, 2)
    assert news(house) == []
    assert alerts(house) == [BROKEN]
    assert len(box.mails()) == 1


def test_where_the_database_is_away_nothing_is_removed_and_the_next_look_takes_it_in(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(report(return_path(house, message)))

    def away_now(*_: object) -> bool:
        raise UnavailableError("the database cannot be used just now")

    with monkeypatch.context() as patched:
        patched.setattr(feedback, "apply", away_now)
        with pytest.raises(UnavailableError):
            look(house)
    assert len(box.mails()) == 1
    look(house)
    assert len(news(house)) == 1


def test_where_the_server_never_deletes_all_is_acted_on_once_and_that_is_told(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "_GROUP", 1)
    house = reading(house, box.url())
    messages = [advice(house, f"lead{number}@example.org") for number in range(3)]
    box.deliver(*(report(return_path(house, each), recipient=each.recipient) for each in messages))

    def refuse(self: Connection, uids: list[int]) -> None:
        raise MailboxError("The mail server does not let mails be deleted.", lasting=True)

    with readers(house) as (reader,):
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "remove", refuse)
            assert not reader.read()
            assert not reader.read()
        assert [about for _, _, about in news(house)] == [each.id for each in messages]
        assert alerts(house) == [UNREACHABLE], "a look with nothing to remove does not close it"
        box.deliver(report(return_path(house, messages[0])))
        reader.read()
        assert alerts(house) == []


def test_two_workers_that_read_one_box_at_once_count_each_mail_once(house: House, box: Box) -> None:
    house = reading(house, box.url())
    messages = [advice(house, f"lead{number}@example.org") for number in range(12)]
    box.deliver(*(report(return_path(house, each), recipient=each.recipient) for each in messages))
    failed: list[BaseException] = []
    begin = threading.Barrier(2)

    def work() -> None:
        begin.wait(20)
        try:
            look(house)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert failed == []
    assert Counter(about for _, _, about in news(house)) == Counter(each.id for each in messages)
    look(house)
    assert box.mails() == []
    assert BROKEN not in alerts(house)


def test_under_other_uids_everything_is_read_again_and_counts_no_second_time(house: House, box: Box) -> None:
    house = reading(house, box.url())
    first, second = advice(house), advice(house, "bram@example.org")
    stays = report(box.address)
    box.deliver(stays)
    look(house)
    box.forget_uids()
    box.deliver(report(return_path(house, first)), report(return_path(house, second), recipient="bram@example.org"))
    look(house)
    assert [about for _, _, about in news(house)] == [first.id, second.id]
    assert len(box.mails()) == 1


def test_a_mail_of_fifty_megabytes_is_taken_in_by_its_beginning(house: House, box: Box) -> None:
    house = reading(house, box.url())
    message = advice(house)
    with box.session():
        pass
    box.deliver(reply(return_path(house, message)) + b"x" * 50_000_000)
    look(house)
    assert news(house) == [("replies", "replied", message.id)]


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_five_hundred_mails_and_more_are_taken_in_bounded_looks(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "_MOST", 300)
    house = reading(house, box.url())
    message = advice(house)
    ours, theirs = return_path(house, message), box.address
    box.deliver(*(report(theirs if number % 5 else ours) for number in range(500)))
    with readers(house) as (reader,):
        assert reader.read()
        assert len(news(house)) == 60
        assert not reader.read()
    assert len(news(house)) == 100
    assert len(box.mails()) == 400


def test_what_is_older_than_our_memory_of_news_is_left_alone(house: House, box: Box) -> None:
    house = reading(house, box.url())
    message = advice(house)
    box.deliver(report(return_path(house, message)), arrived=house.clock.now() - house.services.retention.events)
    look(house)
    assert news(house) == []
    assert len(box.mails()) == 1


def test_a_machine_whose_clock_is_ahead_passes_over_no_news(house: House, box: Box) -> None:
    """On SQLite there is no second clock to ask, but the minute before it was another time."""
    house.clock.moment = datetime.now(UTC)
    house = reading(house, box.url())
    ticks.housekeeping(house.with_changes(clock=RealClock()).services)
    box.deliver(report(return_path(house, advice(house))))
    look(house.with_changes(clock=WrongClock(off_by=timedelta(days=400))))
    assert [kind for _, kind, _ in news(house)] == ["hard_bounce"]


def test_a_log_in_that_is_refused_is_told_once_and_closed_when_it_works_again(house: House, box: Box) -> None:
    wrong = box.url().replace(box.login.rpartition(":")[2], "a-wrong-one")
    broken = reading(house, wrong)
    message = advice(broken)
    box.deliver(report(return_path(broken, message)))
    look(broken, 2)
    assert alerts(broken) == [UNREACHABLE]
    mended = reading(house, box.url())
    look(mended)
    assert alerts(mended) == []
    assert news(mended) == [("bounces", "hard_bounce", message.id)]


def test_a_server_that_is_away_for_a_moment_alarms_nobody(house: House) -> None:
    with ScriptedImap(greeting="* BYE\r\n") as scripted:
        house = reading(house, scripted.url())
        look(house, 4)
        assert alerts(house) == []
        look(house, 5)
        assert alerts(house) == [UNREACHABLE]
        ticks.housekeeping(house.services)
        assert alerts(house) == [UNREACHABLE]
        ticks.housekeeping(house.with_changes(bounce_mailbox=None).services)
        assert alerts(house) == [], "a mailbox that the settings name no more"


def test_a_reader_that_is_stopped_leaves_at_once_and_alarms_nobody(house: House) -> None:
    with ScriptedImap({"UID FETCH": None}) as scripted:
        house = reading(house, scripted.url())
        with readers(house) as (reader,):
            thread = threading.Thread(target=reader.read)
            thread.start()
            assert scripted.connected.wait(20)
            while not any("UID FETCH" in each for each in scripted.heard):
                thread.join(0.01)
            reader.stop()
            thread.join(20)
            assert not thread.is_alive()
            assert not reader.read()
    assert alerts(house) == []


def test_a_killed_look_and_a_lost_line_may_come_in_any_number(house: House, box: Box) -> None:
    """Bits of a look, each cut somewhere else, until the box is empty: every bounce once."""
    with TcpProxy(box.server.port) as proxy:
        house = reading(house, box.url(port=proxy.port))
        messages = [advice(house, f"lead{number}@example.org") for number in range(6)]
        box.deliver(*(report(return_path(house, each), recipient=each.recipient) for each in messages))
        for allowed in range(1_500, 9_000, 700):
            proxy.lets_back = allowed
            with suppress(UnavailableError):
                look(house)
        proxy.lets_back = None
        look(house)
    assert Counter(about for _, _, about in news(house)) == Counter(each.id for each in messages)
    assert box.mails() == []


def test_a_moment_before_now_is_the_servers_own(house: House, box: Box) -> None:
    house = reading(house, box.url())
    message = advice(house)
    arrived = house.clock.advance(minutes=30)
    house.clock.advance(hours=2)
    box.deliver(report(return_path(house, message)), arrived=arrived)
    look(house)
    with house.services.database.reading() as session:
        (row,) = session.exec(select(FeedbackEvent))
    assert (row.at, row.received_at) == (arrived, house.clock.now())
