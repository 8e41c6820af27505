"""What a visitor's browser does with a challenge of the proof of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import altcha
import pytest

from service.flows import proof_of_work

_SERVICES_OWN = proof_of_work._ROUNDS


@contextmanager
def cheap_proofs() -> Iterator[None]:
    """Challenges made meanwhile cost hardly anything to solve: half a second each is for whoever floods the service."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof_of_work, "_ROUNDS", 10)
        yield


def costly_proofs(patch: pytest.MonkeyPatch) -> None:
    """For a test of the measure itself: as long as this patch holds, it is the service's."""
    patch.setattr(proof_of_work, "_ROUNDS", _SERVICES_OWN)


def solved(challenge: dict[str, Any], **changes: object) -> str:
    """The value of the field `altcha` for this challenge; `changes` tamper with its parameters after it was solved."""
    given = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(given)
    assert solution is not None
    for name, value in changes.items():
        setattr(given.parameters, name, value)
    return altcha.Payload(given, solution).to_base64()
