"""All that is held about one lead, as values: what an export is before it becomes JSON, a page or files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from service.domain.forms import Question
from service.flows.lead_shown import LeadReport
from service.flows.outlook import Mail

_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{48}(?![A-Za-z0-9_-])")


def without_tokens(text: str) -> str:
    """The text with the token of every link of ours cut short: whoever finds the page cannot press it."""
    return _TOKEN.sub(lambda found: f"{found[0][:4]}…", text)


@dataclass(frozen=True, kw_only=True)
class SentMail:
    """One mail that was handed over, or may have been: `data` is what left, byte for byte, with CRLF line ends.

    `text` is its plain text with every link's token cut short. `data` is None where it cannot be made any more.
    `to_practice`: a mail to staff about the lead.
    """

    message: int
    template: str
    state: str
    sent_at: datetime
    subject: str
    text: str
    data: bytes | None
    to_practice: bool

    @property
    def file(self) -> str:
        """A name for its file that sorts by date: `2026-03-09-advies-lage-rug-17.eml`."""
        return f"{self.sent_at:%Y-%m-%d}-{self.template}-{self.message}.eml"

    def as_json(self) -> dict[str, JsonValue]:
        """`source` is the whole mail; its bytes are ASCII alone, so the text gives them back exactly."""
        return {
            "message": self.message,
            "template": self.template,
            "state": self.state,
            "sent_at": self.sent_at.isoformat(),
            "to_practice": self.to_practice,
            "subject": self.subject,
            "source": None if self.data is None else self.data.decode("ascii"),
        }


@dataclass(frozen=True, kw_only=True)
class Export:
    """Everything about one lead at one moment.

    `stored` is every row, table by table, as it is kept; `receipts` are the proofs of consent; `handled` what people
    and the service did with the data (audit log), without the names of staff. What the page says in words stands last:
    `topics`, `sequences` and `forms` are titles by name, of what is live or what she was in.
    """

    made_at: datetime
    practice: str
    report: LeadReport
    stored: dict[str, JsonValue]
    receipts: tuple[dict[str, JsonValue], ...]
    handled: tuple[dict[str, JsonValue], ...]
    mails: tuple[SentMail, ...]
    questions: Mapping[str, Question]  # of today's forms, by name: their words for the answers on the page
    planned: tuple[Mail, ...]
    topics: Mapping[str, str]
    sequences: Mapping[str, str]
    forms: Mapping[str, str]

    def as_json(self) -> dict[str, JsonValue]:
        """One object: the report's own fields, and beside them what it rests on."""
        told: dict[str, JsonValue] = self.report.model_dump(mode="json")
        return told | {
            "made_at": self.made_at.isoformat(),
            "receipts": list(self.receipts),
            "handled": list(self.handled),
            "mails": [mail.as_json() for mail in self.mails],
            "stored": self.stored,
        }
