"""The four ticks of the background work. Two at once, of one process or of many, are safe."""

from __future__ import annotations

from collections.abc import Callable, Collection

from service.flows import (
    alerts,
    allowance,
    booking_requests,
    clock_check,
    feedback_alerts,
    heartbeat,
    mail_trials,
    mailboxes,
    opt_in_caps,
    planning,
    rates,
    receipts,
    refusals,
    refused_webhooks,
    retention,
    self_test,
    settling,
    staff_sessions,
    staff_throttle,
    weekly_mail,
)
from service.flows.services import Services
from service.store import challenges
from service.store.db import real_now

PLAN_SECONDS, REAP_SECONDS, HOUSEKEEPING_SECONDS = 1.0, 2.0, 60.0


def plan(services: Services, go_on: Callable[[], bool] = lambda: True) -> int:
    """Write messages for the steps that are due; between two batches it asks whether to `go_on`."""
    return planning.plan_due(services, services.clock.now(), go_on)


def reap(services: Services, leases: Collection[str] | None = None) -> int:
    """Return leases that ran out, and list hand-overs that nobody will answer for; of these leases, or of all."""
    with services.database.transaction() as session:
        moment = real_now(session)
        now = clock_check.right(session, services, services.clock.now(), moment)
        reaped = settling.reap(session, now, moment, leases)
    if reaped:
        services.bell.ring()
    return reaped


def housekeeping(services: Services) -> None:
    """Erase leads whose time is over, forget what nothing looks at any more (caps, pauses, proofs, sessions), tell what
    waits for a person.

    Once a day also: receipts that code of before did not write, the test of our own way out, and all else that is over
    its time; once a week last week's figures.
    """
    now = clock_check.right_now(services)
    with services.database.transaction() as session:
        is_sure = not clock_check.has_leapt(session, services, now)
    if is_sure:
        retention.erase_expired(services, now)
    # Also where nobody was erased just now: a command or a tick before this one may have found the database busy.
    services.database.forget_for_good()
    with services.database.transaction() as session:
        opt_in_caps.forget(session, services, now)
        allowance.forget(session, services, real_now(session))
        challenges.forget(session, real_now(session))
        refusals.forget_old(session, services, now)
        staff_sessions.forget(session, real_now(session))
        staff_throttle.forget(session, real_now(session))
        mail_trials.forget(session, real_now(session))
    with services.database.transaction() as session:
        receipts.make_up(session)
    with services.database.transaction() as session:
        booking_requests.remind(session, services, now)
    with services.database.transaction() as session:
        rates.review(session, now)
        feedback_alerts.close_old(session, now)
        refused_webhooks.review(session, now)
        mailboxes.review(session, services, now)
    self_test.run_where_due(services)
    alerts.deliver(services, now)
    if is_sure:  # a failure from here on keeps back no more than the heartbeat, which is then missed
        retention.daily(services, now)
    weekly_mail.send_where_due(services, now)
    heartbeat.beat(services)  # not reached where anything above failed
