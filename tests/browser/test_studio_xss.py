"""Two hundred hostile texts wherever a lead, a file or a colleague can write one: none runs, on no page of the studio.

The pages' own policy would stop what slipped through, so a text that a browser had to refuse counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlmodel import SQLModel, select

from service.domain.staff import Least
from service.flows.drafts import read_draft
from service.flows.previews import Previews
from service.flows.samples import practice_of, values
from service.store.booking_tables import BookingRequest
from service.store.staff_tables import Staff
from service.store.tables import Alert, Lead, Message, OptIn, TimelineEntry
from service.web.studio.routes import DOORS
from tests.support import acts
from tests.support.house import House
from tests.support.payloads import PAYLOADS
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
GROUPS = ["\n".join(PAYLOADS[start : start + 23]) for start in range(0, len(PAYLOADS), 23)]
WRITTEN: tuple[tuple[type[SQLModel], tuple[str, ...]], ...] = (
    (Lead, ("address", "first_name")),
    (OptIn, ("first_name", "source_url")),
    (BookingRequest, ("name", "phone", "note")),
    (Message, ("reason", "recipient")),
    (Alert, ("dutch", "english")),
    (Staff, ("name",)),
)
"""Where text of somebody's is kept."""
TITLE = re.compile(r"^( *(?:title|name|label|text|street|thanks)): .*$", re.MULTILINE)
SUBJECT = re.compile(r"^(subject|preheader): .*$", re.MULTILINE)
FILLED = {
    "lead": "1",
    "mail": "1",
    "staff": "2",
    "entry": "1",
    "template": "uitnodiging",
    "key": "hoe-ging-het",
    "part": "lage-rug",
    "revision": "1",
    "sequence": "lage-rug",
    "form": "lage-rug",
    "why": "backlog",
    "file": "geen.png",
}


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


@pytest.fixture
def ran(page: Page) -> list[str]:
    """What ran in the page, or would have but for its policy; filled while the page is used."""
    found: list[str] = []

    def opened(dialog: Any) -> None:
        if dialog.type != "beforeunload":  # the editor asks that of whoever goes elsewhere
            found.append(f"{page.url}: {dialog.message}")
        dialog.accept()

    page.on("dialog", opened)
    page.on("console", lambda said: found.append(f"{page.url}: {said.text}") if "Refused to" in said.text else None)
    return found


def live(house: House) -> None:
    """Somebody who did all that a lead can do, and a mail that waits."""
    acts.confirmed(house, first_name="Anna")
    house.clock.advance(days=6)
    house.tick()
    acts.answer(house, "worse")
    acts.request_pain_check(house, name="Anna", phone="06 98765432", note="Na zes uur")
    acts.replied(house)


def write_in_rows(house: House) -> None:
    """As if no check on the way in had held: every text of every row, and ten more leads, each with 23 of them."""
    hostile = cycle(GROUPS)
    with house.services.database.transaction() as session:
        first = session.exec(select(Lead)).first()
        assert first is not None
        for number in range(10):
            copied = {"address": f"x{number}", "public_id": f"x{number}", "id": None}
            session.add(Lead(**(first.model_dump() | copied)))
        session.flush()
        for table, columns in WRITTEN:
            for number, row in enumerate(session.exec(select(table)).all()):
                for column in columns:
                    setattr(row, column, f"{next(hostile)}{number}")
        for entry in session.exec(select(TimelineEntry)).all():
            entry.details = {
                name: next(hostile) if isinstance(kept, str) else kept for name, kept in entry.details.items()
            }


def write_in_files(house: House) -> None:
    """What a colleague may write: titles, subjects, texts, the practice; with the mistakes that these make."""
    folder, hostile = house.services.content_dir, cycle(PAYLOADS)

    def quoted(name: re.Match[str]) -> str:
        text = next(hostile).replace("\\", "\\\\").replace('"', '\\"')
        return f'{name[1]}: "{text}"'

    for file in (*folder.glob("sequences/*.yaml"), folder / "practice.yaml", folder / "forms.yaml"):
        file.write_text(
            re.sub(r"^( *(?:title|name|label|text|street|thanks)): .*$", quoted, file.read_text(), flags=re.MULTILINE)
        )
    for file in folder.glob("email_templates/*.md"):
        text = SUBJECT.sub(quoted, file.read_text())
        file.write_text(f"{text}\n{next(hostile)}\n\n{next(hostile)}\n")


def paths() -> Iterator[str]:
    """Every page there is, of somebody or something that is there."""
    for door in DOORS:
        if door.method == "GET" and door.least > Least.CODE:
            name = "hoe-ging-het" if door.path.startswith("/studio/mails") else "lage-rug"
            yield door.path.format_map({**FILLED, "name": name})


def test_nothing_that_leads_files_or_colleagues_write_runs_on_a_page(page: Page, here: Site, ran: list[str]) -> None:
    with ThreadPoolExecutor(1) as elsewhere:  # a browser's loop runs in this thread
        elsewhere.submit(live, here.house).result()
    write_in_rows(here.house)
    write_in_files(here.house)
    here.enter(page.context)
    seen = 0
    for path in paths():
        answer = page.goto(f"{here.url}{path}")
        assert answer is not None
        assert answer.status < 500, path
        seen += "alert(1)" in page.content()
    assert ran == []
    assert seen > 20, "or they stand nowhere, and this shows nothing"


def test_no_mail_runs_what_was_written_into_it(page: Page, here: Site, ran: list[str]) -> None:
    """Each by itself, as subject and in the text: what is no mistake is drawn, and without the policy of the frame."""
    draft, previews = read_draft(here.house.services.content_dir), Previews()
    practice = practice_of(draft)
    assert practice is not None
    drawn: list[str] = []
    for payload in PAYLOADS:
        quoted = payload.replace("\\", "\\\\").replace('"', '\\"')
        for subject, words in ((quoted, "Niets."), ("Een proef", payload)):
            found = previews.of(
                draft,
                here.house.services.content_dir,
                "proef",
                f'---\nsubject: "{subject}"\npreheader: "{subject}"\nreason: "Een proef."\n---\n# Kop\n\n{words}\n',
                values(here.house.services, practice, first_name=payload),
            )
            drawn += [found.rendered.html] if found.rendered else []
    previews.close()
    for html in drawn:
        page.set_content(html)
    assert ran == []
    assert len(drawn) > 50, "or nearly all are mistakes, and this shows little"
