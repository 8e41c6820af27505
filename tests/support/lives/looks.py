"""What must hold after every act, whoever did it; and at the end of a life, when all is decided and time has passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis.stateful import invariant
from sqlmodel import col

from service.flows import doctor_database, receipts
from service.store import consents, suppressions
from service.store.tables import Attempt, BookingRequest, Enrolment, Lead, Message
from service.web.metrics import Metrics
from tests.support import acts
from tests.support.lives.book import FOLLOW_UPS, OPEN_RUNS
from tests.support.lives.hours import Hours
from tests.support.lives.stage import PEOPLE

ENDS = ("accepted", "delivered", "bounced", "complained", "failed", "cancelled", "skipped")
TAKEN = ("accepted", "delivered", "bounced", "complained", "unknown")
SPAM, NOBODY = 3, 5  # as many and more of them have the service pull the brake by itself
FORTNIGHT, HALF_A_YEAR = timedelta(days=14), timedelta(days=183)
LONGEST, A_FEW = timedelta(days=28), 2


class Looks(Hours):
    """By rows and figures; each mail is held against the book where it arrives (`far_side.py`)."""

    leads_known: Mapping[str, tuple[str, list[int]]] = MappingProxyType({})
    """Address -> public id and runs, as of the last look."""
    latest = datetime.min.replace(tzinfo=UTC)
    """Of all moments so far."""

    def keep_up(self) -> None:
        """Whom the service erased, its time was over; and it pulls the brake by itself for a reason alone."""
        self.far.hear()
        runs: dict[int, list[Enrolment]] = {}
        for run in self.rows(Enrolment):
            runs.setdefault(run.lead_id, []).append(run)
        there = {lead.address: lead for lead in self.all_of(Lead)}
        for who, (public_id, numbers) in self.leads_known.items():
            if who in self.book.asked and (who not in there or there[who].public_id != public_id):
                self._its_time_was_over(who)
                self.book.forgets(who, numbers)
            if who not in there:
                self.nothing_is_left_of([who, PEOPLE[who]])
        self.leads_known = {
            who: (lead.public_id, [run.id for run in runs.get(lead.id, [])]) for who, lead in there.items()
        }
        self.latest = max(self.now, self.latest)
        under_way = {run.id for each in runs.values() for run in each if run.state in OPEN_RUNS}
        for number in set(self.book.rests) - under_way:
            del self.book.rests[number]  # it ended; should it open again, nothing is known of how it rests
        if self.is_braked() and not self.book.brake:
            told = self.book.told
            assert told["spam"] >= SPAM or told["nobody"] >= NOBODY, "the service pulled the brake for no reason"
            self.book.brake.add(FOLLOW_UPS)

    def _its_time_was_over(self, who: str) -> None:
        asked = self.book.advised.get(who, self.book.asked[who])
        assert who not in self.book.waiting, f"{who} was erased with a request open"
        least = HALF_A_YEAR if self.book.yes[who] else FORTNIGHT
        assert self.now >= asked + least, f"{who}, who asked at {asked}, was erased at {self.now}"

    @invariant()
    def all_holds(self) -> None:
        """Nothing left that should not have, and every row makes sense beside the others."""
        assert not self.far.problems, self.far.problems
        messages = self.rows(Message)
        self._mails(messages)
        self._runs(messages)
        self._people()
        self.is_well = True

    def _mails(self, messages: list[Message]) -> None:
        open_attempts = Counter(each.message_id for each in self.rows(Attempt, col(Attempt.outcome).is_(None)))
        causes = acts.alerts(self.house)
        for mail in messages:
            told = f"{mail.kind} {mail.id} {mail.state} ({mail.reason})"
            assert open_attempts[mail.id] == (mail.state == "handed_over"), told
            assert (mail.settled_at is not None) == (mail.state in ENDS), f"{told}: settled at {mail.settled_at}"
            if mail.message_id in self.far.taken and not self.was_put_back:
                assert mail.state in TAKEN, f"{told}: it was taken"
            if mail.state == "held":
                assert mail.kind != "advice" or set(causes) & {"opt-in-held", "restored", "backlog"}, f"{told}: untold"
            if mail.state == "unknown" and not self.was_put_back:
                assert "message-unknown" in causes, f"{told}: nobody was told"

    def _runs(self, messages: list[Message]) -> None:
        underway: Counter[tuple[int, str]] = Counter()
        waiting = {mail.enrolment_id for mail in messages if mail.state in {"due", "handed_over", "held"}}
        for run in self.rows(Enrolment):
            told = f"run {run.id} of {run.sequence}: {run.state} ({run.end_reason}), next {run.next_step} {run.next_at}"
            if run.state in {"awaiting_confirmation", "active"}:
                assert run.ended_at is None, told
                underway[run.lead_id, run.sequence] += 1
            else:
                assert run.ended_at is not None, told
                assert run.next_at is None, told
            if run.state == "active" and run.id not in waiting:
                assert run.next_at is not None, f"{told}: it is stuck"
        assert set(underway.values()) <= {1}, underway

    def _people(self) -> None:
        services, there = self.house.services, self.rows(Lead)
        hashes = {who: services.hmac(who) for who in PEOPLE}
        with services.database.reading() as session:
            rules = suppressions.of(session, hashes.values())
            yes = {lead.id: bool(consents.active_of_lead(session, lead.id)) for lead in there}
        for who, hashed in hashes.items():
            noes = {rule.reason.value for rule in rules.get(hashed, [])}
            stopped = ("unsubscribe" in noes) == (who in self.book.unsubscribed)
            assert stopped or who in self.book.complained, f"{who}: {noes}"
            assert ("complaint" in noes) == (who in self.book.complained), f"{who}: {noes}"
            assert ("hard_bounce" in noes) == (who in self.book.bounced), f"{who}: {noes}"
        for lead in there:
            who = lead.address
            assert yes[lead.id] == bool(self.book.yes[who]), f"{who}: does a yes stand?"
            assert yes[lead.id] == (lead.erase_at is None), f"{who} is to be erased at {lead.erase_at}"
            latest = max(self.book.asked[who] + LONGEST, self.latest)
            assert lead.erase_at is None or lead.erase_at <= latest, f"{who} is to be erased at {lead.erase_at}"
        asked = {row.lead_id for row in self.rows(BookingRequest, col(BookingRequest.handled_at).is_(None))}
        assert {lead.address for lead in there if lead.id in asked} == self.book.waiting

    def nothing_waits(self) -> None:
        """Workers ran and all was taken: what was due has left, the advice first of all."""
        if self.book.brake:
            return
        late = [mail for mail in self.rows(Message, Message.state == "due") if mail.due_at <= self.now]
        assert not late, [(mail.kind, mail.id, mail.reason, mail.due_at) for mail in late]
        runs = self.rows(Enrolment, Enrolment.state == "active", col(Enrolment.next_at) <= self.now)
        assert not runs, [(run.id, run.next_step, run.next_at) for run in runs]

    def teardown(self) -> None:
        """The end: nobody waits for anything any more."""
        try:
            if self.is_well:
                self._decide_everything()
                self.all_holds()
                self._all_is_over()
                self._figures()
        finally:
            self._open.close()

    def _decide_everything(self) -> None:
        """Staff let everything go that waits for them, the brake is off, and all is taken."""
        self.in_flight = ()
        self.gives_up()
        for days in (4, 20, 40, 60, *(2,) * 5):  # after a restore the steps of a run are held one after the other
            self.lets_go(None)
            waiting = self.waiting_for_staff()
            for mail in waiting:
                self.decide(mail, "drop")
            if waiting or days > A_FEW:
                self.live(timedelta(days=days), [])
                self.keep_up()
        self.all_holds()

    def _all_is_over(self) -> None:
        runs = self.rows(Enrolment, Enrolment.state == "active")
        assert not runs, [(run.id, run.next_step, run.next_at, run.pause_reason, run.paused_until) for run in runs]
        left = self.rows(Message, col(Message.state).not_in(ENDS))
        assert not left, [(mail.kind, mail.id, mail.state, mail.reason, mail.due_at) for mail in left]

    def _figures(self) -> None:
        with self.house.services.database.reading() as session:
            assert receipts.verify(session).broken is None
        found = list(doctor_database.examine(self.house.services, check_keys=lambda _: None))
        assert not [each for each in found if each.level == "error"], found
        counts = Counter((mail.kind, mail.state) for mail in self.rows(Message))
        told = Metrics(self.house.services).text().decode()
        for (kind, state), number in counts.items():
            assert f'nurture_messages{{kind="{kind}",state="{state}"}} {float(number)}' in told, (kind, state, number)
