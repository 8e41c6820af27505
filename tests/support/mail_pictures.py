"""`make pictures`: every mail of both sequences as a lead sees it, and what staff get, for docs/mails.md.

Needs a Chromium.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from service.flows.chromium import program
from service.flows.desk_mails import TEMPLATE
from service.flows.drafts import WEEKLY, Draft, read_draft
from service.flows.samples import REPLY, WEEK
from service.mail.compose import MailValues, Rendered, render
from tests.support.chromium import ARGUMENTS
from tests.support.palette_png import palette_png

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures" / "mails"
_BASE = "https://mail.example.nl"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One picture: a mail, and the answers it is filled in with."""

    template: str
    answers: Mapping[str, str] = field(default_factory=dict)
    again: bool = False  # one look at it does, as at the same mail with another answer

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return "-".join([self.template, *self.answers.values()])


@dataclass(frozen=True, kw_only=True)
class _Look:
    caption: str
    width: int
    scheme: Literal["light", "dark"] = "light"
    images: bool = True


_LOOKS = (
    _Look(caption="320 px, light", width=320),
    _Look(caption="320 px, dark", width=320, scheme="dark"),
    _Look(caption="600 px, light", width=600),
)
_ALL_LOOKS = (
    *_LOOKS,
    _Look(caption="600 px, dark", width=600, scheme="dark"),
    _Look(caption="320 px, images off", width=320, images=False),
)
_EVERY_LOOK_OF = "hoe-ging-het"


def sheets(draft: Draft) -> Iterator[Sheet]:
    """Every mail of both sequences in its order; one that differs by posture, once for each. Then what staff get."""
    seen = set()
    for sequence in draft.content.sequences.values():
        for template in sequence.templates():
            if template in seen:
                continue
            seen.add(template)
            if "answers.posture" in draft.mails[template].html:
                yield Sheet(template=template, answers={"posture": "hollow"})
                yield Sheet(template=template, answers={"posture": "flat"}, again=True)
                yield Sheet(template=template, answers={"posture": "unknown"}, again=True)
            else:
                yield Sheet(template=template)
    yield Sheet(template=TEMPLATE, again=True)
    yield Sheet(template=WEEKLY, again=True)


def rendered(draft: Draft, sheet: Sheet) -> Rendered:
    """The mail for Anna, with links that are equal each time."""
    if draft.content.practice is None:
        raise ValueError("practice.yaml cannot be read; see nurture check")
    values = MailValues(
        practice=draft.content.practice.model_dump(mode="json"),
        first_name="Anna",
        answers=dict(sheet.answers),
        confirm_url=f"{_BASE}/c/TOKEN",
        booking_url=f"{_BASE}/b/TOKEN",
        unsubscribe_url=f"{_BASE}/u/TOKEN",
        preferences_url=f"{_BASE}/p/TOKEN",
        answer_url_base=f"{_BASE}/a/TOKEN",
        extra={"reply": dict(REPLY), "week": dict(WEEK)},
    )
    return render(draft.mails[sheet.template], values)


def main() -> None:
    """Draw every sheet, write every text part, and take away what belongs to no mail any more."""
    draft = read_draft(ROOT)
    if draft.errors:
        sys.exit("\n".join(map(str, draft.errors)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    found = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        for sheet in sheets(draft):
            mail = rendered(draft, sheet)
            png = _draw(browser, mail.html, _looks(sheet))
            (FOLDER / f"{sheet.name}.png").write_bytes(png)
            (FOLDER / f"{sheet.name}.txt").write_text(f"Onderwerp: {mail.subject}\n\n{mail.text}", encoding="utf-8")
            sys.stdout.write(f"{sheet.name}: {len(png) // 1024} kB\n")
        browser.close()


def _looks(sheet: Sheet) -> tuple[_Look, ...]:
    if sheet.template == _EVERY_LOOK_OF:
        return _ALL_LOOKS
    return _LOOKS[:1] if sheet.again else _LOOKS


def _draw(browser: Browser, html: str, looks: tuple[_Look, ...]) -> bytes:
    """The looks side by side, each under its caption."""
    shots = [(look.caption, _shot(browser, html, look)) for look in looks]
    page = browser.new_page()
    width, height, colours, pixels = page.evaluate(_SIDE_BY_SIDE, shots)
    page.close()
    return palette_png(width, height, base64.b64decode(pixels), [tuple(colour) for colour in colours])


def _shot(browser: Browser, html: str, look: _Look) -> str:
    context = browser.new_context(viewport={"width": look.width, "height": 600}, color_scheme=look.scheme)
    page = context.new_page()
    if not look.images:
        page.route("**/*", lambda route: route.abort() if route.request.resource_type == "image" else route.continue_())
    page.set_content(html)
    _refuse_sideways(page, look)
    picture = page.screenshot(full_page=True)
    context.close()
    return base64.b64encode(picture).decode()


def _refuse_sideways(page: Page, look: _Look) -> None:
    """Nobody should have to scroll a mail sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > look.width:
        sys.exit(f"a mail is {wide} px wide where {look.width} are there")


# The 48 most frequent colours are kept and every other pixel takes the nearest of them: letters stay smooth.
_SIDE_BY_SIDE = """async (shots) => {
  const gap = 16, top = 36
  const pictures = await Promise.all(shots.map(async ([caption, data]) => {
    const picture = new Image()
    picture.src = 'data:image/png;base64,' + data
    await picture.decode()
    return picture
  }))
  const width = pictures.reduce((sum, each) => sum + each.width + gap, gap)
  const height = top + Math.max(...pictures.map(each => each.height)) + gap
  const canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d')
  pen.fillStyle = '#8a9694'
  pen.fillRect(0, 0, width, height)
  pen.font = '600 15px sans-serif'
  let left = gap
  pictures.forEach((each, number) => {
    pen.fillStyle = '#ffffff'
    pen.fillText(shots[number][0], left, 24)
    pen.drawImage(each, left, top)
    left += each.width + gap
  })
  const raw = pen.getImageData(0, 0, width, height).data
  const exact = new Map()
  for (let at = 0; at < raw.length; at += 4) {
    const key = raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2]
    exact.set(key, (exact.get(key) ?? 0) + 1)
  }
  const seen = new Map()
  for (const [key, count] of [...exact].sort((a, b) => b[1] - a[1])) {
    const found = seen.get(key & 0xfcfcfc)
    if (found) found.count += count
    else seen.set(key & 0xfcfcfc, {count, rgb: [key >> 16, key >> 8 & 255, key & 255]})
  }
  const kept = [...seen.values()].sort((a, b) => b.count - a.count).slice(0, 48).map(each => each.rgb)
  const distance = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
  for (const each of seen.values()) {
    const nearest = (best, rgb, index) => distance(rgb, each.rgb) < distance(kept[best], each.rgb) ? index : best
    each.index = kept.reduce(nearest, 0)
  }
  const pixels = new Uint8Array(width * height)
  for (let at = 0; at < raw.length; at += 4) {
    pixels[at / 4] = seen.get((raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2]) & 0xfcfcfc).index
  }
  const reader = new FileReader()
  const url = await new Promise(done => {
    reader.onload = () => done(reader.result)
    reader.readAsDataURL(new Blob([pixels]))
  })
  return [width, height, kept, url.split(',')[1]]
}"""


if __name__ == "__main__":
    main()
