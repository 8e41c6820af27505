"""`nurture new topic`, as somebody of the staff types it."""

from __future__ import annotations

from pathlib import Path

from tests.support.commands import Said, nurture
from tests.support.folders import content_copy


def new(folder: Path, *arguments: str, answers: str = "") -> Said:
    settings = {"content_dir": str(folder / "content"), "data_dir": str(folder / "data"), "language": "nl"}
    return nurture("new", "topic", *arguments, folder=folder, answers=answers, **settings)


def test_it_asks_for_the_title_says_what_it_wrote_and_prints_the_list_to_tick_off(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    said = new(tmp_path, "nek", "--from", "lage-rug", answers="Nekklachten\n")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("Titel van de nieuwe reeks: ")
    assert "\n  email_templates/advies-nek.md\n" in said.out
    assert (content / "sequences/nek.checklist.md").read_text(encoding="utf-8") in said.out
    assert "title: Nekklachten\ntopic: nek\n" in (content / "sequences/nek.yaml").read_text(encoding="utf-8")
    again = new(tmp_path, "nek", "--from", "lage-rug", "--title", "Nek")
    assert (again.status, again.err) == (1, "er is al een reeks nek; kies een andere naam\n")
