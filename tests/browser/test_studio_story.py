"""The story that the studio is for: an edit, what it does to whom, publishing, and the lead gets what the plan said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service.domain.staff import Role
from service.flows import studio_settings
from service.flows.studio_settings import StudioSettings
from service.web import editor_script
from tests.support import acts, studio
from tests.support.house import House, recipient, words
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
CHECK, GREETING, SCAN = "Een check van twee minuten", "Fijne paasdagen", "Niets te zien, toch last?"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def under_way(house: House) -> None:
    """Anna asks on Thursday 26 March, eleven days before Easter Monday, and gets her first two mails."""
    house.clock.advance(days=17)
    acts.confirmed(house)
    house.live_through(days=4, hours=1)


def an_editor_who_may_publish(house: House) -> None:
    studio.hire(house, studio.ESRA, Role.EDITOR, "Esra")
    with house.services.database.transaction() as session:
        settings = StudioSettings(editors_publish=True)
        studio_settings.change(session, settings, actor="test", now=house.clock.now())


def follow(page: Page, *links: str) -> None:
    """As somebody gets to a page who knows no address."""
    for link in links:
        page.get_by_role("link", name=link).first.click()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).press("Enter")


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/studio/")
    page.get_by_label("E-mailadres").focus()
    page.keyboard.type(studio.ESRA)
    page.keyboard.press("Tab")
    page.keyboard.type(studio.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Wat op je wacht").wait_for()


def write(page: Page, sentence: str) -> None:
    """One more sentence in the mail whose page is open: seen in the preview, then saved."""
    page.locator(".cm-content" if editor_script.url() else "#body").press("Control+End")
    page.keyboard.type(f"\n{sentence}\n")
    page.frame_locator("iframe:not(.coming)").get_by_text(sentence).wait_for()
    page.keyboard.press("Control+s")
    page.get_by_role("status").filter(has_text="Opgeslagen als concept").wait_for()


def coming(page: Page) -> dict[str, date]:
    """The days of the mails that the lead's page says are to come, by subject."""
    follow(page, "Leads", "lead 1")
    page.get_by_role("heading", name="Wat er nog komt").wait_for()
    told = page.locator("section[aria-labelledby=coming] > ol > li").evaluate_all(
        "each => each.map(li => [li.querySelector('.what').innerText, li.querySelector('time').dateTime])"
    )
    return {subject: datetime.fromisoformat(at).date() for subject, at in told}


def plan_of(page: Page) -> dict[str, str]:
    """What the plan says of those who go along, by step."""
    going = page.locator(".choices-shown > section").filter(has_text="Gaan ze mee")
    expect(going.get_by_text("1 merkt er iets van")).to_be_visible()
    expect(going.get_by_text("Niemand krijgt een mail dubbel")).to_be_visible()
    told = going.locator(".fates > div").evaluate_all(
        "each => each.map(div => [div.querySelector('dt .soft').innerText, div.querySelector('dd').innerText])"
    )
    return dict(told)


def test_an_editor_changes_a_mail_adds_a_step_before_a_holiday_sees_the_plan_publishes_and_the_lead_gets_that(
    browser: Browser, here: Site
) -> None:
    house = here.house
    with ThreadPoolExecutor(1) as beside:  # a browser's own loop runs in this thread
        beside.submit(under_way, house).result()
        an_editor_who_may_publish(house)
        context = browser.new_context(locale="nl-NL")
        page = context.new_page()
        log_in(page, here.url)
        before = coming(page)
        assert before[SCAN] == date(2026, 4, 7), "the first day after Easter"
        follow(page, "Mails", f"Mail 3: {CHECK}")
        write(page, "Dit schreef Esra erbij.")
        follow(page, "Mails", "Nieuwe mail")
        page.get_by_label("Waar gaat hij over?").fill("Voor Pasen")
        page.get_by_label("Begin met").select_option("hoe-ging-het")
        press(page, "Deze mail maken")
        page.get_by_label("Onderwerp", exact=True).fill(GREETING)
        write(page, "Een groet voor de feestdagen.")
        follow(page, "Reeksen", "Lage rugpijn", "Nieuwe stap hierna check")
        page.get_by_label("De mail van deze stap").select_option("voor-pasen")
        page.get_by_label("Wachten").fill("4")
        press(page, "Voeg de stap toe")
        page.get_by_role("status").filter(has_text="De stap staat erin.").wait_for()
        follow(page, "Bekijk wat het betekent, en publiceer")
        plan = plan_of(page)
        later = dict.fromkeys(
            ("niets-te-zien", "sterker-losser", "zitten-staan-tillen", "uitnodiging", "laatste"), "1 lead 3 dagen later"
        )
        assert plan == {"check": "1 lead op dezelfde dag met de nieuwe tekst", "voor-pasen": "1 lead extra", **later}
        page.get_by_label("Ze gaan mee met de nieuwe").check()
        page.get_by_label(re.compile("Ik heb de waarschuwingen gelezen")).check()
        press(page, "Publiceer dit")
        page.get_by_role("heading", name="Gepubliceerd").wait_for()
        expect(page.get_by_text("1 lead gaat ermee verder")).to_be_visible()
        after = coming(page)
        context.close()
        assert after.pop(GREETING) == date(2026, 4, 7), "a Monday after Easter Sunday is closed too"
        assert after.pop(CHECK) == before.pop(CHECK) == date(2026, 4, 2)
        assert after == {subject: day + timedelta(days=3) for subject, day in before.items()}
        had = len(house.mails())
        beside.submit(house.live_through, days=35).result()
    came = [mail for mail in house.mails()[had:] if recipient(mail) == acts.ANNA]
    days = {mail["Subject"]: parsedate_to_datetime(mail["Date"]).date() for mail in came}
    assert days == {CHECK: date(2026, 4, 2), GREETING: date(2026, 4, 7), **after}
    assert "Dit schreef Esra erbij." in words(came[0])
    assert "Een groet voor de feestdagen." in words(came[1])
