"""What staff are told of news about mail that somebody has to look into."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.flows import alerts
from service.store import events

_REJECTED, _STAFF, _UNREADABLE = "mail-rejected", "staff-mail-returned", "webhook-unreadable"
_CLOSED_AFTER = timedelta(days=7)  # the next of its kind then tells it again


def tell_unreadable(session: Session, source: str, now: datetime) -> None:
    """A genuine call that nobody here can read."""
    alerts.tell(
        session,
        f"{_UNREADABLE}:{source}",
        dutch=f"Een bericht van {source} over onze mail is niet te lezen. Misschien is de vorm ervan veranderd: vraag "
        "wie deze dienst onderhoudt om een nieuwe versie.",
        english=f"an event of {source} cannot be read; its form may have changed: install a newer version",
        now=now,
    )


def tell_rejected(session: Session, source: str, now: datetime) -> None:
    """Mail is refused for what it is or for whom it comes from."""
    alerts.tell(
        session,
        f"{_REJECTED}:{source}",
        dutch=f"Mail van ons wordt geweigerd, zo meldt {source}: om de inhoud, de afzender, of omdat het adres daar op "
        "een lijst staat. De lead kan er niets aan doen. Kijk bij de provider wat er staat, en of SPF, DKIM en DMARC "
        "kloppen.",
        english=f"mail of ours is refused, {source} says: for its content, its sender, or because the address is on a "
        "list there; look what the provider says, and whether SPF, DKIM and DMARC are right",
        now=now,
    )


def tell_staff_mail(session: Session, now: datetime) -> None:
    """A mail to the practice came back, or does not leave: its address is also that of a lead who wants no mail."""
    alerts.tell(
        session,
        _STAFF,
        dutch="Een mail aan de praktijk zelf kwam terug, of ging niet weg omdat dit adres geen mail meer wil. Kijk of "
        "de adressen van medewerkers in practice.yaml en in NURTURE_ALERT_TO kloppen, en of hun mailbox niet vol is.",
        english="a mail to the practice itself came back, or did not leave as its address wants no mail any more; look "
        "whether the addresses of staff in practice.yaml and in NURTURE_ALERT_TO are right, and whether their mailbox "
        "is full",
        now=now,
    )


def close_old(session: Session, now: datetime) -> None:
    """An alert about news stands for a week; news of its kind after that tells it again.

    So it does where it was told by a clock that was far ahead: else it would stand until that day, and hide all news.
    """
    for alert in events.open_alerts(session):
        kind = alert.cause.partition(":")[0]
        if kind in {_REJECTED, _STAFF, _UNREADABLE, alerts.RUN_STUCK} and abs(now - alert.raised_at) > _CLOSED_AFTER:
            events.hold_alert(session, alert.cause)
            alerts.mended(session, alert.cause, now)
