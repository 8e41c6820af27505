"""The practice's facts as staff write them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from service.domain.practice import Practice, parse_practice
from service.errors import Problem

GOOD: dict[str, Any] = {
    "name": "Solid Performance",
    "address": "Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
    "kvk": "00000000",
    "phone": "+31 20 000 00 00",
    "email": "Praktijk@Praktijk.example",
    "staff": ["balie@praktijk.example"],
    "opening_days": ["mon", "tue"],
    "closed": [date(2026, 12, 24), {"from": date(2026, 7, 27), "to": date(2026, 8, 7), "note": "zomersluiting"}],
    "holidays": {"add": ["bevrijdingsdag", date(2026, 5, 15)], "remove": ["Goede vrijdag"]},
    "booking": {"kind": "request"},
    "pain_check": {
        "price": "€ 95",
        "duration": "60 minuten",
        "location": "Voorbeeldstad",
        "reimbursement": "Geen",
        "bring": "Sportkleding",
        "cancellation": "Tot 24 uur van tevoren",
    },
    "links": {"article": "https://praktijk.example/artikel"},
    "privacy_url": "https://praktijk.example/privacy",
}


def parse(data: object) -> tuple[Practice | None, list[Problem]]:
    return parse_practice(data, lambda path: len(path) + 1, "practice.yaml")


def test_a_practice_is_read_as_it_is_written() -> None:
    practice, problems = parse(GOOD)
    assert problems == []
    assert practice is not None
    assert practice.email == "praktijk@praktijk.example"
    assert practice.closed[0].first == practice.closed[0].last == date(2026, 12, 24)
    assert practice.links.video_flat == ""
    assert practice.time_zone == "Europe/Amsterdam"


def test_json_goes_there_and_back() -> None:
    practice, _ = parse(GOOD)
    assert practice is not None
    again = Practice.model_validate_json(practice.model_dump_json())
    assert again == practice


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "Solid\nPerformance"},
        {"kvk": 12345678},
        {"kvk": "1234"},
        {"phone": "bel ons"},
        {"email": "geen adres"},
        {"staff": []},
        {"staff": ["x"]},
        {"time_zone": "Europe/Voorbeeldstad"},
        {"time_zone": "../etc"},
        {"opening_days": ["maandag"]},
        {"closed": ["kerst"]},
        {"closed": [{"from": "2026-08-07", "to": "2026-07-27"}]},
        {"closed": [{"from": "2026-01-01", "to": "2028-01-01"}]},
        {"holidays": {"add": ["Sinterklaas"]}},
        {"holidays": {"remove": [5]}},
        {"booking": {"kind": "link"}},
        {"booking": {"kind": "link", "url": "http://praktijk.example"}},
        {"booking": {"kind": "telefoon"}},
        {"links": {"article": "javascript:alert(1)"}},
        {"links": {"artikel": "https://praktijk.example"}},
        {"privacy_url": ""},
        {"logo": "../../etc/passwd"},
        {"pain_check": {"price": "€ 95"}},
        {"onbekend": 1},
    ],
)
def test_a_wrong_fact_is_told_and_nothing_is_read(change: dict[str, object]) -> None:
    practice, problems = parse(GOOD | change)
    assert practice is None
    assert problems
    assert all(problem.file == "practice.yaml" and problem.line for problem in problems)


def test_a_holiday_that_does_not_exist_gets_a_suggestion() -> None:
    _, (problem,) = parse(GOOD | {"holidays": {"remove": ["Goeie vrijdag"]}})
    assert problem.message == "unknown holiday `Goeie vrijdag`; did you mean `Goede vrijdag`?"


def test_what_cannot_be_seen_in_a_value_is_written_out_on_the_one_line_of_its_problem() -> None:
    _, problems = parse(GOOD | {"name": "Solid\u00a0Performance", "kvk": "1234\n5678\x1b[31m"})
    told = [each.told("nl") for each in problems]
    assert 'kan niet "Solid\\xa0Performance" zijn: er staat een regeleinde of een onzichtbaar teken in' in told[0]
    assert 'kan niet "1234\\n5678\\x1b[31m" zijn' in told[1]
    assert all(each.isprintable() for each in told)


def test_every_missing_fact_of_the_pain_check_is_told_at_once() -> None:
    _, problems = parse(GOOD | {"pain_check": {"price": "€ 95"}})
    assert len(problems) == 5


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_any_shape_of_data_is_told(data: object) -> None:
    practice, problems = parse(data)
    assert practice is None
    assert problems


@pytest.mark.parametrize(
    ("change", "asked", "dutch"),
    [
        ({"kvk": "1"}, 'this cannot be "1"; write eight digits, such as 12345678', "acht cijfers, zoals 12345678"),
        ({"opening_days": []}, "this is empty; choose at least one day", "dit is leeg; kies minstens één dag"),
        ({"name": ""}, "this is empty; write the practice's name", "dit is leeg; schrijf de naam van de praktijk"),
        (
            {"booking": {"kind": "request", "source": "calcom"}},
            "take `source:` out of practice.yaml first",
            "haal eerst `source:` uit practice.yaml",
        ),
    ],
)
def test_a_problem_is_told_beside_its_field_too_without_key_and_yaml(
    change: dict[str, Any], asked: str, dutch: str
) -> None:
    _, (problem,) = parse(GOOD | change)
    assert asked in problem.at_field("en")
    assert dutch in problem.at_field("nl")
    assert f"`{next(iter(change))}`" in problem.message


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (
            "https://praktijk.example/patiënten?soort=één#ë",
            "https://praktijk.example/pati%C3%ABnten?soort=%C3%A9%C3%A9n#%C3%AB",
        ),
        ("https://praktijk.example/pati%C3%ABnten", "https://praktijk.example/pati%C3%ABnten"),
        ("https://één.example:8443/artikel", "https://xn--n-9faa.example:8443/artikel"),
        ("HTTPS://praktijk.example", "https://praktijk.example"),
        ("", ""),
    ],
)
def test_a_web_address_is_kept_as_a_mail_can_hold_it(written: str, kept: str) -> None:
    practice, problems = parse(GOOD | {"links": {"article": written}})
    assert problems == []
    assert practice is not None
    assert practice.links.article == kept
    assert Practice.model_validate_json(practice.model_dump_json()) == practice


@pytest.mark.parametrize(
    "written",
    [
        *("https://ë..example/", "https://[x", "https://ë.example:x/", "https://ë.example:99999/"),
        "http://praktijk.example",
    ],
)
def test_what_is_no_web_address_is_refused(written: str) -> None:
    practice, problems = parse(GOOD | {"links": {"article": written}})
    assert practice is None
    assert "that is no https address" in problems[0].message
    assert "dat is geen https-adres" in problems[0].dutch
