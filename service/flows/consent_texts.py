"""The words that leads agree to: which ones there were, since when, how many agreed to each; and changing them.

An opt-in states one version, that of the advice's text, and the words beside both boxes are found by it. So other words
are another version, for both texts, and a version is never used for two wordings.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.forms import Consents, Forms, parse_forms
from service.errors import InvalidInputError, NotFoundError, Problem, RefusedError
from service.flows import yaml_edits
from service.flows.content_yaml import read_yaml
from service.store import consents, sequences
from service.store.db import Database

FILE = "forms.yaml"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_COUNTED_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One version of a form's two texts, as it was published: when that began, and whether it is the newest."""

    form: str
    version: str
    advice: str
    follow_up: str
    since: datetime
    live: bool


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many consents rest on a version: to the advice, to follow-ups by a box, and proven by the button in a mail.

    Withdrawn ones count too: what was agreed to stays so.
    """

    advice: int = 0
    follow_up: int = 0
    proven: int = 0


class Counts:
    """How many consents there are under each version. Kept for a minute: with many leads it takes its time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, Mapping[str, Counted]] | None = None

    def read(self, database: Database) -> Mapping[str, Counted]:
        """By version; under "" those of forms that stated none."""
        with self._lock:
            if self._kept is None or time.monotonic() > self._kept[0]:
                with database.reading() as session:
                    found = _counted(consents.by_version(session))
                self._kept = time.monotonic() + _COUNTED_SECONDS, found
            return self._kept[1]


def history(session: Session) -> list[Wording]:
    """Every version of every form there ever was, the newest first."""
    found: dict[tuple[str, str], Wording] = {}
    rows = sequences.history(session, "forms")
    for row in rows:  # the newest first, so that what is kept at last is the first time a version was published
        for name, form in Forms.model_validate(row.document).forms.items():
            key = (name, form.consent.advice.version)
            live = found[key].live if key in found else row is rows[0]
            found[key] = Wording(
                form=name,
                version=form.consent.advice.version,
                advice=form.consent.advice.text,
                follow_up=form.consent.follow_up.text,
                since=row.published_at,
                live=live,
            )
    return list(found.values())


def drafted(text: str) -> tuple[Forms | None, Sequence[Problem]]:
    """The forms that the file describes, or None, and all that is wrong with it."""
    yaml = read_yaml(text, FILE)
    if yaml.problems:
        return None, yaml.problems
    return parse_forms(yaml.data, yaml.line_of, FILE)


def next_version(known: Sequence[str], year: int) -> str:
    """A version that was never used: the year and a number behind it."""
    return next(made for number in range(1, 10_000) if (made := f"{year}-{number}") not in known)


def with_texts(text: str, name: str, *, advice: str, follow_up: str, version: str, published: Sequence[Wording]) -> str:
    """The file with these words in this form, both under this version; as it was where the words are the same.

    Raises InvalidInputError where other words are to stand under a version that was published already.
    """
    forms, problems = drafted(text)
    if forms is None or name not in forms.forms:
        if problems:
            raise RefusedError(problems[0].told("en"), problems[0].told("nl"))
        raise NotFoundError("there is no such form", "Dat formulier is er niet.")
    before = forms.forms[name].consent
    if not advice or not follow_up:
        raise InvalidInputError("neither text may be empty", "Geen van beide teksten mag leeg zijn.")
    if (advice, follow_up) == (before.advice.text, before.follow_up.text):
        return text
    _check_version(name, version, advice, follow_up, published)
    path = ("forms", name, "consent")
    for purpose, words in (("advice", advice), ("follow_up", follow_up)):
        text = yaml_edits.with_text(text, (*path, purpose, "text"), words)
        text = yaml_edits.with_text(text, (*path, purpose, "version"), version)
    return text


def is_changed(drafted_now: Consents, published: Sequence[Wording], name: str) -> bool:
    """Do the words in the file differ from those that leads see now?"""
    live = next((each for each in published if each.form == name and each.live), None)
    return live is None or (drafted_now.advice.text, drafted_now.follow_up.text) != (live.advice, live.follow_up)


def _check_version(name: str, version: str, advice: str, follow_up: str, published: Sequence[Wording]) -> None:
    if not _VERSION.fullmatch(version):
        raise InvalidInputError(
            "a version is letters, digits, dots and dashes, such as 2026-2",
            "Een versie bestaat uit letters, cijfers, punten en streepjes, zoals 2026-2.",
        )
    used = next((each for each in published if each.form == name and each.version == version), None)
    if used is not None and (used.advice, used.follow_up) != (advice, follow_up):
        raise InvalidInputError(
            f"version {version} was published with other words; give these a new one",
            f"Versie {version} is al gepubliceerd met andere woorden. Geef deze tekst een nieuwe versie.",
        )


def _counted(rows: Sequence[tuple[str | None, str, str, int]]) -> Mapping[str, Counted]:
    found: dict[str, dict[str, int]] = {}
    for version, purpose, source, count in rows:
        what = "advice" if purpose == "advice" else "proven" if source == "confirmation" else "follow_up"
        of = found.setdefault(version or "", {})
        of[what] = of.get(what, 0) + count
    return {version: Counted(**counts) for version, counts in found.items()}
