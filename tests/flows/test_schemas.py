"""The schemas in editors of staff: up to date, in Dutch, right about the shipped files, and strict about mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft7Validator

from service.flows.content_yaml import read_yaml
from service.flows.schemas import schemas
from service.mail.front_matter import read
from tests.support.house import ROOT

FOLDER = ROOT / "docs" / "schema"
TEMPLATES = ROOT / "email_templates"
REFERRED = {
    "practice.yaml": "practice.json",
    "forms.yaml": "forms.json",
    "sequences/lage-rug.yaml": "sequence.json",
    "sequences/uitstraling-been.yaml": "sequence.json",
}


def wrong(schema: str, data: object) -> list[str]:
    """What an editor would mark, as paths."""
    found = Draft7Validator(json.loads(schemas()[schema])).iter_errors(_as_json(data))
    return sorted({"/".join(map(str, error.absolute_path)) for error in found})


def test_the_files_are_as_make_schema_writes_them() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert on_disk == schemas(), "run make schema"
    for text in on_disk.values():
        Draft7Validator.check_schema(json.loads(text))


@pytest.mark.parametrize(("file", "schema"), REFERRED.items())
def test_each_shipped_file_names_its_schema_and_is_right_by_it(file: str, schema: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    reference = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert ((ROOT / file).parent / reference).resolve() == FOLDER / schema
    assert wrong(schema, read_yaml(text, file).data) == []


def test_the_head_of_each_shipped_mail_and_partial_is_right_by_its_schema() -> None:
    for path in sorted(TEMPLATES.glob("*.md")):
        head, problems = read(path.name, path.read_text(encoding="utf-8"))
        assert not problems
        schema = "partial-head.json" if path.name.startswith("_") else "mail-head.json"
        assert wrong(schema, dict(head.head)) == [], path.name


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("practice.yaml", 'kvk: "00000000"', "kvk: 12345678", "kvk"),
        ("practice.yaml", "opening_days: [mon,", "opening_days: [maandag,", "opening_days/0"),
        ("practice.yaml", "closed: []", "closed: [24-12-2026]", "closed/0"),
        ("practice.yaml", "remove: []", "remove: [Goede vrijda]", "holidays"),
        ("practice.yaml", "name: Solid", "naam: Solid", ""),
        ("practice.yaml", "kind: request", "kind: formulier", "booking/kind"),
        ("forms.yaml", "button:", "knop:", "forms/lage-rug"),
        ("forms.yaml", 'version: "2026-1"', "version: 2026", "forms/lage-rug/consent/advice/version"),
        ("sequences/lage-rug.yaml", "wait: 2 days", "wait: 2 daagjes", "steps/1/wait"),
        ("sequences/lage-rug.yaml", "wait: 2 days", "wait: 2", "steps/1/wait"),
        ("sequences/lage-rug.yaml", "purpose: advice", "purpose: advies", "steps/0/purpose"),
        ("sequences/lage-rug.yaml", "- key: check", "- sleutel: check", "steps/2"),
        ("sequences/lage-rug.yaml", 'from: "08:30"', 'from: "8.30"', "window/from"),
        ("sequences/lage-rug.yaml", "title:", "titel:", ""),
    ],
)
def test_a_typical_mistake_is_marked_where_it_stands(file: str, old: str, new: str, place: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert old in text
    assert place in wrong(REFERRED[file], read_yaml(text.replace(old, new, 1), file).data)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("practice.yaml", 'logo: ""', "logo:"),
        ("practice.yaml", "closed: []", "closed: [2026-12-24, {from: 2026-07-27, to: 2026-08-07, note: zomer}]"),
        ("practice.yaml", "add: []", "add: [Bevrijdingsdag, goede vrijdag, 2026-05-15]"),
        ("sequences/lage-rug.yaml", "wait: 2 days", 'wait: 3 working days\n    at: "09:00"'),
        ("sequences/lage-rug.yaml", "template: uitnodiging\n", "variants: {a: uitnodiging, b: laatste-bericht}\n"),
        ("sequences/lage-rug.yaml", "exit_on: [booked]", "exit_on:"),
    ],
)
def test_what_check_takes_the_schema_takes(file: str, old: str, new: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert old in text
    assert wrong(REFERRED[file], read_yaml(text.replace(old, new, 1), file).data) == []


@pytest.mark.parametrize(
    ("schema", "head", "place"),
    [
        ("mail-head.json", {"subject": "Begin vandaag", "preheader": "Een eerste stap"}, ""),
        ("mail-head.json", {"onderwerp": "x", "subject": "x", "preheader": "x", "reason": "x"}, ""),
        ("mail-head.json", {"subject": "x", "preheader": "x", "reason": "x", "audience": "lezer"}, "audience"),
        ("partial-head.json", {"kind": "oefening"}, "kind"),
        ("partial-head.json", {"needs_approval": "ja"}, "needs_approval"),
        ("partial-head.json", {"approved": {"by": "Dr. A. Vermeer"}}, "approved"),
    ],
)
def test_a_mistake_in_a_head_is_marked(schema: str, head: dict[str, object], place: str) -> None:
    assert place in wrong(schema, head)


@pytest.mark.parametrize("name", ["practice.json", "forms.json", "mail-head.json", "partial-head.json"])
def test_every_key_tells_in_dutch_what_it_is_for(name: str) -> None:
    silent = [key for key, value in _keys(json.loads(schemas()[name])) if not value.get("description")]
    assert [key for key in silent if key not in {"by", "on", "hash"}] == []


def _keys(node: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield from node.get("properties", {}).items() if "if" not in node or "title" in node else ()
        for key, value in node.items():
            if key != "if":
                yield from _keys(value)
    elif isinstance(node, list):
        for each in node:
            yield from _keys(each)


def _as_json(data: object) -> object:
    """As an editor reads it: a day is text there."""
    return json.loads(json.dumps(data, default=lambda value: value.isoformat() if isinstance(value, date) else None))
