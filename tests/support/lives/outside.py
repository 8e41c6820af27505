"""What others tell: mail providers and agendas, in any order, twice and late, and what comes into the mailboxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from service.domain.booking_events import BookingChange, Kind
from service.domain.booking_table import Row
from service.domain.feedback import Feedback, FeedbackKind, Tie
from service.flows import booking_events, booking_import, feedback
from service.flows.services import Services
from service.mail import return_paths
from service.mail.links import new_public_id
from tests.support import acts, comes_in, mails_back
from tests.support.lives.far_side import Mail
from tests.support.lives.staff import Staff
from tests.support.lives.stage import PEOPLE, WHICH, WHO, act

A_WEEK = timedelta(days=7)
RETURN_PATH: return_paths.Use = "return-path"
REPLY_TO: return_paths.Use = "reply-to"
KINDS = (
    *(FeedbackKind.DELIVERED, FeedbackKind.DELIVERED, FeedbackKind.ACCEPTED, FeedbackKind.DEFERRED),
    *(FeedbackKind.SOFT_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.HARD_BOUNCE, FeedbackKind.REJECTED),
    *(FeedbackKind.UNSUBSCRIBED, FeedbackKind.REPLIED, FeedbackKind.AWAY, FeedbackKind.COMPLAINED),
)
BOOKED: tuple[Kind, ...] = ("booked", "booked", "cancelled")
LATE = st.sampled_from((0, 0, 10, 3000, 60_000))
"""Minutes between what happened and the word of it."""
TEXTS = {
    "stop": "stop",
    "stop and more": "Stop met mailen.\nHet gaat slecht met {}, kunt u mij bellen?",
    "reply": "De oefening lukt {} nog niet, hoe moet dat?",
}
"""With their own name in it."""


class Outside(Staff):
    """By the doors that others use."""

    imports = 0

    @act(who=WHO, which=WHICH, kind=st.sampled_from(KINDS), late=LATE, twice=st.booleans())
    def event(self, who: str, which: int, kind: FeedbackKind, late: int, *, twice: bool) -> None:
        """About a mail that was handed over, whether or not we were answered."""
        mail = self.pick(self.mails(who), which)
        if mail is None:
            return
        at = self.now - timedelta(minutes=late)
        news = Feedback(
            source="lettermint",
            key=f"event {len(self.far.arrived)} {new_public_id()}",
            kind=kind,
            raw_kind=kind.value,
            tie=Tie(public_id=mail.public_id),
            at=at,
        )
        self.hears(who, mail, kind, at, lambda: acts.commit(self.house, feedback.apply, *self._with(news)))
        if twice:
            before = self.everything()
            assert not acts.commit(self.house, feedback.apply, *self._with(news))
            assert self.everything() == before, "the same news again changed something"

    @act(kind=st.sampled_from(KINDS), named=st.booleans())
    def event_about_no_mail_of_ours(self, kind: FeedbackKind, *, named: bool) -> None:
        tie = Tie(public_id=new_public_id()) if named else Tie(message_id="<somebody@elsewhere.example>")
        news = Feedback(source="brevo", key=new_public_id(), kind=kind, raw_kind=kind.value, tie=tie, at=self.now)
        before = self.everything() | {"feedback_event": []}
        acts.commit(self.house, feedback.apply, *self._with(news))
        assert self.everything() | {"feedback_event": []} == before, "news about nobody changed something"

    @act(who=WHO, which=WHICH, what=st.sampled_from(("stop", "stop and more", "reply", "away", "gone", "spam")))
    def mail_comes(self, who: str, which: int, what: str) -> None:
        """Into a mailbox of ours, as an answer to a mail that arrived."""
        mail = self.pick(self.mails(who), which)
        if mail is None:
            return
        box, use = (comes_in.REPLIES, REPLY_TO) if what in TEXTS else (comes_in.BOUNCES, RETURN_PATH)
        to = return_paths.address_for(box, self.house.services.keyring, use, mail.public_id)
        kind, text = FeedbackKind.UNSUBSCRIBED, TEXTS.get(what, "").format(PEOPLE[who])
        match what:
            case "gone":
                data, kind = mails_back.report(to, recipient=who), FeedbackKind.HARD_BOUNCE
            case "spam":
                data, kind = mails_back.complaint(to, message_id=mail.name), FeedbackKind.COMPLAINED
            case "away":
                data, kind = mails_back.away(to, sender=who), FeedbackKind.AWAY
            case "reply":
                data, kind = mails_back.reply(to, text, sender=who), FeedbackKind.REPLIED
            case _:
                data = mails_back.reply(to, text, sender=who)
        self.hears(who, mail, kind, self.now, lambda: comes_in.comes_in(self.house, data))

    @act(who=WHO, number=st.integers(1, 3), kind=st.sampled_from(BOOKED), late=LATE)
    def agenda(self, who: str, number: int, kind: Kind, late: int) -> None:
        """An appointment to come is made, or called off."""
        change = BookingChange(
            key=new_public_id(),
            type=kind,
            kind=kind,
            booking=f"{list(PEOPLE).index(who)}-{number}",
            at=self.now - timedelta(minutes=late),
            starts_at=self.now + A_WEEK,
            address=f" {who.upper()}",
        )
        if kind == "booked":
            self.has_booked(who)
        acts.commit(self.house, booking_events.take, self.house.services, "calcom", change, self.now)

    @act(who=WHO, days=st.sampled_from((-400, 3)))
    def import_appointments(self, who: str, days: int) -> None:
        """One of long before the opt-in ends nothing."""
        self.imports += 1
        at = self.now + timedelta(days=days, seconds=self.imports)
        rows = [Row(line=2, address=who, at=at, id=None, state="booked")]
        if days > 0:
            self.has_booked(who)
        acts.commit(self.house, booking_import.take, self.house.services, rows, actor="Frank", now=self.now)

    def hears(self, who: str, mail: Mail, kind: FeedbackKind, at: datetime, tell: Callable[[], object]) -> None:
        """Tell the service by `tell`, and the book what that means."""
        row = self.message(mail.number)
        known = row is not None and row.public_id == mail.public_id
        open_runs, lead = self.open_runs(who), self.lead(who)
        tell()
        at = min(max(at, row.created_at), self.now) if known and row is not None else min(at, self.now)
        match kind:
            case FeedbackKind.UNSUBSCRIBED:
                self.book.said_no(who)
            case FeedbackKind.COMPLAINED:
                self.book.calls_it_spam(who)
            case FeedbackKind.HARD_BOUNCE:
                self.book.has_no_mailbox(who, at, self.now)
            case FeedbackKind.SOFT_BOUNCE if known and lead is not None:
                self.book.comes_back(who, mail.number, at, self.now)
            case FeedbackKind.REPLIED if known:
                self.book.rest(open_runs, self.now + A_WEEK, "reply", self.now)
            case FeedbackKind.AWAY if known:
                for run in open_runs:  # how often that counts is not reckoned here: only that no rest gets shorter
                    if run in self.book.rests:
                        self.book.rests[run] = replace(
                            self.book.rests[run], reasons=self.book.rests[run].reasons | {"away"}
                        )

    def _with(self, news: Feedback) -> tuple[Services, Feedback, datetime]:
        return self.house.services, news, self.now
