"""`nurture simulate` and `nurture stats`, as staff type them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import acts
from tests.support.commands import Said, nurture
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_steps
from tests.support.house import ROOT
from tests.support.office import Office

OPT_IN = "2026-04-21T09:00"


def simulate(folder: Path, *options: str) -> Said:
    said = nurture(
        "simulate", "lage-rug", "--opt-in-at", OPT_IN, *options, folder=folder, content_dir=str(ROOT), env="development"
    )
    assert said.status == 0, said.err
    return said


def rows(folder: Path, *options: str) -> dict[str, dict[str, str | None]]:
    return {row["step"]: row for row in json.loads(simulate(folder, "--json", *options).out)}


def test_each_mail_has_its_weekday_its_local_time_and_why(tmp_path: Path) -> None:
    said = simulate(tmp_path, "--confirm-after", "1d")
    assert "Tuesday 28 April 2026 08:30" in said.out
    assert "3 days after Friday 24 April 09:00; moved from King's Day to Tuesday 28 April 08:30" in said.out


def test_in_dutch_too(tmp_path: Path) -> None:
    said = simulate(tmp_path, "--confirm-after", "1d", "--language", "nl")
    assert "dinsdag 28 april 2026 08:30" in said.out
    assert "3 dagen na vrijdag 24 april 09:00; verschoven van Koningsdag naar dinsdag 28 april 08:30" in said.out
    assert "niet verstuurd" in said.out


def test_answers_that_nobody_can_have_given_are_refused_all_at_once(tmp_path: Path) -> None:
    given = ("simulate", "lage-rug", "--answer", "nope=foo", "--answer", "helped=sam")
    said = nurture(*given, folder=tmp_path, content_dir=str(ROOT), env="development")
    assert (said.status, said.out) == (1, "")
    assert "nobody is asked 'nope'; choose from `helped`" in said.err
    assert "helped has no answer 'sam'; did you mean `same`?" in said.err


def test_json_gives_the_offset_and_null_where_nothing_is_sent(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert set(found["advies"]) == {"step", "template", "at", "reason"}
    assert found["hoe-ging-het"]["at"] == "2026-04-23T09:00:00+02:00"
    assert found["eerdere-uitnodiging"]["at"] is None


def test_a_closed_fortnight_moves_what_falls_in_it(tmp_path: Path) -> None:
    said = simulate(tmp_path, "--closed", "2026-04-23..2026-05-06")
    assert "moved from closed days and King's Day to Thursday 7 May 08:30" in said.out


@pytest.mark.parametrize(
    ("event", "at"),
    [
        ("reply@+1d", "2026-04-30T09:00:00+02:00"),
        ("worse@+1d", "2026-05-07T09:00:00+02:00"),
        ("request@+1d", "2026-05-07T09:00:00+02:00"),
        ("soft-bounce@+1d", "2026-04-23T09:05:00+02:00"),
        ("booked@+1d", None),
        ("unsubscribed@+1d", None),
    ],
)
def test_what_happens_on_the_way_counts(tmp_path: Path, event: str, at: str | None) -> None:
    assert rows(tmp_path, "--event", event)["hoe-ging-het"]["at"] == at


def test_a_soft_bounce_leaves_every_other_mail_where_it_was(tmp_path: Path) -> None:
    without, bounced = rows(tmp_path), rows(tmp_path, "--event", "soft-bounce@+1d")
    assert {step for step in without if without[step]["at"] != bounced[step]["at"]} == {"hoe-ging-het"}
    assert "refused at first, taken at try 2" in str(bounced["hoe-ging-het"]["reason"])


def test_the_text_is_what_that_lead_would_get(tmp_path: Path) -> None:
    said = simulate(tmp_path, "--text", "--answer", "posture=hollow", "--language", "nl")
    assert "Onderwerp: Je gratis advies: begin vandaag" in said.out
    hollow = rows(tmp_path, "--text", "--answer", "posture=hollow")
    flat = rows(tmp_path, "--text", "--answer", "posture=flat")
    assert hollow["advies"]["subject"] == "Je gratis advies: begin vandaag"
    assert hollow["sterker-losser"]["text"] != flat["sterker-losser"]["text"]
    assert hollow["eerdere-uitnodiging"]["text"] is None


@pytest.mark.parametrize(
    ("options", "english", "dutch"),
    [
        (("--closed", "juli"), "'juli' is no closed day; write", "'juli' is geen gesloten dag; schrijf"),
        (("--event", "gone@+1d"), "gone@+1d: write KIND@+NUMBER", "gone@+1d: schrijf WAT@+GETAL"),
    ],
)
def test_what_cannot_be_read_is_told_in_both_languages(
    tmp_path: Path, options: tuple[str, ...], english: str, dutch: str
) -> None:
    for language, words in (("en", english), ("nl", dutch)):
        said = nurture("simulate", "lage-rug", *options, "--language", language, folder=tmp_path, content_dir=str(ROOT))
        assert said.status == 1
        assert words in said.err


def test_results_are_told_and_given_as_json(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'nurture.db'}"
    settings = {"database_url": database, "content_dir": str(ROOT)}
    assert nurture("migrate", folder=tmp_path, **settings).status == 0
    assert nurture("publish", "--yes", folder=tmp_path, **settings).status == 0
    said = nurture("stats", "--language", "nl", folder=tmp_path, **settings)
    assert "lage-rug: 0 aanvragen, 0 keer ja, 0 afspraken" in said.out
    found = json.loads(nurture("stats", "--json", "--since", "2026-01-01", folder=tmp_path, **settings).out)
    assert found[0] == {
        "sequence": "lage-rug",
        "title": "Lage rugpijn",
        "opt_ins": 0,
        "confirmed": 0,
        "booked": 0,
        "mails": [],
    }


def test_of_few_people_nothing_is_said_about_which_version_does_better(office: Office) -> None:
    house = office.house
    variants = {"template": None, "variants": {"kort": "uitnodiging", "lang": "eerdere-uitnodiging"}}
    step = {"key": "keuze", "wait": "1 day"}
    publish(house, with_steps({**step, "template": "uitnodiging"}, window=EVERY_DAY))
    acts.confirmed(house, "before@example.org")
    house.live_through(days=1, hours=1)
    publish(house, with_steps({**step, **variants}, window=EVERY_DAY))
    everybody = [f"lead-{number}@example.org" for number in range(12)]
    for address in everybody:
        acts.confirmed(house, address)
    house.live_through(days=1, hours=1)
    for address in everybody:
        if acts.follow_ups(house, address)["keuze"].template.startswith("uitnodiging"):
            acts.request_pain_check(house, address)
            acts.booked(house, address)
    said = office.nurture("stats", "--language", "nl").out
    assert "Te weinig om iets te zeggen: kort ging naar" in said, "as the studio says it"
    assert re.search(r"keuze \(van vóór deze versies: .*aangenomen 1\b", said)
    assert "dan toeval verklaart" not in said
