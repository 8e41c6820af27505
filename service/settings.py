"""Settings of one installation: read once at the start, every problem at once, unsafe ones refused in production."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service import setting_values as values
from service.domain.limits import DEFAULT_LIMITS, OptInLimits, parse_limits
from service.domain.mailbox import Mailbox, parse_mailbox
from service.domain.retries import DEFAULT_RETRIES, Retries, parse_retries
from service.domain.send_limits import NO_LIMITS, SendLimits, parse_send_limits
from service.environment import DOTENV, PREFIX, Surroundings, Written, problem_id, read_surroundings
from service.errors import Language, Problem, ProblemsError
from service.kept_secrets import FILES, kept_secret, kept_secrets

WEBHOOK_SECRETS = "NURTURE_WEBHOOK_SECRETS_"
Also = Callable[["Settings"], Iterable[Problem]]
"""What else is wrong with settings that can be read, as they know who build from them."""
_PLACEHOLDER_FROM = Mailbox(name="Solid Performance", address="advies@praktijk.example")


def _from_text(parse: Callable[[str], object]) -> BeforeValidator:
    """Values come as text from outside, and ready-made from a default or from code."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _language(text: str) -> str:
    if text not in {"nl", "en"}:
        raise ValueError(f"{text!r} is not known; write nl or en")
    return text


def _environment_name(text: str) -> str:
    if text not in {"development", "production"}:
        raise ValueError(f"{text!r} is not known; write production, or leave it out")
    return text


Switch = Annotated[bool, _from_text(values.switch)]
Count = Annotated[int, _from_text(values.count)]
Days = Annotated[int, _from_text(values.days)]
LongDays = Annotated[int, _from_text(partial(values.days, least=30, most=730))]
BackupDays = Annotated[int, _from_text(partial(values.days, most=30))]
Folder = Annotated[Path, _from_text(values.folder)]
Sender = Annotated[Mailbox, _from_text(parse_mailbox)]
Limits = Annotated[OptInLimits, _from_text(parse_limits)]
Delays = Annotated[Retries, _from_text(parse_retries)]
LimitsOnSending = Annotated[SendLimits, _from_text(parse_send_limits)]
Key = Annotated[str, _from_text(values.secret)]
Keys = Annotated[tuple[str, ...], _from_text(values.secrets_list)]
Origins = Annotated[tuple[str, ...], _from_text(values.origins)]
Addresses = Annotated[tuple[str, ...], _from_text(values.addresses)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], _from_text(values.networks)]
DatabaseUrl = Annotated[str, _from_text(values.database_url)]
MailUrl = Annotated[str, _from_text(values.mail_url)]
MailboxUrl = Annotated[str, _from_text(values.mailbox_url)]
Selector = Annotated[str, _from_text(values.dkim_selector)]
WebAddress = Annotated[str, _from_text(values.web_address)]


