"""How often our mails are complained about or come back: above a share follow-ups pause (ACCEPTANCE F4)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.flows.services import Services


def after_complaint(session: Session, services: Services, now: datetime) -> None:
    """Look again, within the transaction of the complaint."""


def after_hard_bounce(session: Session, services: Services, now: datetime) -> None:
    """Look again, within the transaction of the bounce."""
