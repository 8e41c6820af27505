"""`nurture preview --out`: the mail as files, and pictures of it where there is a Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.flows import chromium
from tests.support import png
from tests.support.commands import Said, nurture
from tests.support.requirements import not_run

PICTURES = ("320", "320-dark", "320-no-images", "600", "600-dark", "text")


def preview(folder: Path, *arguments: str, **settings: str) -> Said:
    here = {"data_dir": str(folder / "data"), "mail_url": f"file:{folder}/outbox"}
    return nurture("preview", "hoe-ging-het", *arguments, folder=folder, **here | settings)


@pytest.mark.browser
def test_pictures_stand_beside_the_mail_and_every_file_is_named(tmp_path: Path) -> None:
    if chromium.program() is None:
        not_run("Browser", "no Chromium on PATH", required_as="browser")
    out = tmp_path / "out"
    said = preview(tmp_path, "--out", str(out), language="nl")
    assert (said.status, said.err, said.out.count("\n")) == (0, "", 1)
    assert said.out.startswith(f"Gemaakt in {out}: ")
    expected = [f"hoe-ging-het{end}" for end in (".html", ".txt", ".eml", *(f"-{name}.png" for name in PICTURES))]
    assert sorted(path.name for path in out.iterdir()) == sorted(expected)
    assert all(name in said.out for name in expected)
    light, dark = (png.read((out / f"hoe-ging-het-600{end}.png").read_bytes()) for end in ("", "-dark"))
    assert light.width == dark.width == 600
    assert sum(light.corner) > 600
    assert sum(dark.corner) < 150


def test_without_a_chromium_pictures_are_left_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "out"
    said = preview(tmp_path, "--out", str(out))
    assert said.status == 0
    assert said.out.splitlines()[0] == (
        "No pictures: there is no Chromium or Chrome on this machine; install one to get them."
    )
    assert sorted(path.suffix for path in out.iterdir()) == [".eml", ".html", ".txt"]


def test_a_chromium_that_fails_costs_the_pictures_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chromium").write_text(f"#!{shutil.which('sh')}\nexit 1\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = preview(tmp_path, "--out", str(tmp_path / "out"), "--language", "nl")
    assert said.status == 0
    assert said.out.startswith("Niet alle plaatjes: Chromium kon de plaatjes niet maken: het stopte vanzelf.\n")
    assert (tmp_path / "out/hoe-ging-het.eml").exists()


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    said = preview(tmp_path, "--out", str(tmp_path / "out"))
    assert (said.status, said.err.count("\n")) == (1, 1)
