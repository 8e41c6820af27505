"""The story that the studio is for: an edit, what it does to whom, publishing, and the lead gets what the plan said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from service.domain.staff import Role
from service.flows import publish_plan, studio_settings
from service.flows.drafts import read_draft
from service.flows.plan_shown import Fate
from service.flows.studio_settings import StudioSettings
from service.store import staff as rows
from tests.support import acts
from tests.support.house import House, recipient, words
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
BEFORE_EASTER = """
  # Voor Pasen: een korte groet.
  - key: voor-pasen
    template: voor-pasen
    wait: 4 days
"""


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def under_way(house: House) -> None:
    """Anna asks on Thursday 26 March, eleven days before Easter Monday, and gets her first two mails."""
    house.clock.advance(days=17)
    acts.confirmed(house)
    house.live_through(days=4, hours=1)


def edited(house: House) -> None:
    """Her next mail with other words, and after it a new one, of which the day is the Saturday of Easter."""
    folder = house.services.content_dir
    mail = (folder / "email_templates" / "check-lage-rug.md").read_text()
    (folder / "email_templates" / "check-lage-rug.md").write_text(mail + "\nDit schreef Esra erbij.\n")
    greeting = (folder / "email_templates" / "hoe-ging-het.md").read_text()
    (folder / "email_templates" / "voor-pasen.md").write_text(greeting + "\nEen groet voor de feestdagen.\n")
    steps = folder / "sequences" / "lage-rug.yaml"
    text = steps.read_text()
    at = text.index("\n  # Dag 8")
    steps.write_text(text[:at] + BEFORE_EASTER + text[at:])


def as_editor(here: Site) -> None:
    """Whoever enters is an editor, who may publish."""
    with here.house.services.database.transaction() as session:
        person = rows.locked(session, here.admin)
        assert person is not None
        person.role = Role.EDITOR.value
        settings = StudioSettings(editors_publish=True)
        studio_settings.change(session, settings, actor="test", now=here.house.clock.now())


def planned(house: House) -> tuple[Fate, ...]:
    """What the plan says comes to Anna."""
    draft = read_draft(house.services.content_dir)
    with house.services.database.reading() as session:
        plan = publish_plan.plan(session, house.services, draft, house.clock.now())
    [anna] = next(each for each in plan.sequences if each.name == "lage-rug").leads
    return anna.move or ()


def test_an_editor_changes_a_mail_adds_a_step_before_a_holiday_sees_the_plan_publishes_and_the_lead_gets_that(
    browser: Browser, here: Site
) -> None:
    house = here.house
    with ThreadPoolExecutor(1) as beside:  # a browser's own loop runs in this thread
        beside.submit(under_way, house).result()
        as_editor(here)
        edited(house)
        context = browser.new_context(java_script_enabled=False, locale="nl-NL")
        here.enter(context)
        page = context.new_page()
        page.goto(f"{here.url}/studio/")
        page.get_by_role("link", name="Publiceren", exact=True).click()
        plan = page.get_by_role("article").filter(has_text="Lage rugpijn")
        plan.get_by_text("1 lead extra").wait_for()
        plan.get_by_text("Niemand krijgt een mail dubbel").first.wait_for()
        page.get_by_text("Dit schreef Esra erbij.").first.wait_for(state="attached")
        coming = {fate.step: fate.after for fate in planned(house) if fate.after is not None}
        easter = coming["voor-pasen"]
        assert f"{easter:%m-%d}" == "04-07", "after the weekend and Easter Monday"
        page.get_by_label("Ze gaan mee met de nieuwe").check()
        page.get_by_label(re.compile("Ik heb de waarschuwingen gelezen")).check()
        page.get_by_role("button", name="Publiceer dit").click()
        page.get_by_role("heading", name="Gepubliceerd").wait_for()
        page.get_by_text("1 lead gaat ermee verder").wait_for()
        page.get_by_text("Er is niets te publiceren").wait_for()
        context.close()
        had = len(house.mails())
        beside.submit(house.live_through, days=60).result()
    came = [mail for mail in house.mails()[had:] if recipient(mail) == acts.ANNA]
    assert len(came) == len(coming)
    assert "Dit schreef Esra erbij." in words(came[0])
    assert "Een groet voor de feestdagen." in words(came[1])
    left = {each.step: each.settled_at for each in house.messages() if each.step in coming and each.settled_at}
    assert {step: at for step, at in left.items() if at is not None}.keys() == coming.keys()
    for step, at in coming.items():
        assert abs(left[step] - at) < timedelta(minutes=1), step
