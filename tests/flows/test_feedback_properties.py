"""Whatever order news comes in, and however often, it ends in the same rows (ACCEPTANCE F2): any history, shuffled."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from service.domain.feedback import Feedback, FeedbackKind, Tie
from service.flows import feedback, ticks
from service.mail.transport import SendResult
from service.store import consents, enrolments, events, leads, message_rows, suppressions
from service.store.tables import FeedbackEvent, Message
from tests.crash.ground import ALWAYS
from tests.support import acts
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.transports import (
    Network,
    accepted,
    in_turn,
    lost_after_the_dot,
    refused_content,
    refused_for_now,
)

EXAMPLES = int(os.environ.get("FEEDBACK_EXAMPLES", "40"))
STEPS = tuple({"key": key, "wait": "1 day"} for key in "abc")
ANSWERS = (accepted, lost_after_the_dot, refused_content, refused_for_now)
ALERTS = {"message-unknown", "mail-rejected:lettermint"}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Anna's advice and first step were taken, the fate of the second is unknown, the third is being handed over."""

    house: House
    mails: Sequence[str]  # public ids
    token: str


class UndoneError(Exception):
    """Everything since the transaction began is to be forgotten."""


@dataclass(frozen=True, kw_only=True)
class News:
    """One event: about which mail, what, when, and under which of its keys."""

    mail: int
    kind: FeedbackKind
    minutes: int
    key: int


news = st.builds(
    News,
    mail=st.integers(0, 3),
    kind=st.sampled_from(list(FeedbackKind)),
    minutes=st.integers(0, 60 * 24 * 45),
    key=st.integers(0, 10_000),
)


def scene(house: House) -> Scene:
    publish(house, with_steps(*STEPS, window=ALWAYS))
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    network = Network(answer=in_turn(lost_after_the_dot()))
    house.with_changes(open_transport=network.open).live_through(days=1)
    _to_the_next(house)
    (handed,) = acts.hand_over(house, "worker")
    house.clock.advance(days=35)
    found = [acts.advice(house), *(acts.follow_ups(house)[key] for key in "abc")]
    assert [each.state for each in found] == ["accepted", "accepted", "unknown", "handed_over"]
    return Scene(house=house, mails=[each.public_id for each in found], token=handed.token)


def _to_the_next(house: House) -> None:
    run = acts.enrolment(house)
    assert run.next_at is not None
    house.clock.moment = run.next_at
    ticks.plan(house.services)
    house.clock.moment = max(house.clock.now(), acts.follow_ups(house)["c"].due_at)


def lived(scene: Scene, history: Sequence[News | SendResult]) -> dict[str, object]:
    """What stands in the rows after this history; they are as before when it is told."""
    found: dict[str, object] = {}
    with contextlib.suppress(UndoneError), scene.house.services.database.transaction() as session:
        for each in history:
            happen(session, scene, each)
            session.flush()
            session.expire_all()  # the next one comes to another process
        found |= rows(session, scene)
        raise UndoneError
    return found


def happen(session: Session, scene: Scene, each: News | SendResult) -> None:
    services, now = scene.house.services, scene.house.clock.now()
    if isinstance(each, SendResult):
        acts.settle(session, services, scene.token, each, now, datetime.now(UTC))
        return
    told = Feedback(
        source="lettermint",
        key=f"{each.kind}-{each.mail}-{each.minutes}-{each.key}",
        kind=each.kind,
        raw_kind=each.kind.value,
        tie=Tie(public_id=scene.mails[each.mail]),
        at=now - timedelta(minutes=each.minutes),
    )
    feedback.apply(session, services, told, now)


def rows(session: Session, scene: Scene) -> dict[str, object]:
    lead = leads.by_address(session, acts.ANNA)
    assert lead is not None
    hmac = scene.house.services.hmac(lead.address)
    runs = {each.id: each.state for each in enrolments.of_lead(session, lead.id)}
    mails = message_rows.of_lead(session, lead.id)
    return {
        "mails": {each.public_id: _fate(each, runs) for each in mails if each.public_id in scene.mails},
        "desk": {each.cause for each in mails if each.kind == "service"},
        "runs": runs,
        "suppressions": {each.reason: each.until for each in suppressions.of(session, [hmac]).get(hmac, [])},
        "consents": len(consents.active_of_lead(session, lead.id)),
        "erased": lead.erase_at,
        "alerts": {each.cause for each in events.open_alerts(session)} & ALERTS,
        "events": {(each.key, each.kind, each.at, each.message_id) for each in session.exec(select(FeedbackEvent))},
    }


def _fate(message: Message, runs: dict[int, str]) -> tuple[str, str | None]:
    """A mail that waits in a run that has ended never leaves: the hand-over would cancel it as the "no" had."""
    if message.state == "due" and runs[message.enrolment_id or 0] == "stopped":
        return "cancelled", None
    return message.state, message.reason if message.state in {"bounced", "complained"} else None


def test_any_history_shuffled_and_with_repeats_ends_in_the_same_rows(house: House) -> None:
    at = scene(house)
    before = house.rows()
    examples = EXAMPLES if house.services.database.is_sqlite else EXAMPLES // 4

    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(news, min_size=2, max_size=7), st.sampled_from((None, *ANSWERS)), st.data())
    def check(told: list[News], answer: object, data: st.DataObject) -> None:
        history: list[News | SendResult] = [*told, *([answer()] if callable(answer) else [])]
        again = data.draw(st.lists(st.sampled_from(told), max_size=3))
        shuffled = data.draw(st.permutations([*history, *again]))
        assert lived(at, shuffled) == lived(at, history)

    check()
    assert house.rows() == before  # each example began where the one before it did


def test_it_would_be_seen_if_the_order_mattered(house: House) -> None:
    """The rows that are compared do tell histories apart."""
    at = scene(house)
    hard = News(mail=0, kind=FeedbackKind.HARD_BOUNCE, minutes=5, key=1)
    soft = News(mail=0, kind=FeedbackKind.SOFT_BOUNCE, minutes=5, key=1)
    taken = News(mail=3, kind=FeedbackKind.ACCEPTED, minutes=5, key=1)
    ends = [lived(at, history) for history in ([], [hard], [soft], [hard, soft], [taken], [refused_content()])]
    assert not any(one == other for place, one in enumerate(ends) for other in ends[:place])
