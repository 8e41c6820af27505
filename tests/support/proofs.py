"""What a visitor's browser does with a challenge of the proof of work."""

from __future__ import annotations

from typing import Any

import altcha


def solved(challenge: dict[str, Any], **changes: object) -> str:
    """The value of the field `altcha` for this challenge; `changes` tamper with its parameters after it was solved."""
    given = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(given)
    assert solution is not None
    for name, value in changes.items():
        setattr(given.parameters, name, value)
    return altcha.Payload(given, solution).to_base64()
