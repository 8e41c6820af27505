"""`make pictures`, second part: the pictures of docs/handleiding.md, each from a real run. Needs a Chromium.

Terminals are HTML with one fixed font; the mail and the workbench are drawn as a browser shows them.
"""

from __future__ import annotations

import contextlib
import html
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from service.flows.chromium import program
from service.mail.compose import Rendered
from tests.support import guide_story
from tests.support.chromium import ARGUMENTS
from tests.support.guide_story import Desk
from tests.support.house import shipped
from tests.support.mail_pictures import ROOT, Sheet, rendered
from tests.support.running import http, installation, wait_for

FOLDER = ROOT / "docs" / "pictures" / "handleiding"
PICTURES = ("werkbank", "mail-telefoon", "check", "simulate", "plan", "stats")
"""Every picture that is made, without its ending."""
_SIMULATED = ("simulate", "lage-rug", "--opt-in-at", "2026-04-13T20:15")
_COLOURS = 32
_WIDTH = 900
_STYLE = """body { margin: 0; background: #13201e; color: #dfe9e6; font: 14px/1.5 'DejaVu Sans Mono', monospace }
div { padding: 0 20px 0 calc(20px + var(--hang)); text-indent: calc(-1 * var(--hang)); white-space: pre-wrap }
div:first-child { padding-top: 16px; padding-bottom: 8px; color: #8fd6c4; font-weight: bold }
div:last-child { padding-bottom: 18px }"""


def main() -> None:
    """Tell the story, and draw each picture of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, guide_story.desk(Path(folder)) as desk:
        with contextlib.redirect_stdout(io.StringIO()):  # the log of the flows
            simulated = desk.nurture(*_SIMULATED)
            checked = guide_story.mistakes(desk)
            guide_story.weeks_of_opt_ins(desk)
            planned = guide_story.a_new_step(desk)
            counted = guide_story.results(desk)
        found = program()
        with sync_playwright() as playwright:  # from here on a loop of its own runs in this thread
            browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
            _keep("werkbank", _workbench(browser, desk))
            _keep("mail-telefoon", _on_a_phone(browser, rendered(shipped(), Sheet(template="hoe-ging-het"))))
            _keep("check", _terminal(browser, "check", checked, hang=4))
            _keep("simulate", _terminal(browser, " ".join(_SIMULATED), simulated, hang=60, small=True))
            _keep("plan", _terminal(browser, "publish lage-rug --dry-run", planned, hang=8))
            _keep("stats", _terminal(browser, "stats", counted, hang=8))
            browser.close()


def _keep(name: str, png: bytes) -> None:
    """With few colours: letters need no more, and the file is a quarter of the size."""
    written = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(written, "PNG", optimize=True)
    (FOLDER / f"{name}.png").write_bytes(written.getvalue())
    sys.stdout.write(f"{name}: {len(written.getvalue()) // 1024} kB\n")


def _terminal(browser: Browser, command: str, said: str, *, hang: int, small: bool = False) -> bytes:
    """A terminal with one command and what it said; a long line goes on below, `hang` characters further in."""
    style = f"{_STYLE}\nbody {{ --hang: {hang}ch{'; font-size: 12px' if small else ''} }}"
    lines = "".join(
        f"<div>{html.escape(line) or '&nbsp;'}</div>" for line in [f"$ nurture {command}", *said.splitlines()]
    )
    page = browser.new_page(viewport={"width": _WIDTH, "height": 100})
    page.set_content(f'<!doctype html><meta charset="utf-8"><style>{style}</style>{lines}')
    picture = page.screenshot(full_page=True)
    page.close()
    return picture


def _on_a_phone(browser: Browser, mail: Rendered) -> bytes:
    """The mail at 320 px, light and dark, side by side."""
    shots = []
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 320, "height": 600}, color_scheme=scheme)
        page.set_content(mail.html)
        shots.append(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB"))
        page.close()
    gap = 24
    both = Image.new("RGB", (2 * 320 + 3 * gap, max(each.height for each in shots) + 2 * gap), "#8a9694")
    for number, each in enumerate(shots):
        both.paste(each, (gap + number * (320 + gap), gap))
    written = io.BytesIO()
    both.save(written, "PNG")
    return written.getvalue()


def _workbench(browser: Browser, desk: Desk) -> bytes:
    """The page of `nurture dev`, from a process of its own; with something that asks for attention."""
    desk.edit("practice.yaml", "placeholder: false", "placeholder: true")
    settings = {"NURTURE_CONTENT_DIR": str(desk.content), "NURTURE_LANGUAGE": "nl"}
    with installation(desk.folder, str(desk.house.services.database.url), **settings) as running:
        running.launch("dev", "--port", str(running.port), program="from service.cli import main; main()")
        wait_for(lambda: http("GET", f"{running.url}/state").json()["number"] == 1, "the first look")
        page = browser.new_page(viewport={"width": _WIDTH, "height": 300})
        page.goto(running.url)
        picture = page.screenshot(full_page=True)
        page.close()
    desk.edit("practice.yaml", "placeholder: true", "placeholder: false")
    return picture


if __name__ == "__main__":
    main()
