"""Changes that are not saved yet, carried by a page of ours to the next.

They are sealed for one person: only whoever was let in to save them can, in the files and with the words they had.
Somebody who has a lower role by now may not be let in to those files any more.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.errors import InvalidInputError
from service.flows import staff_secrets
from service.flows.content_desk import Change
from service.web.studio.doors import Visit

_PURPOSE = "held changes"
LARGEST = 12 * 1024 * 1024
"""Bytes of a form that carries them: an image of six megabytes, written in letters."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """`done` is the page to go on to; `merged` has another text for some files, in which both edits are.

    `typed`: somebody wrote it, and it is no text of ours that was put back.
    """

    changes: Mapping[str, Change]
    done: str
    typed: bool = True
    merged: Mapping[str, bytes] = field(default_factory=dict)


def seal(visit: Visit, held: Held) -> str:
    """As the value of a field of a form."""
    plain = {
        "changes": {file: [_letters(change.data), change.seen] for file, change in held.changes.items()},
        "merged": {file: _letters(data) for file, data in held.merged.items()},
        "done": held.done,
        "typed": held.typed,
        "level": int(visit.me.level),
    }
    packed = base64.b85encode(zlib.compress(json.dumps(plain).encode())).decode()
    return staff_secrets.encrypt(visit.services.keyring, _PURPOSE, visit.me.id, packed)


def unseal(visit: Visit) -> Held:
    """What the form carries. InvalidInputError for whatever was not sealed for whoever is there."""
    packed = staff_secrets.decrypt(visit.services.keyring, _PURPOSE, visit.me.id, visit.field("held"))
    plain = json.loads(zlib.decompress(base64.b85decode(packed))) if packed is not None else None
    if plain is None or plain["level"] > visit.me.level:
        raise InvalidInputError(
            "that is not what the page held; go back and save again",
            "Dit hoort niet bij deze pagina. Ga terug en bewaar opnieuw.",
        )
    return Held(
        changes={file: Change(data=_data(data), seen=seen) for file, (data, seen) in plain["changes"].items()},
        merged={file: _data(data) or b"" for file, data in plain["merged"].items()},
        done=plain["done"],
        typed=plain.get("typed", True),
    )


def _letters(data: bytes | None) -> str | None:
    return None if data is None else binascii.b2a_base64(data, newline=False).decode()


def _data(letters: str | None) -> bytes | None:
    return None if letters is None else binascii.a2b_base64(letters)
