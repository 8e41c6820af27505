"""Filling in a compiled mail, beside making the same mail from its source for each lead: `python -m bench.fill_in`.

The peer does what a service without publishing does for each lead, with everything kept that can be kept (parsers,
compiled Jinja templates): Jinja over the Markdown source, markdown-it-py, Jinja over the layout, MJML, `EmailMessage`
with the same headers, bytes. Its text part is the Markdown itself, which costs it nothing. The goal: 20 times as fast.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from jinja2 import DictLoader, Environment
from mjml import mjml2html

from service.domain.mailbox import Mailbox
from service.domain.practice import Practice
from service.flows.drafts import Draft, read_draft
from service.mail.compose import MailHeaders, MailValues, Mould
from service.mail.front_matter import split
from service.mail.markdown import parser

ROOT = Path(__file__).resolve().parents[1]
GOAL = 20
_URL = "https://mail.praktijk.example"


@dataclass(frozen=True, kw_only=True)
class Filled:
    """Milliseconds of a processor a mail, the medians of the rounds, and how large each mail was in bytes."""

    mail: str
    ours: float
    peer: float
    our_size: int
    peer_size: int

    @property
    def ratio(self) -> float:
        """How many of ours go into one of the peer's."""
        return self.peer / self.ours


def values_of(lead: int, practice: Practice) -> MailValues:
    """What one lead's mail is filled in with; each lead has a name and tokens of her own."""
    token = f"{lead:048d}"
    return MailValues(
        practice=practice.model_dump(mode="json"),
        first_name=("Anna", "Bram", "Zoë", "Noor")[lead % 4],
        answers={"posture": ("hollow", "flat", "unknown")[lead % 3]},
        confirm_url=f"{_URL}/c/{token}",
        booking_url=f"{_URL}/b/{token}",
        unsubscribe_url=f"{_URL}/u/{token}",
        preferences_url=f"{_URL}/p/{token}",
        answer_url_base=f"{_URL}/a/{token}",
    )


def headers_of(lead: int, values: MailValues) -> MailHeaders:
    """The head of the same mail."""
    return MailHeaders(
        message_id=f"<{lead}.bench@praktijk.example>",
        date=datetime(2026, 3, 2, 9, 0, lead % 60, tzinfo=UTC),
        boundary=f"=_{lead:022d}",
        mail_from=Mailbox(name="Solid Performance", address="advies@praktijk.example"),
        to=f"lead{lead}@example.org",
        unsubscribe_url=values.unsubscribe_url,
    )


class Peer:
    """Makes a mail from its source, as the module says."""

    def __init__(self, draft: Draft, name: str) -> None:
        sources = draft.content.templates
        bodies = {each: split(text)[1] for each, text in sources.items()}
        environment = Environment(loader=DictLoader(bodies), autoescape=False, auto_reload=False)  # Markdown escapes
        self._body = environment.get_template(f"{name}.md")
        self._footer = environment.get_template("layouts/standaard.footer.md")
        self._layout = environment.get_template("layouts/standaard.mjml")
        self._subject = draft.mails[name].subject
        self._preheader = draft.mails[name].preheader

    def __call__(self, values: MailValues, headers: MailHeaders) -> bytes:
        """The bytes of one lead's mail."""
        given = values.model_dump() | {"reason": "Je krijgt deze mail omdat je om het advies vroeg."}
        given["answer_url"] = lambda answer: f"{values.answer_url_base}?answer={answer}"
        text, foot = self._body.render(given), self._footer.render(given)
        shown = {"content": parser().render(text), "footer": parser().render(foot)}
        page = self._layout.render(given | shown | {"subject": self._subject, "preheader": self._preheader})
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{headers.mail_from.name} <{headers.mail_from.address}>"
        mail["To"] = headers.to
        mail["Subject"] = self._subject
        mail["Date"] = format_datetime(headers.date)
        mail["Message-ID"] = headers.message_id
        mail["List-Unsubscribe"] = f"<{headers.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{text}\n{foot}")
        mail.add_alternative(mjml2html(page, fonts={}), subtype="html")
        return mail.as_bytes()


def measure(names: list[str], *, rounds: int, leads: int) -> list[Filled]:
    """Ours and the peer's in turn, the same leads in each round."""
    draft = read_draft(ROOT)
    practice = draft.content.practice
    assert practice is not None, [str(problem) for problem in draft.errors]
    given = [(values := values_of(lead, practice), headers_of(lead, values)) for lead in range(leads)]
    found = []
    for name in names:
        compiled, peer = draft.mails[name], Peer(draft, name)

        makers: list[Callable[[MailValues, MailHeaders], bytes]] = [
            Mould(compiled, practice.model_dump(mode="json")).compose,
            peer,
        ]
        sizes = [len(make(*given[0])) for make in makers]
        times: list[list[float]] = [[], []]
        for _ in range(rounds):
            for kept, make in zip(times, makers, strict=True):
                kept.append(_milliseconds(make, given))
        mine, theirs = (statistics.median(each) for each in times)
        found.append(Filled(mail=name, ours=mine, peer=theirs, our_size=sizes[0], peer_size=sizes[1]))
    return found


def _milliseconds(
    make: Callable[[MailValues, MailHeaders], bytes], given: list[tuple[MailValues, MailHeaders]]
) -> float:
    began = time.process_time()  # not the clock on the wall: other work on the machine would be measured along
    for values, headers in given:
        make(values, headers)
    return (time.process_time() - began) * 1000 / len(given)


def main() -> None:
    """Print a line a mail."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--leads", type=int, default=40)
    options.add_argument(
        "mails", nargs="*", default=["hoe-ging-het", "niets-te-zien", "uitnodiging", "advies-lage-rug"]
    )
    given = options.parse_args()
    for each in measure(given.mails, rounds=given.rounds, leads=given.leads):
        print(
            f"{each.mail}: {each.ours:.3f} ms ({each.our_size:,} bytes), "
            f"peer {each.peer:.2f} ms ({each.peer_size:,} bytes); ratio {each.ratio:.1f}, goal {GOAL}"
        )


if __name__ == "__main__":
    main()
