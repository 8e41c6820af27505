"""How the sequences do: the same figures as `nurture stats`, in pictures; and the brake of each sequence."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.domain.staff import Role
from service.flows import brake, results, results_by_week
from service.flows.results import SequenceResult
from service.flows.results_by_week import Period
from service.store import events
from service.web.studio.results import charts, figures
from tests.support import acts, studio
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_sequence, with_steps
from tests.support.house import House, open_house
from tests.support.studio import ESRA, FRANK, desk, hire

PAGE = "/studio/results/lage-rug"


def lived(house: House) -> None:
    """Six people in two weeks: one never says yes, one leaves, one books, three answer."""
    steps = ({"key": "een", "wait": "1 day"}, {"key": "twee", "wait": "5 days"})
    publish(house, with_steps(*steps, window=EVERY_DAY))
    for name in ("anna", "bram", "carla"):
        acts.confirmed(house, f"{name}@example.org")
    house.opt_in("daan@example.org")
    house.live_through(days=1, hours=1)
    acts.answer(house, "better", "anna@example.org")
    acts.answer(house, "same", "carla@example.org")
    acts.withdraw(house, "bram@example.org")
    house.live_through(days=6)
    for name in ("eva", "fleur"):
        acts.confirmed(house, f"{name}@example.org")
    house.live_through(days=1, hours=1)
    acts.answer(house, "better", "eva@example.org")
    acts.request_pain_check(house, "carla@example.org")
    acts.booked(house, "carla@example.org")


def weeks(house: House, count: int = 4) -> tuple[Period, list[results_by_week.Week]]:
    with house.services.database.reading() as session:
        calendar = house.services.published.calendar(session)
        period = results_by_week.period(calendar, count, house.clock.now())
        return period, list(results_by_week.by_week(session, house.services, period)["lage-rug"])


def test_the_page_tells_the_story_that_was_lived(house: House) -> None:
    lived(house)
    page = studio.words(desk(house, hire(house)).see(f"{PAGE}?weeks=4"))
    for owed in (
        "Vroegen het advies aan 6",
        "Zeiden ja op de vervolgmails 5",
        "Boekten een pijncheck 1",
        "13 mails verstuurd, 0 kwamen terug, 1 persoon meldde zich af",
        "Je gratis advies: begin vandaag 6 verstuurd",
        "1 persoon meldde zich daarna af 2 × “beter” 1 × “hetzelfde”",
        "1 vroeg een pijncheck aan 1 pijncheck geboekt via deze mail",
        "Dit zijn kleine aantallen",
    ):
        assert owed in page, page


def test_weeks_add_up_to_the_figures_of_the_whole_period_as_stats_tells_them(house: House) -> None:
    lived(house)
    period, each = weeks(house)
    with house.services.database.reading() as session:
        [_, _] = everything = results.results(session, house.services)
        of_period = results.results(session, house.services, period.since, period.until)
    assert everything == of_period
    [found] = [one for one in of_period if one.sequence == "lage-rug"]
    assert sum(week.opt_ins for week in each) == found.opt_ins == 6
    assert sum(week.confirmed for week in each) == found.confirmed == 5
    assert sum(week.mails for week in each) == found.accepted == 13
    assert sum(week.booked for week in each) == found.booked == 1
    assert [week.opt_ins for week in each] == [0, 0, 4, 2]


def test_each_week_by_itself_has_what_results_count_for_it(house: House) -> None:
    lived(house)
    period, each = weeks(house)
    with house.services.database.reading() as session:
        for place, week in enumerate(each):
            own = results.results(session, house.services, *period.edges[place : place + 2])
            [found] = [one for one in own if one.sequence == "lage-rug"]
            counted = (found.opt_ins, found.confirmed, found.accepted, found.booked)
            assert counted == (week.opt_ins, week.confirmed, week.mails, week.booked)


def test_a_week_begins_on_monday_by_the_practices_clock_in_summer_time_too(house: House) -> None:
    house.clock.advance(days=21)  # Monday 30 March, the day after the clocks changed
    period, _ = weeks(house, 2)
    assert [day.isoformat() for day in period.mondays] == ["2026-03-23", "2026-03-30"]
    assert [edge.hour for edge in period.edges] == [23, 22, 22]


@pytest.mark.parametrize("path", ["/studio/results", PAGE])
@pytest.mark.parametrize("query", ["weeks=3", "weeks=-4", "weeks=4%27", "sort=x", "weeks=1e9"])
def test_no_other_period_and_no_other_question_is_taken(house: House, path: str, query: str) -> None:
    assert desk(house, hire(house)).see(f"{path}?{query}").status_code == 422


def test_a_sequence_that_there_is_not_is_not_found(house: House) -> None:
    here = desk(house, hire(house, FRANK, Role.MANAGER))
    assert here.see("/studio/results/verzonnen").status_code == 404
    for act in ("pause", "resume"):
        assert here.post(f"/studio/results/verzonnen/{act}").status_code == 404


def test_a_sequence_without_leads_says_what_to_look_at(house: House) -> None:
    page = studio.words(desk(house, hire(house)).see("/studio/results"))
    assert "Staat het formulier op jullie website?" in page


def test_before_anything_is_published_it_says_what_comes_first(migrated_database_url: str, tmp_path: Path) -> None:
    with open_house(migrated_database_url, tmp_path, published=False) as empty:
        here = desk(empty, hire(empty))
        assert "er is nog niets te tellen" in here.see("/studio/results").text
        assert here.see(PAGE).status_code == 404


def test_anyone_holds_one_sequence_back_and_a_manager_lets_it_go(house: House) -> None:
    editor, manager = desk(house, hire(house)), desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    assert editor.post(f"{PAGE}/pause").headers["location"] == PAGE
    assert "De vervolgmails van deze reeks staan stil" in editor.see(PAGE).text
    assert "Deze reeks weer laten gaan" not in editor.see(PAGE).text
    assert f'href="{PAGE}#brake"' in editor.see("/studio/").text
    with house.services.database.reading() as session:
        assert brake.state(session).sequences == {"lage-rug"}
    assert editor.post(f"{PAGE}/resume").status_code == 403
    assert manager.post(f"{PAGE}/resume").status_code == 303
    assert manager.post(f"{PAGE}/resume").status_code == 303, "twice is no harm, and no second line in the audit log"
    with house.services.database.reading() as session:
        assert not brake.state(session).sequences
        kept = [each.action for each in events.audit_log(session, limit=2)]
    assert kept == ["resumed", "paused"]


def test_two_versions_of_a_mail_stand_beside_each_other_with_an_honest_word(house: House) -> None:
    def split(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        steps[1] |= {"template": None, "variants": {"<b>kort": "hoe-ging-het", "lang": "eerdere-uitnodiging"}}

    acts.confirmed(house, "before@example.org")
    house.live_through(days=3)
    publish(house, with_sequence(split))
    for number in range(18):  # all of them get the same version once in 131,072 times
        acts.confirmed(house, f"lead-{number}@example.org")
    house.live_through(days=5)
    answer = desk(house, hire(house)).see(PAGE)
    assert "Te weinig om iets te zeggen" in answer.text
    assert "<b>kort" not in answer.text, "what staff call a version is text"
    assert "&lt;b&gt;kort" in answer.text
    assert "1 eerdere mail, van vóór deze versies, telt hier niet mee." in answer.text
    assert re.search(r"hoe-ging-het \(van vóór deze versies\)</th><td>1</td>", answer.text)


def test_nothing_of_any_lead_is_on_any_of_its_pages(house: House) -> None:
    lived(house)
    here = desk(house, hire(house, ESRA, Role.ADMIN))
    for path in ("/studio/", "/studio/results", PAGE):
        page = here.see(path).text.lower()
        for private in ("@example.org", "anna", "bram", "carla", "daan", "fleur"):
            assert private not in page, path


def test_every_picture_says_in_words_what_it_shows_and_has_its_numbers_in_a_table(house: House) -> None:
    lived(house)
    page = desk(house, hire(house)).see(PAGE).text
    pictures = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    assert len(pictures) == 3
    for each in pictures:
        [ids] = re.findall(r'role="img" aria-labelledby="([\w -]+)"', each)
        assert all(f'id="{name}"' in each for name in ids.split())
    assert re.search(r'<th scope="row">9 mrt</th><td>4</td><td>3</td><td>9</td><td>0</td>', page)


def test_figures_of_very_many_mails_are_counted_once_for_all_who_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = figures.Counter()
    first = counter.figures(house.services, 4)
    assert counter.figures(house.services, 4) is not first, "those of few are of this moment"
    monkeypatch.setattr(figures, "_FEW", -1)
    monkeypatch.setattr(figures, "_TIMES", 1e6)
    kept = counter.figures(house.services, 12)
    assert counter.figures(house.services, 12) is kept
    house.clock.advance(days=7)
    assert counter.figures(house.services, 12) is not kept, "another week is another period"


def test_large_numbers_are_written_as_whoever_reads_writes_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(house)
    counted = results.results

    def many(*asked: Any) -> list[SequenceResult]:
        return [
            replace(each, opt_ins=12345, mails=tuple(replace(mail, accepted=54321) for mail in each.mails))
            for each in counted(*asked)
        ]

    monkeypatch.setattr(results, "results", many)
    for language, opt_ins, sent in (("nl", "12.345", "54.321"), ("en", "12,345", "54,321")):
        page = studio.words(
            desk(house, hire(house, f"{language}@example.org", language=language)).see(f"{PAGE}?weeks=4")
        )
        assert opt_ins in page
        assert sent in page
        assert not re.search("12345|54321", page)


def test_bars_stay_in_their_picture_and_a_few_are_no_tower() -> None:
    drawn = charts.chart(["a", "b", "c"], [[1, 0, 27], [1, 0, 3]], ["", "", ""])
    assert [line.label for line in drawn.lines] == ["0", "15", "30"]
    assert len(drawn.bars) == 4
    for bar in drawn.bars:
        assert drawn.left <= bar.x < bar.x + bar.width <= drawn.right
        assert 0 < bar.y < bar.y + bar.height <= drawn.height
    assert charts.chart(["a"], [[1]], [""]).lines[-1].label == "4"
    assert charts.shares([0, 0, 0]) == ((0.0, 0.0),) * 3
    assert charts.shares([1, 3]) == ((0.0, 25.0), (25.0, 75.0))
