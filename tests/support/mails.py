"""Small mails for tests: the shipped layout, a body of the test's own, and values to fill in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from service.domain.mailbox import Mailbox
from service.errors import Problem
from service.mail.compile import compile_mail
from service.mail.compiled import CompiledMail
from service.mail.compose import MailHeaders, MailValues

ROOT = Path(__file__).parents[2] / "email_templates"
TOKEN = "A" * 48
UNSUBSCRIBE = f"https://mail.example/u/{TOKEN}"
HEAD = """---
subject: Begin vandaag
preheader: Een eerste stap voor thuis. Je hebt een stoel nodig.
reason: Je krijgt deze mail omdat je om het advies vroeg.
---
"""
"""Five lines: a body put beneath it starts at line 6."""

HOSTILE = [
    "a\r\nBcc: x@y.example",
    "a\nBcc: x@y.example",
    "a\rBcc: x@y.example",
    "a\x00b",
    "a\u2028Bcc: x@y.example",
    "a\u2029b",
    "a\x85b",
    "a\x0bb",
    "=?utf-8?q?a=0D=0ABcc=3A_x=40y?=",
    "=?utf-8?b?PGV2aWxAeC5ubD4=?=",
    "<evil@x.nl>",
    'a" <evil@x.nl>, "b',
    "a, b@x.nl",
    "\ud800",
    "\u202eabc",
]
"""Text that has broken headers, recipients or parsers somewhere."""

SAFETY = "---\nkind: safety\nneeds_approval: true\n---\n::: veiligheid\nBel je huisarts.\n:::\n"
EXERCISE = "---\nkind: exercise\nneeds_approval: true\n---\n::: oefening\n### Wandelen\n\nLoop even.\n:::\n"


def practice() -> dict[str, JsonValue]:
    """A practice as `practice.yaml` gives it, as JSON."""
    return {
        "name": "Solid Performance",
        "address": "Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
        "kvk": "00000000",
        "phone": "+31 20 000 00 00",
        "email": "praktijk@solidperformance.example",
        "privacy_url": "https://solidperformance.example/privacy",
        "logo": "",
        "opening_days": ["mon", "tue"],
        "booking": {"kind": "request", "url": ""},
        "links": {"article": "https://solidperformance.example/artikel", "video_hollow": "", "video_flat": ""},
        "pain_check": {
            "price": "€ 95",
            "duration": "60 minuten",
            "location": "Voorbeeldstad",
            "reimbursement": "Vraag je verzekeraar.",
            "bring": "Makkelijke kleren.",
            "cancellation": "Kosteloos tot 24 uur vooraf.",
        },
    }


def layouts() -> dict[str, str]:
    """The shipped layout and its footers."""
    return {f"layouts/{path.name}": path.read_text() for path in sorted((ROOT / "layouts").iterdir())}


def compiled(body: str, *, head: str = HEAD, more: Mapping[str, str] | None = None) -> CompiledMail:
    """The mail `proef` with this body, which must compile."""
    mail, problems = tried(body, head=head, more=more)
    assert mail is not None, [str(problem) for problem in problems]
    return mail


def tried(
    body: str, *, head: str = HEAD, more: Mapping[str, str] | None = None
) -> tuple[CompiledMail | None, list[Problem]]:
    """The mail `proef`, with a heading above its body unless it brings one, and what is wrong with it."""
    text = body if body.startswith("# ") else f"# Kop\n\n{body}"
    return compile_mail("proef", {**layouts(), **(more or {}), "proef.md": head + text})


def said(body: str, *, head: str = HEAD, more: Mapping[str, str] | None = None) -> list[str]:
    """Everything wrong with a body but missing approvals, as a person reads it."""
    return [str(p) for p in tried(body, head=head, more=more)[1] if p.id != "mail.approval"]


def values(
    *, first_name: str | None = "Zoë", answers: Mapping[str, str] | None = None, **changes: JsonValue
) -> MailValues:
    """What Anna's mail is filled in with."""
    return MailValues(
        practice=practice() | changes,
        first_name=first_name,
        answers=dict(answers or {}),
        confirm_url=f"https://mail.example/c/{TOKEN}",
        booking_url=f"https://mail.example/b/{TOKEN}",
        unsubscribe_url=UNSUBSCRIBE,
        preferences_url=f"https://mail.example/p/{TOKEN}",
        answer_url_base=f"https://mail.example/a/{TOKEN}",
    )


def headers(*, to: str = "anna@example.org", name: str = "Solid Performance", link: str = UNSUBSCRIBE) -> MailHeaders:
    """Anna's headers."""
    return MailHeaders(
        message_id="<m1.abc@mail.example>",
        date=datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC),
        boundary="=_0123456789abcdef",
        mail_from=Mailbox(name=name, address="advies@praktijk.example"),
        reply_to=Mailbox(name="", address="praktijk@solidperformance.example"),
        to=to,
        unsubscribe_url=link,
    )
