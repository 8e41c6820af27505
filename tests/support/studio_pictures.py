"""`make pictures`, last part: every page of the studio for docs/studio-pages.md, at two widths, light and dark.

The pages are those of the tour that the tests go on, so a new page cannot be left out. Needs a Chromium.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from service.flows.chromium import program
from service.store.db import open_database
from service.store.schema import migrate
from tests.support.chromium import ARGUMENTS
from tests.support.house import ROOT, open_house
from tests.support.studio_tour import site, tour

FOLDER = ROOT / "docs" / "pictures" / "studio"
GALLERY = ROOT / "docs" / "studio-pages.md"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_WIDTHS = (1280, 320)
_TALLEST, _GAP = 1400, 24
_GAP_COLOUR = (128, 128, 128)


def main() -> None:
    """Go on the tour, and keep two pictures of each page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        published = Path(folder) / "published.db"
        with open_house(f"sqlite:///{_migrated(published)}", Path(folder)):
            pass
        (Path(folder) / "site").mkdir()
        with site(published, Path(folder) / "site") as here, sync_playwright() as playwright:
            found = program()
            browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
            page = browser.new_page(locale="nl-NL")
            names = []
            for name, go in tour(here, page):
                go()
                names.append(name)
                for scheme in SCHEMES:
                    _keep(f"{name}-{scheme}", [_seen(page, width, scheme) for width in _WIDTHS])
            browser.close()
    GALLERY.write_text(gallery(names), encoding="utf-8")


def gallery(names: list[str]) -> str:
    """The page of docs that shows them all."""
    head = (
        "# The studio's pages\n\n"
        "Made by `make pictures`, from the tour that the tests go on: wide and narrow, light and dark.\n"
    )
    shown = (
        f"\n## {name}\n\n"
        + "\n".join(f"![{name}, {scheme}](pictures/studio/{name}-{scheme}.webp)" for scheme in SCHEMES)
        + "\n"
        for name in names
    )
    return head + "".join(shown)


def _migrated(file: Path) -> Path:
    database = open_database(f"sqlite:///{file}")
    try:
        migrate(database)
    finally:
        database.close()
    return file


def _seen(page: Page, width: int, scheme: Literal["light", "dark"]) -> Image.Image:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    png = page.screenshot(full_page=True, animations="disabled")
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.crop((0, 0, width, min(picture.height, _TALLEST)))


def _keep(name: str, seen: list[Image.Image]) -> None:
    """Side by side, and a little smaller."""
    whole = Image.new(
        "RGB",
        (sum(each.width for each in seen) + _GAP * (len(seen) - 1), max(each.height for each in seen)),
        _GAP_COLOUR,
    )
    left = 0
    for each in seen:
        whole.paste(each, (left, 0))
        left += each.width + _GAP
    small = whole.resize((whole.width * 6 // 10, whole.height * 6 // 10), Image.Resampling.LANCZOS)
    small.save(FOLDER / f"{name}.webp", "WEBP", quality=55, method=6)
    sys.stdout.write(f"{name}: {(FOLDER / f'{name}.webp').stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
