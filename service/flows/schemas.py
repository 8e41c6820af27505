"""JSON Schemas of the files that staff write, for their editors: docs/schema, made by `make schema`.

Derived from the models that read the files, with the Dutch hint of each key; draft 7, the newest that the YAML language
server reads. A schema sees one file at a time: what only `nurture check` can see stays with `nurture check`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from service.domain.calendar import DUTCH_HOLIDAY_NAMES
from service.domain.forms import Forms
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.mail.approvals import KINDS
from service.mail.compile import HEAD_KEYS
from service.mail.names import AUDIENCES

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
_DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_HOLIDAYS = sorted({name for each in DUTCH_HOLIDAY_NAMES.values() for name in (each, each.lower())})
_TEXT = {"type": ["string", "number"]}
_WAIT = r"^\s*0*[1-9]\d{0,4} +([Hh]our|[Dd]ay|[Ww]orking[ _-][Dd]ay)s?\s*$"

_HEAD_WORDS = {
    "subject": "de onderwerpregel, zonder woorden over de klacht",
    "preheader": "de regel die een mailprogramma achter het onderwerp toont, zonder woorden over de klacht",
    "layout": "de naam van een opmaak in email_templates/layouts/, zonder .mjml",
    "audience": "voor wie: `lead` (de lezer), `lead-service` (een bericht aan de lezer) of `practice` (de praktijk)",
    "reason": "waarom de lezer deze mail krijgt; dit staat onderaan",
}


def schemas() -> dict[str, str]:
    """Each schema by its file name in docs/schema, as text."""
    found = {
        "practice.json": _of(Practice, "De gegevens van de praktijk"),
        "forms.json": _of(Forms, "De aanvraagformulieren"),
        "sequence.json": _of(Sequence, "Een reeks mails"),
        "mail-head.json": _mail_head(),
        "partial-head.json": _partial_head(),
    }
    return {name: json.dumps(each, ensure_ascii=False, indent=2) + "\n" for name, each in found.items()}


def _of(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema()
    for name, definition in schema.get("$defs", {}).items():
        definition.pop("description", None)  # a docstring for developers
        _as_written(name, definition)
    schema.pop("description", None)
    _as_written(model.__name__, schema)
    plain: Schema = _plain(schema)
    return {"$schema": _DRAFT} | plain | {"title": title}


def _as_written(name: str, schema: Schema) -> None:
    """Where a file says it shorter than the model that it becomes."""
    if name in {"Sequence", "Form"}:  # named by the file, or by the key above
        del schema["properties"]["name"]
        schema["required"].remove("name")
    elif name == "Wait":
        schema.clear()
        schema.update({"type": "string", "pattern": _WAIT})
    elif name == "Closed":
        period = dict(schema)
        schema.clear()
        schema["anyOf"] = [_DAY, period]
    elif name == "Holidays":
        for each in schema["properties"].values():
            each["items"] = {"anyOf": [_DAY, {"enum": _HOLIDAYS}]}


def _plain(node: Any) -> Any:
    """The same for draft 7 and for people: no titles, nothing beside a `$ref`, optional keys may stand empty."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    found = {key: _plain(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if found.get("default", ...) is None:
        del found["default"]
    if "$ref" in found and len(found) > 1:
        found = {"allOf": [{"$ref": found.pop("$ref")}]} | found
    for key, value in found.get("properties", {}).items():
        if key not in found.get("required", ()):
            found["properties"][key] = _or_empty(value)
    return found


def _or_empty(schema: Schema) -> Schema:
    """A key that may be left out may also stand there with nothing behind it."""
    words = {key: schema[key] for key in ("description", "default") if key in schema}
    bare = {key: value for key, value in schema.items() if key not in words}
    branches = [each for each in bare.get("anyOf", [bare]) if each != {"type": "null"}]
    if len(branches) != 1 or not isinstance(branches[0].get("type"), str):
        return {"anyOf": [*branches, {"type": "null"}]} | words
    # said without anyOf, an editor marks the one wrong item and not the whole
    found: Schema = branches[0] | {"type": [branches[0]["type"], "null"]} | words
    return found | {"enum": [*found["enum"], None]} if "enum" in found else found


def _mail_head() -> Schema:
    """The head of a mail: what `nurture check` takes, and needs, there."""
    properties = {key: _TEXT | {"description": _HEAD_WORDS.get(key, "")} for key in HEAD_KEYS}
    properties["audience"] = {"enum": list(AUDIENCES), "description": _HEAD_WORDS["audience"]}
    to_the_practice = {"required": ["audience"], "properties": {"audience": {"const": "practice"}}}
    return _head("De kop van een mail", properties, ["subject", "preheader"]) | {
        "if": to_the_practice,
        "else": {"required": ["reason"]},
    }


def _partial_head() -> Schema:
    approved = {
        "type": "object",
        "description": "de goedkeuring van een zorgverlener; die schrijft `nurture approve` hier",
        "properties": {"by": {"type": "string"}, "on": _DAY, "hash": {"type": "string"}},
        "required": ["by", "on", "hash"],
        "additionalProperties": False,
    }
    properties = {
        "kind": {"enum": list(KINDS), "description": "`safety` (het veiligheidsblok) of `exercise` (een oefening)"},
        "needs_approval": {"type": "boolean", "description": "true als een zorgverlener de tekst moet goedkeuren"},
        "approved": approved,
    }
    return _head("De kop van een tekstblok", properties, [])


def _head(title: str, properties: Schema, required: list[str]) -> Schema:
    return {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
