"""One mail with made-up values: to look at, and to send to staff. Nothing of it enters the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import JsonValue

from service.domain.mailbox import parse_mailbox
from service.errors import ProblemsError, RefusedError
from service.flows.drafts import Draft, read_draft
from service.flows.pictures import Hosted
from service.flows.services import Services
from service.mail.compiled import CompiledMail
from service.mail.compose import MailHeaders, MailValues, Rendered, compose, render
from service.mail.links import Purpose, new_public_id, url
from service.mail.transport import OutboundMail, SendResult

_ANNA = "anna@example.org"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A filled-in mail, as its reader gets it and as bytes, with the images it shows."""

    rendered: Rendered
    mail: OutboundMail
    hosted: Hosted


def from_files(services: Services, template: str, answers: Mapping[str, str], *, now: datetime) -> Sample:
    """The mail as the files make it now. Raises ProblemsError with what is wrong in that mail, InvalidInputError for
    answers that nobody can have given."""
    return of_draft(services, _read(services, answers), template, answers, now=now)


def of_draft(services: Services, draft: Draft, template: str, answers: Mapping[str, str], *, now: datetime) -> Sample:
    """The mail as a draft has it that was read already."""
    return _sample(services, draft, template, answers, _ANNA, now)


def write(sample: Sample, template: str, folder: Path) -> list[Path]:
    """The HTML part, the text part and the whole mail as files in the folder, which is made; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, text, mail = _files(template, folder)
    html.write_text(sample.rendered.html, encoding="utf-8")
    text.write_text(sample.rendered.text, encoding="utf-8")
    mail.write_bytes(sample.mail.data)
    return [html, text, mail]


def remove(template: str, folder: Path) -> None:
    """Take away what `write` made for a mail that is no more."""
    for path in _files(template, folder):
        path.unlink(missing_ok=True)


def _files(template: str, folder: Path) -> tuple[Path, Path, Path]:
    return folder / f"{template}.html", folder / f"{template}.txt", folder / f"{template}.eml"


def practice_of(draft: Draft) -> dict[str, Any] | None:
    """The practice as publishing this draft would keep it, with its logo under the name it is served by."""
    return next((part.document for part in draft.parts if part.kind == "practice"), None)


def send(services: Services, template: str, answers: Mapping[str, str], *, to: str, now: datetime) -> SendResult:
    """Hand a sample over. RefusedError for an address that is not the staff's: samples go to nobody else; else as
    `from_files`."""
    draft = _read(services, answers)
    staff = draft.content.practice.staff if draft.content.practice else ()
    if to.strip().lower() not in {address.lower() for address in staff}:
        raise RefusedError(
            f"test mail goes to the practice's staff alone (practice.yaml, staff: {', '.join(staff) or 'none yet'})",
            f"een testmail gaat alleen naar de praktijk (practice.yaml, staff: {', '.join(staff) or 'nog niemand'})",
        )
    sample = _sample(services, draft, template, answers, to.strip(), now)
    return hand_over(services, sample.mail)


def _read(services: Services, answers: Mapping[str, str]) -> Draft:
    draft = read_draft(services.content_dir)
    if draft.content.forms is not None:
        draft.content.forms.check(answers)
    return draft


def _sample(
    services: Services, draft: Draft, template: str, answers: Mapping[str, str], to: str, now: datetime
) -> Sample:
    compiled = draft.mails.get(template)
    practice = practice_of(draft)
    if compiled is None or practice is None:
        own = [each for each in draft.errors if each.file.endswith(f"/{template}.md")]
        if own or draft.errors:
            raise ProblemsError(own or draft.errors)
        there = ", ".join(sorted(draft.mails))
        raise RefusedError(
            f"there is no mail {template}; there are: {there}", f"er is geen mail {template}; kies uit: {there}"
        )
    given = values(services, practice, answers=answers)
    given = given if compiled.for_lead else given.for_practice()
    hosted = Hosted(url=f"{services.base_url}/media/", images=draft.images)
    return Sample(rendered=render(compiled, given), mail=packed(services, compiled, given, to, now), hosted=hosted)


def values(
    services: Services,
    practice: dict[str, Any],
    *,
    first_name: str | None = "Anna",
    answers: Mapping[str, str] = MappingProxyType({}),
) -> MailValues:
    """What a sample is filled in with: made up, but for the practice. Its links are of nobody."""
    return MailValues(
        practice=practice,
        first_name=first_name,
        answers=dict(answers),
        extra={
            "request": dict.fromkeys(_REQUEST, "voorbeeld") | {"email": _ANNA, "url": services.base_url},
            "fresh_url": url(services.base_url, "d", services.keyring.sign("d", new_public_id())),
            "invitation": {"name": "Anna", "url": services.base_url},
            "account": {"name": "Anna", "what": "Je wachtwoord is veranderd."},
            "alert": dict.fromkeys(_ALERT, "voorbeeld") | {"url": services.base_url},
            "reply": dict(REPLY),
            "week": dict(WEEK) | {"url": services.base_url},
        },
        **_links(services),
    )


def packed(services: Services, compiled: CompiledMail, given: MailValues, to: str, now: datetime) -> OutboundMail:
    """A sample as it is handed over, to this address."""
    sender = parse_mailbox(services.mail_from)
    public_id = new_public_id()
    headers = MailHeaders(
        message_id=f"<{public_id}@{sender.address.rpartition('@')[2]}>",
        date=now,
        boundary=f"=_{public_id}",
        mail_from=sender,
        reply_to=None,
        to=to,
        unsubscribe_url=given.unsubscribe_url,
    )
    return OutboundMail(
        sender=sender.address,
        recipient=to,
        data=compose(compiled, given, headers),
        message_id=headers.message_id,
        idempotency_key=public_id,
    )


def hand_over(services: Services, mail: OutboundMail) -> SendResult:
    """Hand one sample to the transport, and wait for what it says."""

    async def send_it() -> SendResult:
        transport = services.open_transport()
        try:
            return await transport.send(mail)
        finally:
            await transport.close()

    return asyncio.run(send_it())


_REQUEST = (
    *("number", "name", "email", "phone", "days", "times", "remarks", "topic", "requested_at", "url"),
    *("answer_by", "closed_until", "proposed"),
)
_ALERT = ("title", "cause", "details", "since", "hint", "url")
REPLY: Mapping[str, JsonValue] = MappingProxyType(
    {
        "name": "Anna",
        "email": _ANNA,
        "topic": "Lage rugpijn",
        "subject": "Re: Hoe ging de eerste stap?",
        "came_at": "woensdag 11 maart 2026 14:12",
        "answered": "“Hoe ging de eerste stap?” (woensdag 11 maart 10:00)",
        "lines": [
            "Hoi,",
            "\xa0",
            "De eerste stap doet me goed. Maar gisteren tilde ik iets zwaars. Kan ik nu beter even wachten?",
            "\xa0",
            "Bellen kan op dinsdag en donderdag na 16 uur. Mijn agenda: https[:]//agenda[.]voorbeeld[.]nl/anna",
            "\xa0",
            "Groet, Anna",
        ],
        "defused": "ja",
        "sent": [
            "maandag 9 maart 10:00: Je gratis advies: begin vandaag",
            "woensdag 11 maart 10:00: Hoe ging de eerste stap?",
        ],
        "coming": [
            "maandag 23 maart 08:30: Een check van twee minuten",
            "donderdag 26 maart 08:30: Niets te zien, toch last?",
        ],
        "rests_until": "woensdag 18 maart 14:12",
        "url": "https://mail.example.nl/studio/leads/21",
        **{act: f"nurture lead {act} {_ANNA}" for act in ("show", "resume", "stop")},
    }
)
"""An answer as staff get it; the lines are as `domain/own_words.py` makes them."""
WEEK: Mapping[str, JsonValue] = MappingProxyType(
    {
        "name": "week 10, 2 tot en met 8 maart 2026",
        "lines": [
            "Lage rugpijn",
            "12 aanvragen van het advies (de week ervoor 8), 9 keer ja op de vervolgmails.",
            "41 mails verstuurd; 1 kwam terug en 2 mensen meldden zich erna af.",
            "Hielp het? 3 keer beter, 2 keer hetzelfde en 1 keer slechter.",
            "2 pijnchecks geboekt (de week ervoor 1).",
            "\xa0",
            "Uitstraling naar het been",
            "Geen aanvragen en geen mails in deze week.",
            "\xa0",
        ],
        "note": "Dit zijn kleine aantallen: één persoon meer of minder maakt al veel uit.",
        "waiting": "1 aanvraag voor een pijncheck.",
        "url": "https://mail.example.nl/studio/results?weeks=4",
    }
)
"""A week as the owner is told of it; the lines are as `flows/weekly_words.py` makes them."""


def _links(services: Services) -> dict[str, str]:
    """Genuine in form, of nobody: whoever presses one gets the page of somebody who is gone."""

    def link(purpose: Purpose) -> str:
        return url(services.base_url, purpose, services.keyring.sign(purpose, new_public_id()))

    return {
        "confirm_url": link("c"),
        "booking_url": link("b"),
        "unsubscribe_url": link("u"),
        "preferences_url": link("p"),
        "answer_url_base": link("a"),
    }
