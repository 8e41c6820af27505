"""Publishing in the studio: what differs, what it does to whom, and only what the page showed is published."""

from __future__ import annotations

import re
import threading
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from service.domain.staff import Role
from service.flows import plan_text, publish_plan, publishing, studio_settings
from service.flows.drafts import read_draft
from service.flows.publishing import Publication
from service.flows.studio_settings import StudioSettings
from service.store import events, sequences
from service.web.studio.publishing import planned
from tests.support import acts, drafts, studio
from tests.support.house import START, House
from tests.support.studio import Desk

PATH = "/studio/publish"
SEQUENCE = "sequences/lage-rug.yaml"


@pytest.fixture
def frank(house: House) -> Desk:
    return studio.desk(house, studio.hire(house, studio.FRANK, Role.MANAGER, "Frank"))


def edit(house: House, file: str, old: str, new: str) -> None:
    path: Path = house.services.content_dir / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def later(house: House) -> None:
    """The sixth follow-up of lage-rug comes two days later."""
    edit(house, SEQUENCE, "wait: 4 days", "wait: 6 days")


def seen(page: Response) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found
    return found[1]


def press(desk: Desk, page: Response, **fields: str) -> Response:
    return desk.post(PATH, **({"seen": seen(page), "override": "yes"} | fields))


def numbers(house: House, name: str = "lage-rug") -> list[int]:
    with house.services.database.reading() as session:
        return [each.id for each in sequences.noted(session, name)]


def test_what_is_live_as_it_stands_in_the_files_is_nothing_to_publish(frank: Desk) -> None:
    page = frank.see(PATH)
    assert "Er is niets te publiceren" in page.text
    assert "Publiceer dit" not in page.text
    assert frank.post(PATH, seen="x", override="yes").status_code == 409


def test_an_edit_in_a_file_shows_at_once_with_its_text_and_what_it_does_to_those_under_way(
    house: House, frank: Desk
) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    assert "Er is niets te publiceren" in frank.see(PATH).text
    later(house)
    page = studio.words(frank.see(PATH))
    with house.services.database.reading() as session:
        draft = read_draft(house.services.content_dir)
        plan = publish_plan.plan(session, house.services, draft, house.clock.now())
    [sequence] = plan.sequences
    assert sequence.move
    for count in sequence.move.counts:
        assert plan_text.in_words(count, "nl") in page, "in the words of nurture plan"
    assert "wait: 6 days" in page
    assert "Niemand krijgt een mail dubbel" in page


def test_what_was_shown_is_published_and_the_page_says_what_came_of_it(house: House, frank: Desk) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    later(house)
    before = numbers(house)
    answer = press(frank, frank.see(PATH), move="move")
    assert answer.status_code == 303
    [made] = set(numbers(house)) - set(before)
    assert answer.headers["location"] == f"{PATH}?done={made}"
    page = studio.words(frank.see(answer.headers["location"]))
    assert "1 lead gaat ermee verder" in page
    assert "Er is niets te publiceren" in page
    with house.services.database.reading() as session:
        [entry] = events.audit_log(session, limit=5, action="published")[:1]
        row = sequences.by_id(session, made)
    assert entry.actor == row.published_by == "studio:1"
    assert (entry.details["override_by"], entry.details["moved"]) == ("Frank", 1)
    assert row.source[SEQUENCE] == (house.services.content_dir / SEQUENCE).read_text()


def test_a_second_press_reads_that_it_is_live_and_not_that_nothing_was_published(house: House, frank: Desk) -> None:
    later(house)
    page = frank.see(PATH)
    assert press(frank, page).status_code == 303
    answer = press(frank, page)
    assert answer.status_code == 409
    assert "wat in de bestanden staat, staat live" in studio.words(answer)
    assert "niets gepubliceerd" not in studio.words(answer)


def test_one_part_can_be_published_by_itself(house: House, frank: Desk) -> None:
    later(house)
    edit(house, "sequences/uitstraling-been.yaml", "title: ", "title: Nieuw, ")
    page = frank.see(f"{PATH}?part=lage-rug")
    assert press(frank, page, part="lage-rug").status_code == 303
    left = studio.words(frank.see(PATH))
    assert "1 onderdeel is anders" in left
    assert frank.see(f"{PATH}?part=bestaat-niet").status_code == 422
    assert frank.post(PATH, seen="x", part="bestaat-niet").status_code == 422


@pytest.mark.parametrize("what", ["draft", "live", "nothing shown", "other parts"])
def test_nothing_is_published_but_what_the_page_showed(house: House, frank: Desk, what: str) -> None:
    later(house)
    mark = seen(frank.see(PATH))
    if what == "draft":
        edit(house, SEQUENCE, "wait: 7 days", "wait: 8 days")
    if what == "live":
        drafts.publish(house, drafts.with_practice(closed=["2026-03-11"]))
    before = numbers(house)
    fields = {"draft": {}, "live": {}, "nothing shown": {"seen": ""}, "other parts": {"seen": mark[::-1]}}[what]
    answer = frank.post(PATH, **({"seen": mark, "override": "yes"} | fields))
    assert answer.status_code == 409
    assert "Er is iets veranderd" in answer.text
    assert numbers(house) == before
    if what == "draft":
        assert "wait: 8 days" in studio.words(answer)
    assert press(frank, answer).status_code == 303, "the new plan may be published"


