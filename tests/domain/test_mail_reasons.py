"""Why a mail stands where it does, in both languages."""

from __future__ import annotations

import pytest

from service.domain import mail_reasons
from service.domain.lead_words import ROADS
from service.domain.mail_reasons import in_both, later
from service.domain.screening import Held

KEPT = [
    *(
        value
        for name, value in vars(mail_reasons).items()
        if name[0] != "_" and name.isupper() and isinstance(value, str)
    ),
    *Held,
]


@pytest.mark.parametrize("kept", KEPT)
def test_whatever_a_row_keeps_is_told_as_it_is_in_dutch_and_in_english(kept: str) -> None:
    dutch, english = in_both(kept)
    assert dutch == kept
    assert english not in {"", kept}


def test_no_two_reasons_are_kept_in_the_same_words() -> None:
    assert len(KEPT) == len(set(KEPT)) > 30


def test_a_no_is_told_by_the_road_it_came_by() -> None:
    assert in_both("one-click") == ROADS["one-click"]


def test_a_try_that_was_refused_for_now_says_what_was_answered() -> None:
    assert later(451) == "later opnieuw (451)"
    assert in_both(later(451)) == ("later opnieuw (451)", "again later (451)")
    assert in_both(later("rcpt")) == ("later opnieuw (rcpt)", "again later (rcpt)")


def test_what_a_mail_server_said_stays_as_it_is() -> None:
    assert in_both("550 no_such_user here") == ("550 no_such_user here", "550 no_such_user here")
