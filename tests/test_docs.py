"""The documents say what is so: states and moves, settings, commands, links, the form for a website."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest
from typer.core import TyperGroup

from service.cli import app
from service.domain import delivery, enrolment
from service.environment import PREFIX
from service.settings import WEBHOOK_SECRETS, Settings
from service.web.opt_in_body import OptInBody, from_form
from service.web.pages import TEMPLATES
from service.web.snippets import Place, snippets
from tests.support.commands import built
from tests.support.house import ROOT, shipped
from tests.support.mail_pictures import sheets
from tests.support.sample_pages import FORM, PRACTICE

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LEDGER = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
STUDIO = (ROOT / "docs/studio.md").read_text(encoding="utf-8")
WEBSITE = (ROOT / "docs/website.md").read_text(encoding="utf-8")
_FENCES = r"^ *```\w*\n(.*?)^ *```$"
WRITTEN_OUT = snippets(
    FORM,
    Place(
        base_url="https://mail.example.nl",
        privacy_url=PRACTICE.privacy_url,
        page_url="https://www.example.nl/artikel",
    ),
)
_State = TypeVar("_State", delivery.State, enrolment.State)
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def test_the_studio_has_a_script_on_the_pages_that_its_document_names_and_on_no_other() -> None:
    pages = {page for page in (TEMPLATES / "studio").rglob("*.html") if "<script" in page.read_text(encoding="utf-8")}
    assert {str(page.relative_to(TEMPLATES / "studio").with_suffix("")) for page in pages} == {
        "mails/edit",
        "media/library",
        "settings/form",
        "sequences/timeline",
    }
    (row,) = [line for line in STUDIO.splitlines() if line.startswith("| scripts |")]
    for name in (
        "op vier pagina's",
        "een mail bewerken",
        "de afbeeldingen",
        "een formulier",
        "de stappen van een reeks",
    ):
        assert name in row


def _drawn(heading: str) -> list[tuple[str, str]]:
    """The moves in the table under a heading of docs/ledger.md."""
    section = LEDGER.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` → `(\w+)` \|", section, re.MULTILINE)


def _moves(allowed: Mapping[_State, frozenset[_State]]) -> set[tuple[str, str]]:
    return {(before.value, after.value) for before, afters in allowed.items() for after in afters}


@pytest.mark.parametrize(
    ("heading", "moves"),
    [("A message", _moves(delivery.MOVES)), ("An enrolment", _moves(enrolment.MOVES))],
    ids=["message", "enrolment"],
)
def test_the_ledger_page_names_every_move_once_and_no_other(heading: str, moves: set[tuple[str, str]]) -> None:
    drawn = _drawn(heading)
    assert sorted(drawn) == sorted(moves)


@pytest.mark.parametrize(
    ("picture", "states"),
    [("message-states.svg", list(delivery.State)), ("enrolment-states.svg", list(enrolment.State))],
    ids=["message", "enrolment"],
)
def test_the_drawings_show_every_state(picture: str, states: list[StrEnum]) -> None:
    drawn = re.findall(r'class="name"[^>]*>(\w+)<', (ROOT / "docs/pictures" / picture).read_text(encoding="utf-8"))
    assert sorted(drawn) == sorted(state.value for state in states)


def test_the_places_that_the_ledger_page_names_exist() -> None:
    for file, function in re.findall(r"`((?:flows|store|domain)/\w+\.py)`(?: `(\w+)`)?", LEDGER):
        source = (ROOT / "service" / file).read_text(encoding="utf-8")
        assert not function or f"\ndef {function}(" in source, f"{file} has no {function}"


@every_document
def test_every_setting_named_exists(document: Path) -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in re.findall(r"\bNURTURE_[A-Z][A-Z_]*\b", document.read_text(encoding="utf-8")):
        assert name.removesuffix("_FILE") in known or name.startswith(WEBHOOK_SECRETS.rstrip("_")), name


@every_document
def test_every_command_named_exists_with_its_options(document: Path) -> None:
    for words in _commands(document.read_text(encoding="utf-8")):
        command, rest = built(app), list(words)
        while isinstance(command, TyperGroup) and rest:
            assert rest[0] in command.commands, f"there is no command: nurture {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        known = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        named = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert named <= known | {"--help"}, f"nurture {' '.join(words)}"


@every_document
def test_every_make_target_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z./-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for code in _code(document.read_text(encoding="utf-8")):
        for named in re.findall(r"^\s*make ([a-z./-]+)", code, re.MULTILINE):
            assert named in targets, f"there is no target: make {named}"


@every_document
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    text = re.sub(_FENCES, "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)  # an example of a link is none
    for target in [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]:
        if "://" not in target and not target.startswith("#"):
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_the_map_and_the_code_know_the_same_files() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", text))
    there = {path.relative_to(ROOT / "service").as_posix() for path in (ROOT / "service").rglob("*.py")}
    lost = {each for each in named if not any(f"/{path}".endswith(f"/{each}") for path in there)}
    unmapped = {path for path in there if Path(path).name not in {Path(each).name for each in named}}
    assert (lost, {path for path in unmapped if "__" not in path}) == (set(), set())


def test_every_mail_of_both_sequences_has_its_picture_and_text_and_is_shown() -> None:
    shown = (ROOT / "docs/mails.md").read_text(encoding="utf-8")
    wanted = {f"{sheet.name}.{ending}" for sheet in sheets(shipped()) for ending in ("png", "txt")}
    folder = ROOT / "docs/pictures/mails"
    assert {path.name for path in folder.iterdir()} == wanted
    assert set(re.findall(r"pictures/mails/([\w.-]+)", shown)) == wanted
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 3_000_000


def test_the_readme_shows_what_the_command_writes_out() -> None:
    assert _block((ROOT / "README.md").read_text(encoding="utf-8"), "html") == f"{WRITTEN_OUT.script}\n"


@pytest.mark.parametrize("name", ["script", "button", "iframe", "link", "plain"])
def test_the_page_on_websites_shows_what_the_command_writes_out(name: str) -> None:
    assert f"\n```html\n{getattr(WRITTEN_OUT, name)}\n```\n" in WEBSITE


def test_the_form_for_a_website_has_the_fields_that_are_taken_and_both_boxes_unticked() -> None:
    form = WRITTEN_OUT.plain
    names = re.findall(r'name="([^"]+)"', form)
    assert set(from_form(dict.fromkeys(names, ""))) <= set(OptInBody.model_fields)
    assert {"form", "consent_version", "email", "consent_advice", "consent_follow_up", "leave_empty"} <= set(names)
    assert "checked" not in form


def test_the_form_for_a_website_states_the_version_of_the_words_it_shows() -> None:
    form = WRITTEN_OUT.plain
    forms = shipped().content.forms
    assert forms is not None
    named = forms.forms[_value(form, "form")]
    assert _value(form, "consent_version") == named.consent.advice.version == named.consent.follow_up.version
    assert named.button in form


def _code(text: str) -> Iterator[str]:
    """What stands between backticks, and in fenced blocks."""
    yield from re.findall(_FENCES, text, re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", re.sub(_FENCES, "", text, flags=re.MULTILINE | re.DOTALL))


def _commands(text: str) -> Iterator[list[str]]:
    """The words behind each `nurture` that begins a command."""
    for code in _code(text):
        for line in code.splitlines():
            found = re.search(r"(?:^\s*|bin/|\bweb )nurture ([a-z-].*)", line)
            if found and not re.search(r"nurture (>|--)", line):
                yield re.split(r"\s+", found[1].partition(" #")[0].strip())


def _block(text: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"no {language} in the text"
    return found[1]


def _value(form: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', form)
    assert found, f"no {name} in the form"
    return found[1]
