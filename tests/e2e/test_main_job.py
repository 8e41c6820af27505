"""The main job from the outside, on both databases: opt-in, advice, confirmation, follow-ups, invitation, the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from tests.support.postgres import PostgresServer
from tests.support.running import Running, http, installation, link_in, text_of, wait_for


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One installation for all tests on one database; each test brings leads of its own, and the clock only goes on."""
    folder = tmp_path_factory.mktemp("running")
    url = f"sqlite:///{folder / 'nurture.db'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("_postgres")
        url = server.url(server.create())
    with installation(folder, url) as started:
        started.start()
        yield started


def test_anna_gets_her_advice_at_once_and_nothing_more_until_she_presses_the_button(running: Running) -> None:
    assert running.opt_in("anna@example.org", first_name="Anna", answers={"posture": "hollow"}).status == 202
    advice = running.first_mail("anna@example.org")
    assert "Anna" in text_of(advice)
    running.clock(advance="P5D")
    assert http("GET", link_in(advice, "c")).status == 200
    running.clock(advance="P5D")
    assert len(running.mails("anna@example.org")) == 1


def test_the_whole_sequence_arrives_as_the_simulator_said_and_ends_with_the_invitation(running: Running) -> None:
    running.opt_in("bram@example.org", answers={"posture": "flat"})
    advice = running.first_mail("bram@example.org")
    assert http("POST", link_in(advice, "c"), form={"answers.posture": "hollow"}).status == 200
    row = json.loads(running.cli("lead", "show", "bram@example.org", "--json").stdout)
    said = json.loads(
        running.cli("simulate", "lage-rug", "--live", "--json", "--opt-in-at", row["opt_ins"][0]["created_at"]).stdout
    )
    while running.clock(to="next")["sent"]:
        pass
    mails = running.mails("bram@example.org")
    assert len(mails) == len([step for step in said if step["at"]]) == 8
    assert "pijncheck" in text_of(mails[-1]).lower()
    assert len({mail["Message-ID"] for mail in mails}) == 8
    dated = [mail["Date"].datetime.astimezone(ZoneInfo("Europe/Amsterdam")).strftime("%Y-%m-%d") for mail in mails]
    assert dated == [step["at"][:10] for step in said if step["at"]]


def test_same_brings_the_invitation_forward_and_worse_pauses_the_mails(running: Running) -> None:
    for address in ("carla@example.org", "daan@example.org"):
        running.opt_in(address)
        http("POST", link_in(running.first_mail(address), "c"), form={})
    while any(len(running.mails(address)) < 2 for address in ("carla@example.org", "daan@example.org")):
        assert running.clock(to="next")["sent"]
    asks = {address: running.mails(address)[1] for address in ("carla@example.org", "daan@example.org")}
    assert http("POST", link_in(asks["carla@example.org"], "a"), form={"answer": "same"}).status == 200
    worse = http("POST", link_in(asks["daan@example.org"], "a"), form={"answer": "worse"})
    assert "huisarts" in worse.text
    before = len(running.mails("daan@example.org"))
    running.clock(advance="P13D")
    assert len(running.mails("daan@example.org")) == before
    running.clock(advance="P90D")
    assert len(running.mails("daan@example.org")) == 8
    subjects = [mail["Subject"] for mail in running.mails("carla@example.org")]
    assert len(subjects) == 8
    assert "Zullen we samen kijken?" not in subjects[5:]


def test_a_request_pauses_and_a_booking_ends_the_mails(running: Running) -> None:
    running.opt_in("esra@example.org")
    advice = running.first_mail("esra@example.org")
    http("POST", link_in(advice, "c"), form={})
    wish = {"action": "request", "phone": "06 12345678", "note": "Liefst overdag"}
    assert http("POST", link_in(advice, "b"), form=wish).status == 200
    receipt = wait_for(lambda: running.mails("esra@example.org")[1:], "the receipt")
    assert "aanvraag" in receipt[0]["Subject"].lower()
    wait_for(
        lambda: [mail for mail in running.mails("praktijk@solidperformance.example") if "06 12345678" in text_of(mail)],
        "the mail to the practice",
    )
    running.clock(advance="P10D")
    assert len(running.mails("esra@example.org")) == 2
    assert running.cli("lead", "booked", "esra@example.org").returncode == 0
    running.clock(advance="P60D")
    assert len(running.mails("esra@example.org")) == 2


def test_one_press_unsubscribes_and_a_lead_who_never_confirms_is_forgotten(running: Running) -> None:
    running.opt_in("frank@example.org")
    running.opt_in("gijs@example.org")
    frank, gijs = running.first_mail("frank@example.org"), running.first_mail("gijs@example.org")
    http("POST", link_in(frank, "c"), form={})
    url = str(frank["List-Unsubscribe"]).strip("<>")
    answer = http("POST", url, form={"List-Unsubscribe": "One-Click"})
    assert (answer.status, answer.headers["Location"], answer.headers["Set-Cookie"]) == (200, None, None)
    running.clock(advance="P20D")
    assert len(running.mails("frank@example.org")) == 1
    assert running.cli("lead", "show", "gijs@example.org").returncode == 1
    again = http("GET", link_in(gijs, "c"))
    assert again.status == 200
    assert "opnieuw" in again.text
