"""The list of leads: searched, filtered, and read a page at a time."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response

from service.domain.lead import SuppressionReason
from service.domain.staff import Role
from service.store import lead_list
from tests.support import acts, crowd
from tests.support.house import House, open_house
from tests.support.studio import FRANK, Desk, desk, hire, words


@pytest.fixture
def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


def listed(answer: Response) -> list[int]:
    return [int(each) for each in re.findall(r'class="lead-name" href="/studio/leads/(\d+)"', answer.text)]


def cast(house: House) -> dict[str, int]:
    """A lead in each state there is, by a name."""
    at = {}
    for name in ("waits", "under-way", "paused", "stopped", "booked", "asked", "bounced"):
        address = f"{name}@example.org"
        house.opt_in(address)
        house.send_due()
        if name != "waits":
            acts.confirm(house, address)
        at[name] = house.lead(address).id
    acts.replied(house, "paused@example.org")
    acts.withdraw(house, "stopped@example.org")
    acts.booked(house, "booked@example.org")
    acts.request_pain_check(house, "asked@example.org")
    acts.suppress(house, SuppressionReason.HARD_BOUNCE, "bounced@example.org")
    return at


def test_it_finds_leads_by_where_they_stand_and_by_what_they_did(house: House, manager: Desk) -> None:
    at = cast(house)
    for query, names in {
        "": reversed(at),
        "stand=awaiting_confirmation": ["waits"],
        "stand=active": ["bounced", "under-way"],
        "stand=paused": ["asked", "paused"],
        "stand=stopped": ["stopped"],
        "stand=finished": ["booked"],
        "stand=expired": [],
        "sequence=lage-rug": reversed(at),
        "sequence=lage-rug&stand=paused": ["asked", "paused"],
        "asked=1": ["asked"],
        "booked=1": ["booked"],
        "suppressed=1": ["bounced", "stopped"],
        "suppressed=1&stand=stopped": ["stopped"],
        "asked=1&stand=finished": [],
        "since=2026-03-09": reversed(at),
        "since=2026-03-10": [],
        "stand=&sequence=&since=&asked=": reversed(at),
    }.items():
        assert listed(manager.see(f"/studio/leads?{query}")) == [at[name] for name in names], query


def test_a_pause_that_is_over_counts_as_under_way(house: House, manager: Desk) -> None:
    at = cast(house)
    house.clock.advance(days=8)
    assert at["paused"] in listed(manager.see("/studio/leads?stand=active"))
    assert listed(manager.see("/studio/leads?stand=paused")) == [at["asked"]]


def test_since_counts_from_the_local_midnight(house: House, manager: Desk) -> None:
    house.clock.moment = house.clock.moment.replace(hour=22, minute=59)
    house.opt_in("anna@example.org")
    house.clock.advance(minutes=2)  # 00:01 in Amsterdam
    house.opt_in("bram@example.org")
    assert listed(manager.see("/studio/leads?since=2026-03-10")) == [house.lead("bram@example.org").id]


@pytest.mark.parametrize(
    "query",
    [
        "stand=weg",
        "stand=held",
        "sequence=geen",
        "sequence=lage-rug'--",
        "since=gisteren",
        "since=2026-13-40",
        "since=20260309",
        "suppressed=ja",
        "asked=2",
        "booked=true",
        "before=0",
        "before=-1",
        "before=x",
        "before=9999999999",
        "sort=address",
        "order=desc",
        "search=verzonnen",
        "done=alles",
    ],
)
def test_what_is_not_on_the_list_of_filters_is_refused(house: House, manager: Desk, query: str) -> None:
    house.opt_in()
    assert manager.see(f"/studio/leads?{query}").status_code == 422


def test_every_page_goes_on_where_the_one_before_ended(house: House, manager: Desk) -> None:
    crowd.model(house)
    crowd.due_at(house, [house.clock.now() + timedelta(days=1)] * 120)
    for query in ("", "stand=active", "sequence=lage-rug", "since=2026-03-01"):
        seen: list[int] = []
        path = f"/studio/leads?{query}"
        while path:
            page = manager.see(path)
            assert len(listed(page)) <= 50
            seen += listed(page)
            older = re.search(r'href="(/studio/leads\?[^"]*before=\d+)"', page.text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == len(set(seen)) == 121, query


def test_a_page_looks_at_so_many_and_says_when_there_is_more_to_look_through(
    house: House, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.opt_in("stopped@example.org")
    acts.withdraw(house, "stopped@example.org")
    crowd.model(house)
    crowd.due_at(house, [house.clock.now() + timedelta(days=1)] * 30)
    monkeypatch.setattr(lead_list, "_AT_A_TIME", 10)
    monkeypatch.setattr(lead_list, "MOST_LOOKED_AT", 20)
    first = manager.see("/studio/leads?suppressed=1")
    assert listed(first) == []
    assert "nog niet doorzocht" in first.text
    older = re.search(r'href="(/studio/leads\?[^"]*before=\d+)"', first.text)
    assert older is not None
    second = manager.see(older[1].replace("&amp;", "&"))
    assert listed(second) == [house.lead("stopped@example.org").id]
    assert "Zoek verder" not in second.text


def test_a_manager_finds_an_address_whatever_its_case_and_by_how_it_begins(house: House, manager: Desk) -> None:
    for address in ("anna@example.org", "anna.maria@example.org", "bram@example.org", "a_na@example.org"):
        house.opt_in(address)
    anna = house.lead("anna@example.org").id
    assert manager.post("/studio/leads", q=" Anna@Example.ORG ").headers["location"] == f"/studio/leads/{anna}"
    found = manager.post("/studio/leads", q="ANNA").headers["location"]
    page = manager.see(found)
    assert len(listed(page)) == 2
    assert 'value="anna"' in page.text
    for nobody in ("anna@", "a%", "zoe@example.org", "'; drop table lead; --"):
        answer = manager.see(manager.post("/studio/leads", q=nobody).headers["location"])
        assert len(listed(answer)) == (1 if nobody == "anna@" else 0), nobody
    assert len(listed(manager.see(manager.post("/studio/leads", q="a_").headers["location"]))) == 1


def test_no_address_stands_in_a_url_and_a_link_to_a_search_works_for_nobody_else(house: House, manager: Desk) -> None:
    house.opt_in()
    found = manager.post("/studio/leads", q="anna@exam").headers["location"]
    assert not re.search("anna(@|%40)", found, re.IGNORECASE)
    assert listed(manager.see(found))
    other = desk(house, hire(house, "gijs@praktijk.example", Role.ADMIN, "Gijs"))
    assert other.see(found).status_code == 422
    editor = desk(house, hire(house))
    assert editor.see(found).status_code == 422


def test_an_editor_searches_by_number_alone_and_is_answered_alike_whoever_is_a_lead(house: House) -> None:
    house.opt_in()
    editor = desk(house, hire(house))
    number = house.lead().id
    assert editor.post("/studio/leads", q=str(number)).headers["location"] == f"/studio/leads/{number}"

    def told(q: str) -> tuple[int, str]:
        answer = editor.post("/studio/leads", q=q)
        return answer.status_code, words(answer)

    assert told("anna@example.org") == told("zoe@example.org") == told("anna") == told("%")
    assert told("anna@example.org")[0] == 422


def test_a_number_that_nobody_has_is_said_to_be_nobodys(manager: Desk) -> None:
    for number in ("12", "#12"):
        assert "Er is geen lead met nummer 12." in manager.post("/studio/leads", q=number).text


def test_the_counts_are_of_runs_and_a_paused_one_is_not_also_under_way(house: House, manager: Desk) -> None:
    cast(house)
    page = words(manager.see("/studio/leads"))
    for told in ("Alle leads 7", "Wacht op de knop 1", "Onderweg 2", "Staat stil 2", "Klaar 1", "Gestopt 1"):
        assert told in page, told


def test_before_anything_is_published_it_says_what_to_do(migrated_database_url: str, tmp_path: Path) -> None:
    with open_house(migrated_database_url, tmp_path, published=False) as empty:
        here = desk(empty, hire(empty, FRANK, Role.MANAGER, "Frank"))
        for query in ("", "?suppressed=1", "?stand=paused"):
            page = here.see(f"/studio/leads{query}")
            assert page.status_code == 200
            assert ("Er zijn nog geen leads" in page.text) == (query == "")
        assert here.see("/studio/leads?sequence=lage-rug").status_code == 422
        assert here.post("/studio/leads.csv").text.count("\r\n") == 1
