"""What a mail may speak of: every name a template can use, for each sort of reader."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Literal

from service.mail.dutch_words import PARTS, WORDS

Audience = Literal["lead", "lead-service", "practice"]
AUDIENCES: tuple[Audience, ...] = ("lead", "lead-service", "practice")

_PRACTICE = (
    "practice.name",
    "practice.address",
    "practice.kvk",
    "practice.phone",
    "practice.email",
    "practice.privacy_url",
    "practice.logo",
    "practice.opening_days",
    "practice.booking.kind",
    "practice.booking.url",
    "practice.links.article",
    "practice.links.video_hollow",
    "practice.links.video_flat",
    "practice.pain_check.price",
    "practice.pain_check.duration",
    "practice.pain_check.location",
    "practice.pain_check.reimbursement",
    "practice.pain_check.bring",
    "practice.pain_check.cancellation",
)
_LEAD = ("first_name", "confirm_url", "booking_url", "unsubscribe_url", "preferences_url")
_SERVICE = (
    *(f"request.{n}" for n in ("number", "name", "email", "phone", "days", "times", "remarks", "topic")),
    *(f"request.{n}" for n in ("requested_at", "answer_by", "closed_until", "proposed", "url")),
    *(f"alert.{n}" for n in ("title", "cause", "details", "since", "hint", "url")),
    *(f"reply.{n}" for n in ("name", "email", "topic", "subject", "came_at", "answered", "cut", "defused", "writer")),
    *(f"reply.{n}" for n in ("untied", "inside", "rests_until", "show", "resume", "stop", "url")),
    "request.lines",
    "alert.lines",
    "reply.lines",
    "reply.sent",
    "reply.coming",
    *(f"invitation.{n}" for n in ("name", "url")),
    *(f"account.{n}" for n in ("name", "what")),
    *(f"week.{n}" for n in ("name", "lines", "note", "waiting", "url")),
    "fresh_url",
)

LISTS = frozenset(
    {"practice.opening_days", "request.lines", "alert.lines", "reply.lines", "reply.sent", "reply.coming"}
    | {"week.lines"}
)
"""What `{% for %}` may go over: nothing a template could make longer itself."""

REQUIRED = ("practice.name", "practice.address", "practice.kvk", "unsubscribe_url")
"""What each mail to a lead must show in both parts, on every branch (ACCEPTANCE C7), beside the reason."""

_NEVER_EMPTY = {"alert.title", "invitation.url", "account.what", "week.name", "week.url"}

OPTIONAL = frozenset(
    {"practice.logo", "practice.booking.url"}
    | {name for name in _PRACTICE if name.startswith("practice.links.")}
    | {name for name in _SERVICE if "." in name and name not in _NEVER_EMPTY}
)
"""Names whose value may be empty: printed outside an `{% if %}` on them, the mail would be held."""

LINKS = frozenset(
    {"confirm_url", "booking_url", "unsubscribe_url", "preferences_url", "fresh_url", "request.url", "alert.url"}
    | {"invitation.url", "week.url", "reply.url"}
    | {"practice.privacy_url", "practice.booking.url"}
    | {name for name in _PRACTICE if name.startswith("practice.links.")}
)
"""Names that are a whole link by themselves."""

ANSWERS = ("better", "same", "worse")
ANSWER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


INTERNAL = frozenset({"media_url"})
"""Names that the compiler puts into a mail itself: where the images of this installation are served."""


TAKEN = frozenset(
    {name.partition(".")[0] for name in (*_PRACTICE, *_LEAD, *_SERVICE)}
    | {*INTERNAL, "answers", "answer_url", "subject", "preheader", "reason", "content", "footer"}
    | {"loop", "self", "caller", "varargs", "kwargs"}
)
"""What the name of a loop may not be: it would hide a name of ours, or one of Jinja's."""


def allowed_names(audience: Audience) -> frozenset[str]:
    """The dotted names a template for this reader may use (`answers.NAME` and `answer_url` come on top for leads)."""
    if audience == "practice":
        return frozenset((*_PRACTICE, *_SERVICE))
    if audience == "lead-service":
        return frozenset((*_PRACTICE, *_LEAD, *_SERVICE))
    return frozenset((*_PRACTICE, *_LEAD))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant: the English for a Dutch one, else one that is spelt much like it."""
    candidates = sorted(known)
    plain = word.lower().replace("-", "_").replace(" ", "_")
    in_parts = ".".join(PARTS.get(part, part) for part in plain.split("."))
    for english in (*WORDS.get(plain, ()), in_parts, *WORDS.get(plain.rpartition(".")[2], ())):
        if english in candidates:
            return english
    near = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    return near[0] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Did you mean X?` with the nearest known word, or nothing."""
    near = nearest(word, known)
    return f" Did you mean {near}?" if near else ""


def unknown_dutch(word: str, known: Iterable[str], *, what: str = "", listed: bool = True) -> str:
    """That a word does not exist, with the one that was meant, or else all there are. `what`: `het filter `."""
    candidates = sorted(known)
    near = nearest(word, candidates)
    if near:
        return f"{what}`{word}` bestaat niet; bedoel je `{near}`?"
    return f"{what}`{word}` bestaat niet." + (f" Kies uit: {', '.join(candidates)}." if listed and candidates else "")
