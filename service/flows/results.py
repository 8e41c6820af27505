"""What came of each sequence, step and variant: counts over all leads, with nothing about any of them.

Erased leads are counted no more, so older figures shrink. A booking is to the credit of the mail whose own link was
used last before it (ACCEPTANCE M10); no pixel and no wrapped link is behind any figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session

from service.domain.sequence import Sequence as Steps
from service.domain.shares import Share
from service.flows import splits
from service.flows.services import Services
from service.store import results as store

ANSWERS = ("better", "same", "worse")
_TAKEN = ("accepted", "delivered", "complained")


@dataclass(frozen=True, kw_only=True)
class MailResult:
    """One mail of a step. `variant` is its name among the step's variants, or None.

    Of a step that is split now a mail of before that, or one by a revision that split it otherwise, stands apart
    (`before_split`): it went to everybody, so it is compared with nothing.

    `accepted` mails the other side took, `delivered` of them it told so, `complained` of them were reported as spam;
    `bounced` it refused for good, at once or later. `left`: the lead said no after this mail and
    before the next. `answers`: better, same, worse. `requests` and `booked`: by this mail's own link.
    """

    step: str
    template: str
    variant: str | None
    accepted: int = 0
    delivered: int = 0
    complained: int = 0
    bounced: int = 0
    unknown: int = 0
    skipped: int = 0
    left: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    booked: int = 0
    before_split: bool = False


@dataclass(frozen=True, kw_only=True)
class Together:
    """Several mails, and what they came to together."""

    mails: tuple[MailResult, ...]

    @property
    def accepted(self) -> int:
        """How many of them the other side took."""
        return sum(mail.accepted for mail in self.mails)

    @property
    def bounced(self) -> int:
        """How many it refused for good."""
        return sum(mail.bounced for mail in self.mails)

    @property
    def left(self) -> int:
        """How many leads said no after one of them."""
        return sum(mail.left for mail in self.mails)

    @property
    def requests(self) -> int:
        """How many asked for a pain check by a link in one of them."""
        return sum(mail.requests for mail in self.mails)

    @property
    def answers(self) -> dict[str, int]:
        """better, same and worse -> how often that was pressed in one of them."""
        return {each: sum(mail.answers.get(each, 0) for mail in self.mails) for each in ANSWERS}


@dataclass(frozen=True, kw_only=True)
class SequenceResult(Together):
    """One sequence: opt-ins, presses on "yes, send me the follow-ups", bookings whatever led to them, and its mails.

    `title` is the live sequence's, or its name where it is live no more.
    """

    sequence: str
    title: str
    opt_ins: int
    confirmed: int
    booked: int

    @property
    def is_empty(self) -> bool:
        """Did nothing happen at all?"""
        return not (self.opt_ins or self.confirmed or self.booked or self.mails)

    def variants(self, step: str) -> list[MailResult]:
        """The mails of a step that is split, by the name of the variant."""
        found = [mail for mail in self.mails if mail.step == step and mail.variant is not None]
        return sorted(found, key=lambda mail: mail.variant or "")


def results(
    session: Session, services: Services, since: datetime | None = None, until: datetime | None = None
) -> list[SequenceResult]:
    """The results of every sequence that is published or has leads.

    Of the opt-ins, presses and bookings between the two moments, and of the mails made between them whatever came of
    those up to now.
    """
    span = store.Span(since=since, until=until)
    live = {each.sequence.name: each.sequence for each in services.published.live_sequences(session)}
    opt_ins, confirmed, booked = (look(session, span) for look in (store.opt_ins, store.confirmed, store.booked))
    mails = _mails(session, live, span)
    return [
        SequenceResult(
            sequence=name,
            title=live[name].title if name in live else name,
            opt_ins=opt_ins.get(name, 0),
            confirmed=confirmed.get(name, 0),
            booked=booked.get(name, 0),
            mails=tuple(mails.get(name, ())),
        )
        for name in sorted({*live, *opt_ins, *confirmed, *booked, *mails})
    ]


def titles(session: Session, services: Services, sequence: str) -> dict[str, str]:
    """Step key -> what staff know its mail by: the subject, or the key where that would hold a lead's own name.

    In the order of the live sequence's steps; empty where it is live no more.
    """
    live = next((each for each in services.published.live_sequences(session) if each.sequence.name == sequence), None)
    if live is None:
        return {}
    subjects = {
        step.key: services.published.mail(session, live.revision_id, step.template_names[0]).subject
        for step in live.sequence.steps
    }
    return {key: key if "{" in subject else subject for key, subject in subjects.items()}


def mail_titles(session: Session, services: Services) -> dict[str, str]:
    """Template -> what staff know the mail by, of every mail of a live sequence."""
    found = {}
    for live in services.published.live_sequences(session):
        for template in {name for step in live.sequence.steps for name in step.template_names}:
            subject = services.published.mail(session, live.revision_id, template).subject
            found[template] = template if "{" in subject else subject
    return found


def topic_titles(session: Session, services: Services) -> dict[str, str]:
    """Topic -> the title of the live sequence about it."""
    return {each.sequence.topic: each.sequence.title for each in services.published.live_sequences(session)}


def compare(one: MailResult, other: MailResult) -> bool:
    """Whether the bookings of two variants differ by more than chance explains."""
    return Share(count=one.booked, of=one.accepted).differs_from(Share(count=other.booked, of=other.accepted))


def _mails(session: Session, live: Mapping[str, Steps], span: store.Span) -> dict[str, list[MailResult]]:
    found = list(_counted(session, live, span).items())
    for split in splits.splits(session, live):
        step = (split.sequence, split.step)
        beside = _counted(session, live, replace(span, made_by=split.revisions))
        before = _counted(session, live, replace(span, not_by=split.revisions))
        found = [(mail, told) for mail, told in found if mail[:2] != step]
        found += [(mail, replace(told, before_split=True)) for mail, told in before.items() if mail[:2] == step]
        found += [
            (mail, replace(told, variant=split.versions.get(mail[2])))
            for mail, told in beside.items()
            if mail[:2] == step
        ]
    shown: dict[str, list[MailResult]] = {}
    for mail, told in sorted(found, key=lambda each: _place(each[0], live)):
        shown.setdefault(mail[0], []).append(told)
    return shown


def _counted(session: Session, live: Mapping[str, Steps], span: store.Span) -> dict[store.Mail, MailResult]:
    left, requests = store.last_before_a_no(session, span), store.requests(session, span)
    answers, booked = store.answers(session, span), store.credited(session, span)
    return {
        mail: MailResult(
            step=mail[1] or _advice(live.get(mail[0])),
            template=mail[2],
            variant=None,
            accepted=sum(counts.get(state, 0) for state in _TAKEN),
            delivered=counts.get("delivered", 0) + counts.get("complained", 0),
            complained=counts.get("complained", 0),
            bounced=counts.get("bounced", 0) + counts.get("failed", 0),
            unknown=counts.get("unknown", 0),
            skipped=counts.get("skipped", 0),
            left=left.get(mail, 0),
            answers=answers.get(mail, {}),
            requests=requests.get(mail, 0),
            booked=booked.get(mail, 0),
        )
        for mail, counts in store.states(session, span).items()
    }


def _place(mail: store.Mail, live: Mapping[str, Steps]) -> tuple[str, int, str]:
    """The order of the steps; a step that is no longer there comes last."""
    name, step, template = mail
    keys: Sequence[str] = [each.key for each in live[name].steps] if name in live else []
    return name, 0 if not step else keys.index(step) if step in keys else len(keys), template


def _advice(sequence: Steps | None) -> str:
    return sequence.advice.key if sequence else ""
