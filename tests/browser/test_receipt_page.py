"""The consent receipt as a file in a browser: on paper, narrow and wide, and with a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from service.flows import receipts
from service.web.receipt_page import ReceiptPage, agreed
from tests.support import acts
from tests.support.accessibility import broken_rules
from tests.support.house import START, House

pytestmark = pytest.mark.browser
ANNA = "anna.van-den-bergheuvel@een-heel-lang-domein.example.org"


@pytest.fixture
def file(house: House, tmp_path: Path) -> Path:
    """Anna ticked both boxes, pressed the button, and took it back: what a receipt usually tells."""
    url = "https://praktijk.example/artikelen/pijn-in-de-onderrug-wat-kun-je-zelf-doen?utm_source=zoeken"
    house.opt_in(ANNA, topic=None, form="lage-rug", consent_version="2026-1", source_url=url)
    acts.confirm(house, ANNA)
    acts.withdraw(house, ANNA)
    with house.services.database.reading() as session:
        _, practice = house.services.published.live_practice(session)
        page = ReceiptPage(
            practice=practice,
            lead=house.lead(ANNA).id,
            address=ANNA,
            agreed=agreed(receipts.of_lead(session, house.lead(ANNA).id)),
            made_at=START,
            zone=house.services.published.calendar(session).zone,
        )
    written = tmp_path / "receipt.html"
    written.write_text(page.html(), encoding="utf-8")
    return written


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [320, 1280])
def test_it_breaks_no_rule_of_accessibility_and_scrolls_no_way_but_down(page: Page, file: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(file.as_uri())
    assert not broken_rules(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("heading", level=2).count() == 3


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_a_usual_lead_prints_on_one_sheet(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf, "A4"