class Settings(BaseSettings):
    """What `NURTURE_*` says, field by field; docs/settings.md tells staff what each is for.

    Secrets stay out of `repr`. `database_url` and `mail_url` are complete, their paths absolute.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False)

    env: Annotated[Literal["development", "production"], _from_text(_environment_name)] = "development"
    language: Annotated[Language, _from_text(_language)] = "en"
    demo: Switch = False
    data_dir: Folder = values.ROOT / "data"
    content_dir: Folder = values.ROOT
    database_url: DatabaseUrl = Field("", repr=False)
    base_url: Annotated[str, _from_text(values.base_url)] = "http://localhost:8000"
    secret_keys: Keys = Field((), repr=False)
    suppression_key: Key = Field("", repr=False)
    mail_url: MailUrl = Field("", repr=False)
    mail_fallback_url: MailUrl | None = Field(None, repr=False)
    mail_from: Sender = _PLACEHOLDER_FROM
    reply_to: Sender | None = None
    dkim_key: str = Field("", repr=False)
    dkim_selector: Selector = ""
    allowed_origins: Origins = ()
    opt_in_limits: Limits = DEFAULT_LIMITS
    retries: Delays = DEFAULT_RETRIES
    send_limits: LimitsOnSending = NO_LIMITS
    backlog_limit: Count = 100
    trusted_proxies: Networks = ()
    proof_of_work: Switch = False
    opt_in_secrets: Keys = Field((), repr=False)
    webhook_secrets: Mapping[str, tuple[str, ...]] = Field({}, repr=False)
    bounce_mailbox: MailboxUrl | None = Field(None, repr=False)
    reply_mailbox: MailboxUrl | None = Field(None, repr=False)
    alert_to: Addresses = ()
    alert_url: WebAddress | None = Field(None, repr=False)
    heartbeat_url: WebAddress | None = Field(None, repr=False)
    self_test: Switch | None = None  # None: in production alone
    weekly_mail: Switch | None = None  # None: in production alone
    erase_after_days: Days = 14
    erase_at_latest_days: Days = 28
    erase_after_last_mail_days: LongDays = 183
    events_days: LongDays = 90
    backup_days: BackupDays = 30

    @property
    def production(self) -> bool:
        """Whether unsafe settings are refused and nothing publishes by itself."""
        return self.env == "production"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load_settings` gathers the values itself: it knows the file and line of each, for the problems."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def setting_names() -> tuple[str, ...]:
    """Every setting by its name outside, in the order of the fields; webhook secrets end in `_`, a provider follows."""
    return tuple(
        WEBHOOK_SECRETS if field == "webhook_secrets" else PREFIX + field.upper() for field in Settings.model_fields
    )


def is_setting(name: str) -> bool:
    """Whether a name without `_FILE` is one of ours."""
    if name.startswith(WEBHOOK_SECRETS):
        return len(name) > len(WEBHOOK_SECRETS) and not name.endswith("_FILE")
    return name in setting_names()


def load_settings(env: Mapping[str, str] | None = None, also: Also = lambda _: ()) -> Settings:
    """The settings of this process: from `env` alone, or from the environment and `.env` of the working directory.

    Secrets that are not set are made and kept in `data_dir`, outside production; where the database is to live there
    too, the folder is made. Raises ProblemsError with every problem at once.
    """
    settings, problems = read_settings(env, also)
    if problems:
        raise ProblemsError(problems)
    if settings.database_url == _own_database(settings.data_dir):
        _make(settings.data_dir)
    return _with_kept_secrets(settings)


def read_settings(env: Mapping[str, str] | None = None, also: Also = lambda _: ()) -> tuple[Settings, list[Problem]]:
    """What can be read, and every error in the rest; a value that is wrong keeps its default. Writes nothing."""
    found = _surroundings(env)
    problems = list(found.problems)
    settings = _build(found.values, problems)
    for look in (check_settings, also):
        told = {problem.id for problem in problems}
        wrong = [problem for problem in look(settings) if problem.severity == "error"]
        problems += [_placed(problem, found.values) for problem in wrong if problem_id(_name(problem)) not in told]
    return settings, problems


def in_their_files(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, each with the file and line that its setting stands in, where it stands in one."""
    written = _surroundings(None).values
    return [_placed(problem, written) for problem in problems]


def _surroundings(env: Mapping[str, str] | None) -> Surroundings:
    dotenv = Path(DOTENV) if env is None else None
    return read_surroundings(os.environ if env is None else env, dotenv, is_setting=is_setting)


def check_settings(settings: Settings) -> list[Problem]:
    """What does not go together: errors (all of them stop a start), and warnings for `nurture check`."""
    unsafe = _unsafe(settings) if settings.production else []
    return [*_limits_of_time(settings), *_half_a_signature(settings), *_weak_keys(settings), *unsafe]


def _build(written: Mapping[str, Written], problems: list[Problem]) -> Settings:
    """The settings with every value that can be read; each of the others becomes a problem and keeps its default."""
    texts: dict[str, object] = {}
    hooks: dict[str, tuple[str, ...]] = {}
    for name, value in written.items():
        if name.startswith(WEBHOOK_SECRETS):
            hooks[name.removeprefix(WEBHOOK_SECRETS).lower()] = values.comma_list(value.text)
        else:
            texts[name.removeprefix(PREFIX).lower()] = value.text
    try:
        settings = Settings.model_validate(texts | {"webhook_secrets": hooks})
    except ValidationError as invalid:
        wrong = {str(error["loc"][0]): error for error in invalid.errors()}
        for field, error in wrong.items():
            name = PREFIX + field.upper()
            sentence = str(error.get("ctx", {}).get("error", error["msg"]))
            problem = Problem(id=problem_id(name), message=f"{name}: {sentence}")
            problems.append(_placed(problem, written))
        right = {field: text for field, text in texts.items() if field not in wrong}
        settings = Settings.model_validate(right | {"webhook_secrets": hooks})
    defaults = {
        "database_url": settings.database_url or _own_database(settings.data_dir),
        "mail_url": settings.mail_url or f"file:{settings.data_dir / 'outbox'}",
    }
    return settings.model_copy(update=defaults)


