"""What the practice does: for one lead, about mail that waits for a person, with the brake, and by publishing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from hypothesis import strategies as st
from sqlmodel import Session, col

from service.domain.waiting import Choice
from service.flows import advice_again, booking_requests, brake, privacy, resolving, staff_acts
from service.flows.booking import Outcome
from service.store import leads
from service.store.tables import BookingRequest, Lead, Message
from tests.support import acts
from tests.support.lives import almanac
from tests.support.lives.almanac import local_day
from tests.support.lives.book import ALL_MAIL, FOLLOW_UPS
from tests.support.lives.leads import Leads
from tests.support.lives.stage import WHICH, WHO, act
from tests.support.lives.terms import BACK, LEG, NAMES, Plan, Step

FRANK = "Frank"
A_WEEK = timedelta(days=7)
TWISTS = (None, None, None, "not late", "at", "only same", "variants", "not after")
STEPS = st.lists(
    st.builds(
        Step,
        key=st.sampled_from(("een", "twee", "drie", "vier", "vijf")),
        wait=st.sampled_from(("1 day", "2 days", "1 working day", "30 hours")),
        twist=st.sampled_from(TWISTS),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda step: step.key,
).map(tuple)
PLANS = st.builds(
    Plan,
    steps=STEPS,
    hours=st.sampled_from((almanac.ALL_DAY, almanac.OFFICE, almanac.FEW)),
    single=st.booleans(),
    ends_when_booked=st.sampled_from((True, True, False)),
    archived=st.sampled_from((False,) * 6 + (True,)),
)
CLOSED = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=2)
"""Days from today until the practice closes, and for how many more."""


class Staff(Leads):
    """By the flows that the studio and the command line share."""

    @act(who=WHO, what=st.sampled_from(("stop", "pause", "resume", "resume", "booked", "replied", "erase")))
    def for_one(self, who: str, what: str) -> None:
        lead, services, now = self.lead(who), self.house.services, self.now
        if lead is None:
            return
        runs, all_runs = self.open_runs(who), [run.id for run in self.runs(who)]
        match what:
            case "stop":
                self._do(who, staff_acts.stop)
                self.book.said_no(who)
            case "pause":
                with services.database.reading() as session:
                    calendar = services.published.calendar(session)
                until = staff_acts.pause_end((local_day(now) + A_WEEK).isoformat(), calendar, now)
                acts.commit(self.house, staff_acts.pause, services, lead, until, now, actor=FRANK)
                self.book.rest(runs, until, "wish", now)
            case "resume":
                self._do(who, staff_acts.resume)
                self.book.goes_on(runs)
            case "booked":
                acts.commit(self.house, staff_acts.booked, services, lead, None, now, actor=FRANK)
                self.has_booked(who)
            case "replied":
                self._do(who, staff_acts.replied)
                self.book.rest(runs, now + A_WEEK, "reply", now)
            case _:
                acts.commit(self.house, privacy.erase, services, lead.id, "asked for", now, actor=FRANK)
                self.book.forgets(who, all_runs)

    @act(who=WHO)
    def send_the_advice_again(self, who: str) -> None:
        if self.lead(who) is None:
            return
        last = [each for each in self.house.messages(who) if each.kind == "advice"][-1:]
        sent = self._do(who, advice_again.send)
        if sent == "let go":
            self.book.sent_again[last[0].message_id] += 1
        else:
            self.book.counted[who].append(self.now)

    @act(which=WHICH, outcome=st.sampled_from(("booked", "declined", "cancelled", "handled")))
    def close_a_request(self, which: int, outcome: str) -> None:
        row = self.pick(self.rows(BookingRequest, col(BookingRequest.handled_at).is_(None)), which)
        if row is None:
            return
        became = cast("Outcome", outcome)
        acts.commit(self.house, booking_requests.close, self.house.services, row.id, became, actor=FRANK, now=self.now)
        for lead in self.rows(Lead, Lead.id == row.lead_id):
            self.book.waiting.discard(lead.address)
            if outcome == "booked":
                self.has_booked(lead.address)

    @act(which=WHICH, choice=st.sampled_from(("sent", "resend", "drop")))
    def decide_about_one(self, which: int, choice: str) -> None:
        mail = self.pick(self.waiting_for_staff(), which)
        if mail is not None:
            self.decide(mail, cast("Choice", choice))

    def decide(self, mail: Message, choice: Choice) -> None:
        """About one that is held, or of unknown fate."""
        acts.commit(self.house, resolving.resolve, self.house.services, [mail.id], choice, actor=FRANK, now=self.now)
        if choice == "resend":
            self.book.sent_again[mail.message_id] += 1

    @act(choice=st.sampled_from(("resend", "drop")))
    def decide_about_the_backlog(self, choice: str) -> None:
        held = [mail for mail in self.waiting_for_staff() if mail.state == "held" and mail.hold]
        if choice == "resend":
            self.book.sent_again.update(mail.message_id for mail in held if mail.kind == "follow_up")
        resolving.resolve_backlog(self.house.services, cast("Choice", choice), actor=FRANK)

    def waiting_for_staff(self) -> list[Message]:
        """Mail that is held, or of which nobody knows what became."""
        return self.rows(Message, col(Message.state).in_(("held", "unknown")))

    @act(what=st.sampled_from((ALL_MAIL, FOLLOW_UPS, BACK, LEG)))
    def pull_the_brake(self, what: str) -> None:
        name = what if what in NAMES else None
        acts.pull_the_brake(self.house, name=name, all_mail=what == ALL_MAIL)
        self.book.brake |= {what} if name or what == FOLLOW_UPS else {ALL_MAIL, FOLLOW_UPS}

    @act(what=st.sampled_from((None, None, BACK, LEG)))
    def release_the_brake(self, what: str | None) -> None:
        self.lets_go(what)

    def lets_go(self, what: str | None) -> None:
        """Mail may leave again."""
        acts.release_the_brake(self.house, name=what)
        self.book.brake = self.book.brake - {what} if what else set()

    @act(back=PLANS, leg=PLANS, other_topic=st.sampled_from((False,) * 4 + (True,)), closed=CLOSED, move=st.booleans())
    def publish(self, back: Plan, leg: Plan, *, other_topic: bool, closed: list[tuple[int, int]], move: bool) -> None:
        """Other steps, in another order, with other waits, hours and conditions; other closed days; a new topic."""
        today = local_day(self.now)
        days = [(today + timedelta(days=after), today + timedelta(days=after + more)) for after, more in closed]
        topic = "rug" if other_topic or leg.archived else None  # no form may lead to what is archived
        back = Plan(**vars(back) | {"topic": topic})
        self.terms.publish(self.house, {BACK: back, LEG: leg}, tuple(days), move=move)

    def _do(self, who: str, what: Any) -> Any:
        """One of `staff_acts`."""

        def work(session: Session) -> Any:
            lead = leads.by_address(session, who)
            return what(session, self.house.services, lead, self.now, actor=FRANK)

        return acts.commit(self.house, work)

    def is_braked(self) -> bool:
        """By the service's own word, which may have pulled it for too many complaints."""
        with self.house.services.database.reading() as session:
            state = brake.state(session)
        return state.follow_ups or state.all_mail
