"""What an opt-in at a moment would get, on a calendar: as the simulator says it, from the draft."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest

from service.domain.calendar import Calendar
from service.domain.wording import dutch_moment
from service.flows import simulation
from service.flows.drafts import read_draft
from tests.support.house import House
from tests.support.studio import desk, hire, words

pytestmark = pytest.mark.files

HERE = "/studio/sequences/lage-rug/calendar"


def test_it_shows_what_the_simulator_says_over_holidays_and_closed_days_of_the_draft(house: House) -> None:
    practice = house.services.content_dir / "practice.yaml"
    closed = "closed:\n  - {from: 2026-12-28, to: 2027-01-08, note: kerstvakantie}"
    practice.write_text(practice.read_text(encoding="utf-8").replace("closed: []", closed), encoding="utf-8")
    answer = desk(house, hire(house)).see(f"{HERE}?on=2026-12-18&at=17:00&confirmed=1d&answer=leg%3Dno")
    draft = read_draft(house.services.content_dir)
    assert draft.content.practice is not None
    calendar = Calendar.of(draft.content.practice)
    begins = calendar.instant(date(2026, 12, 18), time(17))
    story = simulation.Story(opt_in_at=begins, confirmed_at=begins + timedelta(days=1), answers={"leg": "no"})
    owed = [
        dutch_moment(calendar.local(each.at), year=True)
        for each in simulation.simulate(draft.content.sequences["lage-rug"], calendar, story)
        if each.at is not None
    ]
    assert len(owed) == 8
    assert re.findall(r'<p class="when">(\w+ \d+ \w+ \d{4} [\d:]+)</p>', answer.text) == owed
    page = words(answer)
    assert "Een aanvraag op vrijdag 18 december 17:00; de knop in het advies een dag later" in page
    assert re.search(r"25 Eerste kerstdag", page)
    assert re.search(r"28 kerstvakantie 29 kerstvakantie", page)
    assert "december 2026" in page
    assert "februari 2027" in page


def test_a_condition_is_said_in_the_words_of_the_timeline(house: House) -> None:
    page = words(desk(house, hire(house)).see(HERE))
    assert "Alleen als het antwoord op “Hoe ging het? (knoppen in de mail)” is: hetzelfde" in page
    assert "helped" not in page


def test_what_happens_on_the_way_ends_it_there(house: House) -> None:
    page = words(desk(house, hire(house)).see(f"{HERE}?on=2026-11-20&at=17:00&event=booked&after=4"))
    assert "Niet verstuurd Een check van twee minuten Er is een afspraak gemaakt" in page
    never = words(desk(house, hire(house, "b@praktijk.example")).see(f"{HERE}?confirmed=never"))
    assert never.count("Niet verstuurd") == 8


@pytest.mark.parametrize(
    "query",
    [
        "on=gisteren",
        "on=1999-01-01",
        "on=9999-12-31",
        "at=25:00",
        "at=09:00%2B02:00",
        "confirmed=5y",
        "event=kwaad",
        "after=-1",
        "after=1000",
        "answer=weer%3Dmooi",
        "answer=leg",
        "answer=leg%3D%3Cscript%3E",
        "sort=x",
    ],
)
def test_what_cannot_be_asked_is_refused(house: House, query: str) -> None:
    assert desk(house, hire(house)).see(f"{HERE}?{query}").status_code == 422
