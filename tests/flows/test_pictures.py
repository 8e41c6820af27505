"""Pictures of mails: what a real Chromium draws, and what it may not do meanwhile."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from service.errors import UnavailableError
from service.flows import chromium
from service.flows.pictures import Hosted, alone, drawn
from service.mail.compose import Rendered
from tests.support import png
from tests.support.palette_png import palette_png
from tests.support.requirements import not_run

RED = palette_png(1, 1, b"\0", [(255, 0, 0)])
PAGE = (
    '<html><head><meta name="color-scheme" content="light dark"><style>body { margin: 0; background: #ffffff }'
    "@media (prefers-color-scheme: dark) { body { background: #000000 } }</style></head>"
    '<body><img src="https://mail.example/media/logo.png" alt="" width="100" height="100"><p>Dag Anna</p>'
    "<script>document.body.style.height = '3000px'</script></body></html>"
)


@pytest.fixture
def hosted() -> Hosted:
    return Hosted(url="https://mail.example/media/", images={"logo.png": RED})


@pytest.mark.browser
def test_each_look_is_drawn_as_wide_as_it_is_read_and_no_script_runs(hosted: Hosted) -> None:
    program = chromium.program()
    if program is None:
        not_run("Browser", "no Chromium on PATH", required_as="browser")
    with chromium.opened(program) as browser:
        found = {name: png.read(data) for name, data in drawn(browser, _mail(), hosted)}
        dark = browser.picture(re.sub("<img[^>]*>", "", PAGE), width=320, dark=True)
    assert {name: picture.width for name, picture in found.items()} == {
        "320": 320,
        "320-dark": 320,
        "320-no-images": 320,
        "600": 600,
        "600-dark": 600,
        "text": 600,
    }
    assert all(picture.height < 3_000 for picture in found.values())
    red, white, black = (255, 0, 0), (255, 255, 255), (0, 0, 0)
    assert found["320"].corner == found["600-dark"].corner == red, "the practice's own image, from the folder"
    assert found["320-no-images"].corner != red
    assert found["text"].corner == white
    assert png.read(dark).corner == black


@pytest.mark.parametrize(
    "address",
    [
        "https://elders.example/logo.png",
        "https://mail.example/media/../practice.yaml",
        "https://mail.example/media/x.png",
    ],
)
def test_nothing_but_an_image_of_the_practice_comes_into_the_page(hosted: Hosted, address: str) -> None:
    page = alone(f'<head></head><img src="{address}" alt="">', hosted)
    assert address in page
    assert "base64" not in page
    assert "default-src 'none'" in page


def test_a_browser_that_does_not_answer_is_ended_and_told(tmp_path: Path) -> None:
    number = tmp_path / "number"
    program = _script(tmp_path, f"echo $$ > {number}.new; mv {number}.new {number}; exec sleep 600")
    with pytest.raises(UnavailableError, match="did not answer in time"), chromium.opened(program, seconds=2):
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_a_browser_that_ends_at_once_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(UnavailableError, match="ended by itself"),
        chromium.opened(_script(tmp_path, "exit 1")),
    ):
        pass


def test_a_browser_is_told_none_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NURTURE_SUPPRESSION_KEY", "a-key-that-nobody-else-may-see")
    program = _script(tmp_path, f"env > {tmp_path}/told; exit 1")
    with pytest.raises(UnavailableError), chromium.opened(program):
        pass
    told = (tmp_path / "told").read_text()
    assert "HOME=" in told
    assert "NURTURE" not in told


def _mail() -> Rendered:
    return Rendered(subject="Proef", preheader="", html=PAGE, text="Dag Anna")


def _script(folder: Path, line: str) -> str:
    path = folder / "browser"
    path.write_text(f"#!{shutil.which('sh')}\n{line}\n")
    path.chmod(0o755)
    return str(path)
