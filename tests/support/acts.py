"""What leads, staff and other systems do in a test: each act is one committed transaction, as of the house's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlmodel import Session, col, select, text, update

from service.domain.lead import Suppression, SuppressionReason
from service.flows import answers, booking, brake, consent, handover, planning, privacy, replies, ticks
from service.flows.consent import Confirmed
from service.flows.handover import Begun, Routes
from service.flows.services import Services
from service.flows.settling import Answer, settle_all
from service.flows.taking import Wanted, take
from service.mail.transport import SendResult
from service.store import dump, enrolments, events, leads, leaving, suppressions
from service.store.attempts import channel_of
from service.store.leaving import Leaving, Opening
from service.store.tables import Alert, Attempt, Enrolment, Lead, Message, OptIn
from tests.support.house import House

ANNA = "anna@example.org"
_P = ParamSpec("_P")
_T = TypeVar("_T")


def commit(house: House, work: Callable[Concatenate[Session, _P], _T], *args: _P.args, **named: _P.kwargs) -> _T:
    """One transaction around `work(session, …)`."""
    with house.services.database.transaction() as session:
        return work(session, *args, **named)


def opt_ins(house: House, address: str = ANNA) -> list[OptIn]:
    """The opt-ins of an address, oldest first."""
    with house.services.database.reading() as session:
        lead = leads.by_address(session, address)
        return list(leads.opt_ins(session, lead.id)) if lead else []


def confirm(house: House, address: str = ANNA, *, which: int = -1, **given: str) -> Confirmed:
    """Press "Ja, stuur mij het vervolg" in the advice of the newest opt-in (or another), with answers."""
    opt_in_id = opt_ins(house, address)[which].id

    def press(session: Session) -> Confirmed:
        opt_in = session.get_one(OptIn, opt_in_id)
        return consent.confirm(session, house.services, opt_in, dict(given), house.clock.now())

    return commit(house, press)


def confirmed(house: House, address: str = ANNA, **fields: object) -> None:
    """A lead who opted in, got the advice and pressed its button, all at this moment."""
    house.opt_in(address, **fields)
    house.send_due()
    confirm(house, address)


def follow_up_due(house: House, address: str = ANNA) -> Message:
    """A first follow-up in the outbox, due on Wednesday 11 March 10:00 in Amsterdam."""
    confirmed(house, address)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    return follow_ups(house, address)["hoe-ging-het"]


def withdraw(house: House, address: str = ANNA) -> bool:
    """Unsubscribe."""
    return commit(house, lambda s: consent.withdraw(s, house.services, _lead(s, address), "link", house.clock.now()))


def replaced(house: House, lead: Lead, address: str, **fields: object) -> None:
    """She is erased, and the next one is given her number: as on a database that a backup was put back into."""
    now = house.clock.now()
    commit(house, lambda session: privacy.erase(session, house.services, lead.id, "expired", now))
    commit(house, lambda session: count_from_what_is_there(session.connection()))
    house.opt_in(address, **fields)
    assert house.lead(address).id == lead.id


def count_from_what_is_there(connection: Connection) -> None:
    """The next row has the number behind the highest that is there, whatever was there before."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence"))
    else:
        dump.go_on_counting(connection)


def booked(house: House, address: str = ANNA) -> bool:
    """An appointment was made."""
    return commit(house, lambda s: booking.booked(s, house.services, _lead(s, address), "staff", house.clock.now()))


def request_pain_check(house: House, address: str = ANNA, **fields: str) -> bool:
    """The request form, by the link in the newest mail."""
    message_id = house.messages(address)[-1].id

    def ask(session: Session) -> bool:
        message = session.get_one(Message, message_id)
        wish = booking.PainCheckRequest(
            name=fields.get("name"), phone=fields.get("phone"), note=fields.get("note"), preferred=("maandag",)
        )
        return booking.request(session, house.services, message, wish, house.clock.now())

    return commit(house, ask)


def replied(house: House, address: str = ANNA) -> bool:
    """Staff read a reply of the lead's own."""
    return commit(house, lambda s: replies.record(s, house.services, _lead(s, address), "staff", house.clock.now()))


def answer(house: House, value: Literal["better", "same", "worse"], address: str = ANNA) -> bool:
    """A press on one of the three buttons, in the newest mail of the run."""
    message_id = [each for each in house.messages(address) if each.enrolment_id][-1].id

    def press(session: Session) -> bool:
        return answers.record(session, house.services, session.get_one(Message, message_id), value, house.clock.now())

    return commit(house, press)


def wish(house: House, act: Callable[[Session, Services, Lead, datetime], object], address: str = ANNA) -> object:
    """A press on the lead's own page: one of `flows/my_data.py`."""
    return commit(house, lambda s: act(s, house.services, _lead(s, address), house.clock.now()))


def resume(house: House, address: str = ANNA) -> bool:
    """Staff end the pause of the newest run."""
    enrolment_id = enrolment(house, address).id

    def end(session: Session) -> bool:
        leads.lock_one(session, _lead(session, address).id, house.services.hmac)
        row = enrolments.by_ids(session, [enrolment_id])[0]
        return planning.resume(session, house.services, row, house.clock.now())

    return commit(house, end)


