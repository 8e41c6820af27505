"""The owner's mail on Monday: once, about the newest week, in counts alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from service.flows import ticks, weekly_mail, weekly_words
from service.flows.drafts import WEEKLY, Draft
from service.flows.results import MailResult, SequenceResult
from service.store import events
from tests.support import acts
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_steps
from tests.support.house import START, House, open_house, shipped, words

OWNER = "baas@praktijk.example"
TWO_STEPS = ({"key": "een", "wait": "1 day"}, {"key": "twee", "wait": "9 days"})


@pytest.fixture
def house(house: House) -> House:
    """One whose owner wants the mail; it is Monday the 9th, and the first tick has been."""
    told = house.with_changes(weekly_mail=True, alert_to=(OWNER,))
    told.tick(keep_house=True)
    return told


def monday(house: House, weeks: int = 1, *, hour: float = 8) -> None:
    """The clock stands on a later Monday, at this hour in Amsterdam."""
    house.clock.moment = START + timedelta(days=7 * weeks, hours=hour - 10)


def told(house: House) -> list[EmailMessage]:
    house.send_due()
    return house.mails(OWNER)


def lived(house: House) -> None:
    """Anna says yes and gets her mail, Bram leaves after it, Carla books."""
    publish(house, with_steps(*TWO_STEPS, window=EVERY_DAY))
    for name in ("anna", "bram", "carla"):
        acts.confirmed(house, f"{name}@example.org")
    house.opt_in("daan@example.org")
    house.live_through(days=1, hours=1, keep_house=True)
    acts.answer(house, "better", "anna@example.org")
    acts.withdraw(house, "bram@example.org")
    acts.booked(house, "carla@example.org")


def test_on_monday_at_eight_the_owner_reads_last_weeks_figures(house: House) -> None:
    lived(house)
    monday(house, hour=7.9)
    house.tick(keep_house=True)
    assert told(house) == []
    monday(house)
    house.tick(keep_house=True)
    [mail] = told(house)
    assert mail["Subject"] == "Weekbericht week 11, 9 tot en met 15 maart 2026"
    said = words(mail)
    for owed in (
        "Lage rugpijn 4 aanvragen van het advies (de week ervoor 0), 3 keer ja op de vervolgmails.",
        "7 mails verstuurd; 1 persoon meldde zich erna af.",
        "Hielp het? 1 keer beter.",
        "1 pijncheck geboekt (de week ervoor 0).",
        "Uitstraling naar het been Geen aanvragen en geen mails in deze week.",
        "https://praktijk.example/studio/results?weeks=4",
    ):
        assert owed in said, said


def test_it_is_told_once_however_often_is_looked_and_by_however_many(house: House) -> None:
    monday(house)
    with ThreadPoolExecutor(4) as workers:
        sent = list(workers.map(lambda _: weekly_mail.send_where_due(house.services, house.clock.now()), range(8)))
    assert sent.count(True) == 1
    house.clock.advance(days=3)
    house.tick(keep_house=True)
    assert len(told(house)) == 1


def test_after_weeks_of_downtime_the_newest_week_alone_is_told(house: House) -> None:
    monday(house, 5, hour=15)
    house.tick(keep_house=True)
    [mail] = told(house)
    assert "week 15, 6 tot en met 12 april" in str(mail["Subject"])


def test_a_clock_that_was_set_forward_and_back_tells_no_week_twice_and_leaves_none_out(house: House) -> None:
    monday(house, 1)
    house.tick(keep_house=True)
    monday(house, 3)
    house.tick(keep_house=True)
    monday(house, 1, hour=9)
    house.tick(keep_house=True)
    monday(house, 2)
    house.tick(keep_house=True)
    monday(house, 3, hour=9)
    house.tick(keep_house=True)
    assert sorted(str(mail["Subject"]).split()[2] for mail in told(house)) == ["11,", "12,", "13,"]


def test_whoever_begins_in_mid_week_is_told_of_no_week_before(house: House) -> None:
    acts.commit(house, events.forget_fact, "weekly_mail")
    house.clock.advance(days=2)
    house.tick(keep_house=True)
    assert told(house) == []
    monday(house)
    house.tick(keep_house=True)
    assert len(told(house)) == 1


def test_in_summer_time_eight_is_eight_on_the_practices_clock(house: House) -> None:
    monday(house, 3, hour=7)  # the clocks changed the night before: 06:00 UTC is 08:00 in Amsterdam
    assert weekly_mail.send_where_due(house.services, house.clock.now())


def test_nobody_is_told_where_it_is_switched_off(house: House) -> None:
    house = house.with_changes(weekly_mail=False)
    monday(house)
    house.tick(keep_house=True)
    assert told(house) == []


def test_before_anything_is_published_there_is_no_mail(migrated_database_url: str, tmp_path: Path) -> None:
    wanted = {"weekly_mail": True, "alert_to": (OWNER,)}
    with open_house(migrated_database_url, tmp_path, published=False, **wanted) as empty:
        for weeks in (0, 1, 2):
            monday(empty, weeks)
            ticks.housekeeping(empty.services)
        assert empty.rows()["message"] == []


def test_a_content_folder_of_before_does_without(house: House) -> None:
    publish(house, _without_weekly(shipped()))
    monday(house)
    house.tick(keep_house=True)
    assert told(house) == []


def test_while_all_mail_is_held_back_it_waits_and_then_leaves(house: House) -> None:
    acts.pull_the_brake(house, all_mail=True)
    monday(house)
    house.tick(keep_house=True)
    assert told(house) == []
    acts.release_the_brake(house)
    assert len(told(house)) == 1


def test_without_an_address_for_alerts_it_goes_to_the_practices_staff(house: House) -> None:
    house = house.with_changes(alert_to=())
    monday(house)
    house.tick(keep_house=True)
    house.send_due()
    assert len(house.mails("praktijk@solidperformance.example")) == 1


def test_nothing_of_any_lead_is_in_it_or_in_its_row(house: House) -> None:
    lived(house)
    monday(house)
    house.tick(keep_house=True)
    [mail] = told(house)
    [row] = [each for each in house.rows()["message"] if WEEKLY in each]
    for private in ("anna", "bram", "carla", "daan", "example.org"):
        assert private not in mail.as_string().lower()
        assert private not in repr(row).lower()


def test_its_words_count_as_people_do() -> None:
    assert weekly_words.name(date(2026, 12, 28)) == "week 53, 28 december 2026 tot en met 3 januari 2027"
    assert weekly_words.name(date(2026, 3, 30)) == "week 14, 30 maart tot en met 5 april 2026"
    mail = MailResult(step="a", template="a", variant=None, accepted=1, bounced=2, left=1)
    one = SequenceResult(sequence="a", title="A", opt_ins=1, confirmed=0, booked=2, mails=(mail,))
    assert weekly_words.lines(one, None)[1:4] == [
        "1 aanvraag van het advies (de week ervoor 0), 0 keer ja op de vervolgmails.",
        "1 mail verstuurd; 2 kwamen terug en 1 persoon meldde zich erna af.",
        "2 pijnchecks geboekt (de week ervoor 0).",
    ]
    assert weekly_words.note([replace(one, opt_ins=400)]) == ""
    assert weekly_words.waiting(requests=0, to_read=0, mails=0) == ""
    assert weekly_words.waiting(requests=0, to_read=1, mails=0) == "1 antwoord dat nog niet gelezen is."


def _without_weekly(draft: Draft) -> Draft:
    parts = tuple(
        replace(part, compiled={name: mail for name, mail in part.compiled.items() if name != WEEKLY})
        if part.kind == "mails"
        else part
        for part in draft.parts
    )
    return replace(draft, parts=parts)


def test_whoever_began_by_a_clock_that_was_ahead_is_told_once_it_is_right(house: House) -> None:
    acts.commit(house, events.forget_fact, "weekly_mail")
    monday(house, 57)
    house.tick(keep_house=True)
    house.clock.moment = START
    house.tick(keep_house=True)
    monday(house)
    house.tick(keep_house=True)
    assert len(told(house)) == 1
