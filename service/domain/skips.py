"""Why a step is passed over, worded once: as it is decided, and when the row that keeps it in Dutch is read again."""

from __future__ import annotations

from datetime import datetime

from service.domain import conditions
from service.domain.conditions import Condition
from service.domain.sequence import Step
from service.domain.waits import Wait
from service.domain.wording import Reason, dutch_moment, dutch_wait, english_moment


def only_if(condition: Condition) -> Reason:
    """It does not hold."""
    dutch, english = conditions.told(condition)
    return Reason(code="only_if", dutch=f"alleen als {dutch}", english=f"only if {english}")


def skip_if(condition: Condition) -> Reason:
    """It holds."""
    dutch, english = conditions.told(condition)
    return Reason(code="skip_if", dutch=f"niet als {dutch}", english=f"not if {english}")


def too_late(most: Wait, planned: datetime) -> Reason:
    """It was planned for this local moment, and cannot leave within the time it may be late."""
    return Reason(
        code="too_late",
        dutch=f"meer dan {dutch_wait(most)} te laat (gepland op {dutch_moment(planned)})",
        english=f"more than {most} late (planned for {english_moment(planned)})",
    )


def all_of(step: Step, planned: datetime) -> list[Reason]:
    """Every reason for which this step, planned for that local moment, may have been passed over."""
    found = [only_if(step.only_if)] if step.only_if else []
    found += [skip_if(step.skip_if)] if step.skip_if else []
    return found + ([too_late(step.max_late, planned)] if step.max_late else [])
