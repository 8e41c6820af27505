"""What `nurture setup` asks. Every answer is checked by the code that will read it; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from service.environment import DOTENV
from service.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from service.environment import Surroundings

_ASKED: Mapping[str, str] = {
    "NURTURE_BASE_URL": "Public address of this service",
    "NURTURE_MAIL_URL": "How mail leaves: smtp://USER:PASSWORD@HOST:587, or file:FOLDER to try it out",
    "NURTURE_MAIL_FROM": "Sender, as Name <address>",
}
_UNLESS_SET = {
    "NURTURE_BASE_URL": "http://localhost:8000",
    "NURTURE_MAIL_URL": "file:data/outbox",
    "NURTURE_MAIL_FROM": "Solid Performance <advies@praktijk.example>",
}
_SECRET = "NURTURE_MAIL_URL"  # noqa: S105 - the name of the setting that holds one, not the secret


def ask_facts(file: Path, *, yes: bool) -> tuple[str, str]:
    """The text of `practice.yaml` as it is, and as the answers make it."""
    from service.flows import practice_file

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise NotFoundError(
            f"{file} cannot be read: {reason}; NURTURE_CONTENT_DIR names the folder it is in"
        ) from error

    def check(path: str) -> Callable[[str], str | None]:
        return lambda answer: practice_file.problem_with(text, path, answer)

    present = practice_file.facts(text)
    answers = {
        path: _ask(question, present[path], check(path), yes=yes) for path, question in practice_file.FACTS.items()
    }
    left = practice_file.still_made_up(text, answers)
    if left:
        typer.echo(f"Still made up: {', '.join(left)}. In production nothing is published until all are your own.")
    return text, practice_file.with_facts(text, answers)


def ask_settings(present: Surroundings, *, yes: bool) -> dict[str, str]:
    """The settings that are to differ from what is set now, by name."""
    set_now = {name: value.text for name, value in present.values.items()}
    changed: dict[str, str] = {}
    if _is_ours_to_change(present, "NURTURE_ENV"):
        before = set_now.get("NURTURE_ENV", "development")
        real = before == "production"
        real = real if yes else typer.confirm("Will real leads use this installation (production)?", default=real)
        after = "production" if real else "development"
        if after != before:
            changed["NURTURE_ENV"] = after
    environment = changed.get("NURTURE_ENV", set_now.get("NURTURE_ENV", "development"))
    for name, question in _ASKED.items():
        if not _is_ours_to_change(present, name):
            continue
        before = set_now.get(name, _UNLESS_SET[name])
        check = _setting_check(name, environment)
        answer = _ask(question, before, check, yes=yes, hidden=name == _SECRET and name in set_now)
        if answer != before:
            changed[name] = answer
    return changed


def _ask(question: str, default: str, check: Callable[[str], str | None], *, yes: bool, hidden: bool = False) -> str:
    """One answer that can be used; asked again, with the reason, until it can."""
    if yes:
        wrong = check(default)
        if wrong:
            raise InvalidInputError(f"{question}: {wrong}")
        return default
    label = f"{question} (Enter keeps what is set)" if hidden else question
    while True:
        answer: str = typer.prompt(label, default=default, show_default=not hidden).strip()
        wrong = check(answer)
        if wrong is None:
            return answer
        typer.echo(f"  {wrong}")


def _is_ours_to_change(present: Surroundings, name: str) -> bool:
    """Only what stands in `.env`, or nowhere, can be changed by writing `.env`."""
    value = present.values.get(name)
    if value is None or value.file == DOTENV:
        return True
    typer.echo(f"{name} is set in {value.file or 'the environment'}; change it there.")
    return False


def _setting_check(name: str, environment: str) -> Callable[[str], str | None]:
    """Why a setting cannot have this value, in the words that every other command would use."""
    from pydantic import ValidationError

    from service.environment import PREFIX, problem_id
    from service.mail.mail_url import check_mail_url
    from service.settings import Settings, check_settings

    def check(answer: str) -> str | None:
        try:
            settings = Settings.model_validate({"env": environment, name.removeprefix(PREFIX).lower(): answer})
        except ValidationError as error:
            first = error.errors()[0]
            return str(first.get("ctx", {}).get("error", first["msg"]))
        found = [problem.message for problem in check_settings(settings) if problem.id == problem_id(name)]
        if name == "NURTURE_MAIL_URL":
            found += [p.message for p in check_mail_url(settings.mail_url, production=settings.production)]
        return found[0] if found else None

    return check


def missing_keys(present: Surroundings, changed: Mapping[str, str]) -> dict[str, str]:
    """The two secrets where production wants them and nobody set them: those kept beside the data, made if need be.

    So links in mails that left before live on.
    """
    from service.kept_secrets import kept_secret
    from service.setting_values import folder

    set_now = {name: value.text for name, value in present.values.items()} | dict(changed)
    if set_now.get("NURTURE_ENV") != "production":
        return {}
    kept = folder(set_now.get("NURTURE_DATA_DIR", "data"))
    names = {"NURTURE_SECRET_KEYS": "secret-key", "NURTURE_SUPPRESSION_KEY": "suppression-key"}
    return {name: kept_secret(kept, file, setting=name) for name, file in names.items() if name not in set_now}
