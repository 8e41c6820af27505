"""One lead's story: what happened and what is to come, each with its reason, for "why did she get this?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from service.domain.sequence import Sequence as Steps
from service.domain.sequence import Step
from service.domain.step_words import skip_told
from service.domain.wording import dutch_wait
from service.flows.lead_shown import ComingShown, EnrolmentShown, LeadReport, MessageShown
from service.web.studio.leads.views import Line
from service.web.studio.leads.words import STATES, Teller

_TO_COME = frozenset({"due", "leased", "handed_over", "held"})
_WELL = frozenset({"accepted", "delivered"})
_TOLD_ELSEWHERE = frozenset({"opt_in", "advice_again"})  # by the opt-ins, and the mail itself
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Story:
    """A report put into words. `subjects` are of mails by number, `ahead` of steps to come by template.

    `sequences` are by enrolment; `answers` what questions and answers are called; `may_look` whether the mails
    themselves may be looked at, and her answers told.
    """

    def __init__(
        self,
        report: LeadReport,
        teller: Teller,
        *,
        subjects: Mapping[int, str],
        ahead: Mapping[str, str],
        sequences: Mapping[int, Steps],
        answers: Mapping[str, str],
        may_look: bool,
    ) -> None:
        self._report, self._teller, self._say = report, teller, teller.say
        self._subjects, self._ahead, self._sequences = subjects, ahead, sequences
        self._answers, self._may_look = answers, may_look

    def coming(self) -> list[Line]:
        """What is to come, soonest first; what is not to be sent as things stand comes last."""
        ready = [self._mail(each) for each in self._report.messages if each.state in _TO_COME]
        steps = [self._step_ahead(each) for each in self._report.coming]
        return sorted([*ready, *steps], key=lambda line: (line.at is None, line.at or _EARLIEST))

    def happened(self) -> list[Line]:
        """What happened, the newest first."""
        mails = [self._mail(each) for each in self._report.messages if each.state not in _TO_COME]
        lines = [*self._asked(), *mails, *self._noted(), *self._ended()]  # of one moment, in the order of their causes
        return sorted(lines, key=lambda line: line.at or _EARLIEST)[::-1]

    def _mail(self, mail: MessageShown) -> Line:
        mood, state = STATES[mail.state]
        if mail.to_practice:
            text = self._say(("Mail aan de praktijk over deze lead", "A mail to the practice about this lead"))
        else:
            text = self._subjects.get(mail.id, mail.template)
        # Of a mail that failed the reason is what the mail server said, and that often names the address.
        shown = mail.state not in _WELL and mail.reason and (self._may_look or mail.state != "failed")
        return Line(
            at=mail.due_at if mail.state in _TO_COME else mail.first_handed_at or mail.settled_at or mail.due_at,
            sign="wait" if mail.state == "held" else "mail",
            text=text,
            why=self._why(mail),
            reason=self._reason(mail) if shown else "",
            state=self._say(state),
            mood=mood,
            mail=mail.id if self._may_look and mail.state not in ("skipped", "cancelled") else None,
            is_subject=not mail.to_practice and mail.id in self._subjects,
        )

    def _why(self, mail: MessageShown) -> str:
        if mail.to_practice:
            return ""
        if mail.kind == "service":
            if mail.template in {each.template for each in self._report.messages if each.kind == "advice"}:
                return self._say(
                    ("Het advies nog een keer: de praktijk stuurde het.", "The advice again, by the practice.")
                )
            return self._say(("Op eigen verzoek.", "As asked for."))
        parts = []
        if mail.kind == "advice":
            parts.append(self._say(("Het advies waar om gevraagd is.", "The advice that was asked for.")))
        elif (step := self._step(mail.sequence, mail.step)) is not None:
            parts.append(step)
        if mail.consent_given_at:
            given, source = self._teller.at(mail.consent_given_at), self._teller.word(mail.consent_source or "")
            parts.append(
                self._say(
                    (f"Mag: toestemming van {given}, via {source}.", f"Allowed: consent of {given}, by {source}.")
                )
            )
        return " ".join(parts)

    def _step(self, sequence: str | None, key: str | None) -> str | None:
        """Which step of which sequence it is, and how long after the one before."""
        steps = self._steps(sequence)
        step = steps.step(key) if steps and key else None
        if steps is None or step is None:
            return None
        number, count = steps.steps.index(step) + 1, len(steps.steps)
        waited = self._waited(step)
        return self._say(
            (
                f"Mail {number} van {count} van de reeks “{steps.title}”{waited}.",
                f"Mail {number} of {count} of the sequence “{steps.title}”{waited}.",
            )
        )

    def _steps(self, sequence: str | None) -> Steps | None:
        return next((each for each in self._sequences.values() if each.name == sequence), None)

    def _is_by_answer(self, sequence: str | None, key: str | None) -> bool:
        """Would its reason tell somebody what she answered who may not see that?"""
        steps = None if self._may_look else self._steps(sequence)
        step = steps.step(key) if steps and key else None
        conditions = (step.only_if, step.skip_if) if step else ()
        return any(each.answer for each in conditions if each)

    def _waited(self, step: Step) -> str:
        if step.wait is None:
            return ""
        return self._say((f", {dutch_wait(step.wait)} na de vorige", f", {step.wait} after the one before"))

    def _step_ahead(self, step: ComingShown) -> Line:
        return Line(
            at=step.at,
            sign="mail",
            text=self._ahead.get(step.template, step.template),
            why=self._reason(step),
            is_subject=step.template in self._ahead,
        )

    def _reason(self, each: MessageShown | ComingShown) -> str:
        """Why it stands where it does; the condition of a step in the words of the sequence's own page."""
        decided = each.at is None if isinstance(each, ComingShown) else each.state == "skipped"
        if decided and self._is_by_answer(each.sequence, each.step):
            return self._say(("hangt af van wat iemand antwoordt", "depends on what somebody answers"))
        kept = each.dutch_reason or "", each.reason or ""
        for steps in self._sequences.values():  # of two runs each has its own revision
            step = steps.step(each.step) if steps.name == each.sequence and each.step else None
            if step is not None and (told := skip_told(step, kept[0], self._answers, self._mails_of(steps))):
                return self._say(told)
        return self._say(kept)

    def _mails_of(self, steps: Steps) -> dict[str, str]:
        """step -> the subject of its mail, where that is known."""
        ahead = {
            each.key: self._ahead[name] for each in steps.steps for name in each.template_names if name in self._ahead
        }
        gone = {
            each.step: self._subjects[each.id]
            for each in self._report.messages
            if each.sequence == steps.name and each.step and each.id in self._subjects
        }
        return ahead | gone

    def _asked(self) -> list[Line]:
        """The opt-ins."""
        lines = []
        for each in self._report.opt_ins:
            form = f" ({self._say(('formulier', 'form'))} {each.form})" if each.form else ""
            ticked = (
                ("Vinkte ook de vervolgmails aan.", "Ticked the follow-ups too.")
                if each.follow_up_ticked
                else ("Vinkte de vervolgmails niet aan.", "Did not tick the follow-ups.")
            )
            turned = "" if each.disposition == "accepted" else f" {self._teller.word(each.disposition).capitalize()}."
            topic = next((f"“{run.title}”" for run in self._sequences.values() if run.topic == each.topic), each.topic)
            text = (f"Vroeg het advies over {topic} aan{form}", f"Asked for the advice on {topic}{form}")
            lines.append(Line(at=each.created_at, sign="form", text=self._say(text), why=self._say(ticked) + turned))
        return lines

    def _ended(self) -> list[Line]:
        """The ends of runs."""
        return [self._end(each) for each in self._report.enrolments if each.ended_at is not None]

    def _end(self, run: EnrolmentShown) -> Line:
        title = self._sequences[run.id].title if run.id in self._sequences else run.sequence
        words = {
            "finished": ("is klaar", "is finished"),
            "stopped": ("is gestopt", "was stopped"),
            "expired": ("is verlopen", "ran out"),
        }.get(run.state, ("is voorbij", "is over"))
        why = self._teller.source(run.end_reason) if run.end_reason else ""
        text = (f"De reeks “{title}” {words[0]}", f"The sequence “{title}” {words[1]}")
        return Line(at=run.ended_at, sign="end", text=self._say(text), why=why)

    def _noted(self) -> list[Line]:
        lines = []
        for each in self._report.timeline:
            if each.kind not in _TOLD_ELSEWHERE:
                sign, text, how = self._teller.happened(each.kind, each.details)
                lines.append(Line(at=each.at, sign=sign, text=text, why=how))
        return lines


def next_of(coming: Sequence[Line]) -> Line | None:
    """The mail that leaves next, of what is to come; None where none does by itself."""
    return next((each for each in coming if each.at is not None and each.sign != "wait"), None)
