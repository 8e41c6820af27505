"""Addresses that mail comes back to: whose message they name, and that nobody can make one up."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.links import Keyring, new_public_id
from service.mail.mailbox_url import MailboxUrl
from service.mail.return_paths import address_for, read, token
from tests.support.house import SECRET_KEY

RING = Keyring([SECRET_KEY])
BOX = MailboxUrl(host="imap.praktijk.example", port=993, user="bounces", address="Bounces@praktijk.example")
LETTERS = set("abcdefghijklmnopqrstuvwxyz234567")


def test_an_address_names_its_message_and_holds_nothing_else() -> None:
    public_id = new_public_id()
    address = address_for(BOX, RING, "return-path", public_id)
    local, _, domain = address.partition("@")
    base, _, letters = local.partition("+")
    assert (base, domain) == ("Bounces", "praktijk.example")
    assert len(letters) == 40
    assert set(letters) <= LETTERS
    assert read(RING, address) == public_id
    assert address_for(BOX, RING, "return-path", public_id) == address, "a retry has the same return path"


def test_a_server_that_folds_case_loses_nothing() -> None:
    public_id = new_public_id()
    address = address_for(BOX, RING, "return-path", public_id)
    assert read(RING, address.upper()) == public_id
    assert read(RING, address.lower()) == public_id


def test_a_forwarder_that_puts_more_before_it_loses_nothing() -> None:
    public_id = new_public_id()
    local, _, domain = address_for(BOX, RING, "return-path", public_id).partition("@")
    assert read(RING, f"SRS0=a1B2=C3={domain}={local}@forwarder.example") == public_id
    assert read(RING, f"{local.replace('+', '-')}@{domain}") == public_id


def test_a_token_is_good_for_its_own_use_alone() -> None:
    address = address_for(BOX, RING, "reply-to", new_public_id())
    assert read(RING, address, ["return-path"]) is None
    assert read(RING, address, ["reply-to"]) is not None


def test_addresses_of_two_years_ago_are_read_after_a_rotation() -> None:
    public_id = new_public_id()
    old = address_for(BOX, RING, "return-path", public_id)
    newer = Keyring(["a-newer-key-for-tests-and-nothing-else-4567", SECRET_KEY])
    assert read(newer, old) == public_id
    assert address_for(BOX, newer, "return-path", public_id) != old
    assert read(Keyring(["a-newer-key-for-tests-and-nothing-else-4567"]), old) is None


def test_without_a_plus_the_address_is_the_plain_one() -> None:
    box = MailboxUrl(host="h", port=993, user="u", address="bounces@praktijk.example", plus=False)
    assert address_for(box, RING, "return-path", new_public_id()) == "bounces@praktijk.example"


@given(st.integers(0, 39), st.sampled_from(sorted(LETTERS)))
def test_one_letter_of_another_kind_makes_it_a_strangers(at: int, letter: str) -> None:
    letters = token(RING, "return-path", "AAAAAAAAAAAAAAAAAAAAAA")
    changed = letters[:at] + letter + letters[at + 1 :]
    expected = "AAAAAAAAAAAAAAAAAAAAAA" if changed == letters else None
    assert read(RING, f"bounces+{changed}@praktijk.example") == expected


@given(st.text(alphabet=string.printable + "ëü\u2028", max_size=400))
def test_any_other_text_is_no_address_of_ours(text: str) -> None:
    assert read(RING, text) is None
    assert read(RING, f"bounces+{text}@praktijk.example") is None


@pytest.mark.parametrize("length", [39, 41])
def test_a_token_of_another_length_is_none(length: int) -> None:
    letters = (token(RING, "return-path", new_public_id()) + "a")[:length]
    assert read(RING, f"bounces+{letters}@praktijk.example") is None
