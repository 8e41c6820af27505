"""From data that people wrote to frozen models: every problem at once, in English and Dutch, with file and line.

A field's `description` says what to write there, `json_schema_extra=in_dutch(...)` the same in Dutch; each refusal ends
with it, so that staff need no manual, and editors show the Dutch one (docs/schema). Where a field or a validator has no
Dutch words, the problem has none either, and is told in English.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from service.domain import field_hints
from service.domain.field_hints import Asked
from service.errors import Language, Problem, Severity, visible

Path = tuple[str | int, ...]
LineOf = Callable[[Path], int | None]
"""The line (from 1) on which the key or item at a path stands; None where it does not stand in the file."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Value(BaseModel):
    """The base of all that is read from content files and kept as JSON in revisions: frozen, and strict about keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _an_empty_key_is_absent(cls, data: object) -> object:
        # `logo:` with nothing behind it is None in YAML, and people mean "none"
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, Mapping) else data


ModelT = TypeVar("ModelT", bound=BaseModel)


class WrongValueError(ValueError):
    """What a validator refuses, in English and in Dutch: a sentence without its end, the field's hint follows.

    `asked` says all of it for a form, where the sentence names keys of the file.
    """

    def __init__(self, english: str, dutch: str, *, asked: Asked | None = None) -> None:
        super().__init__(english)
        self.dutch = dutch
        self.asked = asked


def in_dutch(text: str) -> dict[str, JsonValue]:
    """For a field's `json_schema_extra`: what to write there, in Dutch."""
    return {"description": text}


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise WrongValueError(
            "it holds a line break or a character that cannot be seen",
            "er staat een regeleinde of een onzichtbaar teken in",
        )
    return text


_NO_TIME = ("that is no time of day", "dat is geen tijdstip")
_NO_DATE = ("that is no date", "dat is geen datum")


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str):
        try:
            parsed = time.fromisoformat(value.strip())
        except ValueError:
            raise WrongValueError(*_NO_TIME) from None
        # model_dump_json writes seconds; people may leave them out
        if parsed.tzinfo is None and parsed.second == parsed.microsecond == 0 and ":" in value:
            return parsed
    raise WrongValueError(*_NO_TIME)


def _plain_day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise WrongValueError(*_NO_DATE)
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise WrongValueError(*_NO_DATE) from None
    return value


Line = Annotated[str, AfterValidator(_one_line)]
"""Text on one line, without control characters: safe for a heading, a header or a page title."""
ClockTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:00)?$"}),
]
"""A local time of day, written as "09:00"."""
Day = Annotated[
    date, BeforeValidator(_plain_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})
]
"""A calendar day, written as 2026-12-24."""


class Report:
    """Collects the problems of one file while its data is turned into a model."""

    def __init__(self, *, file: str, line_of: LineOf) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._line_of = line_of

    @property
    def failed(self) -> bool:
        """Whether anything worse than a warning was found."""
        return any(problem.severity == "error" for problem in self.problems)

    def add(
        self,
        problem_id: str,
        path: Path,
        message: str,
        dutch: str = "",
        *,
        severity: Severity = "error",
        asked: Asked | None = None,
    ) -> None:
        """Add a problem at a path; where the path stands on no line, its nearest parent's line is given."""
        line = next((n for end in range(len(path), -1, -1) if (n := self._line_of(path[:end])) is not None), None)
        self.problems.append(
            Problem(
                id=problem_id,
                message=message,
                dutch=dutch,
                file=self.file,
                line=line,
                severity=severity,
                asked=asked.english if asked else "",
                dutch_asked=asked.dutch if asked else "",
            )
        )

    def read(self, model: type[ModelT], data: object, path: Path = ()) -> ModelT | None:
        """The model, or None with everything that is wrong added; `path` is where the data stands in the file."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self._explain(model, error.errors(include_url=False), path)
            return None

    def _explain(self, model: type[BaseModel], errors: list[ErrorDetails], path: Path) -> None:
        meant: set[tuple[str | int, ...]] = set()
        for each in errors:
            if each["type"] == "extra_forbidden":
                known = field_hints.keys(field_hints.annotation_at(model, each["loc"][:-1]))
                suggestion = closest(str(each["loc"][-1]), known)
                if suggestion:
                    meant.add((*each["loc"][:-1], suggestion))
                wrong = str(each["loc"][-1])
                self.add(
                    "content-unknown-key",
                    (*path, *each["loc"]),
                    f"unknown key `{wrong}`; {did_you_mean(wrong, known)}",
                    f"`{wrong}` bestaat hier niet; {did_you_mean(wrong, known, 'nl')}",
                )
        parents = {each["loc"][:-1] for each in errors if each["loc"]}
        for each in errors:
            # a misspelt key is one mistake, not an unknown and a missing one; nor is a list of wrong values too short
            told = (each["type"] == "missing" and each["loc"] in meant) or (
                each["type"] == "too_short" and each["loc"] in parents
            )
            if each["type"] != "extra_forbidden" and not told:
                self._explain_value(model, each, path)

    def _explain_value(self, model: type[BaseModel], error: ErrorDetails, path: Path) -> None:
        loc = tuple(part for part in error["loc"] if part != "[key]")
        if error["type"] in {"model_type", "dict_type", "mapping_type"} and not loc:
            keys = ", ".join(f"`{key}:`" for key in field_hints.keys(model))
            self.add(
                "content-wrong-shape",
                path,
                f"this must be a list of keys with values ({keys})",
                f"hier horen sleutels met waarden te staan ({keys})",
            )
            return
        english, dutch = _sentence(error, loc, "en"), _sentence(error, loc, "nl")
        hint = field_hints.hint(model, loc)
        if hint:
            english += f"; write {hint.english}"
            dutch = f"{dutch}; schrijf {hint.dutch}" if dutch and hint.dutch else ""
        missing, empty = error["type"] == "missing", error["type"] in {"too_short", "string_too_short"}
        self.add(
            "content-missing" if missing else "content-empty" if empty else "content-wrong-value",
            (*path, *loc),
            english,
            dutch,
            asked=_asked(model, loc, error),
        )


def _asked(model: type[BaseModel], loc: Path, error: ErrorDetails) -> Asked:
    """The same beside a field of a form, or at a prompt: its label names it, and nothing has to be written as YAML."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, WrongValueError) and cause.asked:
        return cause.asked
    english, dutch = _sentence(error, loc, "en", name="this"), _sentence(error, loc, "nl", name="dit")
    todo, hint = field_hints.asked(model, loc), field_hints.hint(model, loc)
    if todo is None and hint:
        todo = Asked(english=f"write {hint.english}", dutch=hint.dutch and f"schrijf {hint.dutch}")
    if todo:
        english, dutch = f"{english}; {todo.english}", f"{dutch}; {todo.dutch}" if dutch and todo.dutch else ""
    return Asked(english=english, dutch=dutch)


