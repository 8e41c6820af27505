"""Fills a fresh mail in once with made-up values: what would only go wrong when it is sent goes wrong here."""

from __future__ import annotations

from typing import Any

from service.errors import Problem
from service.mail.compiled import CompiledMail
from service.mail.compose import HeldMailError, MailValues, render
from service.mail.front_matter import FOLDER
from service.mail.names import LINKS, LISTS, allowed_names

_URL = "https://praktijk.example/voorbeeld"
_OTHER = {
    "practice.phone": "020 123 45 67",
    "request.phone": "020 123 45 67",
    "practice.logo": "media/voorbeeld.png",
}
_GROUPS = ("request", "alert", "reply", "invitation", "account", "week", "fresh_url")
_GIVEN = {
    "dienst-aanvraag": "request",
    "dienst-ontvangst": "request",
    "dienst-antwoord": "reply",
    "dienst-melding": "alert",
    "dienst-uitnodiging": "invitation",
    "dienst-account": "account",
    "dienst-weekbericht": "week",
    "dienst-verse-link": "fresh_url",
}
"""Of the groups of names that service mails may use, the one that the service gives each of its own."""


def try_out(mail: CompiledMail) -> list[Problem]:
    """What keeps this mail from being filled in: where every value is there, and where the first name is not."""
    given: dict[str, Any] = {}
    for name in allowed_names(mail.audience) | LINKS:
        _put(given, name.split("."), _URL if name in LINKS else _OTHER.get(name, "Voorbeeld"))
    for name in LISTS:
        _put(given, name.split("."), ["Voorbeeld", "Voorbeeld"])
    practice = given.pop("practice")
    extra = {name: given.pop(name, {}) for name in _GROUPS}  # of some of them a lead's mail may name nothing
    if own := _GIVEN.get(mail.name):
        extra, given["confirm_url"] = {own: extra[own]}, ""  # none of them asks for a confirmation
    answers = dict.fromkeys(mail.answers, "unknown")
    values = MailValues(practice=practice, answers=answers, answer_url_base=_URL, extra=extra, **_links(mail, given))
    nameless = values.model_copy(update={"first_name": None})
    return _failed(mail, values, *_ALL_THERE) or _failed(mail, nameless, *_NO_NAME)


def _failed(mail: CompiledMail, values: MailValues, english: str, dutch: str) -> list[Problem]:
    try:
        render(mail, values)
    except HeldMailError as error:
        message = f"{english}: {error.english}"
        return [Problem(id="mail.fill", file=f"{FOLDER}{mail.name}.md", message=message, dutch=dutch)]
    return []


_ALL_THERE = (
    "this mail cannot be filled in, though every value is there",
    "deze mail kan niet worden ingevuld, ook niet als alle gegevens er zijn. Haal de laatste wijziging weg.",
)
_NO_NAME = (
    "this mail cannot be filled in for a reader without a first name; put what uses it inside `{% if first_name %}`",
    "deze mail lukt niet voor wie geen voornaam gaf. Zet dat tussen `{% if first_name %}` en `{% endif %}`.",
)


def _put(given: dict[str, Any], path: list[str], value: object) -> None:
    for name in path[:-1]:
        given = given.setdefault(name, {})
    given[path[-1]] = value


def _links(mail: CompiledMail, given: dict[str, Any]) -> dict[str, Any]:
    """What a mail to a lead is given; one to the practice gets nothing of it."""
    names = ("first_name", "confirm_url", "booking_url", "unsubscribe_url", "preferences_url")
    return {name: given[name] for name in names if name in given and mail.for_lead}
