"""Where settings are written: the environment, `.env` in the working directory, and mounted secrets (`NAME_FILE`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import parse_stream

from service.errors import Problem
from service.setting_values import folder

PREFIX = "NURTURE_"
DOTENV = ".env"
_MOUNTED = "_FILE"
Names = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Written:
    """One value as somebody wrote it, and where: a file and line, or neither when it came from the environment."""

    text: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Every NURTURE_* that is set to something, by its plain name, and what could not be read."""

    values: Mapping[str, Written]
    problems: tuple[Problem, ...]


def read_surroundings(environment: Mapping[str, str], dotenv: Path | None, *, is_setting: Names) -> Surroundings:
    """Gather what is set. The environment wins over `dotenv`; an empty value counts as not set.

    `is_setting` tells which names are ours: a NURTURE_SOMETHING_FILE that is nobody's is left alone.
    """
    problems: list[Problem] = []
    written = _from_dotenv(dotenv, problems) if dotenv else {}
    ours = {name: Written(text=text) for name, text in environment.items() if name.startswith(PREFIX) and text}
    values: dict[str, Written] = {}
    for layer in (written, ours):
        values |= _plain(layer, is_setting, problems)
    return Surroundings(values=values, problems=tuple(problems))


def _plain(layer: Mapping[str, Written], is_setting: Names, problems: list[Problem]) -> dict[str, Written]:
    values: dict[str, Written] = {}
    for name, value in layer.items():
        plain = name.removesuffix(_MOUNTED)
        known = name if is_setting(name) else plain
        if is_setting(known) and not _is_text(value.text):
            problems.append(_problem(known, f"{name}: its bytes are no text in UTF-8; write it anew, in UTF-8", value))
        elif is_setting(name):
            values[name] = value
        elif plain != name and is_setting(plain):
            if plain in layer:
                problems.append(_problem(plain, f"{plain} and {name} are both set; keep one of them", value))
            secret = _read_secret(plain, value, problems)
            if secret:
                values[plain] = secret
    return values


def _is_text(value: str) -> bool:
    """Python reads what is none (a name in Latin-1, say) as halves of characters, which no mail and no row can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_secret(name: str, path: Written, problems: list[Problem]) -> Written | None:
    try:
        text = folder(path.text).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        reason = getattr(error, "strerror", None) or reason
        problems.append(_problem(name, f"{name}_FILE names {path.text}, which cannot be read: {reason}", path))
        return None
    if not text:
        problems.append(_problem(name, f"{name}_FILE names {path.text}, which is empty", path))
        return None
    return Written(text=text, file=path.text)


def _from_dotenv(path: Path, problems: list[Problem]) -> dict[str, Written]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        problems.append(Problem(id="setting-dotenv", message=f"cannot be read: {reason}", file=str(path)))
        return {}
    values: dict[str, Written] = {}
    for binding in parse_stream(io.StringIO(text)):
        # A binding may begin with the blank lines and comments before it; the name stands on its last lines.
        original = binding.original.string
        line = binding.original.line + original[: len(original) - len(original.lstrip())].count("\n")
        if binding.error:
            sentence = "this line cannot be read; write NAME=value, with quotes round a value that holds a #"
            problems.append(Problem(id="setting-dotenv", message=sentence, file=str(path), line=line))
        elif binding.key and binding.key.startswith(PREFIX) and binding.value:
            values[binding.key] = Written(text=binding.value, file=str(path), line=line)
    return values


def _problem(name: str, message: str, value: Written) -> Problem:
    return Problem(id=problem_id(name), message=message, file=value.file, line=value.line)


def problem_id(name: str) -> str:
    """The stable id of what is wrong with one setting: NURTURE_BASE_URL gives `setting-base-url`."""
    return "setting-" + name.removeprefix(PREFIX).lower().replace("_", "-")
