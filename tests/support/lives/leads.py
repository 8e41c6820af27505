"""What people do: ask for the advice, and press the buttons in the mails they have, also in those of long ago."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from service.mail.links import Purpose
from service.store.tables import OptIn
from tests.support.lives.almanac import local_day
from tests.support.lives.stage import PEOPLE, WHICH, WHO, Stage, act
from tests.support.lives.terms import BACK, LEG

SPELLINGS = (str, str.upper, lambda address: f"  {address.title()} ")
FEWEST = 3  # mails that fill a cap
TWO_WEEKS, A_DAY = timedelta(days=14), timedelta(days=1)


class Leads(Stage):
    """By the website alone."""

    @act(
        who=WHO,
        name=st.sampled_from((BACK, BACK, LEG)),
        ticked=st.sampled_from((True, True, False)),
        spelt=st.sampled_from(range(len(SPELLINGS))),
        key=st.sampled_from((None, None, None, "again")),
        trapped=st.sampled_from((False,) * 9 + (True,)),
    )
    def opt_in(self, who: str, name: str, *, ticked: bool, spelt: int, key: str | None, trapped: bool) -> None:
        self.asks(who, name, ticked=ticked, spelt=spelt, key=key, trapped=trapped)

    @act(who=WHO, name=st.sampled_from((BACK, LEG)))
    def opt_in_and_agree(self, who: str, name: str) -> None:
        self.asks(who, name)
        self.house.tick(keep_house=False)
        self.agrees(who, 0)

    def asks(
        self, who: str, name: str, *, ticked: bool = True, spelt: int = 0, key: str | None = None, trapped: bool = False
    ) -> None:
        """Send the form in. What becomes of it is not told; the book is written by what was asked."""
        before = self._opt_ins(who)
        given = {
            "email": SPELLINGS[spelt](who),
            "topic": self.terms.topic(name),
            "first_name": PEOPLE[who],
            "consent_advice": True,
            "consent_follow_up": ticked,
        } | ({"leave_empty": "x"} if trapped else {})
        answer = self.client.post("/api/opt-ins", json=given, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == (202 if self.terms.is_open(name) else 422), answer.text
        new = [each for each in self._opt_ins(who) if each.id not in {old.id for old in before}]
        if not self.terms.is_open(name) or (key and any(each.idempotency_key == key for each in before)):
            assert not new, "an opt-in that may not come, or came before, was taken"
            return
        (row,) = new
        blocked = who in self.book.complained or self.now < self.book.bounced.get(who, self.now)
        expected = {"suppressed"} if blocked else {"held" if trapped else "accepted"}
        assert row.disposition in {"capped", *expected}, f"{row.disposition}, and not {expected}"
        if row.disposition == "capped":
            assert sum(at > self.now - A_DAY for at in self.book.counted[who]) >= FEWEST
            self.book.asked.setdefault(who, self.now)
            return
        self.book.asked[who] = self.now
        if row.disposition != "suppressed":
            self.book.advised[who] = self.now
            self.book.counted[who].append(self.now)
        single = self.terms.live[name].single and ticked and not trapped
        if single and row.disposition == "accepted" and not self.book.is_known_as_no(who) and row.enrolment_id:
            self.book.yes[who].add(row.enrolment_id)

    @act(who=WHO, which=WHICH)
    def agree(self, who: str, which: int) -> None:
        self.agrees(who, which)

    def agrees(self, who: str, which: int) -> None:
        """Press "Ja, stuur mij het vervolg" in an advice."""
        path = self.link_of(who, "c", which)
        if path is None:
            return
        self.press(path)
        public_id = self.house.services.keyring.read("c", path.removeprefix("/c/"))
        for row in self.rows(OptIn, OptIn.public_id == public_id):  # none where she was erased since
            assert row.enrolment_id is not None
            self.book.said_yes(who, row.enrolment_id, self.now)

    @act(who=WHO, which=WHICH, by=st.sampled_from(("one click", "page", "my data")))
    def unsubscribe(self, who: str, which: int, by: str) -> None:
        path = self.link_of(who, "p" if by == "my data" else "u", which)
        if path is None:
            return
        gone = self.lead(who) is None
        if by == "my data":
            self.press(path, action="stop")
            if gone or not self._is_hers(who, path):
                return  # the page of a lead who was erased shows a way to ask again, and does nothing
        elif by == "page":
            self.press(path)
        else:
            self.press(path, **{"List-Unsubscribe": "One-Click"})
        self.book.said_no(who)

    @act(who=WHO, which=WHICH, what=st.sampled_from(("pause", "go_on", "link")))
    def my_data(self, who: str, which: int, what: str) -> None:
        path = self.link_of(who, "p", which)
        if path is None:
            return
        self.press(path, action=what)
        if not self._is_hers(who, path):
            return
        active = [run.id for run in self.runs(who, "active")]
        if what == "pause":
            until = self.now + TWO_WEEKS
            rests = self.book.rests
            short = [run for run in active if run not in rests or local_day(rests[run].until) < local_day(until)]
            self.book.rest(short, until, "wish", self.now)
        elif what == "go_on":
            for run in active:
                rest = self.book.rests.get(run)
                if rest is not None and rest.reasons <= {"wish", "away"}:
                    self.book.goes_on([run])

    @act(who=WHO, which=WHICH, what=st.sampled_from(("erase", "erase", "view", "json")))
    def all_data(self, who: str, which: int, what: str) -> None:
        """By the fresh link in a mail, which works for a day."""
        mail = self.pick([each for each in self.mails(who) if "d" in self.links(each)], which)
        lead = self.lead(who)
        if mail is None:
            return
        runs = [run.id for run in self.runs(who)]
        self.press(self.links(mail)["d"], action=what)
        if lead is not None and self.lead(who) is None:
            assert what == "erase"
            assert self.now - mail.at < A_DAY
            self.book.forgets(who, runs)

    @act(who=WHO, which=WHICH, booked=st.sampled_from((False, False, True)))
    def pain_check(self, who: str, which: int, *, booked: bool) -> None:
        """By the link in a mail: ask for one, or say that there is one."""
        path = self.link_of(who, "b", which)
        if path is None:
            return
        known = self._is_mail_of_now("b", path)
        if booked:
            if known:
                self.press(path, action="booked")
                self.has_booked(who)
            return
        hers = {"name": PEOPLE[who], "note": f"{PEOPLE[who]} zit slecht"} if known else {}  # else it is kept a while
        self.press(path, action="request", phone="06 98765432", **hers)
        if known and who not in self.book.waiting:
            self.book.rest(self.open_runs(who), self.now + TWO_WEEKS, "request", self.now)
            self.book.waiting.add(who)

    @act(who=WHO, which=WHICH, says=st.sampled_from(("better", "same", "worse")))
    def answer(self, who: str, which: int, says: str) -> None:
        path = self.link_of(who, "a", which)
        if path is None:
            return
        known = self._is_mail_of_now("a", path)
        self.press(path, answer=says)
        if known and says == "worse" and self.book.worse.get(who) != local_day(self.now):  # it counts once a day
            self.book.worse[who] = local_day(self.now)
            self.book.rest(self.open_runs(who), self.now + TWO_WEEKS, "worse", self.now)

    @act(who=WHO, which=WHICH)
    def look(self, who: str, which: int) -> None:
        """A mail scanner opens every link."""
        mail = self.pick(self.mails(who), which)
        before = self.everything()
        for path in self.links(mail).values() if mail else ():
            answer = self.client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert self.everything() == before, "looking changed something"

    # what the acts share

    def has_booked(self, who: str) -> None:
        """There is an appointment, whoever says so."""
        for run in self.runs(who):
            if self.terms.plans[run.sequence_revision_id].ends_when_booked:
                self.book.goals.add(run.id)
        self.book.waiting.discard(who)

    def _opt_ins(self, who: str) -> list[OptIn]:
        lead = self.lead(who)
        return self.rows(OptIn, OptIn.lead_id == lead.id) if lead else []

    def _is_hers(self, who: str, path: str) -> bool:
        """Is this a link of the lead as she is known now, and not of one who was erased?"""
        lead = self.lead(who)
        return lead is not None and self.house.services.keyring.read("p", path.removeprefix("/p/")) == lead.public_id

    def _is_mail_of_now(self, letter: Purpose, path: str) -> bool:
        """Is its mail still in the ledger?"""
        public_id = self.house.services.keyring.read(letter, path.removeprefix(f"/{letter}/"))
        return any(mail.public_id == public_id and self.message(mail.number) for mail in self.far.arrived)
