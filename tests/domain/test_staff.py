"""What a password of staff must be, and who sees addresses."""

from __future__ import annotations

import pytest

from service.domain.staff import Role, check_password, clean_staff_name, sees_addresses
from service.errors import InvalidInputError

ADDRESS, NAME = "esra.demir@praktijk.example", "Esra Demir-Jansen"


@pytest.mark.parametrize(
    "password",
    ["vier woorden op een rij", "p4Ssw!rt-qq7Zk", "éénzameülkëzin", "😀😃😄😁😆 en verder", "x" * 100 + "yzab"],
)
def test_anything_long_that_nobody_guesses_first_will_do(password: str) -> None:
    check_password(password, name=NAME, address=ADDRESS)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "minstens 12"),
        ("elf tekens.", "minstens 12"),
        ("x" * 201, "hoogstens 200"),
        ("Wachtwoord2026!", "als eerste geraden"),
        ("welkom123456", "als eerste geraden"),
        ("!!P-a-s-s-w-o-r-d!!", "als eerste geraden"),
        ("qwertyuiopas", "als eerste geraden"),
        ("345678901234", "als eerste geraden"),
        ("abababababab", "als eerste geraden"),
        ("Correct Horse Battery Staple", "als eerste geraden"),
        ("lang genoeg, Esra", "eigen naam"),
        ("esra.demir@praktijk.example", "eigen naam"),
        ("ESRA.DEMIR-en-nog-wat", "eigen naam"),
    ],
)
def test_what_is_short_guessed_first_or_ones_own_is_refused_with_what_to_do(password: str, why: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_password(password, name=NAME, address=ADDRESS)
    assert why in refused.value.dutch
    assert not password or password not in refused.value.dutch + refused.value.english


def test_a_name_is_one_line_of_some_length() -> None:
    assert clean_staff_name("  Esra\tvan\x00 der \u202eBerg ") == "Esra van der Berg"
    for wrong in ("", " \n ", "x" * 81):
        with pytest.raises(InvalidInputError):
            clean_staff_name(wrong)


def test_editors_see_no_addresses() -> None:
    assert [sees_addresses(role) for role in Role] == [False, True, True]
