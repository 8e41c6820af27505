"""Opt-ins that wait for a person: too fast, without a proof, above the cap, or with a field filled nobody sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from service.domain.limits import parse_limits
from service.domain.screening import Held
from service.flows import form_tokens, lead_report, resolving
from service.flows.resolving import Choice
from service.mail.links import Keyring
from service.store import leads
from tests.support import acts
from tests.support.drafts import publish, with_form
from tests.support.house import House
from tests.support.website import OPT_IN, opt_in, website

FORM = "lage-rug"


def token(house: House, *, seconds_old: float, form: str = FORM) -> str:
    """Of a form that was handed out so long ago, in real time."""
    return form_tokens.issue(house.services, form, datetime.now(UTC) - timedelta(seconds=seconds_old))


def why(house: House) -> list[tuple[str, str | None]]:
    return [(message.state, message.reason) for message in house.messages()]


def test_a_post_within_two_seconds_of_its_form_is_held_for_staff(house: House, client: TestClient) -> None:
    opt_in(client, form=FORM, form_token=token(house, seconds_old=0))
    assert why(house) == [("held", Held.TOO_FAST)]
    assert acts.opt_ins(house)[0].disposition == "held"
    assert acts.alerts(house) == ["opt-in-held"]


def test_a_person_who_took_a_while_gets_the_advice_at_once(house: House, client: TestClient) -> None:
    opt_in(client, form=FORM, form_token=token(house, seconds_old=5))
    assert why(house) == [("due", None)]


@pytest.mark.parametrize("kind", ["forged", "expired", "of another form", "of a key that is gone", "none"])
def test_a_token_that_proves_nothing_is_as_if_absent(house: House, client: TestClient, kind: str) -> None:
    gone = house.with_changes(keyring=Keyring(["another-key-" + "x" * 40]))
    given = {
        "forged": "A" * len(token(house, seconds_old=0)),
        "expired": token(house, seconds_old=24 * 3_600 + 5),
        "of another form": token(house, seconds_old=0, form="nek"),
        "of a key that is gone": token(gone, seconds_old=0),
        "none": "",
    }[kind]
    opt_in(client, form=FORM, form_token=given)
    assert why(house) == [("due", None)]


def test_the_demos_clock_makes_no_token_old(house: House, client: TestClient) -> None:
    house.clock.advance(days=30)
    opt_in(client, form=FORM, form_token=token(house, seconds_old=0))
    assert why(house) == [("held", Held.TOO_FAST)]


@pytest.mark.parametrize("named", [True, False])
def test_a_form_that_asks_for_its_token_refuses_a_post_without_and_says_what_to_do(
    house: House, client: TestClient, named: bool
) -> None:
    publish(house, with_form(require_token=True))
    before = house.rows()
    body = OPT_IN | ({"form": FORM} if named else {})  # leaving the name out is no way round
    for given in ({}, {"form_token": "rubbish"}, {"form_token": token(house, seconds_old=24 * 3_600 + 5)}):
        answer = client.post("/api/opt-ins", json=body | given)
        assert answer.status_code == 422
        (problem,) = answer.json()["errors"]
        assert problem["pointer"] == "/form_token"
        assert "Laad de pagina opnieuw" in problem["detail"]
    assert house.rows() == before
    assert client.post("/api/opt-ins", json=body | {"form_token": token(house, seconds_old=9)}).status_code == 202
    assert why(house) == [("due", None)]


@pytest.mark.parametrize(("choice", "state"), [("resend", "due"), ("drop", "cancelled")])
def test_staff_let_a_held_opt_in_go_and_the_alert_ends(
    house: House, client: TestClient, choice: Choice, state: str
) -> None:
    opt_in(client, leave_empty="koop nu")
    opt_in(client, "bram@example.org", form=FORM, form_token=token(house, seconds_old=0))
    for address, alerts in (("anna@example.org", ["opt-in-held"]), ("bram@example.org", [])):
        held = house.messages(address)[0].id
        acts.commit(house, resolving.resolve, house.services, [held], choice, actor="staff", now=house.clock.now())
        assert house.messages(address)[0].state == state
        assert acts.alerts(house) == alerts
    assert house.send_due() == (2 if choice == "resend" else 0)


def test_each_of_the_two_alerts_ends_with_the_last_of_its_own(house: House) -> None:
    crowded = house.with_changes(limits=parse_limits("all=1/h"))
    client = website(crowded)
    opt_in(client)
    opt_in(client, "bram@example.org")
    opt_in(client, "carla@example.org", leave_empty="koop nu")
    assert set(acts.alerts(house)) == {"opt-ins-crowded", "opt-in-held"}
    held = house.messages("bram@example.org")[0].id
    acts.commit(house, resolving.resolve, house.services, [held], "resend", actor="staff", now=house.clock.now())
    assert acts.alerts(house) == ["opt-in-held"]


def test_a_held_opt_in_makes_no_consent_to_the_follow_ups_count(house: House, client: TestClient) -> None:
    opt_in(client, form=FORM, form_token=token(house, seconds_old=0))
    assert acts.enrolment(house).state == "awaiting_confirmation"
    assert house.live_through(days=10) == 0


def test_a_throw_away_address_gets_its_advice_and_a_mark_for_staff(house: House, client: TestClient) -> None:
    opt_in(client, "anna@mailinator.com")
    assert [message.state for message in house.messages("anna@mailinator.com")] == ["due"]
    lead = house.lead("anna@mailinator.com")
    with house.services.database.reading() as session:
        assert [entry.kind for entry in leads.timeline(session, lead.id)] == ["opt_in", "throw_away_address"]
        assert lead_report.report(session, house.services, lead, house.clock.now()).throw_away


@pytest.mark.parametrize("name", ["Anna evil.com", "a@b", "<b>Anna</b>", "https://evil.example"])
def test_a_name_that_sells_something_is_refused_with_what_to_write_instead(
    house: House, client: TestClient, name: str
) -> None:
    before = house.rows()
    answer = client.post("/api/opt-ins", json=OPT_IN | {"first_name": name})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/first_name", "detail": "Vul hier alleen je voornaam in."}]
    assert house.rows() == before


@pytest.mark.parametrize("name", ["Anna2", "a" * 60, "0612345678"])
def test_a_name_that_is_only_odd_is_left_out(house: House, client: TestClient, name: str) -> None:
    opt_in(client, first_name=name)
    assert house.lead().first_name is None