def suppress(house: House, reason: SuppressionReason, address: str = ANNA) -> None:
    """What a complaint or a bounce will do to an address: the row alone, behind the same lock."""

    def put(session: Session) -> None:
        hmac = house.services.hmac(address)
        lead = leads.by_address(session, address)
        leads.lock(session, [lead.id] if lead else [], [hmac])
        rule = Suppression.following(reason, now=house.clock.now())
        suppressions.add(session, hmac, rule, house.clock.now())

    commit(house, put)


def pull_the_brake(house: House, *, name: str | None = None, all_mail: bool = False) -> None:
    """Staff hold mail back."""
    commit(
        house,
        lambda s: brake.pull(s, house.services, name=name, all_mail=all_mail, actor="Frank", now=house.clock.now()),
    )


def release_the_brake(house: House, *, name: str | None = None) -> None:
    """Staff let mail go again."""
    commit(house, lambda s: brake.release(s, house.services, name=name, actor="Frank", now=house.clock.now()))


def hand_over(house: House, lease: str, limit: int = 100) -> list[Begun]:
    """A worker that is not there opens attempts for what is due, the advice first."""
    begun: list[Begun] = []
    for urgent in (True, False):
        wanted = Wanted(lease=lease, most=limit - len(begun), urgent=urgent, routes=Routes())
        begun += commit(house, take, house.services, wanted).begun
    return begun


def settle(
    session: Session, services: Services, handed: Opening | str, result: SendResult, now: datetime, real_now: datetime
) -> bool:
    """A worker writes what the transport said to one hand-over, or to the one of this token. Is it a fault of ours?"""
    begun = handed if isinstance(handed, Opening) else opening(session, handed)
    return settle_all(session, services, [Answer(opening=begun, result=result)], now, real_now).ours[0]


def opening(session: Session, token: str) -> Opening:
    """The hand-over that this token stands for, as a worker knows it that began it."""
    attempt = session.exec(select(Attempt).where(Attempt.token == token)).one()
    message = session.get_one(Message, attempt.message_id)
    known = Leaving._make(getattr(message, name, None) for name in Leaving._fields)
    return Opening(message=known, token=token, channel=channel_of(attempt))


def hold_leads(session: Session, house: House, ids: Sequence[int]) -> None:
    """Whose mails these are, and the hashes of their recipients, are ours until the transaction ends."""
    whose = session.execute(select(Message.lead_id, Message.recipient).where(col(Message.id).in_(ids))).all()
    hashes = [house.services.hmac(recipient) for _, recipient in whose]
    leads.lock(session, [lead for lead, _ in whose if lead is not None], hashes)


def begin(session: Session, house: House, ids: Sequence[int], lease: str) -> list[Begun]:
    """What a worker does just before the I/O, with those of these mails that are due."""
    hold_leads(session, house, ids)
    now = house.clock.now()
    return handover.begin(session, house.services, leaving.due_among(session, ids, now), lease, now, datetime.now(UTC))


def enrolment(house: House, address: str = ANNA) -> Enrolment:
    """The newest run of an address."""
    return runs(house, address)[-1]


def runs(house: House, address: str = ANNA) -> list[Enrolment]:
    """All runs of an address, oldest first."""
    with house.services.database.reading() as session:
        return list(enrolments.of_lead(session, _lead(session, address).id))


def follow_ups(house: House, address: str = ANNA) -> dict[str, Message]:
    """step -> its message; a step that has two makes the test fail."""
    found = [each for each in house.messages(address) if each.kind == "follow_up"]
    by_step = {each.step or "": each for each in found}
    assert len(by_step) == len(found), "a step has two messages in one run"
    return by_step


def advice(house: House, address: str = ANNA, *, which: int = -1) -> Message:
    """The newest advice of an address, or another."""
    return [each for each in house.messages(address) if each.kind == "advice"][which]


def attempts(house: House, message: Message) -> list[Attempt]:
    """The attempts of a message, oldest first."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Attempt).where(Attempt.message_id == message.id).order_by(col(Attempt.id))))


def damage(house: House, message: Message, content: str = "{") -> None:
    """Nothing can be made of what the mail is filled in with; on SQLite, which takes any text, it may be no JSON."""
    if content == "{" and not house.services.database.is_sqlite:
        content = '{"damaged": true}'
    with house.services.database.transaction() as session:
        session.execute(update(Message).where(col(Message.id) == message.id).values(content=text(f"'{content}'")))


def alerts(house: House) -> list[str]:
    """The causes that stand."""
    with house.services.database.reading() as session:
        return [each.cause for each in events.open_alerts(session)]


def all_alerts(house: House) -> list[Alert]:
    """Every alert there ever was."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Alert).order_by(col(Alert.id))))


def _lead(session: Session, address: str) -> Lead:
    lead = leads.by_address(session, address)
    assert lead is not None, f"no lead {address}"
    return lead
