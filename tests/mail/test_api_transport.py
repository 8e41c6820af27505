"""The transport over a provider's API: what the mail URL may change about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.transport import open_transport
from tests.mail.providers.mails import a_mail
from tests.mail.providers.suite import send
from tests.support.fakes.resend import Resend
from tests.support.http_server import HttpFault


@pytest.mark.parametrize(
    ("name", "remembers"),
    [
        ("lettermint", timedelta(hours=24)),
        ("brevo", timedelta(minutes=15)),
        ("postmark", None),
        ("resend", timedelta(hours=24)),
        ("mailgun", None),
        ("ses", None),
    ],
)
def test_each_transport_says_how_long_a_key_is_recognised(name: str, remembers: timedelta | None) -> None:
    transport = open_transport(PROVIDERS[name].url.example)
    assert (transport.name, transport.capacity, transport.remembers) == (name, 32, remembers)


def test_the_mail_url_may_say_otherwise_but_gives_no_memory_to_who_has_none() -> None:
    shorter = open_transport("brevo://key@default?remembers=10&parallel=3")
    assert (shorter.remembers, shorter.capacity) == (timedelta(minutes=10), 3)
    assert open_transport("resend://key@default?remembers=0").remembers is None
    assert open_transport("postmark://key@default?remembers=60").remembers is None


def test_without_a_memory_nothing_is_repeated() -> None:
    api = Resend()
    with api.serve(HttpFault(stage="answer", cut=True, times=1)) as server:
        (result,) = send(api.url(server) + "&remembers=0", a_mail())
    assert (result.outcome, len(server.asked)) == (Outcome.UNKNOWN, 1)


@pytest.mark.parametrize("cuts", [1, 2])
def test_a_repeat_that_is_turned_away_says_nothing_of_the_call_before_it(cuts: int) -> None:
    api = Resend()
    lost = HttpFault(stage="answer", cut=True, times=cuts)
    with api.serve(lost, HttpFault(stage="answer", said=api.too_many(), keep=False)) as server:
        (result,) = send(api.url(server), a_mail())
    assert (result.outcome, len(api.mails)) == (Outcome.UNKNOWN, 1)
