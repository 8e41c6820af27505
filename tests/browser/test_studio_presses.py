"""Buttons of the studio that are pressed twice in a hurry, as many people press whatever is on a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from service.store import events
from tests.support.aside import aside
from tests.support.studio_tour import Site, site
from tests.support.tours import waiting

pytestmark = pytest.mark.browser


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        aside(lambda: waiting.people_wait(running.house))
        yield running


def press_twice(page: Page, button: Locator) -> None:
    """The first press arrives, and its answer is on its way for so long that somebody presses once more."""
    arrived: list[int] = []

    def hold_the_first(route: Route) -> None:
        if route.request.method != "POST" or arrived:
            route.fallback()
        else:
            headers = route.request.headers | {"sec-fetch-site": "same-origin"}  # which `fetch` leaves out
            arrived.append(route.fetch(max_redirects=0, headers=headers).status)

    page.route("**/studio/**", hold_the_first)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*place)
    while not arrived:
        page.wait_for_timeout(50)
    assert arrived[0] < 400
    page.mouse.click(*place)
    page.unroute("**/studio/**")


def test_a_second_press_reads_what_the_first_has_done(page: Page, here: Site) -> None:
    here.enter(page.context)
    told = page.get_by_role("status").first
    page.goto(f"{here.url}/studio/waiting")
    press_twice(page, page.get_by_role("button", name="Zet op geboekt").first)
    expect(told).to_contain_text("staat op geboekt")

    page.goto(f"{here.url}/studio/mails/uitnodiging?tab=source")
    page.locator("#source").evaluate("field => { field.value = field.value + 'Tot gauw.\\n' }")
    press_twice(page, page.get_by_role("button", name="Opslaan"))
    expect(told).to_contain_text("Opgeslagen als concept")

    page.goto(f"{here.url}/studio/settings/days")
    page.locator("#from").fill("2030-07-27")
    press_twice(page, page.get_by_role("button", name="Voeg deze dagen toe"))
    expect(told).to_contain_text("Hij geldt zodra je publiceert")

    page.goto(f"{here.url}/studio/publish")
    page.locator("[name=override]").check()
    press_twice(page, page.get_by_role("button", name="Publiceer dit"))
    expect(told).to_contain_text("Gepubliceerd")

    with here.house.services.database.reading() as session:
        done = [each.action for each in events.audit_log(session, limit=50)]
    assert done.count("content saved") == 2
