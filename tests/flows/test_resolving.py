"""Staff decide about mail that waits for a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import select

from service.errors import NotFoundError, RefusedError
from service.flows import alerts, resolving
from service.flows.resolving import Choice
from service.mail.transport import open_transport
from service.store import events
from service.store.tables import AuditEntry
from tests.support import acts
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.transports import Network, accepted, always, lost_after_the_dot


@pytest.fixture
def cut(house: House) -> Iterator[tuple[House, SmtpServer]]:
    """A house whose advice is `unknown`: the server cut three times after the final dot."""
    with SmtpServer(faults=[Fault(stage="dot", cut=True, times=3)]) as server:
        here = house.with_changes(open_transport=lambda: open_transport(server.url))
        here.opt_in()
        for _ in range(3):
            here.send_due()
        assert state(here) == "unknown"
        yield here, server


def state(house: House) -> str:
    return house.messages()[0].state


def resolve(house: House, choice: Choice, *ids: int) -> None:
    with house.services.database.transaction() as session:
        resolving.resolve(session, house.services, ids, choice, actor="staff:esra", now=house.clock.now())


def hold(house: House) -> int:
    house.opt_in(trapped=True)
    assert state(house) == "held"
    return house.messages()[0].id


def open_causes(house: House) -> set[str]:
    with house.services.database.reading() as session:
        return {alert.cause for alert in events.open_alerts(session)}


def test_an_unknown_mail_is_sent_again_with_the_same_message_id(cut: tuple[House, SmtpServer]) -> None:
    house, server = cut
    resolve(house, "resend", house.messages()[0].id)
    house.send_due()
    assert state(house) == "accepted"
    ids = {line for mail in server.messages for line in mail.data.splitlines() if line.startswith(b"Message-ID:")}
    assert len(server.messages) == 4
    assert len(ids) == 1


@pytest.mark.parametrize(("choice", "after"), [("sent", "accepted"), ("drop", "cancelled")])
def test_an_unknown_mail_is_settled_by_staff(cut: tuple[House, SmtpServer], choice: Choice, after: str) -> None:
    house, server = cut
    resolve(house, choice, house.messages()[0].id)
    house.send_due()
    message = house.messages()[0]
    assert (message.state, message.settled_at) == (after, house.clock.now())
    assert len(server.messages) == 3


def test_the_alert_ends_with_the_last_one(cut: tuple[House, SmtpServer]) -> None:
    house, _ = cut
    assert open_causes(house) == {"message-unknown"}
    resolve(house, "drop", house.messages()[0].id)
    assert open_causes(house) == set()


def test_the_alert_about_a_broken_mail_ends_with_the_last_held_one(house: House) -> None:
    held = hold(house)
    cause = f"mail-broken:{house.messages()[0].template}"
    with house.services.database.transaction() as session:
        alerts.tell(session, cause, dutch="x", english="x", now=house.clock.now())
    resolve(house, "drop", held)
    assert open_causes(house) == set()


def test_a_held_mail_leaves_or_goes(house: House) -> None:
    resolve(house, "resend", hold(house))
    house.send_due()
    assert state(house) == "accepted"
    house.opt_in("bram@example.org", trapped=True)
    resolve(house, "drop", house.messages("bram@example.org")[0].id)
    assert house.messages("bram@example.org")[0].state == "cancelled"


def test_a_held_mail_never_counts_as_sent(house: House) -> None:
    held = hold(house)
    with pytest.raises(RefusedError, match="cannot count as sent"):
        resolve(house, "sent", held)
    assert state(house) == "held"


@pytest.mark.parametrize("choice", ["sent", "resend", "drop"])
def test_what_waits_for_nobody_is_left_alone(house: House, choice: Choice) -> None:
    house.opt_in()
    house.send_due()
    with pytest.raises(RefusedError, match="is accepted"):
        resolve(house, choice, house.messages()[0].id)


def test_one_that_cannot_be_resolved_stops_them_all(house: House) -> None:
    held = hold(house)
    with pytest.raises(NotFoundError, match="no message 999"):
        resolve(house, "drop", held, 999)
    assert state(house) == "held"


def test_who_decided_is_kept(house: House) -> None:
    held = hold(house)
    resolve(house, "drop", held)
    with house.services.database.reading() as session:
        entries = [(row.actor, row.action, row.details) for row in session.exec(select(AuditEntry))]
    lead = house.lead().id
    assert entries[-1] == ("staff:esra", "message resolved as drop", {"message": held, "lead": lead})


@pytest.mark.parametrize("choice", ["sent", "drop"])
def test_what_staff_say_of_a_mail_of_yesterday_keeps_todays_from_nobody(
    posted: House, network: Network, choice: Choice
) -> None:
    publish(posted, with_steps({"key": "een", "wait": "1 day"}, {"key": "twee", "wait": "1 day"}, window=EVERY_DAY))
    acts.confirmed(posted)
    network.answer = always(lost_after_the_dot())
    posted.live_through(days=1)
    network.answer = always(accepted())
    posted.clock.advance(hours=23)
    first = acts.follow_ups(posted)["een"]
    assert first.state == "unknown"
    resolve(posted, choice, first.id)
    posted.live_through(hours=2)
    assert acts.follow_ups(posted)["twee"].state == "accepted"
