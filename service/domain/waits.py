"""A length of time as staff write it, such as "2 days" or "3 working days"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import model_serializer, model_validator

from service.domain.reading import Value, WrongValueError

Unit = Literal["hours", "days", "working_days"]

_WAIT = re.compile(r"(\d{1,5}) +(hour|day|working[ _-]day)s?", re.IGNORECASE)
_LONGEST_WAIT_DAYS = 366
HOW_TO_WAIT = 'a number with hours, days or working days, such as "2 days"'
HOE_TE_WACHTEN = 'een getal met hours (uren), days (dagen) of working days (werkdagen), zoals "2 days"'


class Wait(Value):
    """How long to wait: hours are absolute, days are calendar days, working days skip what the calendar closes.

    Written, and kept in JSON, as "2 days", "4 hours" or "3 working days".
    """

    amount: int
    unit: Unit

    def __str__(self) -> str:
        name = self.unit.replace("_", " ")
        return f"{self.amount} {name if self.amount > 1 else name.removesuffix('s')}"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: object) -> object:
        if isinstance(data, Mapping) and {"amount", "unit"} == set(data):
            return data
        found = _WAIT.fullmatch(data.strip()) if isinstance(data, str) else None
        if not found:
            raise WrongValueError("that is no length of time", "dat is geen tijdsduur")
        return {"amount": int(found[1]), "unit": re.sub(r"[ _-]", "_", found[2].lower()) + "s"}

    @model_validator(mode="after")
    def _is_a_wait(self) -> Wait:
        if self.amount < 1:
            raise WrongValueError(
                "nothing can be waited for; the shortest wait is 1 hour", "dat is geen wachttijd; 1 uur is de kortste"
            )
        if self.amount > _LONGEST_WAIT_DAYS * (24 if self.unit == "hours" else 1):
            raise WrongValueError("that is longer than a year", "dat is langer dan een jaar")
        return self

    @model_serializer
    def _as_text(self) -> str:
        return str(self)
