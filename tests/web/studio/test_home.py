"""The first page: what needs a person, and the brake."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col

from service.domain.staff import Role
from service.flows import alerts, brake, signup
from service.flows.opt_in_check import OptInRequest
from service.store import events
from service.store.tables import Message
from service.web.pages import TEMPLATES
from service.web.studio.routes import DOORS
from service.web.studio.views import StudioPage
from tests.support import acts, studio
from tests.support.answers import comes, reply
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_steps
from tests.support.house import House, link, open_house
from tests.support.studio import ESRA, FRANK, desk, hire
from tests.support.website import website

STILL_TO_READ, ANSWERED = r"(\d+) antwoord(?:en)? (?:is|zijn) nog niet gelezen", r"Gaf antwoord (\d+)"


def test_when_nothing_waits_it_says_so(house: House) -> None:
    assert "Er is nu niets wat op je wacht" in desk(house, hire(house)).see("/studio/").text


def test_it_counts_what_waits_and_leads_to_the_page_of_each(house: House) -> None:
    for name in ("anna", "bram", "carla"):
        house.opt_in(f"{name}@example.org")
    house.send_due()
    website(house).post(
        link(house.mails("anna@example.org")[0], "b"), data={"action": "request", "phone": "06 12345678"}
    )

    def waits(session: Session) -> None:
        for name, state in (("bram", "held"), ("carla", "unknown")):
            [message] = house.messages(f"{name}@example.org")
            session.execute(update(Message).where(col(Message.id) == message.id).values(state=state))
        alerts.tell_unknown(session, house.clock.now())

    acts.commit(house, waits)
    answer = desk(house, hire(house)).see("/studio/")
    page = studio.words(answer)
    for owed in (
        "1 aanvraag voor een pijncheck wacht op antwoord Bekijk wie je kunt bellen",
        "1 mail wacht op je beslissing",
        "1 mail is misschien wel, misschien niet aangekomen",
        "Van een of meer mails is onbekend of ze aankwamen",
    ):
        assert owed in page
    assert answer.text.count('href="/studio/waiting/mails"') == 3  # the alert leads there too
    assert "nurture" not in page


def test_an_opt_in_that_waits_for_a_look_is_counted_apart_from_mail_that_is_held(house: House) -> None:
    with house.services.database.transaction() as session:
        wish = OptInRequest(email="robot@example.org", topic="lage-rug", consent_advice=True, trapped=True)
        signup.register(session, house.services, wish, house.clock.now())
    page = studio.words(desk(house, hire(house)).see("/studio/"))
    assert "1 aanvraag van het advies wacht: is dit een mens?" in page
    assert "op je beslissing" not in page


def test_answers_are_to_be_read_until_somebody_did_and_both_pages_count_the_same(house: House) -> None:
    here = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))

    def counted() -> list[int]:
        home, waiting = (studio.words(here.see(path)) for path in ("/studio/", "/studio/waiting"))
        assert ("Er is nu niets wat op je wacht" in home) == ("Er wacht niemand op je" in waiting)
        numbers = [re.search(sought, page) for sought, page in ((STILL_TO_READ, home), (ANSWERED, waiting))]
        return [int(found[1]) if found else 0 for found in numbers]

    for name in ("anna", "bram", "carla"):
        acts.confirmed(house, f"{name}@example.org")
    assert counted() == [0, 0]
    comes(house, reply(), "anna@example.org")
    acts.answer(house, "better", "carla@example.org")
    assert counted() == [1, 1]
    acts.answer(house, "worse", "bram@example.org")
    acts.resume(house, "bram@example.org")
    assert counted() == [2, 2]
    house.live_through(days=40)
    assert acts.enrolment(house, "carla@example.org").state == "finished"
    acts.answer(house, "worse", "carla@example.org")
    assert counted() == [3, 3], "the pauses ended and so did the mails; nobody read the answers"
    page = here.see("/studio/waiting").text
    for lead, upto in re.findall(r'name="lead" value="(\d+)">\s*<input type="hidden" name="upto" value="(\d+)"', page):
        here.post("/studio/waiting/read", lead=lead, upto=upto)
    assert counted() == [0, 0]


def test_it_tells_todays_mails_and_the_next_ones_and_holds_back_what_the_brake_holds(house: House) -> None:
    publish(house, with_steps({"key": "een", "wait": "3 hours"}, window=EVERY_DAY))
    acts.confirmed(house)
    house.opt_in("bram@example.org")
    house.tick()
    here = desk(house, hire(house))
    page = studio.words(here.see("/studio/"))
    assert "Vandaag verstuurd 2 Lage rugpijn : 2 × “Je gratis advies: begin vandaag”" in page
    assert "Gaat vandaag nog weg 1 ma 9 mrt 2026, 13:00 : 1 × Lage rugpijn" in page
    acts.pull_the_brake(house)
    assert "Gaat vandaag nog weg 0" in studio.words(here.see("/studio/"))
    acts.release_the_brake(house)
    house.live_through(hours=4)
    page = studio.words(here.see("/studio/"))
    assert "Vandaag verstuurd 3" in page
    assert "Gaat vandaag nog weg 0" in page
    house.clock.advance(days=1)
    assert "Vandaag ging er nog geen mail weg" in studio.words(here.see("/studio/"))


def test_it_tells_how_the_texts_stand_and_what_is_not_published(house: House) -> None:
    here = desk(house, hire(house))
    page = studio.words(here.see("/studio/"))
    assert "13 teksten wachten op goedkeuring van een behandelaar" in page
    assert "nog niet gepubliceerd" not in page
    mail = house.services.content_dir / "email_templates" / "laatste-bericht.md"
    mail.write_text(mail.read_text(encoding="utf-8") + "\nNog een regel.\n", encoding="utf-8")
    assert "onderdelen zijn veranderd en nog niet gepubliceerd" in studio.words(here.see("/studio/"))
    mail.write_text("---\nsubject: {{ kapot\n---\n", encoding="utf-8")
    assert "in de teksten: publiceren kan pas daarna" in studio.words(here.see("/studio/"))


def test_before_anything_is_published_and_without_a_folder_it_still_opens(
    migrated_database_url: str, tmp_path: Path
) -> None:
    with open_house(migrated_database_url, tmp_path, published=False, content_dir=tmp_path / "nergens") as empty:
        page = studio.words(desk(empty, hire(empty)).see("/studio/"))
        assert "Er is nog niets gepubliceerd" in page
        assert "De map met de teksten is niet te lezen" in page


def test_anyone_of_the_staff_holds_mail_back_and_a_manager_lets_it_go(house: House) -> None:
    editor, manager = desk(house, hire(house)), desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    house.opt_in()
    assert editor.post("/studio/pause", what="follow_ups").status_code == 303
    assert "Alle vervolgmails staan stil" in editor.see("/studio/").text
    assert "Mail weer laten gaan" not in editor.see("/studio/").text
    assert editor.post("/studio/pause", what="all").status_code == 303
    assert house.send_due() == 0
    assert editor.post("/studio/resume").status_code == 403
    assert "Alle mail staat stil" in manager.see("/studio/").text
    assert manager.post("/studio/resume").status_code == 303
    assert manager.post("/studio/resume").status_code == 303, "twice is no harm, and no second line in the audit log"
    with house.services.database.reading() as session:
        assert brake.state(session).all_mail is False
        kept = [(each.actor, each.action) for each in events.audit_log(session, limit=3)]
    assert house.send_due() == 1
    assert [action for _, action in kept] == ["resumed", "paused", "paused"]
    assert all(actor.startswith("studio:") for actor, _ in kept)
    assert editor.post("/studio/pause", what="niets").status_code == 422


def test_an_editor_sees_no_address_or_name_of_a_lead_on_any_page(house: House) -> None:
    for name in ("anna", "bram"):
        house.opt_in(f"{name}@example.org", first_name=f"{name}naam".capitalize())
    house.send_due()
    website(house).post(
        link(house.mails("anna@example.org")[0], "b"),
        data={"action": "request", "phone": "06 12345678", "name": "Annanaam", "note": "erge pijn"},
    )
    acts.commit(house, alerts.tell_unknown, house.clock.now())
    here = desk(house, hire(house, ESRA, Role.EDITOR))
    for door in DOORS:
        if door.method == "GET" and "{" not in door.path:
            page = here.see(door.path).text
            for private in ("anna@", "bram@", "annanaam", "bramnaam", "12345678", "erge pijn"):
                assert private not in page.lower(), (door.path, private)


def test_staff_who_do_not_log_in_wait_for_nobody_who_does(house: House) -> None:
    """Twelve log-ins at once: two passwords are compared at a time, and the page of somebody else comes meanwhile."""
    hire(house)
    client = website(house)

    guessers = [desk(house, peer=f"198.51.{at}.9") for at in range(12)]

    def guess(at: int) -> int:
        return guessers[at].log_in(f"{at}@example.org", "x").status_code

    with ThreadPoolExecutor(12) as threads:
        tries = [threads.submit(guess, at) for at in range(12)]
        assert client.get("/healthz").status_code == 200
        assert {each.result() for each in tries} == {422}


def test_every_answer_of_the_studio_is_kept_by_no_cache_and_holds_nothing_inline(house: House) -> None:
    here = desk(house, hire(house, ESRA, Role.ADMIN))
    for door in DOORS:
        if door.method == "GET" and "{" not in door.path:
            answer = here.see(door.path)
            assert answer.headers["cache-control"] == "no-store", door.path
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert ("script-src 'self';" in policy) == ("script-src" in policy) == ("<script" in answer.text), door.path
            assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)|<style|\sstyle=|\son\w+=", answer.text), door.path


def test_a_page_may_run_a_script_where_it_brings_one_and_nowhere_else() -> None:
    pages, wrong = [StudioPage], []
    for page in pages:
        pages += page.__subclasses__()
        if hasattr(page, "template"):
            text = (TEMPLATES / page.template).read_text(encoding="utf-8")
            wrong += [page.__name__] * (page.scripts != ("<script" in text))
    assert len(pages) > 20
    assert not wrong
