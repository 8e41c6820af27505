"""What a mail that came in is (ACCEPTANCE F1): from its bytes to one `Inbound`, nothing believed.

The order matters: what is certain about the form of a mail is asked before what its words suggest, and a mail of a
person that quotes a bounce is never one. docs/inbound.md says it in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from service.mail.inbound import automatic, bounces, complaints, reports, ties
from service.mail.inbound.quotes import above_the_copy, answers_within, own_words
from service.mail.inbound.reading import MOST_TEXT, everything, goes_along, written
from service.mail.inbound.structure import MOST_BYTES, Part, read
from service.mail.inbound.values import Inbound, InboundKind
from service.mail.inbound.wishes import wants_stop

_MOST_TEXT, _LONGEST_SUBJECT = 20_000, 300


def classify(raw: bytes) -> Inbound:
    """What this mail is. Never raises, whatever the bytes; what cannot be read is NONE, and waits for a person."""
    try:
        return judged(raw)
    except Exception:  # no mail may stop those behind it; `make fuzz` calls `judged`, and finds what hides here
        return Inbound(kind=InboundKind.NONE, reason="the mail cannot be read")


def judged(raw: bytes) -> Inbound:
    """The same, where a mistake of ours raises."""
    mail = read(raw)
    letter = _Letter(mail=mail, cut=len(raw) > MOST_BYTES)
    return _report(letter) or _machine(letter) or _person(letter)


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A mail, and what several questions ask of it."""

    mail: Part
    cut: bool  # only its beginning was looked at

    @cached_property
    def subject(self) -> str:
        return self.mail.first("subject")[:_LONGEST_SUBJECT]

    @cached_property
    def text(self) -> str:
        return written(self.mail).replace("\u2028", "\n").replace("\u2029", "\n")

    @cached_property
    def sender(self) -> str | None:
        return ties.sender(self.mail)

    def told(self, kind: InboundKind, reason: str, *, returned: bool = False) -> Inbound:
        """What every verdict carries; `returned` where the texts of the mail may show one of ours."""
        texts = everything(self.mail) if returned else ()
        return Inbound(
            kind=kind,
            reason=reason,
            recipient=self.sender,
            came_for=ties.came_for(self.mail),
            message_ids=ties.message_ids(self.mail, returned=texts),
            tokens=ties.tokens(self.mail),
            sender=self.sender,
            at=ties.sent_at(self.mail),
        )


def _report(letter: _Letter) -> Inbound | None:
    """Reports for machines, complaints, and bounces in a server's own words."""
    mail = letter.mail
    system, no_way_back = bounces.from_a_mail_system(mail), bounces.without_a_way_back(mail)
    by_machine = mail.kind == "multipart/report" or system or no_way_back or automatic.generated(mail)
    complaint = complaints.read(mail)
    if complaint is not None:
        return replace(letter.told(complaint.kind, complaint.reason, returned=True), recipient=complaint.recipient)
    part = reports.delivery_status(mail)
    if part is not None and by_machine:
        found: reports.Report | None = reports.read(mail, part)
    elif (system or (no_way_back and not _looks_like_an_answer(mail))) and automatic.receipt(mail) is None:
        found = bounces.read(mail)
    else:
        found = None
    if found is None:
        return None
    verdict = found.verdict
    told = letter.told(verdict.kind, verdict.reason, returned=True)
    return replace(
        told,
        recipient=found.recipient,
        status=verdict.status,
        deferred=found.deferred,
        elsewhere=found.elsewhere,
    )


def _looks_like_an_answer(mail: Part) -> bool:
    return automatic.answers(mail) or automatic.subject_answers(mail)


def _machine(letter: _Letter) -> Inbound | None:
    """Receipts, calendars, automatic answers, lists and other mail that nobody wrote to us."""
    mail = letter.mail
    if letter.sender is None:
        return letter.told(InboundKind.NONE, "nobody is named as its sender")
    if why := automatic.receipt(mail):
        return letter.told(InboundKind.NONE, why)
    # A mail program that unsubscribes for its owner sends an automatic mail too, and that one is heard.
    asks = wants_stop("", letter.subject)
    sent_by_machine = automatic.generated(mail) or bounces.from_a_mail_system(mail) or bounces.without_a_way_back(mail)
    if automatic.answers(mail) or (automatic.subject_answers(mail) and not asks):
        return _answer(letter)
    reads_as_answer = not asks and automatic.reads_as_answer(mail, letter.text)
    if reads_as_answer and (sent_by_machine or automatic.in_bulk(mail)) and not automatic.of_a_list(mail):
        return _answer(letter)
    why = automatic.nobody_wrote(mail, asks=asks, sent_by_machine=sent_by_machine)
    return letter.told(InboundKind.NONE, why) if why else None


def _answer(letter: _Letter) -> Inbound:
    own = own_words(letter.text)
    away = automatic.says_away(letter.subject, own)
    reason = "an automatic answer of somebody who is away" if away else "an automatic answer"
    told = letter.told(InboundKind.AUTO_REPLY, reason)
    return replace(told, away=away, subject=letter.subject, text=_plain(own or letter.text))


def _person(letter: _Letter) -> Inbound:
    own = own_words(letter.text)
    stop = wants_stop(above_the_copy(own) if ties.holds_a_link(own) else own, letter.subject)
    told = letter.told(InboundKind.REPLY, "a person asks for no more mail" if stop else "a person wrote")
    # Cut down to nothing, the words must stand within what looks quoted: better too much for a person than nothing.
    text = _plain(own or letter.text.strip())
    unread = letter.cut or goes_along(letter.mail) or len(letter.text) >= MOST_TEXT or not (text or stop)
    more = unread or (own != letter.text.strip() and answers_within(own))
    return replace(told, wants_stop=stop, subject=letter.subject, text=text, more=more)


def _plain(text: str) -> str:
    kept = "".join(char if char.isprintable() or char == "\n" else " " for char in text[:_MOST_TEXT])
    return kept.strip()
