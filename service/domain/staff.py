"""Who works with the service: their roles, and what a password of theirs must be."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Literal

from service.errors import InvalidInputError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
LONGEST_STAFF_NAME = 80
_FEWEST_SIGNS = 5
_WORDS = (
    "admin administrator asdfghjkl correcthorsebatterystaple dragon geheim hallo herfst iloveyou inloggen "
    "lente letmein login master monkey nederland password passwordpassword passwort pijncheck praktijk "
    "qwerty qwertyuiop qwertz secret solidperformance sunshine test voetbal wachtwoord "
    "wachtwoordwachtwoord welcome welkom winter zomer "
)
_COMMON = frozenset(_WORDS.split())
"""What most lists of leaked passwords are made of, without the digits and signs that people put round it."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890123456789", "1qaz2wsx3edc4rfv5tgb")


class Role(StrEnum):
    """What somebody may do; each role may also do what those before it may."""

    EDITOR = "editor"
    MANAGER = "manager"
    ADMIN = "admin"


class Least(IntEnum):
    """Who somebody at a page is at least. `CODE`: the password was right, and the code is still to come."""

    ANYONE = 0
    CODE = 1
    EDITOR = 2
    MANAGER = 3
    ADMIN = 4


LEVELS = {Role.EDITOR: Least.EDITOR, Role.MANAGER: Least.MANAGER, Role.ADMIN: Least.ADMIN}
StaffLanguage = Literal["nl", "en"]


def sees_addresses(role: Role) -> bool:
    """May somebody in this role see addresses and names of leads? Editors may not (ACCEPTANCE E4)."""
    return LEVELS[role] >= Least.MANAGER


def clean_staff_name(raw: str) -> str:
    """A name to show, on one line. Raises InvalidInputError where there is none, or no end to it."""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in raw).split())
    if not name:
        raise InvalidInputError("a name is needed", "Vul een naam in.")
    if len(name) > LONGEST_STAFF_NAME:
        raise InvalidInputError(
            f"the name is longer than {LONGEST_STAFF_NAME} letters",
            f"De naam is langer dan {LONGEST_STAFF_NAME} letters.",
        )
    return name


def check_password(password: str, *, name: str, address: str) -> None:
    """Raise InvalidInputError, with what to do, unless this password will do.

    No demands on signs and digits, and no expiry (NIST SP 800-63B, section 3.1.1.2): length, and nothing that is
    guessed first.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInputError(
            f"use at least {SHORTEST_PASSWORD} characters; a few words in a row are easy to remember",
            f"Gebruik minstens {SHORTEST_PASSWORD} tekens. Een paar woorden achter elkaar onthoud je makkelijk.",
        )
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInputError(
            f"use at most {LONGEST_PASSWORD} characters", f"Gebruik hoogstens {LONGEST_PASSWORD} tekens."
        )
    low = password.casefold()
    if _is_common(low):
        raise InvalidInputError(
            "this password is one that is guessed first; choose another",
            "Dit wachtwoord wordt als eerste geraden. Kies een ander.",
        )
    own = {address.casefold(), address.casefold().partition("@")[0], *name.casefold().split()}
    if any(len(word) > 3 and word in low for word in own):
        raise InvalidInputError(
            "leave your own name and e-mail address out of the password",
            "Laat je eigen naam en je e-mailadres weg uit het wachtwoord.",
        )


def _is_common(low: str) -> bool:
    if len(set(low)) < _FEWEST_SIGNS:
        return True
    letters = re.sub(r"[\W\d_]+", "", low)
    if letters in _COMMON:
        return True
    return any(low in row * 2 or low in row[::-1] * 2 for row in _ROWS)
