"""Alarms: so many complain, or so many mailboxes do not exist, that we had better stop and look (ACCEPTANCE F4).

Asked in the transaction of each complaint and hard bounce, and never otherwise: what staff let go again stays so until
the next one comes. Mails of leads who were erased since count no more, their complaints and bounces do: the
rates err on the high side.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.flows import alerts, brake
from service.flows.services import Services
from service.store import events
from service.store import rates as store
from service.store.tables import Message

COMPLAINTS, COMPLAINTS_PAUSED, BOUNCES_PAUSED = "complaints", "complaints-paused", "hard-bounces"
"""The causes of the alerts."""
_MONTH, _DAY = timedelta(days=30), timedelta(days=1)
_FEWEST_COMPLAINTS, _FEWEST_BOUNCES = 3, 5
_ALERT_PER_1000, _PAUSE_PER_1000 = 1, 3  # complaints
_BOUNCES_PER_100 = 5
_ACTOR = "service"
_LET_GO = "Weer laten gaan: nurture resume"


def after_complaint(session: Session, services: Services, now: datetime) -> None:
    """A complaint was kept: above 0.1 % (and 3) in 30 days it is told, above 0.3 % no follow-up leaves any more.

    The last thing in its transaction but for other alerts: whoever waits here holds leads and messages already.
    """
    store.hold(session)
    if _stands(session, COMPLAINTS_PAUSED):
        return
    complaints, of = _complaints(session, now)
    if not _above(complaints, of, _ALERT_PER_1000):
        return
    alerts.tell(
        session,
        COMPLAINTS,
        dutch=f"Er kwamen {complaints} klachten in 30 dagen, op {of} verstuurde mails. Dat is meer dan 0,1 %. Kijk of "
        "iedereen om de mails vroeg, en of de tekst duidelijk is. Bij 0,3 % zetten we de vervolgmails stil.",
        english=f"{complaints} complaints in 30 days, of {of} mails that were taken: more than 0.1 %; at 0.3 % the "
        "follow-ups are held back",
        now=now,
    )
    if _above(complaints, of, _PAUSE_PER_1000):
        _pause(
            session,
            services,
            COMPLAINTS_PAUSED,
            dutch=f"Er kwamen {complaints} klachten in 30 dagen, op {of} verstuurde mails. Dat is meer dan 0,3 %. De "
            "vervolgmails staan stil, want zo komt alle mail bij de spam. Zoek eerst uit waarom mensen klagen. "
            f"{_LET_GO}",
            english=f"{complaints} complaints in 30 days, of {of} mails that were taken: more than 0.3 %; the "
            "follow-ups are held back until: nurture resume",
            now=now,
        )


def after_hard_bounce(session: Session, services: Services, now: datetime) -> None:
    """A hard bounce was kept: above 5 % (and 5) of the mails of a day no follow-up leaves any more, and it is told."""
    store.hold(session)
    if _stands(session, BOUNCES_PAUSED):
        return
    bounces, refused = store.hard_bounces(session, now - _DAY)
    if bounces < _FEWEST_BOUNCES:
        return
    most = bounces * 100 // _BOUNCES_PER_100
    of = store.taken(session, now - _DAY, most) + refused
    if bounces * 100 <= of * _BOUNCES_PER_100:
        return
    _pause(
        session,
        services,
        BOUNCES_PAUSED,
        dutch=f"Van {of} mails in een dag kwamen er {bounces} terug omdat het adres niet bestaat. Dat is meer dan 5 %. "
        "De vervolgmails staan stil. Kijk waar deze aanvragen vandaan komen, en of onze mail goed is ingesteld: "
        f"nurture doctor. {_LET_GO}",
        english=f"of {of} mails in a day {bounces} came back because there is no such address: more than 5 %; the "
        "follow-ups are held back until: nurture resume",
        now=now,
    )


def refused(session: Session, services: Services, message: Message, now: datetime) -> None:
    """A server knew no such mailbox, and said so at once: that counts as a report of it would."""
    store.keep_refusal(session, message, now)
    after_hard_bounce(session, services, now)


def review(session: Session, now: datetime) -> None:
    """Close what is over: the rate is under 0.1 % again, or staff let the follow-ups go."""
    about = (COMPLAINTS, COMPLAINTS_PAUSED, BOUNCES_PAUSED)
    standing = [alert.cause for alert in events.open_alerts(session) if alert.cause in about]
    if not standing:
        return
    store.hold(session)
    if COMPLAINTS in standing and not _above(*_complaints(session, now), _ALERT_PER_1000):
        alerts.mended(session, COMPLAINTS, now)
    for cause in {COMPLAINTS_PAUSED, BOUNCES_PAUSED} & set(standing):
        if not _held_back(session):
            alerts.mended(session, cause, now)


def _complaints(session: Session, now: datetime) -> tuple[int, int]:
    """How many in 30 days, and of how many mails; where the rate is low, or they are too few, of enough to see that."""
    complaints = store.complaints(session, now - _MONTH)
    if complaints < _FEWEST_COMPLAINTS:
        return complaints, complaints * 1000
    return complaints, store.taken(session, now - _MONTH, complaints * 1000 // _ALERT_PER_1000)


def _above(complaints: int, of: int, per_1000: int) -> bool:
    return complaints >= _FEWEST_COMPLAINTS and complaints * 1000 > of * per_1000


def _stands(session: Session, cause: str) -> bool:
    """Are the follow-ups held back, and was this told as the reason? Then there is nothing to add."""
    return _held_back(session) and any(alert.cause == cause for alert in events.open_alerts(session))


def _held_back(session: Session) -> bool:
    paused = brake.state(session)
    return paused.follow_ups or paused.all_mail


def _pause(session: Session, services: Services, cause: str, *, dutch: str, english: str, now: datetime) -> None:
    """Pull the brake, and tell it anew each time: what was told before was about a pause that staff ended."""
    if not _held_back(session):
        brake.pull(session, services, name=None, all_mail=False, actor=_ACTOR, now=now, why=cause)
        alerts.mended(session, cause, now)
    alerts.tell(session, cause, dutch=dutch, english=english, now=now)
