"""Leads in a browser: found, understood and acted on by keyboard and without script; hostile words run nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from service.store.tables import Lead, Message
from tests.support import acts
from tests.support.aside import aside
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=\"document.title='gekaapt'\"><script>document.title='gekaapt'</script>"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        aside(lambda: acts.confirmed(running.house, first_name="Anna"))
        yield running


def reach(page: Page, target: Locator) -> None:
    """By the Tab key, and no other way."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"not reached by keyboard: {target}")


def test_a_lead_is_found_looked_at_and_booked_by_keyboard_and_without_script(browser: Browser, here: Site) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/leads")
    reach(page, page.get_by_label("Zoek op e-mailadres of nummer"))
    page.keyboard.type("ANNA@example")
    page.keyboard.press("Enter")
    assert not re.search("anna(@|%40)", page.url, re.IGNORECASE)
    reach(page, page.get_by_role("link", name="anna@example.org"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="anna@example.org").wait_for()
    reach(page, page.get_by_role("link", name="Je gratis advies: begin vandaag"))
    page.keyboard.press("Enter")
    page.frame_locator("iframe").get_by_text("Hallo Anna").first.wait_for()
    page.go_back()
    reach(page, page.get_by_label("Dag, als je die weet"))
    page.get_by_label("Dag, als je die weet").fill("2026-03-20")
    page.get_by_label("Tijd").fill("14:30")
    reach(page, page.get_by_role("button", name="Zet op geboekt"))
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("De afspraak is genoteerd").wait_for()
    page.get_by_text("vr 20 mrt 2026, 14:30").wait_for()
    assert acts.enrolment(here.house).state == "finished"
    context.close()


def test_hostile_words_of_a_lead_run_neither_on_her_page_nor_in_her_mail(page: Page, here: Site) -> None:
    [message] = here.house.messages()
    with here.house.services.database.transaction() as session:
        lead = session.get_one(Lead, message.lead_id)
        lead.first_name, lead.answers = HOSTILE, {"posture": HOSTILE}
        row = session.get_one(Message, message.id)
        row.content = row.content | {"first_name": HOSTILE, "answers": {"posture": HOSTILE}}
    here.enter(page.context)
    for path in ("", f"/{message.lead_id}", f"/{message.lead_id}/mails/{message.id}", f"/{message.lead_id}/erase"):
        page.goto(f"{here.url}/studio/leads{path}")
        page.wait_for_load_state()
        assert "gekaapt" not in page.title()
        assert page.locator("img[src=x]").count() == 0
    page.goto(f"{here.url}/studio/leads/{message.lead_id}/mails/{message.id}")
    frame = page.frames[-1]
    frame.wait_for_load_state()
    assert frame != page.main_frame
    assert "gekaapt" not in (frame.title() + page.title())
    assert frame.locator("script").count() == 0
