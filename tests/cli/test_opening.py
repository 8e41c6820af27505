"""Who is at the keyboard, for the audit log."""

from __future__ import annotations

import os
import pwd

import pytest

from service.cli.opening import staff_name


def test_somebody_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    taken = {each.pw_uid for each in pwd.getpwall()}
    nameless = next(number for number in range(54_321, 60_000) if number not in taken)
    monkeypatch.setattr(os, "getuid", lambda: nameless)
    assert staff_name() == f"staff:{nameless}"
