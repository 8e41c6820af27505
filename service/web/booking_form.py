"""The pain-check request as it was filled in: short, from the choices offered, and everything wrong told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.domain.lead import normalise_address
from service.domain.practice import Practice
from service.domain.reading import WEEKDAYS
from service.errors import FieldProblem, InvalidInputError
from service.flows.booking import PainCheckRequest
from service.flows.booking_mails import DAYS, TIMES

_LONGEST = {"name": 80, "phone": 40, "email": 254, "note": 300}
_PHONE = re.compile(r"\+?[0-9 ()./-]{6,}")
_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FIELDS: dict[str, Sequence[str] | dict[str, Any]] = {
    **{name: {"type": "string", "maxLength": longest} for name, longest in _LONGEST.items()},
    "phone": {"type": "string", "maxLength": _LONGEST["phone"], "pattern": f"^({_PHONE.pattern})?$"},
    "days": WEEKDAYS,
    "times": tuple(TIMES),
}
"""What the form may hold, for `documented.form`."""


def read(fields: Mapping[str, list[str]], practice: Practice) -> PainCheckRequest:
    """The wish in the form. Raises InvalidInputError with every field that cannot be taken."""
    problems: list[FieldProblem] = []
    text = {name: _text(name, fields, problems) for name in _LONGEST}
    text["phone"] = " ".join(text["phone"].split())  # out of a list of contacts it comes with spaces of its own
    if text["phone"] and not _PHONE.fullmatch(text["phone"]):
        problems.append(FieldProblem(pointer="/phone", detail="Schrijf je nummer met cijfers, zoals 06 12345678."))
    try:
        email = normalise_address(text["email"]) if text["email"] else None
    except InvalidInputError as error:
        problems += error.fields
    days: dict[str, str] = {day: DAYS[WEEKDAYS.index(day)] for day in practice.opening_days}
    preferred = _chosen("days", days, fields, problems) + _chosen("times", TIMES, fields, problems)
    if problems:
        raise InvalidInputError("the request cannot be taken", "Er klopt iets niet in je aanvraag.", fields=problems)
    return PainCheckRequest(
        name=text["name"] or None,
        phone=text["phone"] or None,
        email=email,
        preferred=tuple(preferred),
        note=text["note"] or None,
    )


def _text(name: str, fields: Mapping[str, list[str]], problems: list[FieldProblem]) -> str:
    value = (fields.get(name) or [""])[-1].strip()
    if len(value) > _LONGEST[name]:
        detail = f"Dit is te lang: hoogstens {_LONGEST[name]} tekens."
        problems.append(FieldProblem(pointer=f"/{name}", detail=detail))
    elif _HOSTILE.search(value):
        problems.append(FieldProblem(pointer=f"/{name}", detail="Hier staan tekens in die we niet kunnen lezen."))
    else:
        return value
    return ""


def _chosen(
    name: str, offered: Mapping[str, str], fields: Mapping[str, list[str]], problems: list[FieldProblem]
) -> list[str]:
    given = fields.get(name, [])
    if any(value not in offered for value in given):
        problems.append(FieldProblem(pointer=f"/{name}", detail="Deze keuze staat niet op het formulier."))
    return [label for value, label in offered.items() if value in given]
