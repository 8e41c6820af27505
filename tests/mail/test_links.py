"""Tokens of links: bound to a purpose and an id, good for years, and telling nothing."""

from __future__ import annotations

import base64
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RefusedError
from service.mail.links import Keyring, address_hmac, fingerprint, new_public_id, url

OLD, NEW = "old-key-" + "x" * 40, "new-key-" + "y" * 40
LETTERS = string.ascii_letters + string.digits + "-_"


def test_a_token_has_48_safe_letters_and_gives_its_id_back() -> None:
    ring, public_id = Keyring([NEW]), new_public_id()
    token = ring.sign("u", public_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{48}", token)
    assert ring.read("u", token) == public_id


def test_a_token_is_good_for_its_own_purpose_alone() -> None:
    ring = Keyring([NEW])
    token = ring.sign("u", new_public_id())
    assert [ring.read(purpose, token) for purpose in ("c", "p", "b", "a", "d")] == [None] * 5


def test_a_token_outlives_a_rotation_of_keys_but_not_the_loss_of_its_own() -> None:
    public_id = new_public_id()
    token = Keyring([OLD]).sign("b", public_id)
    assert Keyring([NEW, OLD]).read("b", token) == public_id
    assert Keyring([NEW]).read("b", token) is None


@given(st.integers(0, 47), st.sampled_from("ABCabc019_-"))
def test_a_token_with_any_letter_changed_is_no_token(place: int, letter: str) -> None:
    ring = Keyring([NEW])
    token = ring.sign("u", base64.urlsafe_b64encode(b"0123456789abcdef").rstrip(b"=").decode())
    changed = token[:place] + letter + token[place + 1 :]
    assert (ring.read("u", changed) is None) == (changed != token)


@given(st.text(max_size=60))
def test_any_other_string_is_no_token(text: str) -> None:
    assert Keyring([NEW]).read("u", text) is None


@pytest.mark.parametrize("wrong", ["", "short", "A" * 21 + "B", "=" * 22, "A" * 23])
def test_only_a_public_id_can_be_signed(wrong: str) -> None:
    with pytest.raises(RefusedError):
        Keyring([NEW]).sign("u", wrong)


def test_a_ring_without_keys_is_refused() -> None:
    for keys in ([], [""]):
        with pytest.raises(RefusedError):
            Keyring(keys)


def test_the_stand_in_for_an_address_depends_on_key_and_address_and_shows_neither() -> None:
    stand_in = address_hmac(OLD, "anna@example.org")
    assert re.fullmatch(r"[0-9a-f]{64}", stand_in)
    assert stand_in == address_hmac(OLD, "anna@example.org")
    assert len({stand_in, address_hmac(NEW, "anna@example.org"), address_hmac(OLD, "bram@example.org")}) == 3
    assert fingerprint(OLD) != fingerprint(NEW)


def test_a_link_joins_base_purpose_and_token() -> None:
    assert url("https://mail.example/", "u", "T") == "https://mail.example/u/T"


def test_what_was_sealed_comes_back_under_its_own_label_alone() -> None:
    sealed = Keyring([NEW]).seal("form", b"lage-rug")
    assert Keyring([NEW]).unseal("form", sealed) == b"lage-rug"
    assert Keyring([NEW]).unseal("other", sealed) is None


def test_a_seal_outlives_a_rotation_of_keys_but_not_the_loss_of_its_own() -> None:
    sealed = Keyring([OLD]).seal("form", b"lage-rug")
    assert Keyring([NEW, OLD]).unseal("form", sealed) == b"lage-rug"
    assert Keyring([NEW]).unseal("form", sealed) is None


def test_there_is_one_spelling_of_a_sealed_value() -> None:
    """The last letter of base64 leaves bits unused; a second spelling would be a second token."""
    for length in range(4):
        sealed = Keyring([NEW]).seal("form", b"x" * length)
        spellings = [sealed[:-1] + letter for letter in LETTERS]
        assert [each for each in spellings if Keyring([NEW]).unseal("form", each) is not None] == [sealed]


def test_keys_for_one_purpose_are_not_those_of_another() -> None:
    ring = Keyring([NEW, OLD])
    assert len({*ring.derived("a"), *ring.derived("b")}) == 4
    assert ring.derived("a")[1:] == Keyring([OLD]).derived("a")
