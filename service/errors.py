"""What goes wrong on purpose: one error for people and programs, and one shape for problems in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]
Language = Literal["nl", "en"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong in a file or a setting: what, where, and what to write instead.

    `id` is stable (staff may look it up), `line` counts from 1 and is None where no line is to blame. `message` says it
    in English; `dutch` in the words of the staff, for all that stands in a content file. `asked` and `dutch_asked` say
    it where a form or a prompt asks for the value by its label: without its key, and without what only a file needs.
    """

    id: str
    message: str
    dutch: str = ""
    file: str = ""
    line: int | None = None
    severity: Severity = "error"
    asked: str = ""
    dutch_asked: str = ""

    def __str__(self) -> str:
        return self.told("en")

    def told(self, language: Language) -> str:
        """One line: file and line, then what is wrong, in this language where it has words for it.

        What it quotes may hold anything: whatever would end the line, or steer a terminal, is written as an escape.
        """
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        warning = {"nl": "waarschuwing: ", "en": "warning: "}[language] if self.severity == "warning" else ""
        return f"{where}{warning}{visible((language == 'nl' and self.dutch) or self.message)}"

    def at_field(self, language: Language) -> str:
        """What is wrong, beside the field or the question that asks for it."""
        dutch = self.dutch_asked or self.dutch if language == "nl" else ""
        return dutch or self.asked or self.message


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """One field of a request that cannot be taken: a JSON pointer (RFC 6901) and a Dutch sentence."""

    pointer: str
    detail: str


class NurtureError(Exception):
    """The base of everything raised on purpose: a code, an HTTP status, a Dutch and an English sentence.

    `staff` says in Dutch what the English does, where leads read another Dutch sentence.
    """

    code = "error"
    status = 500

    def __init__(self, english: str, dutch: str = "", *, staff: str = "", fields: Sequence[FieldProblem] = ()) -> None:
        super().__init__(english)
        self.english = english
        self.dutch = dutch or english
        self.staff = staff or self.dutch
        self.fields = tuple(fields)


class InvalidInputError(NurtureError):
    """Somebody sent something that cannot be taken; `fields` says which field and why."""

    code, status = "invalid-input", 422


class NotFoundError(NurtureError):
    """There is no such thing; a forged token and an unknown lead look the same."""

    code, status = "not-found", 404


class RefusedError(NurtureError):
    """Asked for plainly, and not done, for a reason that stands in the message."""

    code, status = "refused", 409


class TooManyError(NurtureError):
    """More than a cap lets through; `retry_after` is in how many whole seconds there is room again."""

    code, status = "too-many", 429

    def __init__(self, english: str, dutch: str, *, retry_after: int) -> None:
        super().__init__(english, dutch)
        self.retry_after = retry_after


class UnauthorisedError(NurtureError):
    """What was sent says who vouches for it, and that cannot be verified."""

    code, status = "unauthorised", 401


class UnavailableError(NurtureError):
    """A fault of ours that passes (database locked or away, disk full): ask again later."""

    code, status = "unavailable", 503


class ProblemsError(NurtureError):
    """Settings or content with errors in them: all problems at once, never the first alone."""

    code, status = "problems", 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def visible(text: str) -> str:
    """On one line, with whatever cannot be seen written out: a line end as `\\n`, a no-break space as `\\xa0`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def trace(error: BaseException) -> str:
    """Class and place of an unexpected error, for the log. Its message stays out: that may hold personal data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else ""
    return f"{type(error).__name__}{place}"