def test_of_two_who_publish_at_once_one_does(house: House, frank: Desk) -> None:
    later(house)
    mark = seen(frank.see(PATH))
    gijs = studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN))
    before = numbers(house)
    gate = threading.Barrier(2)
    answers: list[int] = []

    def go(desk: Desk) -> None:
        gate.wait(30)
        answers.append(desk.post(PATH, seen=mark, override="yes").status_code)

    threads = [threading.Thread(target=go, args=(desk,)) for desk in (frank, gijs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    assert len(numbers(house)) == len(before) + 1


def test_somebody_who_published_in_between_the_look_and_the_lock_is_noticed(
    house: House, frank: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(house)
    page = frank.see(PATH)
    real = publishing.publish

    def moved_on(*given: Any, **named: Any) -> Publication:
        return real(*given, **(named | {"seen": {("sequence", "lage-rug"): 0}}))  # what was live is live no more

    monkeypatch.setattr(publishing, "publish", moved_on)
    before = numbers(house)
    answer = press(frank, page)
    assert answer.status_code == 409
    assert "Er is iets veranderd" in answer.text
    assert numbers(house) == before


def test_over_warnings_only_whoever_answers_for_them_publishes(house: House, frank: Desk) -> None:
    later(house)
    page = frank.see(PATH)
    assert "Frank, komt erbij in het logboek" in studio.words(page)
    answer = press(frank, page, override="")
    assert answer.status_code == 422
    assert "Zet eerst het vinkje" in answer.text
    assert len(numbers(house)) == 1


def test_an_error_in_a_file_stands_there_with_its_line_and_nothing_can_be_published(house: House, frank: Desk) -> None:
    later(house)
    mark = seen(frank.see(PATH))
    edit(house, SEQUENCE, "wait: 2 days", "wait: gisteren")
    page = frank.see(PATH)
    assert "sequences/lage-rug.yaml, regel " in studio.words(page)
    assert '<a href="/studio/sequences/lage-rug/text">' in page.text
    assert "Publiceer dit" not in page.text
    assert frank.post(PATH, seen=mark, override="yes").status_code == 422
    (house.services.content_dir / "practice.yaml").unlink()
    house.services.content_dir.rename(house.services.content_dir.with_name("weg"))
    answer = frank.see(PATH)
    assert (answer.status_code, "fout moet eerst worden opgelost" in answer.text) == (200, True)


def test_in_production_made_up_facts_are_not_published(house: House) -> None:
    house = house.with_changes(production=True)
    desk = studio.desk(house, studio.hire(house, studio.FRANK, Role.MANAGER))
    later(house)
    page = desk.see(PATH)
    assert "verzonnen" in page.text
    assert "Publiceer dit" not in page.text


def test_an_editor_sees_the_plan_and_publishes_only_where_an_admin_settled_so(house: House) -> None:
    esra = studio.desk(house, studio.hire(house))
    later(house)
    page = esra.see(PATH)
    assert "Een manager kan dit publiceren" in page.text
    assert "Publiceer dit" not in page.text
    assert esra.post(PATH, seen="x").status_code == 403
    with house.services.database.transaction() as session:
        studio_settings.change(session, StudioSettings(editors_publish=True), actor="test", now=START)
    assert press(esra, esra.see(PATH)).status_code == 303
    assert len(numbers(house)) == 2


def test_text_of_files_runs_nothing_on_any_page(house: House, frank: Desk) -> None:
    payload = "<script>alert(1)</script><img src=x onerror=alert(1)></td></table>{{ 7*7 }}"
    edit(house, SEQUENCE, "title: Lage rugpijn", f"title: '{payload}'  # \u202e{payload}")
    answers = [frank.see(PATH), press(frank, frank.see(PATH))]
    assert answers[1].status_code == 303
    made = numbers(house)[0]
    edit(house, SEQUENCE, "title: ", "# ' \" title: ")
    edit(house, SEQUENCE, "confirmation", "title: Lage rugpijn\nconfirmation")
    paths = ("", f"?done={made}", "/history", "/history/lage-rug", f"/history/lage-rug/{made}")
    answers += [frank.see(f"{PATH}{path}") for path in paths]
    press(frank, frank.see(PATH))
    answers.append(frank.see(f"{PATH}/history/lage-rug/{made}/back"))
    assert payload in unescape(answers[-1].text)
    for answer in answers:
        assert answer.status_code < 400
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text


@pytest.mark.parametrize("query", ["done=x", "done=-1", "done=9999999999", "sort=x", "part="])
def test_a_question_outside_what_the_page_knows_is_refused(frank: Desk, query: str) -> None:
    assert frank.see(f"{PATH}?{query}").status_code == 422
    assert frank.see(f"{PATH}?done=999999999").status_code == 404


def test_where_many_are_under_way_the_plan_is_reckoned_when_somebody_asks_for_it(
    house: House, frank: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned, "MOST", 0)
    acts.confirmed(house)
    later(house)
    page = frank.see(PATH)
    assert "1 lead is onderweg" in page.text
    assert "Publiceer dit" not in page.text
    assert "wait: 6 days" in studio.words(page)
    asked = frank.see(f"{PATH}?plan=now")
    assert "Gaan ze mee" in asked.text
    assert frank.see(f"{PATH}?plan=x").status_code == 422
    assert press(frank, asked).status_code == 303
    back = f"{PATH}/history/lage-rug/{numbers(house)[1]}/back"
    assert "Zet deze versie terug" not in frank.see(back).text
    asked = frank.see(f"{back}?plan=now")
    assert frank.post(back, seen=seen(asked)).status_code == 303
