"""The page of all that is held, as its owner opens the file: narrow and wide, read aloud, nothing that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from service.flows.export import readable
from tests.flows.test_export import lived, of
from tests.support.accessibility import broken_rules
from tests.support.house import House

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_the_page_can_be_read_by_everybody_and_keeps_to_its_own_policy(
    house: House, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lived(house)
    file = tmp_path / "export.html"
    file.write_text(readable(of(house)), encoding="utf-8")
    page: Page = request.getfixturevalue("page")  # not before: Playwright's event loop bears no other beside it
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(file.as_uri())
        assert not broken_rules(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.querySelector('blockquote')).borderLeftStyle") == "solid"
    assert not refused, "its own style sheet is let in"
