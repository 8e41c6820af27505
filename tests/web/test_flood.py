"""A flood of opt-ins, and the caps when many processes count at once (ACCEPTANCE E2). The whole one: bench/flood.py."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network

from sqlmodel import col, select

from service.domain.limits import parse_limits
from service.flows.published import Published
from service.flows.services import Bell
from service.store.db import open_database
from service.store.tables import Message
from tests.support import flood
from tests.support.house import START, House
from tests.support.website import OPT_IN, website

PROCESSES, THREADS, POSTS = 4, 8, 40


def test_a_flood_leaves_no_address_over_its_cap_and_others_are_answered_as_before(house: House) -> None:
    limits = parse_limits("network=10/h; all=60/h")
    guarded, seen = flood.unleash(house, limits=limits, posts=600, addresses=60, networks=5, others=10)
    assert flood.wrong(guarded, limits, seen) == []
    assert seen.statuses[429] > 300
    assert seen.statuses[202] > 100


def test_what_finds_a_cap_broken_finds_it() -> None:
    limits = parse_limits("address=2/h").address
    times = [START, START + timedelta(minutes=59), START + timedelta(minutes=60)]
    assert not flood.over(times, limits)
    assert flood.over([*times, START + timedelta(minutes=118)], limits)


def test_above_all_a_flood_is_held_and_listed(house: House) -> None:
    limits = parse_limits("network=100/h; all=20/h")
    guarded, seen = flood.unleash(house, limits=limits, posts=200, addresses=200, networks=5, others=5)
    assert flood.wrong(guarded, limits, seen) == []
    assert states(guarded)["held"] > 50
    assert set(seen.statuses) == {202}


def states(house: House) -> Counter[str]:
    with house.services.database.reading() as session:
        return Counter(session.exec(select(Message.state).where(col(Message.kind) == "advice")))


def together(house: House, limits: str, address: str, forwarded: str) -> Counter[int]:
    """Many posts at once at several processes, each with connections and caches of its own; `{}` is their number."""
    url = house.services.database.url.render_as_string(hide_password=False)
    crew = [
        house.with_changes(
            database=open_database(url),
            published=Published(),
            bell=Bell(),
            limits=parse_limits(limits),
            trusted_proxies=(ip_network("10.0.0.0/8"),),
        )
        for _ in range(PROCESSES)
    ]
    clients = [website(each, peer="10.0.0.1") for each in crew]
    meet = threading.Barrier(THREADS)

    def post(thread: int) -> list[int]:
        client = clients[thread % PROCESSES]
        meet.wait(30)
        return [
            client.post(
                "/api/opt-ins",
                json=OPT_IN | {"email": address.format(number)},
                headers={"X-Forwarded-For": forwarded.format(number)},
            ).status_code
            for number in range(thread, POSTS, THREADS)
        ]

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return Counter(status for each in pool.map(post, range(THREADS)) for status in each)
    finally:
        for each in crew:
            each.services.database.close()


def test_the_cap_of_a_network_is_exact_over_all_processes(house: House) -> None:
    answers = together(house, "network=7/h; domain=999/h; all=999/h", "a{0}@a{0}.example", "198.51.100.{0}")
    assert answers == {202: 7, 429: POSTS - 7}
    assert states(house) == {"due": 7}


def test_the_cap_of_a_domain_is_exact_over_all_processes(house: House) -> None:
    answers = together(house, "network=999/h; domain=7/h; all=999/h", "a{0}@groot.example", "198.51.{0}.1")
    assert answers == {202: POSTS}
    assert states(house) == {"due": 7}


def test_the_cap_of_an_address_is_exact_over_all_processes(house: House) -> None:
    limits = "address=7/h; network=999/h; domain=999/h; all=999/h"
    assert together(house, limits, "anna@example.org", "198.51.{0}.1") == {202: POSTS}
    assert states(house) == {"due": 7}


def test_the_cap_of_all_together_is_exact_over_all_processes(house: House) -> None:
    answers = together(house, "network=999/h; domain=999/h; all=7/h", "a{0}@a{0}.example", "198.51.{0}.1")
    assert answers == {202: POSTS}
    assert states(house) == {"due": 7, "held": POSTS - 7}