def _own_database(data_dir: Path) -> str:
    return f"sqlite:///{data_dir / 'nurture.db'}"


def _make(data_dir: Path) -> None:
    """SQLite makes its file, not the folder."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = f"NURTURE_DATA_DIR: the folder {data_dir} cannot be made: {error.strerror}"
        raise ProblemsError([Problem(id=problem_id("NURTURE_DATA_DIR"), message=sentence)]) from error


def _with_kept_secrets(settings: Settings) -> Settings:
    kept: dict[str, object] = {}
    if not settings.secret_keys:
        kept["secret_keys"] = kept_secrets(settings.data_dir, FILES["secret_keys"], setting="NURTURE_SECRET_KEYS")
    if not settings.suppression_key:
        name = "NURTURE_SUPPRESSION_KEY"
        kept["suppression_key"] = kept_secret(settings.data_dir, FILES["suppression_key"], setting=name)
    return settings.model_copy(update=kept)


def _unsafe(settings: Settings) -> list[Problem]:
    """What production refuses: it would reach nobody, or let anybody in."""
    refused = {
        "NURTURE_DEMO": (settings.demo, "the demo lets anybody read every mail and move the clock; leave it out"),
        "NURTURE_BASE_URL": (
            not settings.base_url.startswith("https://"),
            "links in mails must be https; write the public address, such as https://mail.example.nl",
        ),
        "NURTURE_MAIL_URL": (
            settings.mail_url.lower().startswith("file:"),
            "a file transport reaches no lead; write for example smtp://USER:PASSWORD@mail.example.nl:587",
        ),
        "NURTURE_MAIL_FALLBACK_URL": (
            (settings.mail_fallback_url or "").lower().startswith("file:"),
            "a file transport reaches no lead; leave it out, or name a second server",
        ),
        "NURTURE_MAIL_FROM": (
            settings.mail_from.address == _PLACEHOLDER_FROM.address,
            "nobody can answer the placeholder; write your own, such as Praktijk <advies@example.nl>",
        ),
        "NURTURE_SECRET_KEYS": (not settings.secret_keys, f"must be set; make a key with: {values.MAKE_A_KEY}"),
        "NURTURE_SUPPRESSION_KEY": (not settings.suppression_key, f"must be set; make one with: {values.MAKE_A_KEY}"),
    }
    return [
        Problem(id=problem_id(name), message=f"{name}: {sentence} (NURTURE_ENV is production)")
        for name, (unsafe, sentence) in refused.items()
        if unsafe
    ]


def _limits_of_time(settings: Settings) -> list[Problem]:
    if settings.erase_after_days <= settings.erase_at_latest_days:
        return []
    name = "NURTURE_ERASE_AT_LATEST_DAYS"
    sentence = f"{settings.erase_at_latest_days} is less than NURTURE_ERASE_AFTER_DAYS; write the same or more"
    return [Problem(id=problem_id(name), message=f"{name}: {sentence}")]


def _half_a_signature(settings: Settings) -> list[Problem]:
    """A key signs under a name, and a name alone signs nothing."""
    if bool(settings.dkim_key) == bool(settings.dkim_selector):
        return []
    there, missing = "NURTURE_DKIM_KEY", "NURTURE_DKIM_SELECTOR"
    if not settings.dkim_key:
        there, missing = missing, there
    return [Problem(id=problem_id(missing), message=f"{missing}: must be set where {there} is; or leave out both")]


def _weak_keys(settings: Settings) -> list[Problem]:
    """A key of few different characters was typed, not made: anybody may guess it."""
    keys = {
        "NURTURE_SECRET_KEYS": settings.secret_keys,
        "NURTURE_SUPPRESSION_KEY": (settings.suppression_key,),
        "NURTURE_OPT_IN_SECRETS": settings.opt_in_secrets,
    }
    sentence = f"looks made up, so it can be guessed; make one with: {values.MAKE_A_KEY}"
    return [
        Problem(id=problem_id(name), message=f"{name}: {sentence}", severity="warning")
        for name, several in keys.items()
        if any(key and len(set(key)) < 10 for key in several)
    ]


def _placed(problem: Problem, written: Mapping[str, Written]) -> Problem:
    """The problem with the file and line its setting was read from, where there is one."""
    value = written.get(_name(problem))
    return replace(problem, file=value.file, line=value.line) if value and value.file else problem


def _name(problem: Problem) -> str:
    """Whose problem it is: each sentence about a setting begins with its name."""
    return problem.message.partition(":")[0]
