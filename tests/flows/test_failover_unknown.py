"""A mail of unknown fate stays with the way that may have taken it, however well the other one works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, update

from service.flows import resolving
from service.flows.sending import Sender
from service.mail.transport import SendResult
from service.store.tables import Attempt
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.fakes.postmark import Postmark
from tests.support.fakes.resend import Resend
from tests.support.house import House
from tests.support.http_server import HttpFault, Said
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.transports import CountingTransport, Network, always, in_turn, login_refused, lost_after_the_dot
from tests.support.two_ways import AWAY, by_two, living, onto_two, rested, takers, tries

TEN = [f"lead{number}@example.org" for number in range(10)]
BROKEN = Said(status=503, headers={"Content-Type": "text/html"}, body=b"<h1>Service Unavailable</h1>")


@pytest.fixture
def first() -> Iterator[SmtpServer]:
    """The server of NURTURE_MAIL_URL."""
    with SmtpServer() as started:
        yield started


@pytest.fixture
def second() -> Iterator[SmtpServer]:
    """The server of NURTURE_MAIL_FALLBACK_URL."""
    with SmtpServer() as started:
        yield started


class Remembering(CountingTransport):
    """A provider that knows an idempotency key for a day."""

    remembers = timedelta(hours=24)


def lost_and_away() -> list[Fault]:
    """The first mail is lost after its dot, and from then on nobody is there."""
    return [
        Fault(stage="dot", cut=True, keep=False, times=1),
        *(replace(AWAY, connection=number) for number in range(2, 20)),
    ]


def age(house: House, **by: float) -> None:
    """All attempts so far are older by this much."""

    def back(session: Session) -> None:
        moment = datetime.now(UTC) - timedelta(**by)
        session.exec(update(Attempt).values(opened_at=moment).execution_options(synchronize_session=False))

    acts.commit(house, back)


def resend(house: House) -> None:
    """Staff let the advice go again, whatever became of it."""
    message = acts.advice(house)
    acts.commit(
        house,
        lambda session: resolving.resolve(
            session, house.services, [message.id], "resend", actor="test", now=house.clock.now()
        ),
    )


def test_a_follow_up_cut_after_the_dot_at_the_first_never_goes_by_the_second(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    posting = by_two(house, first.url, second.url)
    acts.confirmed(posting)
    first.faults = [Fault(stage="dot", cut=True)]
    posting.live_through(days=2)
    first.faults = [AWAY]
    posting.live_through(hours=20)
    assert acts.follow_ups(posting)["hoe-ging-het"].state == "unknown"
    assert (takers(first), takers(second)) == ([ANNA, ANNA], []), "the advice, and the follow-up once"


def test_the_repeats_of_an_advice_cut_after_the_dot_go_by_the_first(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults = [Fault(stage="dot", cut=True)]
    posting = by_two(house, first.url, second.url)
    posting.opt_in()
    posting.send_due()
    posting.live_through(hours=1)
    assert (takers(first), takers(second)) == ([ANNA] * 3, [])
    assert (acts.advice(posting).state, acts.alerts(posting)) == ("unknown", ["message-unknown"])


def test_a_repeat_waits_for_the_first_while_new_advices_go_by_the_second(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    posting = by_two(house, first.url, second.url)

    async def work(sender: Sender) -> None:
        first.faults = lost_and_away()
        posting.opt_in()
        assert await sender.send_due() == 0
        for address in TEN:
            posting.opt_in(address)
        posting.clock.advance(minutes=1)
        assert await sender.send_due() == 10
        assert takers(second) == TEN
        message = acts.advice(posting)
        assert (message.state, message.reason) == ("due", "wacht op de weg waarlangs hij misschien al ging")
        assert message.due_at > posting.clock.now(), "it is not looked at without end"
        first.faults = []
        rested(sender)
        await sender.send_due()  # asks the first
        posting.clock.advance(minutes=1)
        assert await sender.send_due() == 1

    living(posting, work)
    assert tries(posting, ANNA) == [("primary", "unknown"), ("primary", "retry"), ("primary", "accepted")]
    assert (takers(first), takers(second)) == ([ANNA], TEN)


def test_an_advice_that_waits_for_its_way_for_an_hour_is_listed_and_staff_may_send_it_by_the_other(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults = lost_and_away()
    posting = by_two(house, first.url, second.url)
    posting.opt_in()
    posting.send_due()
    age(posting, minutes=59)
    posting.clock.advance(minutes=1)
    posting.send_due()
    assert acts.advice(posting).state == "due"
    age(posting, minutes=61)
    posting.clock.advance(minutes=1)
    posting.send_due()
    assert acts.advice(posting).state == "unknown"
    assert sorted(acts.alerts(posting)) == ["mail-by-fallback", "message-unknown"]
    assert second.messages == []
    resend(posting)
    assert posting.send_due() == 1
    assert takers(second) == [ANNA]


def test_a_provider_that_falls_silent_gets_its_own_mail_again_and_the_others_go_by_the_second(
    house: House, second: SmtpServer
) -> None:
    api = Resend()
    with api.serve(HttpFault(stage="answer", cut=True, times=3)) as server:
        posting = by_two(house, api.url(server), second.url)
        for address in TEN:
            posting.opt_in(address)

        async def work(sender: Sender) -> None:
            assert await sender.send_due() == 9
            assert acts.alerts(posting) == ["mail-by-fallback"]
            rested(sender)
            await sender.send_due()
            posting.clock.advance(minutes=1)
            assert await sender.send_due() == 1

        living(posting, work)
    assert len(api.mails) == 1, "it took the mail at the first call, and knew the key each time"
    assert sorted([*api.mails[0].to, *takers(second)]) == TEN
    outcomes = [each for address in TEN for each in tries(posting, address)]
    assert outcomes.count(("primary", "unknown")) == 1
    assert outcomes.count(("fallback", "accepted")) == 9


def test_a_provider_that_is_out_of_order_loses_no_mail_to_the_second(house: House, second: SmtpServer) -> None:
    api = Postmark()
    with api.serve(HttpFault(stage="answer", said=BROKEN, keep=False)) as server:
        posting = by_two(house, api.url(server), second.url)
        for address in TEN:
            posting.opt_in(address)
        assert posting.send_due() == 9
        server.faults.clear()
        posting.clock.advance(minutes=1)
        assert posting.send_due() == 1
    assert sorted([*api.mails[0].to, *takers(second)]) == TEN


def test_too_many_calls_at_the_first_go_by_a_provider_that_is_the_second(house: House, first: SmtpServer) -> None:
    api, other = Postmark(), Resend()
    with api.serve(HttpFault(stage="answer", said=api.too_many(), keep=False)) as server, other.serve() as beside:
        posting = by_two(house, api.url(server), other.url(beside))
        for address in TEN:
            posting.opt_in(address)
        assert posting.send_due() == 10
    assert (api.mails, sorted(mail.to[0] for mail in other.mails)) == ([], TEN)
    assert [mail.key for mail in other.mails if mail.to == [TEN[0]]] == [acts.advice(house, TEN[0]).public_id]


# Which way, and for how long it remembers


def forget(mail_at: str) -> tuple[Network, Network]:
    """Networks of which this one loses its first mail after the dot, and the first is away while the second has it."""
    lost = in_turn(lost_after_the_dot(), SendResult(outcome=login_refused().outcome, stage="auth", scope="channel"))
    if mail_at == "primary":
        return Network(answer=lost), Network()
    return Network(answer=always(login_refused())), Network(answer=lost)


def test_what_the_second_may_have_goes_again_by_the_second_though_the_first_works(house: House) -> None:
    first, second = forget("fallback")
    posting = onto_two(house, first, second)
    posting.opt_in()
    posting.send_due()
    first.answer = second.answer = Network().answer
    before = len(first.mails)
    posting.clock.advance(minutes=1)

    async def work(sender: Sender) -> None:
        posting.opt_in("bram@example.org")
        posting.opt_in("carla@example.org")
        assert await sender.send_due() == 3

    living(posting, work)
    assert tries(posting, ANNA)[-1] == ("fallback", "accepted")
    assert [mail.recipient for mail in first.mails[before:]] == ["bram@example.org", "carla@example.org"]


@pytest.mark.parametrize(("hours", "state"), [(23, "accepted"), (25, "unknown")])
def test_the_window_of_the_way_that_may_have_it_counts_not_that_of_the_other(
    house: House, hours: float, state: str
) -> None:
    first, second = forget("fallback")
    posting = house.with_changes(open_transport=first.open, open_fallback=lambda: Remembering(second))
    posting.opt_in()
    posting.send_due()
    assert acts.advice(posting).state == "due"
    age(posting, hours=hours)
    first.answer = second.answer = Network().answer
    posting.clock.advance(minutes=1)
    posting.send_due()
    assert acts.advice(posting).state == state


def test_an_attempt_from_before_there_were_two_ways_counts_as_the_firsts(house: House) -> None:
    first, second = forget("primary")
    posting = onto_two(house, first, second)
    posting.opt_in()
    posting.send_due()
    acts.commit(house, lambda session: session.exec(update(Attempt).where(col(Attempt.id) > 0).values(channel=None)))
    posting.clock.advance(minutes=1)
    posting.send_due()
    assert second.mails == []
    first.answer = Network().answer
    posting.clock.advance(minutes=1)
    assert posting.send_due() == 1
    assert acts.advice(posting).state == "accepted"


def test_what_only_a_second_may_have_that_is_there_no_more_is_listed(house: House) -> None:
    first, second = forget("fallback")
    posting = onto_two(house, first, second)
    posting.opt_in()
    posting.send_due()
    first.answer = Network().answer
    before = len(first.mails)
    posting.clock.advance(minutes=1)
    posting.with_changes(open_fallback=None).send_due()
    assert (acts.advice(posting).state, len(first.mails)) == ("unknown", before)
    resend(posting)
    assert posting.with_changes(open_fallback=None).send_due() == 1
