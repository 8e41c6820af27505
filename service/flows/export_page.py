"""An export as one Dutch page to read, keep and print: no script, nothing fetched, no link that can be pressed."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import JsonValue

from service.domain.forms import BUTTON_ANSWERS
from service.domain.lead_words import dutch_words
from service.domain.wording import dutch_moment
from service.flows.export_shown import Export, without_tokens

_TEMPLATES = Path(__file__).parent / "templates"
_BUTTONS = "Hoe ging het?"
_PRESSED = MappingProxyType({"better": "Beter", "same": "Hetzelfde", "worse": "Slechter"})


def readable(export: Export) -> str:
    """The whole page, as HTML. Its own policy lets no script run, wherever the file is opened."""
    zone = ZoneInfo(export.report.time_zone)

    def local(moment: datetime | str) -> str:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return dutch_moment(at.astimezone(zone), year=True)

    return (
        _environment()
        .get_template("export.html")
        .render(
            export=export,
            report=export.report,
            local=local,
            utc=lambda moment: f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
            words=dutch_words,
            asked=partial(_asked, export),
            answered=partial(_answered, export),
            rows=_rows,
            policy=policy(),
        )
    )


def _asked(export: Export, name: str) -> str:
    """The question behind an answer, as the form has it; its name where no form asks it any more."""
    question = export.questions.get(name)
    return question.label if question else _BUTTONS if name in BUTTON_ANSWERS else f"Antwoord op “{name}”"


def _answered(export: Export, name: str, value: str) -> str:
    """The answer in the form's words, or those of the buttons in the mails."""
    question = export.questions.get(name)
    labels = {option.value: option.label for option in question.options} if question else _PRESSED
    return labels.get(value, value)


def policy() -> str:
    """The Content-Security-Policy of the page: its own style sheet by its hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _rows(stored: JsonValue) -> str:
    """Rows as they are kept, one value a line."""
    return without_tokens(json.dumps(stored, ensure_ascii=False, indent=1))


@cache
def _style() -> str:
    return (_TEMPLATES / "export.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
