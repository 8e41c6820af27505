"""Revisions as the domain knows them. They never change, so what was read once is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.forms import Forms
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.errors import UnavailableError
from service.mail.compiled import CompiledMail, CompiledPartial
from service.mail.compose import Mould, render_partial
from service.store import sequences
from service.store.tables import Revision

_KEPT = 256  # revisions; a year of daily edits, a few MB
_T = TypeVar("_T")
LiveIds = Mapping[tuple[str, str], int]
"""(kind, name) -> id of its newest revision."""
NAMES = {"practice": "practice", "forms": "forms", "mails": "service"}


@dataclass(frozen=True, kw_only=True)
class LiveSequence:
    """A sequence with the id of the revision it was read from."""

    revision_id: int
    sequence: Sequence


class Published:
    """Looks revisions up by id, and parses each once. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, str], Any] = OrderedDict()

    def sequence(self, session: Session, revision_id: int) -> Sequence:
        """The sequence of one revision."""
        return self._read(session, "sequence", revision_id, lambda row: Sequence.model_validate(row.document))

    def mail(self, session: Session, revision_id: int, template: str) -> CompiledMail:
        """A compiled mail, as it was when this revision was published."""
        return self._read(
            session, "mail", revision_id, lambda row: CompiledMail.model_validate(row.compiled[template]), template
        )

    def has_mail(self, session: Session, revision_id: int, template: str) -> bool:
        """Is this mail in that revision? Not where it was published by a version that did not know the mail."""
        return template in _row(session, revision_id).compiled

    def practice(self, session: Session, revision_id: int) -> Practice:
        """The practice's facts of one revision."""
        return self._read(session, "practice", revision_id, lambda row: Practice.model_validate(row.document))

    def practice_facts(self, session: Session, revision_id: int) -> Mapping[str, Any]:
        """The same as JSON, as mails are filled in with it."""
        practice = self.practice(session, revision_id)
        return self._read(session, "facts", revision_id, lambda _row: practice.model_dump(mode="json"))

    def mould(self, session: Session, revision_id: int, template: str, practice_revision_id: int) -> Mould:
        """A mail of one revision with the practice's facts of another: what a lead's own is filled into."""

        def make(_row: Revision) -> Mould:
            compiled = self.mail(session, revision_id, template)
            return Mould(compiled, self.practice_facts(session, practice_revision_id))

        return self._read(session, "mould", revision_id, make, f"{template} {practice_revision_id}")

    def live_practice(self, session: Session, live: LiveIds | None = None) -> tuple[int, Practice]:
        """The newest practice facts: calendar and closed days are always these, whatever a message was made with."""
        revision_id = self._live_id(session, "practice", live)
        return revision_id, self.practice(session, revision_id)

    def calendar(self, session: Session) -> Calendar:
        """The practice's calendar as of now."""
        revision_id, practice = self.live_practice(session)
        return self._read(session, "calendar", revision_id, lambda _row: Calendar.of(practice))

    def live_forms(self, session: Session, live: LiveIds | None = None) -> tuple[int, Forms]:
        """The newest forms."""
        revision_id = self._live_id(session, "forms", live)
        return revision_id, self._read(session, "forms", revision_id, lambda row: Forms.model_validate(row.document))

    def forms_shown(self, session: Session, revision_id: int | None) -> tuple[int, Forms]:
        """The forms of this revision, as a page showed them; the newest where no revision of forms has this id."""
        row = session.get(Revision, revision_id) if revision_id is not None else None
        if row is None or row.kind != "forms":
            return self.live_forms(session)
        return row.id, Forms.model_validate(row.document)

    def answers_used(self, session: Session, revision_id: int) -> frozenset[str]:
        """Every answer that a mail or a condition of this sequence looks at: nothing else need be asked."""
        sequence = self.sequence(session, revision_id)
        mails = (self.mail(session, revision_id, template) for template in sequence.templates())
        return sequence.answers().union(*(mail.answers for mail in mails))

    def safety_html(self, session: Session) -> str:
        """The safety block for a page, as safe HTML: from the live forms, with the live practice filled in."""
        revision_id = self._live_id(session, "forms")
        partial = self._read(
            session, "safety", revision_id, lambda row: CompiledPartial.model_validate(row.compiled["safety"])
        )
        _, practice = self.live_practice(session)
        html, _ = render_partial(partial, practice.model_dump(mode="json"))
        return html

    def live_service_mails(self, session: Session) -> int:
        """The revision that holds the newest service mails."""
        return self._live_id(session, "mails")

    def live_for_topic(self, session: Session, topic: str, live: LiveIds | None = None) -> LiveSequence | None:
        """The published sequence of a topic; None when there is none."""
        found = [each for each in self.live_sequences(session, live) if each.sequence.topic == topic]
        return found[-1] if found else None

    def live_sequences(self, session: Session, live: LiveIds | None = None) -> list[LiveSequence]:
        """The newest revision of every sequence."""
        known = live or self.live_ids(session)
        newest = [revision_id for (kind, _), revision_id in known.items() if kind == "sequence"]
        return [LiveSequence(revision_id=each, sequence=self.sequence(session, each)) for each in sorted(newest)]

    def live_ids(self, session: Session) -> LiveIds:
        """What is live now, for who asks for several things at once: each of the calls here looks by itself else."""
        return sequences.live_ids(session)

    def _live_id(self, session: Session, kind: str, live: LiveIds | None = None) -> int:
        found = (live or self.live_ids(session)).get((kind, NAMES[kind]))
        if found is None:
            raise UnavailableError(
                "nothing is published yet; run: nurture publish",
                "De dienst is nog niet ingericht.",
                staff="er is nog niets gepubliceerd; draai: nurture publish",
            )
        return found

    def _read(
        self, session: Session, what: str, revision_id: int, parse: Callable[[Revision], _T], part: str = ""
    ) -> _T:
        key = (what, revision_id, part)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("_T", self._kept[key])
        value = parse(_row(session, revision_id))
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return value


def _row(session: Session, revision_id: int) -> Revision:
    return sequences.by_id(session, revision_id)
