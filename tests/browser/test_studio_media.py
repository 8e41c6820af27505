"""An image brought in by a browser: shown before it is sent, made smaller by the page, and ready for a mail."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.support.accessibility import broken_rules
from tests.support.studio_tour import site

pytestmark = pytest.mark.browser
MEDIA = "/studio/mails/-/media"


def photo() -> FilePayload:
    """Grain as a phone's camera makes it, so that it weighs something."""
    written = io.BytesIO()
    Image.effect_noise((2600, 1700), 8).convert("RGB").save(written, "JPEG", quality=98)
    return FilePayload(name="Kamer 1.JPG", mimeType="image/jpeg", buffer=written.getvalue())


def test_a_photo_is_shown_made_smaller_sent_and_offered_for_a_mail_and_what_is_no_image_is_told(
    page: Page, template_file: Callable[[str], Path], tmp_path: Path
) -> None:
    chosen = photo()
    assert len(chosen["buffer"]) > 1_500_000, "the page leaves what is smaller as it is"
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    with site(template_file("published"), tmp_path) as here:
        here.enter(page.context)
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto(f"{here.url}{MEDIA}")
        page.locator("#image").set_input_files(chosen)
        expect(page.locator("[data-chosen]")).to_have_text("2600 × 1700")
        page.wait_for_function(
            "most => document.querySelector('#image').files[0].size < most", arg=len(chosen["buffer"])
        )
        page.locator("#alt").fill("Onze behandelkamer met een bank")
        page.locator("form[data-upload] button").click()
        page.locator("#added").wait_for()
        kept = list((here.house.services.content_dir / "media").iterdir())
        assert [each.suffix for each in kept] == [".jpg"]
        with Image.open(kept[0]) as image:
            assert image.width < 2600
        assert page.locator("#snippet").input_value() == f"![Onze behandelkamer met een bank](media/{kept[0].name})"
        assert page.locator(".added img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert not broken_rules(page)
        page.locator("#image").set_input_files(FilePayload(name="rug.png", mimeType="image/png", buffer=b"%PDF-1.7"))
        page.locator("#alt").fill("Een tekening van een rug")
        page.locator("form[data-upload] button").click()
        page.locator("form[data-upload]").locator("xpath=preceding-sibling::*[@role='alert']").wait_for()
        assert page.locator("#alt").input_value() == "Een tekening van een rug"
        assert len(list((here.house.services.content_dir / "media").iterdir())) == 1
    assert not [each for each in refused if "422" not in each]
