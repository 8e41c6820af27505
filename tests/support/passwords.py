"""Passwords compared at a fraction of what one costs: 60 ms each, by hundreds of tests that are about something else.

A hash tells by itself what it costs to compare with it. Programs that tests start have the measure of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import argon2
import pytest

from service.flows import staff_login, staff_secrets

SERVICES_OWN = staff_secrets.HASHER
_CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Whoever sets a password meanwhile sets a cheap one."""
    with pytest.MonkeyPatch.context() as patch:
        _measure(patch, _CHEAP)
        yield


def costly_passwords(patch: pytest.MonkeyPatch) -> None:
    """For a test of the measure itself: as long as this patch holds, it is the service's."""
    _measure(patch, SERVICES_OWN)


def _measure(patch: pytest.MonkeyPatch, hasher: argon2.PasswordHasher) -> None:
    for module in (staff_secrets, staff_login):
        patch.setattr(module, "HASHER", hasher)
