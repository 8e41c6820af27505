"""What a member of staff may see of a lead. Pages name leads by this and by nothing else (ACCEPTANCE E4)."""

from __future__ import annotations

from service.flows.staff_sessions import Member
from service.store.tables import Lead


def lead_name(lead: Lead, member: Member) -> str:
    """The lead's address for whoever may see it; for editors the number alone. In a template: `lead | lead_name(me)`.

    Everything else by which somebody could be recognised (name, phone number, remarks) goes by `private`.
    """
    return lead.address if member.sees_addresses else f"lead {lead.id}"


def private(text: str | None, member: Member) -> str:
    """A lead's own words, name or number for whoever may see them; for editors nothing."""
    return (text or "") if member.sees_addresses else ""
