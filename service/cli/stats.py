"""`nurture stats`: what came of each sequence, mail and variant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import moment
from service.cli.telling import Told, in_words, tell_in

if TYPE_CHECKING:
    from service.flows.results import MailResult, SequenceResult


def stats(
    since: Annotated[str | None, typer.Option(help="Count opt-ins and mails from then on, such as 2026-07-01.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """What came of each sequence, mail and variant: counts alone, nothing of any lead."""
    from service.flows import results

    tell_in(told)
    _, services = open_services()
    with services.database.reading() as session:
        begins = moment(since, services.published.calendar(session)) if since else None
        found = results.results(session, services, begins)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        for line in _lines(each):
            typer.echo(line)
    typer.echo(
        in_words(
            "Erased leads are counted no more. A booking is to the credit of the mail whose own link was used last.",
            "Wie gewist is, telt niet meer mee. Een afspraak telt bij de mail waarvan de link het laatst is gebruikt.",
        )
    )


def _lines(found: SequenceResult) -> Iterator[str]:
    yield in_words(
        f"{found.sequence}: {found.opt_ins} opt-ins, {found.confirmed} pressed yes, {found.booked} booked",
        f"{found.sequence}: {found.opt_ins} aanvragen, {found.confirmed} keer ja, {found.booked} afspraken",
    )
    for step, mails in groupby(found.mails, key=lambda mail: mail.step):
        for mail in mails:
            yield f"  {_mail(mail)}"
        for one, other in combinations(found.variants(step), 2):
            yield f"    {_compared(one, other)}"
    yield ""


def _mail(mail: MailResult) -> str:
    of = mail.variant or in_words("before these versions", "van vóór deze versies")
    name = f"{mail.step} ({of}: {mail.template})" if mail.variant or mail.before_split else mail.step
    pressed = ", ".join(f"{answer} {count}" for answer, count in sorted(mail.answers.items()))
    counts = {
        in_words("accepted", "aangenomen"): mail.accepted,
        in_words("delivered", "afgeleverd"): mail.delivered,
        in_words("complaints", "klachten"): mail.complained,
        in_words("returned or refused", "teruggekomen of geweigerd"): mail.bounced,
        in_words("unknown", "onbekend"): mail.unknown,
        in_words("skipped", "overgeslagen"): mail.skipped,
        in_words("left after it", "daarna afgemeld"): mail.left,
        in_words("requests", "aanvragen"): mail.requests,
        in_words("booked", "afspraken"): mail.booked,
    }
    told = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
    nothing = in_words("nothing yet", "nog niets")
    return f"{name:<44} {'; '.join(filter(None, [told, pressed])) or nothing}"


def _compared(one: MailResult, other: MailResult) -> str:
    """As the studio says it: few bookings say little, and a difference by chance is no difference."""
    from service.flows import result_words

    names = f"{one.variant} {one.booked}/{one.accepted}, {other.variant} {other.booked}/{other.accepted}"
    said = result_words.compared(one, other)
    return f"{names}: {in_words(said.english, said.dutch)}"
