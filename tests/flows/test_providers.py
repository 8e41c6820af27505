"""Mail through the whole flow by a provider's API: what is opened, what is settled, and what goes again."""

from __future__ import annotations

from functools import partial

import pytest

from service.mail.transport import open_transport
from tests.support import acts
from tests.support.fakes.base import Fake
from tests.support.fakes.brevo import Brevo
from tests.support.fakes.lettermint import Lettermint
from tests.support.fakes.mailgun import Mailgun
from tests.support.fakes.postmark import Postmark
from tests.support.fakes.resend import Resend
from tests.support.fakes.ses import Ses
from tests.support.house import House
from tests.support.http_server import HttpFault, HttpServer, Said

ALL = [Lettermint, Brevo, Postmark, Resend, Mailgun, Ses]
TEN = [f"lead{number}@example.org" for number in range(10)]
DOWN = Said(status=503, headers={"Content-Type": "text/html"}, body=b"<h1>Service Unavailable</h1>")


def by_way_of(house: House, api: Fake, server: HttpServer) -> House:
    """The house, its mails going to this stand-in."""
    return house.with_changes(open_transport=partial(open_transport, api.url(server)))


@pytest.mark.parametrize("fake", ALL, ids=lambda fake: str(fake.name))
def test_the_advice_of_an_opt_in_leaves_by_the_provider(house: House, fake: type[Fake]) -> None:
    api = fake()
    with api.serve() as server:
        posting = by_way_of(house, api, server)
        posting.opt_in()
        assert posting.send_due() == 1
        acts.confirm(house)
        posting.live_through(days=3)
    advice, follow_up = api.mails
    message = acts.advice(house)
    assert (message.state, message.attempts) == ("accepted", 1)
    assert [each.key for each in (advice, follow_up)] == [
        message.public_id,
        acts.follow_ups(house)["hoe-ging-het"].public_id,
    ]
    assert advice.to == follow_up.to == [acts.ANNA]
    assert advice.headers["List-Unsubscribe"].startswith("<https://praktijk.example/u/")
    assert advice.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (attempt,) = acts.attempts(house, message)
    assert (attempt.outcome, attempt.stage) == ("accepted", "answer")
    assert (attempt.provider_id or "").startswith(f"{api.name}-1")


def test_a_follow_up_without_an_answer_is_unknown_listed_and_never_sent_again(house: House) -> None:
    acts.follow_up_due(house)
    api = Postmark()
    with api.serve(HttpFault(stage="answer", cut=True, times=1)) as server:
        posting = by_way_of(house, api, server)
        posting.send_due()
        posting.live_through(hours=5)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "unknown"
    assert acts.alerts(house) == ["message-unknown"]
    assert len(api.mails) == 1


@pytest.mark.parametrize("cuts", [2, 4])
def test_an_advice_without_an_answer_goes_again_under_the_same_key_and_arrives_once(house: House, cuts: int) -> None:
    api = Resend()
    fault = HttpFault(stage="answer", cut=True, times=cuts)
    with api.serve(fault) as server:
        posting = by_way_of(house, api, server)
        posting.opt_in()
        for _ in range(2):  # each a worker of its own, whose channel rests after an unknown fate
            posting.send_due()
    keys = {asked.headers["idempotency-key"] for asked in server.asked}
    assert keys == {acts.advice(house).public_id}
    assert len({asked.body for asked in server.asked}) == 1
    assert (len(server.asked), len(api.mails), acts.advice(house).state) == (cuts + 1, 1, "accepted")


def test_a_provider_that_is_out_of_order_leaves_one_mail_of_unknown_fate_and_the_others_waiting(house: House) -> None:
    api = Postmark()
    with api.serve(HttpFault(stage="answer", said=DOWN, keep=False)) as server:
        posting = by_way_of(house, api, server)
        for address in TEN:
            posting.opt_in(address)
        posting.send_due()
        server.faults.clear()
        assert posting.send_due() == len(TEN)
    outcomes = [each.outcome for address in TEN for each in acts.attempts(house, acts.advice(house, address))]
    assert (outcomes.count("accepted"), outcomes.count("unknown"), len(outcomes)) == (10, 1, 11)
    assert sorted(mail.to[0] for mail in api.mails) == TEN


def test_too_many_calls_burn_no_attempt(house: House) -> None:
    api = Postmark()
    with api.serve(HttpFault(stage="answer", said=api.too_many(), keep=False, times=1)) as server:
        posting = by_way_of(house, api, server)
        for address in TEN:
            posting.opt_in(address)
        posting.send_due()
        assert [(acts.advice(house, address).state, acts.advice(house, address).attempts) for address in TEN] == [
            ("due", 0)
        ] * 10
        assert acts.alerts(house) == ["channel-down"]
        assert posting.send_due() == len(TEN)
    assert acts.alerts(house) == []
    assert {acts.advice(house, address).attempts for address in TEN} == {1}
