"""The receipt of a lead's consents as one page to keep: a file that needs nothing beside it, and prints on a sheet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from service.domain.practice import Practice
from service.flows.receipts import Receipt
from service.web import pages

_ROADS: Mapping[str, str] = MappingProxyType(
    {
        "one-click": "met de afmeldknop van het mailprogramma",
        "unsubscribe page": "op onze afmeldpagina",
        "my data page": "op de pagina met de eigen gegevens",
        "staff": "door de praktijk, op verzoek",
        "by the mail provider": "met de afmeldknop van de mailprovider",
        "by mail": "met een mail aan ons",
        "complaint": "vanzelf vervallen: een mail van ons is als ongewenst gemeld",
        "hard_bounce": "vanzelf vervallen: het mailadres bestaat niet",
        "no said before the restore": "overgenomen toen een back-up werd teruggezet",
        "no said in the copy": "overgenomen toen een kopie van de database buiten gebruik ging",
    }
)


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """One consent, and its withdrawal if there was one."""

    given: Receipt
    withdrawn: Receipt | None

    @property
    def road(self) -> str:
        """How it was taken back; what nobody gave Dutch words stands as it was noted."""
        source = self.withdrawn.source if self.withdrawn else ""
        return _ROADS.get(source, source)


@dataclass(frozen=True, kw_only=True)
class ReceiptPage:
    """What a lead agreed to, oldest first. Moments are told in the practice's zone and in UTC."""

    practice: Practice
    lead: int
    address: str
    agreed: tuple[Agreed, ...]
    made_at: datetime
    zone: ZoneInfo

    def html(self) -> str:
        """The whole file."""
        return pages.file_text("consent_receipt.html", self)

    def json(self, receipts: Sequence[Receipt]) -> str:
        """The same as JSON, with what each receipt can be proved with."""
        found = {
            "practice": self.practice.name,
            "lead": self.lead,
            "address": self.address,
            "made_at": self.made_at.isoformat(),
            "receipts": [each.as_json() for each in receipts],
        }
        return json.dumps(found, ensure_ascii=False, indent=2)


def agreed(receipts: Sequence[Receipt]) -> tuple[Agreed, ...]:
    """Each consent with what ended it."""
    ends = {each.consent: each for each in receipts if each.kind == "withdrawn"}
    return tuple(Agreed(given=each, withdrawn=ends.get(each.consent)) for each in receipts if each.kind == "given")
