"""Alerts reach the practice once for each cause, by mail and by webhook."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from service.flows import alerts, ticks
from service.mail.transport import open_transport
from service.store import events
from tests.support import acts
from tests.support.drafts import publish, with_practice
from tests.support.house import BASE_URL, START, House, words
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.transports import Network, always, lost_after_the_dot

STAFF = ("balie@praktijk.example", "baas@praktijk.example")


class Hook:
    """A web server on loopback that keeps what is posted to it, and answers with `status`."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, str]] = []
        self.status = 204
        self.is_endless = False
        self.enough = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.bodies.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while hook.is_endless and not hook.enough.wait(0.05):
                        self.wfile.write(b".")

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing on the terminal."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts?token=geheim"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that answers."""
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def told(house: House, hook: Hook) -> House:
    """A house that tells two people and a webhook."""
    return house.with_changes(alert_to=STAFF, alert_url=hook.url)


def raise_alert(house: House, cause: str = "kapot") -> None:
    with house.services.database.transaction() as session:
        alerts.tell(session, cause, dutch="Er is iets kapot.", english="something broke", now=house.clock.now())


def mend(house: House, cause: str = "kapot") -> None:
    with house.services.database.transaction() as session:
        alerts.mended(session, cause, house.clock.now())


def test_an_alert_goes_to_each_of_staff_and_to_the_webhook(told: House, hook: Hook) -> None:
    raise_alert(told)
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    assert [len(told.mails(address)) for address in STAFF] == [1, 1]
    assert str(told.mails(STAFF[0])[0]["Subject"]) == "Melding: Er is iets kapot"
    expected = {"cause": "kapot", "text": "Er is iets kapot.", "english": "something broke", "at": START.isoformat()}
    assert hook.bodies == [expected]


def test_a_mail_of_an_alert_is_dutch_with_a_short_subject_and_leads_to_where_it_is_seen_to(told: House) -> None:
    dutch = "De mail gaat nu niet weg (nee. 5.1.1). Er gaat niets verloren. Kijk met: nurture doctor"
    with told.services.database.transaction() as session:
        alerts.tell(session, "some-cause", dutch=dutch, english="mail cannot leave", now=told.clock.now())
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    [mail, *_] = told.mails(STAFF[0])
    text = words(mail)
    assert str(mail["Subject"]) == "Melding: De mail gaat nu niet weg (nee. 5.1.1)"
    assert "*Meer hierover:* Er gaat niets verloren. Kijk met: nurture doctor" in text
    assert "*Sinds:* maandag 9 maart 2026 10:00" in text
    assert f"Bekijk het in de studio {BASE_URL}/studio/waiting/alerts" in text
    for not_for_people in ("some-cause", "mail cannot leave"):
        assert not_for_people not in text


def test_the_same_cause_is_told_once_while_it_stands(told: House, hook: Hook) -> None:
    for _ in range(3):
        raise_alert(told)
        told.tick(keep_house=True)
        told.clock.advance(hours=1)
    told.tick(keep_house=True)
    assert len(told.mails()) == 2
    assert len(hook.bodies) == 1


def test_a_cause_that_comes_back_is_told_again(told: House, hook: Hook) -> None:
    for _ in range(2):
        raise_alert(told)
        told.tick(keep_house=True)
        mend(told)
    told.tick(keep_house=True)
    assert len(told.mails(STAFF[0])) == 2
    assert len(hook.bodies) == 2


def test_an_alert_that_is_given_the_number_of_one_that_was_forgotten_is_told(told: House, hook: Hook) -> None:
    raise_alert(told, "aanvraag-gewist")
    told.tick(keep_house=True)
    with told.services.database.transaction() as session:
        events.forget_alerts(session, ["aanvraag-gewist"])
        acts.count_from_what_is_there(session.connection())  # as where a backup was put back
    told.clock.advance(hours=1)
    raise_alert(told)
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    assert len(told.mails(STAFF[0])) == 2
    assert [body["cause"] for body in hook.bodies] == ["aanvraag-gewist", "kapot"]


def test_two_causes_are_two_alerts(told: House, hook: Hook) -> None:
    raise_alert(told)
    raise_alert(told, "anders")
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    assert [body["cause"] for body in hook.bodies] == ["kapot", "anders"]
    assert len(told.mails(STAFF[0])) == 2


def test_a_webhook_that_fails_keeps_no_mail_back_and_is_not_called_twice(told: House, hook: Hook) -> None:
    hook.status = 500
    raise_alert(told)
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    assert len(told.mails()) == 2
    assert len(hook.bodies) == 1


def test_a_webhook_whose_answer_never_ends_holds_up_nothing(told: House, hook: Hook) -> None:
    hook.status, hook.is_endless = 200, True
    raise_alert(told)
    with ThreadPoolExecutor(1) as pool:
        keeping_house = pool.submit(ticks.housekeeping, told.services)
        try:
            keeping_house.result(10)
        finally:
            hook.enough.set()


def test_a_webhook_that_is_gone_keeps_no_mail_back(told: House, hook: Hook, capfd: pytest.CaptureFixture[str]) -> None:
    gone = Hook()
    gone.close()
    house = told.with_changes(alert_url=gone.url)
    raise_alert(house)
    house.tick(keep_house=True)
    house.tick(keep_house=True)
    assert len(house.mails()) == 2
    said = capfd.readouterr()
    assert "alert webhook failed" in said.out + said.err
    assert "geheim" not in said.out + said.err


def test_one_address_named_twice_gets_one_mail(house: House) -> None:
    here = house.with_changes(alert_to=(STAFF[0], STAFF[0]))
    raise_alert(here)
    here.tick(keep_house=True)
    here.tick(keep_house=True)
    assert len(here.mails()) == 1


def test_without_anybody_to_tell_an_alert_just_stands(house: House) -> None:
    raise_alert(house)
    house.tick(keep_house=True)
    assert house.mails() == []
    with house.services.database.reading() as session:
        assert [alert.cause for alert in events.open_alerts(session)] == ["kapot"]


def test_a_mail_server_that_is_down_is_told_once_and_mended_by_itself(house: House, hook: Hook) -> None:
    faults = [Fault(stage="mail", reply="421 4.3.2 later", cut=True)]
    with SmtpServer(faults=faults) as server:
        here = house.with_changes(alert_url=hook.url, open_transport=lambda: open_transport(server.url))
        here.opt_in()
        for _ in range(3):
            here.send_due()
            ticks.housekeeping(here.services)
        assert [body["cause"] for body in hook.bodies] == ["channel-down"]
        server.faults.clear()
        here.clock.advance(minutes=5)  # a mail that met a fault of ours three times waits a little
        here.send_due()
        assert len(server.messages) == 1
    with here.services.database.reading() as session:
        assert not events.open_alerts(session)


def test_an_alert_ends_with_the_lead_whose_mail_it_was_about_so_that_the_next_is_told(house: House, hook: Hook) -> None:
    lost = Network(answer=always(lost_after_the_dot()))
    here = house.with_changes(alert_url=hook.url, open_transport=lost.open)
    for address in ("anna@example.org", "bram@example.org"):
        here.opt_in(address)
        here.send_due()
        here.tick(keep_house=True)
        assert [message.state for message in here.messages(address)] == ["unknown"]
        here.live_through(days=29, keep_house=True)
        assert here.messages(address) == []
    assert [body["cause"] for body in hook.bodies] == ["message-unknown", "message-unknown"]


def test_days_that_never_open_are_told_again_when_what_was_published_does_not_help(house: House) -> None:
    closed = [{"from": "2026-03-01", "to": "2027-01-31"}, {"from": "2027-02-01", "to": "2027-12-31"}]
    acts.confirmed(house)
    publish(house, with_practice(closed=closed))
    for phone in ("020 123 45 67", "020 123 45 68"):
        house.live_through(days=4, keep_house=True)
        assert acts.alerts(house) == ["calendar-closed"]
        publish(house, with_practice(closed=closed, phone=phone))
        assert acts.alerts(house) == []
    publish(house, with_practice())
    house.live_through(days=4, keep_house=True)
    assert acts.alerts(house) == []
    assert acts.follow_ups(house)


def test_two_workers_that_keep_house_at_once_tell_it_once(house: House, hook: Hook) -> None:
    here = house.with_changes(alert_url=hook.url)
    meet = threading.Barrier(2)

    def keep_house() -> None:
        meet.wait(30)
        alerts.deliver(here.services, here.clock.now())

    for number in range(10):
        raise_alert(here, f"kapot-{number}")
        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(keep_house) for _ in range(2)]:
                each.result(30)
    assert [body["cause"] for body in hook.bodies] == [f"kapot-{number}" for number in range(10)]