def _sentence(error: ErrorDetails, loc: Path, language: Language, *, name: str = "") -> str:
    """What is wrong with the value at a place, without what to write instead; empty where there are no words for it.

    `name` is what it is called, where that is not its path.
    """
    name, shown = name or (f"`{_shown_path(loc)}`" if loc else ""), _shown(error["input"], language)
    if error["type"] == "missing":
        return {"en": f"{name} is missing or empty", "nl": f"{name} ontbreekt of is leeg"}[language]
    if error["type"] in {"too_short", "string_too_short"}:
        return {"en": f"{name} is empty", "nl": f"{name} is leeg"}[language]
    cannot_be = {"en": f"{name} cannot be {shown}", "nl": f"{name} kan niet {shown} zijn"}[language]
    if error["type"] != "value_error":
        return cannot_be
    cause = error.get("ctx", {}).get("error")
    why = str(cause or error["msg"]) if language == "en" else getattr(cause, "dutch", "")
    if not why:
        return ""
    if isinstance(error["input"], Mapping | list | tuple):
        cannot_be = {"en": f"{name} is wrong", "nl": f"{name} klopt niet"}[language]
    return f"{cannot_be}: {why}" if name else why


def did_you_mean(wrong: str, known: Iterable[str], language: Language = "en") -> str:
    """The end of a sentence: the likeliest name, or all there are when nothing is near."""
    names = list(known)
    suggestion = closest(wrong, names)
    if suggestion:
        return {"en": f"did you mean `{suggestion}`?", "nl": f"bedoel je `{suggestion}`?"}[language]
    if not names:
        return {"en": "leave it out", "nl": "laat het weg"}[language]
    return {"en": "choose from ", "nl": "kies uit "}[language] + ", ".join(f"`{name}`" for name in names)


def closest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like the wrong one, or None when none comes near."""
    return next(iter(get_close_matches(wrong.lower(), list(known), n=1, cutoff=0.6)), None)


def mapping(data: object) -> Mapping[object, object]:
    """The data when it has keys, else nothing: for looking further in data that was found wrong already."""
    return cast("Mapping[object, object]", data) if isinstance(data, Mapping) else {}


def items(data: object) -> list[object]:
    """The data when it is a list, else nothing."""
    return list(data) if isinstance(data, list | tuple) else []


HashableT = TypeVar("HashableT", bound=Hashable)


def repeated(values: Iterable[tuple[int, HashableT]]) -> list[tuple[int, HashableT]]:
    """The (position, value) pairs whose value was there before."""
    seen: set[HashableT] = set()
    twice = []
    for position, value in values:
        if value in seen:
            twice.append((position, value))
        seen.add(value)
    return twice


def _shown(value: object, language: Language) -> str:
    if isinstance(value, Mapping):
        return {"en": "a list of keys", "nl": "een lijst met sleutels"}[language]
    if isinstance(value, list | tuple):
        return {"en": "a list", "nl": "een lijst"}[language]
    if isinstance(value, bool):
        return "true" if value else "false"
    text = visible(str(value))
    return f'"{text[:57]}..."' if len(text) > 60 else f'"{text}"' if isinstance(value, str) else text


def _shown_path(loc: Path) -> str:
    shown = ""
    for part in loc:
        shown += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown
