"""One lead's page: her story with reasons, what is to come, and the mails themselves; for editors nobody's."""

from __future__ import annotations

import html
import re
from typing import Literal

import pytest
from sqlmodel import select

from service.domain.lead import SuppressionReason
from service.domain.staff import Role
from service.flows import lead_report
from service.store import leads, message_rows
from service.store.tables import Lead, Message
from tests.support import acts
from tests.support.house import House
from tests.support.studio import FRANK, GIJS, Desk, desk, hire, words
from tests.support.tours.leads import pages, story


@pytest.fixture
def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


HELPED = "“Hoe ging het? (knoppen in de mail)”"


def page_of(house: House, here: Desk, address: str = acts.ANNA) -> str:
    return html.unescape(words(here.see(f"/studio/leads/{house.lead(address).id}")))


def test_it_tells_every_mail_with_its_subject_its_moment_and_why(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Anna")
    house.live_through(days=3)
    page = page_of(house, manager)
    for told in (
        "anna@example.org",
        "Is onderweg in de reeks “Lage rugpijn”.",
        "Je gratis advies: begin vandaag Verstuurd Het advies waar om gevraagd is.",
        "Mail 2 van 9 van de reeks “Lage rugpijn”, 2 dagen na de vorige.",
        "toestemming van ma 9 mrt 2026 om 10:00, via de knop in de mail",
        "Vroeg het advies over “Lage rugpijn” aan",
        "Drukte op de knop in de mail",
    ):
        assert told in page, told


def test_what_comes_next_is_what_the_command_line_tells_with_the_same_reasons(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    with house.services.database.reading() as session:
        lead = session.get_one(Lead, house.lead().id)
        report = lead_report.report(session, house.services, lead, house.clock.now())
    page = page_of(house, manager)
    assert len(report.coming) > 3
    for each in report.coming:
        assert each.dutch_reason.replace("helped is: same", f"{HELPED} is: hetzelfde") in page
    assert "Volgende mail" in page


def test_a_condition_is_said_in_the_words_of_the_sequence_before_and_after_it_passed_a_mail_over(
    house: House, manager: Desk
) -> None:
    acts.confirmed(house)
    english = desk(house, hire(house, "els@example.org", Role.MANAGER, "Els", "en"))
    for days in (3, 10):
        house.live_through(days=days)
        page = page_of(house, manager)
        assert f"lleen als het antwoord op {HELPED} is: hetzelfde" in page
        assert "helped" not in page
        assert "nly if the answer to “How did it go? (buttons in the mail)” is: the same" in page_of(house, english)
    with house.services.database.reading() as session:
        rows = message_rows.of_lead(session, house.lead().id)
        assert "skipped" in {each.state for each in rows if each.step == "eerdere-uitnodiging"}


def test_it_says_why_somebody_gets_nothing(house: House, manager: Desk) -> None:
    for address, told in {
        "carla@example.org": "Krijgt geen vervolgmails: afgemeld.",
        "daan@example.org": "Krijgt geen enkele mail tot wo 8 apr 2026 om 11:00: het adres bestond niet.",
        "esmee@example.org": "“Lage rugpijn” staan stil tot ma 23 mrt 2026 om 10:00: vroeg een pijncheck aan.",
        "frits@example.org": "De reeks “Lage rugpijn” is klaar: afspraak gemaakt.",
    }.items():
        acts.confirmed(house, address)
        match address[0]:
            case "c":
                acts.withdraw(house, address)
            case "d":
                acts.suppress(house, SuppressionReason.HARD_BOUNCE, address)
            case "e":
                acts.request_pain_check(house, address)
            case _:
                acts.booked(house, address)
        assert told in page_of(house, manager, address), address
    house.opt_in("bram@example.org")
    assert "Wacht op de knop in het advies" in page_of(house, manager, "bram@example.org")


def test_in_english_it_says_the_same(house: House) -> None:
    acts.confirmed(house)
    here = desk(house, hire(house, FRANK, Role.MANAGER, "Frank", "en"))
    page = page_of(house, here)
    for told in (
        "Is under way in “Lage rugpijn”.",
        "The advice that was asked for.",
        "What comes next",
        "since Mon 9 Mar",
    ):
        assert told in page, told


def test_why_a_mail_does_not_leave_is_said_in_the_language_of_who_reads(house: House, manager: Desk) -> None:
    acts.follow_up_due(house)
    house.clock.advance(hours=12)
    assert house.send_due() == 0
    english = desk(house, hire(house, "els@example.org", Role.MANAGER, "Els", "en"))
    assert "wacht op het verzendvenster" in page_of(house, manager)
    assert "waits for the send window" in page_of(house, english)


def test_a_manager_sees_the_mail_itself_and_its_links_are_nobodys(house: House, manager: Desk) -> None:
    acts.confirmed(house, first_name="Anna")
    [message] = house.messages()
    [sent] = house.mails(acts.ANNA)
    at = f"/studio/leads/{message.lead_id}/mails/{message.id}"
    page = manager.see(at)
    assert "Hallo Anna" in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    inside = manager.see(f"{at}/html")
    assert "Hallo Anna" in inside.text
    assert "sandbox" in inside.headers["content-security-policy"]
    assert "script-src" not in inside.headers["content-security-policy"]
    body = sent.get_body(("plain",))
    assert body is not None
    tokens = re.findall(r"/[a-z]/([A-Za-z0-9_-]{48})", str(body.get_content()))
    assert tokens
    for token in tokens:
        assert token not in page.text + inside.text


def test_a_mail_of_another_lead_or_of_nobody_is_not_there(house: House, manager: Desk) -> None:
    for address in (acts.ANNA, "bram@example.org"):
        acts.confirmed(house, address)
    anna, bram = house.lead(), house.lead("bram@example.org")
    [hers] = house.messages()
    for path in (
        f"/studio/leads/{bram.id}/mails/{hers.id}",
        f"/studio/leads/{bram.id}/mails/{hers.id}/html",
        f"/studio/leads/{anna.id}/mails/999999",
        f"/studio/leads/{anna.id}/mails/x",
        "/studio/leads/999999",
        "/studio/leads/x",
        "/studio/leads/0",
        "/studio/leads/999999/erase",
    ):
        assert manager.see(path).status_code == 404, path
    assert manager.see(f"/studio/leads/{anna.id}?done=alles").status_code == 422


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7*7 }}",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
)


