"""A mail that was published by the code of then is filled in to the very same bytes by the code of now.

The sums were made by the code that published them; a mail in the ledger is sent again with the bytes of its first try.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from service.mail.compiled import CompiledMail
from service.mail.compose import compose
from tests.support.mails import headers, values

FIRST = Path(__file__).parents[1] / "store" / "first_schema.zip"
NAMES = (None, "Zoë")
ANSWERS = ("hollow", "flat", "unknown")
COMPOSED = {
    "advies-lage-rug": "b19e2c3b7f9d8cb2",
    "advies-uitstraling-been": "faaa391e1519a9a3",
    "check-lage-rug": "0e997a335206b0dd",
    "check-uitstraling-been": "fa390a4da00e9f21",
    "eerdere-uitnodiging": "b6aff0ae8fc9112a",
    "hoe-ging-het": "cd103971ff67ad65",
    "laatste-bericht": "bc2ce16f2839229d",
    "niets-te-zien": "f9d630634398a50d",
    "sterker-losser-lage-rug": "784c856d68889c5f",
    "sterker-losser-uitstraling-been": "9d38c2c70b465d29",
    "uitnodiging": "dea7a178c358c4ae",
    "zitten-staan-tillen": "9cdb7b6b0bb090bb",
}


def published() -> dict[str, CompiledMail]:
    """Every mail to a lead in the revisions of then; the later of two."""
    with zipfile.ZipFile(FIRST) as opened:
        rows = [json.loads(line) for line in opened.read("revision.jsonl").decode().splitlines()]
    found: dict[str, CompiledMail] = {}
    for kind, compiled in ((row[1], row[5]) for row in rows):
        if kind in {"sequence", "mails"}:
            found |= {name: CompiledMail.model_validate(each) for name, each in compiled.items()}
    return {name: mail for name, mail in sorted(found.items()) if mail.audience == "lead"}


def summed(mail: CompiledMail) -> str:
    """A sum over its bytes for six leads."""
    digest = hashlib.sha256()
    for first_name in NAMES:
        for posture in ANSWERS:
            digest.update(compose(mail, values(first_name=first_name, answers={"posture": posture}), headers()))
    return digest.hexdigest()[:16]


def test_all_of_them_are_looked_at() -> None:
    assert published().keys() == COMPOSED.keys()


@pytest.mark.parametrize("name", COMPOSED)
def test_its_bytes_are_those_of_then(name: str) -> None:
    assert summed(published()[name]) == COMPOSED[name]
