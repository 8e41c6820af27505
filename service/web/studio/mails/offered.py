"""What a mail can speak of, for whoever types: fields, conditions, partials, images, links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from service.domain.staff import StaffLanguage
from service.flows.drafts import Draft
from service.flows.mail_shelf import markdown
from service.flows.media import FOLDER
from service.flows.readers import asked
from service.mail.front_matter import read
from service.mail.names import AUDIENCES, LINKS, LISTS, Audience, allowed_names

_IMAGE = re.compile(r"[a-z0-9][a-z0-9_-]*\.(?:png|jpe?g|gif)")
_WORDS: dict[str, tuple[str, str]] = {
    "first_name": ("de voornaam, of anders “lezer”", "the first name, or else “lezer”"),
    "practice.name": ("de naam van de praktijk", "the practice's name"),
    "practice.address": ("het adres van de praktijk", "the practice's address"),
    "practice.phone": ("het telefoonnummer", "the telephone number"),
    "practice.email": ("het e-mailadres van de praktijk", "the practice's e-mail address"),
    "practice.kvk": ("het KvK-nummer", "the Chamber of Commerce number"),
    "practice.pain_check.price": ("de prijs van de pijncheck", "the price of the pain check"),
    "practice.pain_check.duration": ("hoe lang de pijncheck duurt", "how long the pain check takes"),
    "practice.pain_check.location": ("waar de pijncheck is", "where the pain check is"),
    "practice.pain_check.reimbursement": ("wat de verzekering vergoedt", "what insurance pays back"),
    "practice.pain_check.bring": ("wat je meeneemt naar de pijncheck", "what to bring to the pain check"),
    "practice.pain_check.cancellation": ("hoe je de pijncheck afzegt", "how to cancel the pain check"),
    "confirm_url": ("link: ja, stuur mij het vervolg", "link: yes, send me more"),
    "booking_url": ("link naar de pijncheck", "link to the pain check"),
    "unsubscribe_url": ("link om te stoppen", "link to stop"),
    "preferences_url": ("link naar de eigen gegevens", "link to one's own data"),
    "practice.privacy_url": ("link naar de privacypagina", "link to the privacy page"),
    "practice.booking.url": ("link naar de agenda", "link to the calendar"),
    "practice.links.article": ("link naar het artikel", "link to the article"),
}


def offered(draft: Draft, folder: Path, name: str, text: str, language: StaffLanguage) -> list[dict[str, Any]]:
    """Each with its `kind` (value, condition, partial, image or link), its `name` and a `label`.

    A value has what to `insert` where that is not its name alone; a condition its `values`.
    """
    allowed = allowed_names(_audience(name, text)) - LISTS
    values = [
        {"kind": "value", "name": each, "label": _label(each, language), "insert": _insert(each)}
        for each in sorted(allowed - LINKS, key=_place)
    ]
    conditions: list[dict[str, Any]] = [
        {
            "kind": "condition",
            "name": "first_name",
            "label": {"nl": "wie een voornaam gaf", "en": "who gave a first name"}[language],
        }
    ]
    conditions += [
        {
            "kind": "condition",
            "name": f"answers.{each.name}",
            "label": each.label or {"nl": "Hoe ging de eerste stap?", "en": "How did the first step go?"}[language],
            "values": [value for value, _ in each.options],
        }
        for each in asked(draft)
    ]
    links = [
        {"kind": "link", "name": each, "label": _label(each, language)} for each in sorted(allowed & LINKS, key=_place)
    ]
    partials = [
        {"kind": "partial", "name": f"{each}.md", "label": _title(each)}
        for each in sorted(markdown(draft))
        if each.startswith("_") and each != name
    ]
    images = [{"kind": "image", "name": each, "label": each.removeprefix(f"{FOLDER}/")} for each in _images(folder)]
    return [*values, *conditions, *links, *partials, *images]


def _audience(name: str, text: str) -> Audience:
    written = read(f"{name}.md", text)[0].text("audience")
    return next((each for each in AUDIENCES if each == written), "lead")


def _label(name: str, language: StaffLanguage) -> str:
    return _WORDS[name][0 if language == "nl" else 1] if name in _WORDS else name


def _insert(name: str) -> str:
    return 'first_name|default("lezer", true)' if name == "first_name" else name


def _place(name: str) -> tuple[int, str]:
    known = list(_WORDS)
    return (known.index(name) if name in known else len(known), name)


def _title(partial: str) -> str:
    return partial.removeprefix("_").replace("-", " ")


def _images(folder: Path) -> list[str]:
    return sorted(f"{FOLDER}/{each.name}" for each in (folder / FOLDER).glob("*") if _IMAGE.fullmatch(each.name))
