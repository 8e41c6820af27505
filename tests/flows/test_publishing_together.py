"""Two people who publish at once, while workers plan: one wins, the other is told, nobody gets a step twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.errors import RefusedError
from service.flows import publish_plan, publishing, ticks
from service.flows.drafts import Draft
from service.flows.publishing import Live, Publication
from service.store import enrolments, sequences
from tests.support import acts, crowd
from tests.support.drafts import Document, with_sequence
from tests.support.house import START, House

LEADS = 60


def slower(document: Document) -> None:
    """What one of them wants."""
    document["steps"][2]["wait"] = "9 days"


def shorter(document: Document) -> None:
    """And what the other wants."""
    del document["steps"][2:]


def publish(house: House, draft: Draft, seen: Live, meet: threading.Barrier) -> Publication | RefusedError:
    """The very steps of the command after the yes, as soon as everybody is there."""
    meet.wait(30)
    now = house.clock.now()
    try:
        with house.services.database.transaction() as session:
            found = publishing.changes(session, draft)
            done = publishing.publish(
                session, house.services, draft, found, by="F", move_leads=True, seen=seen, now=now
            )
    except RefusedError as error:
        return error
    publishing.look_again(house.services, done, now)
    return done


def plan_ticks(house: House, meet: threading.Barrier) -> None:
    """A worker that plans all the while."""
    meet.wait(30)
    for _ in range(10):
        ticks.plan(house.services)


def test_of_two_who_publish_at_once_one_wins_and_nobody_gets_a_step_twice_or_none(house: House) -> None:
    crowd.model(house)
    crowd.due_at(house, [START + timedelta(days=1, minutes=number) for number in range(LEADS)])
    house.clock.advance(days=2)
    drafts = [with_sequence(slower), with_sequence(shorter)]
    with house.services.database.reading() as session:
        seen = [publish_plan.plan(session, house.services, draft, house.clock.now()).live for draft in drafts]
    meet = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(plan_ticks, house, meet) for _ in range(2)]
        both = [pool.submit(publish, house, draft, live, meet) for draft, live in zip(drafts, seen, strict=True)]
        ended = [each.result(120) for each in both]
        for worker in workers:
            worker.result(120)
    won = [each for each in ended if isinstance(each, Publication)]
    assert [type(each) for each in ended if each not in won] == [RefusedError]
    assert won[0].moved == LEADS + 1
    with house.services.database.reading() as session:
        live = sequences.live_ids(session)["sequence", "lage-rug"]
        assert live == won[0].revisions[-1]
        rows = enrolments.by_ids(session, [run for run, _ in enrolments.open_in(session, "lage-rug")])
        assert {row.sequence_revision_id for row in rows} == {live}
        assert all(row.next_at is not None for row in rows), "nobody is stranded"
    house.send_due()
    assert list(acts.follow_ups(house, crowd.MODEL)) == ["hoe-ging-het"], "one message a step, or this fails"


def test_a_plan_that_is_still_being_read_keeps_nobody_from_publishing(house: House) -> None:
    acts.confirmed(house)
    draft = with_sequence(slower)
    with house.services.database.reading() as session:
        plan = publish_plan.plan(session, house.services, draft, house.clock.now())
        assert isinstance(publish(house, draft, plan.live, threading.Barrier(1)), Publication)
