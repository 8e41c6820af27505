"""The backlog guard: what piled up while nothing could leave waits for staff, where it is much (ACCEPTANCE L8).

A gap is a stretch of time in which no follow-up could leave: no worker ran, the brake was on, or the mail server was
out of reach. It is kept as a fact, with what was decided about it at its end: whether more had piled up than may go by
itself. Everything that was due by then and has not left shares that fate, so that it does not slip through in batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

import structlog
from sqlmodel import Session

from service.domain import mail_reasons
from service.flows import alerts, clock_check
from service.flows.services import Services
from service.store import backlog as store
from service.store import events, outbox

Kind = Literal["downtime", "restored"]
QUIET = timedelta(hours=6)
"""No worker for longer than this, or no way out, is a gap; shorter ones the send window makes up for."""
_WATCH = timedelta(minutes=1)
_KEPT = timedelta(days=30)
_SEEN, _GAPS = "worker_seen", "gap"
_HOLD = MappingProxyType({"downtime": "backlog", "restored": "restored"})
_REASON = MappingProxyType({"downtime": mail_reasons.BACKLOG, "restored": mail_reasons.RESTORED})
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """No follow-up left from `since` to `until`: of one sequence, or of any.

    `held`: what was due by its end waits for staff. Always so for "restored": after that backup was made the mail may
    have left. `count` is how many there were at its end; None where nobody counted.
    """

    since: datetime
    until: datetime
    kind: Kind = "downtime"
    sequence: str | None = None
    held: bool = True
    count: int | None = None

    def covers(self, sequence: str | None, moment: datetime) -> bool:
        """Does a follow-up that was due at this moment wait because of it?"""
        return self.held and moment <= self.until and self.sequence in {None, sequence}


class Guard:
    """The gaps as of one transaction."""

    def __init__(self, session: Session, gaps: list[Gap], now: datetime) -> None:
        self._session = session
        self._gaps = sorted(gaps, key=lambda gap: gap.kind != "restored")  # the graver reason is told
        self._now = now
        self._told = False

    def hold(self, sequence: str | None, due_at: datetime) -> tuple[str, str] | None:
        """What a follow-up that was due then is held for, and the reason in Dutch; None where it may go."""
        gap = next((gap for gap in self._gaps if gap.covers(sequence, due_at)), None)
        if gap is None:
            return None
        if not self._told:
            _tell(self._session, gap, self._now)
            self._told = True
        return _HOLD[gap.kind], _REASON[gap.kind]

    @property
    def knows_of_a_restore(self) -> bool:
        """Was an older database put back lately?"""
        return any(gap.kind == "restored" for gap in self._gaps)

    def may_have_left(self, sequence: str | None, planned_at: datetime) -> bool:
        """Did it fall due before or in the stretch that a restored database knows nothing of?"""
        return any(gap.kind == "restored" and gap.covers(sequence, planned_at) for gap in self._gaps)


def watch(session: Session, services: Services, now: datetime) -> Guard:
    """Say that a worker is here, and find out whether none was for long. Asked before anything is planned or leaves.

    Only a worker calls this: who plans for a visitor or for staff sends nothing, and asks `guard`. A worker whose clock
    is wrong does not count: it leaves follow-ups to others. The demo's clock jumps by design: no gaps there.
    """
    if services.demo:
        return Guard(session, [], now)
    known = events.facts(session, [_SEEN, _GAPS])
    if not _just_seen(known.get(_SEEN), now) and not clock_check.is_wrong(session, services, now):
        seen = events.hold_fact(session, _SEEN)
        if not _just_seen(seen, now):
            events.set_fact(session, _SEEN, {"at": now.isoformat()})
            if seen is not None and now - datetime.fromisoformat(seen["at"]) > QUIET:
                add(session, services, since=datetime.fromisoformat(seen["at"]), until=now)
        known = events.facts(session, [_GAPS])
    return Guard(session, _read(known.get(_GAPS)), now)


def guard(session: Session, services: Services, now: datetime) -> Guard:
    """The gaps that are known of, for who is no worker."""
    return Guard(session, [] if services.demo else _read(events.facts(session, [_GAPS]).get(_GAPS)), now)


def add(session: Session, services: Services, *, since: datetime, until: datetime, sequence: str | None = None) -> int:
    """A stretch without follow-ups ends now. Returns how many of them are held back by it."""
    if services.demo:
        return 0
    paused = outbox.paused(session)
    if sequence is None and (paused.follow_ups or paused.all_mail):
        return 0  # its end comes with `resume`, which counts from when the brake was pulled
    kept = [gap for gap in _read(events.hold_fact(session, _GAPS)) if until - gap.until < _KEPT]
    count = store.count(session, until, sequence, paused)
    held = count > services.backlog_limit
    gap = Gap(since=since, until=until, sequence=sequence, held=held, count=count)
    _write(session, [*kept, gap])
    if count:
        log.warning("nothing could leave for a while", since=since.isoformat(), follow_ups=count, held=held)
    if held and store.hold_due(session, until, sequence, _HOLD[gap.kind], _REASON[gap.kind]):
        _tell(session, gap, until)
    return count if held else 0


def add_put_back(session: Session, *, since: datetime, until: datetime) -> None:
    """An older database was put back: whatever fell due meanwhile may have left. Told again, the new end counts."""
    kept = [gap for gap in _read(events.hold_fact(session, _GAPS)) if (gap.kind, gap.since) != ("restored", since)]
    _write(session, [*kept, Gap(since=since, until=until, kind="restored")])


def way_out_again(session: Session, services: Services, cause: str, now: datetime) -> None:
    """Mail goes out again: the alert of this cause is over, and where it stood for long that was a gap."""
    until = clock_check.right(session, services, now)
    for alert in events.open_alerts(session):
        if alert.cause == cause and until - alert.raised_at > QUIET:
            add(session, services, since=alert.raised_at, until=until)
    alerts.mended(session, cause, now)


def let_go(session: Session, *, guard: str | None = None) -> None:
    """Staff approved the backlog: what was not held back yet need not be any more.

    `guard`: what this one holds (as `Message.hold` names it), or what any does.
    """
    gaps = _read(events.hold_fact(session, _GAPS))
    _write(session, [gap for gap in gaps if not gap.held or guard not in {None, _HOLD[gap.kind]}])


def _just_seen(seen: dict[str, Any] | None, now: datetime) -> bool:
    return seen is not None and timedelta(0) <= now - datetime.fromisoformat(seen["at"]) < _WATCH


def _tell(session: Session, gap: Gap, now: datetime) -> None:
    """Once: the next mails that it holds back stand behind the same alert."""
    many = "" if gap.count is None else f"{gap.count} "
    why = "na een stilstand" if gap.kind == "downtime" else "want de database is teruggezet"
    alerts.tell(
        session,
        "backlog",
        dutch=f"Er wachten {many}vervolgmails op akkoord, {why}. Versturen, hoogstens een per lead per dag: "
        "nurture message resolve --backlog --as resend. Laten vervallen: --as drop in plaats van --as resend",
        english=f"{many}follow-ups wait for approval ({gap.kind} since {gap.since:%Y-%m-%d %H:%M} UTC); "
        "nurture message resolve --backlog --as resend sends them, --as drop lets them go",
        now=now,
    )


def _read(fact: dict[str, Any] | None) -> list[Gap]:
    rows = (fact or {}).get("gaps", [])
    return [
        Gap(**row | {"since": datetime.fromisoformat(row["since"]), "until": datetime.fromisoformat(row["until"])})
        for row in rows
    ]


def _write(session: Session, gaps: list[Gap]) -> None:
    rows = [
        {
            "since": gap.since.isoformat(),
            "until": gap.until.isoformat(),
            "kind": gap.kind,
            "sequence": gap.sequence,
            "held": gap.held,
            "count": gap.count,
        }
        for gap in gaps
    ]
    events.set_fact(session, _GAPS, {"gaps": rows})
