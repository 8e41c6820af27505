"""Which mails of a step that is split may be compared: those made while the step was split just as it is now.

A mail of before the split went to everybody, and a longer time ago: its bookings say nothing about the other version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from service.domain.sequence import Sequence
from service.store import sequences


@dataclass(frozen=True, kw_only=True)
class Split:
    """A step (empty for the advice) of a live sequence: its versions, and which revisions have them.

    `versions`: mail -> name; of two names for one mail, which tell nobody anything, the first.
    """

    sequence: str
    step: str
    versions: Mapping[str, str]
    revisions: frozenset[int]


def splits(session: Session, live: Mapping[str, Sequence]) -> list[Split]:
    """Of every live sequence."""
    found = []
    for name, sequence in live.items():
        steps = {step.key if place else "": step for place, step in enumerate(sequence.steps)}
        split = {key: step.variants for key, step in steps.items() if step.variants}
        if not split:
            continue
        documents = sequences.documents_of(session, "sequence", name)
        found += [
            Split(
                sequence=name,
                step=key,
                versions={mail: version for version, mail in sorted(versions.items(), reverse=True)},
                revisions=frozenset(id_ for id_, each in documents.items() if _variants(each, key) == versions),
            )
            for key, versions in split.items()
        ]
    return found


def _variants(document: Mapping[str, Any], key: str) -> Any:
    """As they were published: a revision of another version of the service is read as it is, not as a model."""
    advice, *follow_ups = document["steps"]
    of_step = [each for each in follow_ups if each["key"] == key] if key else [advice]
    return of_step[0].get("variants") if of_step else None
