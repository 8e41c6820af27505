"""The draft at a glance: what is wrong in it, what is not approved yet, and does it differ from what is live?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from service.flows.drafts import Draft
from service.store import sequences

_APPROVAL = "mail.approval"


@dataclass(frozen=True, kw_only=True)
class Glance:
    """`unapproved` texts are not among the `warnings`; `differs` says how many parts publishing would change."""

    errors: int = 0
    warnings: int = 0
    unapproved: int = 0
    differs: int = 0


def glance(session: Session, draft: Draft) -> Glance:
    """Counts over the whole draft."""
    live = sequences.live_hashes(session)
    unapproved = sum(each.id == _APPROVAL for each in draft.warnings)
    return Glance(
        errors=len(draft.errors),
        warnings=len(draft.warnings) - unapproved,
        unapproved=unapproved,
        differs=sum(live.get((part.kind, part.name)) != part.hash for part in draft.parts),
    )
