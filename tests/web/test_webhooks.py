"""`POST /webhooks/bookings/{source}`: the same cases for every source (ACCEPTANCE F2, C10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from service.domain.practice import Booking
from service.store.tables import Booking as Appointment
from service.web.bodies import LARGEST_EVENT
from tests.support import acts
from tests.support.agendas import AGENDAS, SECRET, Agenda, as_body
from tests.support.house import House, link
from tests.support.website import BROWSER, OtherPractice, website

ANNA = "anna@example.org"
every_agenda = pytest.mark.parametrize("agenda", AGENDAS.values(), ids=list(AGENDAS))


@pytest.fixture
def open_house(house: House) -> House:
    """A house that knows a secret of each agenda."""
    return house.with_changes(webhook_secrets=dict.fromkeys(AGENDAS, ("older-secret", SECRET)))


@pytest.fixture
def hooks(open_house: House) -> TestClient:
    """What the agendas post to."""
    return website(open_house)


def post(client: TestClient, agenda: Agenda, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    given = agenda.signed(body) if headers is None else headers
    answer = client.post(f"/webhooks/bookings/{agenda.name}", content=body, headers=given)
    return answer.status_code, answer.headers["content-type"]


def now() -> datetime:
    """Signatures are measured by real time."""
    return datetime.now(UTC).replace(microsecond=0)


def appointment() -> datetime:
    """Far ahead, on whichever clock."""
    return now() + timedelta(days=400)


@every_agenda
def test_a_signed_booking_ends_the_mails(house: House, hooks: TestClient, agenda: Agenda) -> None:
    acts.follow_up_due(house)
    body = as_body(agenda.booked(at=now(), starts_at=appointment()))
    assert post(hooks, agenda, body) == (200, "application/json")
    assert acts.enrolment(house).state == "finished"
    assert house.live_through(days=60) == 0


@every_agenda
def test_the_press_by_post_comes_first_and_its_reference_comes_back(
    house: House, open_house: House, agenda: Agenda
) -> None:
    """From the mail to the agenda and back: the step gets the credit, whatever address was typed there."""
    source = "other" if agenda.name == "generic" else agenda.name
    practice = Booking.model_validate(
        {"kind": "link", "url": "https://agenda.example/pijncheck?l=nl", "source": source}
    )
    client = website(open_house.with_changes(published=OtherPractice(booking=practice)))
    acts.follow_up_due(house)
    house.send_due()
    page = link(house.mails(ANNA)[-1], "b")
    shown = client.post(page, data={"action": "go"}, headers=BROWSER).text
    field = {"calcom": "metadata%5Bnurture%5D", "calendly": "utm_content", "generic": "ref"}[agenda.name]
    token = shown.partition(f"https://agenda.example/pijncheck?l=nl&amp;{field}=")[2][:48]
    body = as_body(agenda.booked(at=now(), starts_at=appointment(), token=token, email="werk@example.org"))
    assert post(client, agenda, body)[0] == 200
    assert acts.enrolment(house).state == "finished"
    message = acts.follow_ups(house)["hoe-ging-het"]
    with house.services.database.reading() as session:
        assert [row.message_id for row in session.exec(select(Appointment))] == [message.id]


@every_agenda
def test_missing_wrong_and_old_signatures_get_one_answer_and_change_nothing(
    house: House, hooks: TestClient, agenda: Agenda
) -> None:
    acts.confirmed(house)
    before = house.rows()
    body = as_body(agenda.booked(at=now() - timedelta(days=8), starts_at=appointment()))
    old = agenda.signed(body, at=now() - timedelta(minutes=10))
    cases = [{}, agenda.signed(body, secret="guessed"), old, {agenda.header: "t=1,v1=0"}]
    path = f"/webhooks/bookings/{agenda.name}"
    answers = [hooks.post(path, content=body, headers=headers) for headers in cases]
    answers.append(website(house).post(path, content=body, headers=agenda.signed(body)))  # where no secret is set
    assert {each.status_code for each in answers} == {401}
    assert len({(each.text, tuple(sorted(each.headers.items()))) for each in answers}) == 1
    assert house.rows() == before


@every_agenda
def test_the_same_event_again_is_a_no_op(house: House, hooks: TestClient, agenda: Agenda) -> None:
    acts.confirmed(house)
    body = as_body(agenda.booked(at=now(), starts_at=appointment()))
    assert post(hooks, agenda, body)[0] == 200
    before = house.rows()
    house.clock.advance(hours=1)
    assert post(hooks, agenda, body)[0] == 200
    assert house.rows() == before


@every_agenda
def test_a_cancellation_and_an_unknown_type_are_kept_and_answered_200(
    house: House, hooks: TestClient, agenda: Agenda
) -> None:
    acts.confirmed(house)
    for event in (agenda.cancelled(at=now()), agenda.unknown(at=now())):
        assert post(hooks, agenda, as_body(event))[0] == 200
    assert acts.enrolment(house).state == "active"
    assert len(house.rows()["booking_event"]) == 2


@every_agenda
def test_a_body_of_more_than_1_mb_is_refused_and_one_of_1_mb_is_read(
    house: House, hooks: TestClient, agenda: Agenda
) -> None:
    before = house.rows()
    body = as_body(agenda.booked(at=now()))
    large = body + b" " * (LARGEST_EVENT - len(body))
    assert post(hooks, agenda, large + b" ")[0] == 413
    assert house.rows() == before
    assert post(hooks, agenda, large)[0] == 200


@every_agenda
def test_signed_rubbish_is_told_with_its_fields_and_nothing_is_kept(
    house: House, hooks: TestClient, agenda: Agenda
) -> None:
    before = house.rows()
    for body in (b"", b"[1]", b"{}", b"\xff"):
        assert post(hooks, agenda, body) == (422, "application/problem+json")
    assert house.rows() == before


def test_a_source_that_we_do_not_know_is_not_there(hooks: TestClient) -> None:
    assert hooks.post("/webhooks/bookings/doodle", content=b"{}").status_code == 404
    assert hooks.get("/webhooks/bookings/calcom").status_code == 405


def test_every_answer_stands_in_the_api_description(house: House) -> None:
    described = website(house.with_changes(demo=True)).get("/openapi.json").json()
    answers = described["paths"]["/webhooks/bookings/{source}"]["post"]["responses"]
    assert {"200", "401", "404", "413", "422", "503"} <= set(answers)