def test_whatever_stands_in_a_lead_runs_nowhere(house: House, manager: Desk) -> None:
    acts.confirmed(house)
    acts.request_pain_check(house)
    lead = house.lead()
    for text in PAYLOADS:
        with house.services.database.transaction() as session:
            row = session.get_one(Lead, lead.id)
            row.first_name, row.answers = text, {text: text}
            for opt_in in leads.opt_ins(session, lead.id):
                opt_in.form = opt_in.source_url = text
            message = session.get_one(Message, house.messages()[0].id)
            message.content = message.content | {"first_name": text}
            message.reason = text
            leads.note(session, lead.id, text, house.clock.now(), source=text, choice=text)
        for path in (
            f"/studio/leads/{lead.id}",
            f"/studio/leads/{lead.id}/mails/{house.messages()[0].id}",
            "/studio/leads",
        ):
            answer = manager.see(path)
            assert answer.status_code == 200, (path, text)
            if "<" in text:
                assert text not in answer.text, (path, text)
            assert not re.search(r"<(script|img|svg)[^>]*(alert|onload|onerror)", answer.text), (path, text)
            assert 'href="javascript' not in answer.text
            assert text != "{{ 7*7 }}" or path != f"/studio/leads/{lead.id}" or text in html.unescape(answer.text)


def test_an_editor_sees_nothing_personal_on_any_page_of_the_room(house: House) -> None:
    story(house)
    editor, admin = desk(house, hire(house)), desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    with house.services.database.reading() as session:
        people = [session.get_one(Lead, each) for each in range(1, 7)]
    private = {value for each in people for value in (each.address, each.address.partition("@")[0], each.first_name)}
    private |= {"06 12345678", "Esmee de Wit", "liefst na vijven", "Eerder hol", "hollow"}
    seen = 0
    for each in people:
        told = editor.see(f"/studio/leads/{each.id}")
        assert told.status_code == 200
        assert f"lead {each.id}" in told.text
        for value in private:
            assert value is not None
            assert value.lower() not in told.text.lower(), (each.id, value)
        seen += sum(value.lower() in admin.see(f"/studio/leads/{each.id}").text.lower() for value in private if value)
        assert "/mails/" not in told.text
        assert "<form" in told.text  # to log out
        assert 'name="action"' not in told.text
    assert seen > 12, "an admin sees them, so the search would have found them"
    for path in ("/studio/leads", "/studio/leads?stand=active", "/studio/leads?asked=1"):
        told = editor.see(path)
        assert not [value for value in private if value and value.lower() in told.text.lower()], path


@pytest.mark.parametrize("answered", ["better", "same", "worse"])
def test_an_editor_sees_that_somebody_answered_and_not_what(
    house: House, manager: Desk, answered: Literal["better", "same", "worse"]
) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.answer(house, answered)
    dutch = {"better": "beter", "same": "hetzelfde", "worse": "slechter"}[answered]
    pressed = "het is hetzelfde gebleven" if answered == "same" else f"het gaat {dutch}"  # as on the button
    assert f"Antwoordde: {pressed}" in page_of(house, manager)
    editor, english = desk(house, hire(house)), desk(house, hire(house, "els@example.org", name="Els", language="en"))
    told = page_of(house, editor)
    assert "Gaf antwoord" in told
    assert "Answered us" in page_of(house, english)
    for private in ("Antwoordde", "het gaat", "is: same", dutch):
        assert private not in told, private
    for private in ("Answered: ", "is: same", "better", "worse"):
        assert private not in page_of(house, english), private
    assert ("staan stil tot" in told) == (answered == "worse")
    house.live_through(days=30)
    assert "is: same" not in page_of(house, editor), "why a mail was passed over tells it too"


def test_what_the_mail_server_said_of_an_address_is_shown_to_whoever_may_see_the_address(house: House) -> None:
    house.opt_in()
    with house.services.database.transaction() as session:
        mail = session.exec(select(Message)).one()
        mail.state, mail.reason = "failed", "550 5.1.1 <anna@example.org>: onbekend"
    path = f"/studio/leads/{house.lead().id}"
    assert "anna@" not in desk(house, hire(house)).see(path).text
    assert "550 5.1.1" in desk(house, hire(house, FRANK, Role.MANAGER, "Frank")).see(path).text


def test_every_page_of_the_tour_is_there(house: House) -> None:
    admin = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    for name, path in pages(house):
        assert admin.see(path).status_code == (404 if name == "lead-gone" else 200), name
