"""The guide for marketing staff (docs/handleiding.md) is held to the code: what it shows is so.

Its commands, settings and links are held by test_docs.py, as in every document.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from service.cli import app
from service.flows.drafts import read_draft
from tests.support.commands import nurture
from tests.support.folders import content_copy
from tests.support.guide_pictures import FOLDER, PICTURES
from tests.support.house import ROOT
from tests.support.pictures import image

GUIDE = (ROOT / "docs/handleiding.md").read_text(encoding="utf-8")
MADE = {"zomer.mjml", "zomer.footer.md", "zomer.footer-practice.md", "behandelkamer.jpg", "nek.checklist.md"}
"""What the guide tells its reader to make."""
HEAD = """---
subject: Voorbeelden
preheader: Alle stukjes uit de handleiding, in één mail.
layout: zomer
reason: "Je krijgt deze mail omdat je ons om het vervolg op je advies vroeg."
---
# Voorbeelden

{% include "_pijncheck-feiten.md" %}
"""


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def _options(group: TyperGroup) -> Iterator[str]:
    """Every option of every command."""
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            yield from _options(command)
        else:
            yield from (option for parameter in command.params for option in parameter.opts)


def _replaced(text: str, pattern: str, new: str) -> str:
    found, count = re.subn(pattern, lambda _: new, text, count=1, flags=re.MULTILINE | re.DOTALL)
    assert count == 1, pattern
    return found


def _follow(folder: Path) -> Path:
    """The shipped content with every excerpt of the guide put in it, and with what the guide says to make."""
    content = content_copy(folder)
    mails = content / "email_templates"
    (content / "media").mkdir()
    (content / "media/behandelkamer.jpg").write_bytes(image("JPEG", width=1104, height=700))
    for name in ("mjml", "footer.md", "footer-practice.md"):
        shutil.copy(mails / f"layouts/standaard.{name}", mails / f"layouts/zomer.{name}")
    whole = [each for each in _blocks("markdown") if each.startswith("---")]
    pieces = [each for each in _blocks("markdown") if not each.startswith("---")]
    assert (len(whole), len(pieces)) == (1, 8)
    (mails / "ons-team.md").write_text(whole[0], encoding="utf-8")
    (mails / "ons-team-verhaal.md").write_text("\n".join([HEAD, *pieces]), encoding="utf-8")
    sequence, practice = content / "sequences/lage-rug.yaml", content / "practice.yaml"
    steps, facts = sequence.read_text(encoding="utf-8"), practice.read_text(encoding="utf-8")
    for number, block in enumerate(_blocks("yaml")):
        if "- key:" in block:
            steps += block.replace("- key: ons-team", f"- key: ons-team-{number}")
        elif block.startswith("again_after:"):
            steps = block + steps
        elif block.startswith("closed:"):
            facts = _replaced(facts, r"^closed: \[\]\n", block)
        else:
            assert block.startswith("holidays:"), block
            facts = _replaced(facts, r"^holidays:\n.*?\n\n", f"{block}\n")
    sequence.write_text(steps, encoding="utf-8")
    practice.write_text(facts, encoding="utf-8")
    return content


def test_every_excerpt_passes_the_check(tmp_path: Path) -> None:
    draft = read_draft(_follow(tmp_path))
    assert [str(each) for each in draft.errors] == []
    assert len(draft.content.sequences["lage-rug"].steps) == 9 + sum("- key:" in each for each in _blocks("yaml"))
    of_the_whole_mail = {each.id for each in draft.problems if each.file == "email_templates/ons-team.md"}
    assert of_the_whole_mail == {"mail.words"}, "it is short, as an example is"


def test_what_the_commands_say_is_what_the_guide_shows(tmp_path: Path, template_file: Callable[..., Path]) -> None:
    content, database = content_copy(tmp_path), tmp_path / "nurture.db"
    shutil.copyfile(template_file("published"), database)

    def said(*arguments: str) -> str:
        found = nurture(
            *arguments,
            folder=tmp_path,
            language="nl",
            content_dir=str(content),
            data_dir=str(tmp_path / "data"),
            database_url=f"sqlite:///{database}",
            suppression_key="a-suppression-key-for-tests-and-nothing-else",
        )
        return found.out + found.err

    sequence = content / "sequences/lage-rug.yaml"
    steps = sequence.read_text(encoding="utf-8")
    sequence.write_text(steps.replace("key: niets-te-zien", "key: scan"), encoding="utf-8")
    everything = said("publish", "--dry-run")
    sequence.write_text(steps, encoding="utf-8")
    shutil.copy(content / "email_templates/hoe-ging-het.md", content / "email_templates/ons-team.md")
    mail = content / "email_templates/ons-team.md"
    mail.write_text(
        mail.read_text(encoding="utf-8").replace("\n{% incl", "{{ voornaam }}\n{% incl", 1), encoding="utf-8"
    )
    everything += said("check") + said("approve", "_oefening-brug.md", "--by", "Dr. A. Vermeer") + said("pause")
    shown = [line for block in _blocks("text") for line in block.splitlines()]
    assert len(shown) == 4
    for line in shown:
        assert re.sub(r":\d+:", ":", line) in re.sub(r":\d+:", ":", everything)


def test_every_file_named_is_there() -> None:
    names = set(re.findall(r"`([\w./-]+\.(?:md|ya?ml|mjml|jpg))`", GUIDE))
    assert len(names) > 8
    for name in names - {".yaml"}:
        places = (ROOT, ROOT / "docs", ROOT / "email_templates", ROOT / "email_templates/layouts")
        assert Path(name).name in MADE or any((place / name).is_file() for place in places), name


def test_every_option_named_is_one() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", GUIDE))
    assert len(named) > 12
    assert named <= {*_options(group), "--help"}


def test_every_picture_is_shown_and_made_by_the_script() -> None:
    shown = re.findall(r"!\[[^\]]{20,}\]\(pictures/handleiding/([\w-]+)\.png\)", GUIDE)
    assert sorted(shown) == sorted(PICTURES)
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.png" for name in PICTURES}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 300_000


@pytest.mark.parametrize("word", ["answer", "sent", "confirmed", "replied", "days_since_opt_in", "month"])
def test_every_condition_is_explained(word: str) -> None:
    from service.domain.conditions import Condition

    assert word in Condition.model_fields
    assert len(Condition.model_fields) == 6
    assert f"| `{word}: " in GUIDE
