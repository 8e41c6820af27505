"""Settings: what is read, what is refused, and how that is said."""

from __future__ import annotations

import os
import re
import stat
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.domain.limits import Limit
from service.domain.mailbox import Mailbox
from service.errors import Problem, ProblemsError
from service.setting_values import ROOT
from service.settings import Settings, check_settings, load_settings, setting_names
from tests.support.safe_settings import GOOD_KEY, SAFE


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment that writes nothing outside the test's own folder."""
    return {"NURTURE_DATA_DIR": str(tmp_path / "data")}


def problems_of(env: dict[str, str] | None) -> list[Problem]:
    with pytest.raises(ProblemsError) as caught:
        load_settings(env)
    return list(caught.value.problems)


def test_nothing_set_gives_a_service_to_try_out(surroundings: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(surroundings)
    assert settings.database_url == f"sqlite:///{tmp_path}/data/nurture.db"
    assert settings.mail_url == f"file:{tmp_path}/data/outbox"
    assert settings.content_dir == ROOT
    assert settings.base_url == "http://localhost:8000"
    assert not settings.production
    assert not settings.demo
    assert (settings.erase_after_days, settings.erase_at_latest_days) == (14, 28)


def test_everything_can_be_set(surroundings: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(
        surroundings
        | SAFE
        | {
            "NURTURE_DATABASE_URL": "postgresql+psycopg://nurture:pass@db/nurture",
            "NURTURE_CONTENT_DIR": str(tmp_path),
            "NURTURE_SECRET_KEYS": f"{GOOD_KEY}, {GOOD_KEY[::-1]}",
            "NURTURE_REPLY_TO": "balie@mijnpraktijk.example",
            "NURTURE_ALLOWED_ORIGINS": "https://www.praktijk.example, https://Praktijk.example:443/",
            "NURTURE_OPT_IN_LIMITS": "address=5/h",
            "NURTURE_RETRIES": "first=1m; give_up=5d",
            "NURTURE_TRUSTED_PROXIES": "10.0.0.0/8,::1",
            "NURTURE_PROOF_OF_WORK": "on",
            "NURTURE_OPT_IN_SECRETS": f"{GOOD_KEY},{GOOD_KEY[::-1]}",
            "NURTURE_WEBHOOK_SECRETS_POSTMARK": "user:password,other:password",
            "NURTURE_BOUNCE_MAILBOX": "imaps://bounce%40praktijk.example:pass@imap.praktijk.example",
            "NURTURE_ALERT_TO": "a@praktijk.example, b@praktijk.example",
            "NURTURE_ALERT_URL": "https://hooks.praktijk.example/x?token=1",
            "NURTURE_ERASE_AFTER_DAYS": "7",
            "NURTURE_LANGUAGE": "nl",
        }
    )
    assert settings.production
    assert settings.database_url == "postgresql+psycopg://nurture:pass@db/nurture"
    assert settings.secret_keys == (GOOD_KEY, GOOD_KEY[::-1])
    assert settings.mail_from == Mailbox(name="Praktijk", address="advies@mijnpraktijk.example")
    assert settings.reply_to == Mailbox(name="", address="balie@mijnpraktijk.example")
    assert settings.allowed_origins[0] == "https://www.praktijk.example"
    assert settings.opt_in_limits.address == (Limit(count=5, seconds=3_600),)
    assert (settings.retries.first, settings.retries.give_up) == (timedelta(minutes=1), timedelta(days=5))
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.webhook_secrets == {"postmark": ("user:password", "other:password")}
    assert settings.proof_of_work
    assert settings.opt_in_secrets == (GOOD_KEY, GOOD_KEY[::-1])
    assert GOOD_KEY not in repr(settings)
    assert settings.alert_to == ("a@praktijk.example", "b@praktijk.example")
    assert settings.erase_after_days == 7
    assert settings.language == "nl"


def test_an_origin_is_kept_as_browsers_send_it(surroundings: dict[str, str]) -> None:
    settings = load_settings(surroundings | {"NURTURE_ALLOWED_ORIGINS": "HTTPS://Praktijk.example:443,http://[::1]:80"})
    assert settings.allowed_origins == ("https://praktijk.example", "http://[::1]")


def test_relative_paths_count_from_the_package(surroundings: dict[str, str]) -> None:
    settings = load_settings(
        surroundings | {"NURTURE_DATABASE_URL": "sqlite:///data/x.db?timeout=3", "NURTURE_MAIL_URL": "file:data/mail"}
    )
    assert settings.database_url == f"sqlite:///{ROOT}/data/x.db?timeout=3"
    assert settings.mail_url == f"file:{ROOT}/data/mail"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("https://praktijk-café.nl/", "write https://xn--praktijk-caf-meb.nl"),
        ("https://Praktijk-Café.nl:8443", "write https://xn--praktijk-caf-meb.nl:8443"),
        ("https://café.nl/praktijk", "write https://xn--caf-dma.nl"),
        ("https://a..é.nl", "write scheme and host alone, such as https://mail.example.nl"),
        ("ftp://café.nl", "write scheme and host alone, such as https://mail.example.nl"),
    ],
)
def test_a_name_in_other_letters_is_told_as_browsers_send_it(
    surroundings: dict[str, str], written: str, wanted: str
) -> None:
    (problem,) = problems_of(surroundings | {"NURTURE_BASE_URL": written})
    assert problem.message.endswith(wanted)


def test_an_empty_value_is_not_set_and_strangers_are_left_alone(surroundings: dict[str, str]) -> None:
    settings = load_settings(
        surroundings
        | {"NURTURE_BASE_URL": "", "NURTURE_SOMETHING_ELSE": "x", "NURTURE_SOMETHING_ELSE_FILE": "/nowhere"}
    )
    assert settings.base_url == "http://localhost:8000"


def test_a_mounted_secret_is_read_without_its_line_end(surroundings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(GOOD_KEY + "\r\n")
    (tmp_path / "hook").write_text("\ufeffuser:password\n", encoding="utf-8")  # as an editor on Windows keeps it
    settings = load_settings(
        surroundings
        | {
            "NURTURE_SECRET_KEYS_FILE": str(tmp_path / "keys"),
            "NURTURE_WEBHOOK_SECRETS_BREVO_FILE": str(tmp_path / "hook"),
        }
    )
    assert settings.secret_keys == (GOOD_KEY,)
    assert settings.webhook_secrets == {"brevo": ("user:password",)}


def test_the_path_of_a_mounted_secret_counts_from_the_package(
    surroundings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text(GOOD_KEY)
    monkeypatch.chdir(tmp_path.parent)
    relative = os.path.relpath(tmp_path / "keys", ROOT)
    assert load_settings(surroundings | {"NURTURE_SECRET_KEYS_FILE": relative}).secret_keys == (GOOD_KEY,)


def test_a_mounted_secret_that_cannot_be_used_is_told(surroundings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "short").write_text("short\n")
    problems = problems_of(
        surroundings
        | {
            "NURTURE_DATABASE_URL_FILE": str(tmp_path / "nowhere"),
            "NURTURE_MAIL_URL_FILE": str(tmp_path / "empty"),
            "NURTURE_SECRET_KEYS_FILE": str(tmp_path / "short"),
            "NURTURE_BASE_URL": "http://localhost:1",
            "NURTURE_BASE_URL_FILE": str(tmp_path / "short"),
        }
    )
    assert {problem.id for problem in problems} == {
        "setting-database-url",
        "setting-mail-url",
        "setting-secret-keys",
        "setting-base-url",
    }
    assert any(problem.file == str(tmp_path / "short") for problem in problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NURTURE_MAIL_FROM", b"Praktijk Zo\xeb <a@b.nl>"),  # Latin-1, as an old editor keeps it
        ("NURTURE_WEBHOOK_SECRETS_BREVO", b"user:\xff"),
        ("NURTURE_DATA_DIR", b"/tmp/\xff"),
        ("NURTURE_MAIL_URL_FILE", b"/tmp/\xff"),
    ],
)
def test_what_is_no_text_is_told_before_a_mail_fails_of_it(
    surroundings: dict[str, str], name: str, value: bytes
) -> None:
    (problem,) = problems_of(surroundings | {name: os.fsdecode(value)})
    assert problem.message == f"{name}: its bytes are no text in UTF-8; write it anew, in UTF-8"


@pytest.mark.parametrize(
    "name",
    [
        *("NURTURE_DATA_DIR", "NURTURE_CONTENT_DIR", "NURTURE_SECRET_KEYS_FILE"),
        *("NURTURE_DATABASE_URL", "NURTURE_MAIL_URL"),
    ],
)
def test_a_home_folder_of_nobody_is_one_plain_sentence(surroundings: dict[str, str], name: str) -> None:
    before = {"NURTURE_DATABASE_URL": "sqlite:///", "NURTURE_MAIL_URL": "file:"}.get(name, "")
    (problem,) = problems_of(surroundings | {name: f"{before}~nobody-of-that-name/x"})
    assert "'~nobody-of-that-name/x' begins in a home folder that is not known here" in problem.message


def test_the_environment_wins_over_the_dotenv_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NURTURE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NURTURE_BASE_URL", "http://localhost:9000")
    (tmp_path / "keys").write_text(GOOD_KEY)
    monkeypatch.setenv("NURTURE_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    (tmp_path / ".env").write_text(
        "# mine\nNURTURE_BASE_URL=http://localhost:1\nNURTURE_SECRET_KEYS=" + "y" * 40 + "\n"
        "NURTURE_MAIL_FROM='A $praktijk <a@praktijk.example>'\nOTHER=1\n"
    )
    settings = load_settings()
    assert settings.base_url == "http://localhost:9000"
    assert settings.secret_keys == (GOOD_KEY,)
    assert settings.mail_from.name == "A $praktijk"


def test_a_problem_in_the_dotenv_file_names_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("# mine\n\nNURTURE_DEMO=perhaps\n\nNURTURE_BASE_URL=mail\n'not a line\n")
    assert {(p.file, p.line, p.id) for p in problems_of(None)} == {
        (".env", 3, "setting-demo"),
        (".env", 5, "setting-base-url"),
        (".env", 6, "setting-dotenv"),
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NURTURE_ENV", "prod"),
        ("NURTURE_LANGUAGE", "nederlands"),
        ("NURTURE_DEMO", "perhaps"),
        ("NURTURE_DATABASE_URL", "postgres://nurture:hunter2@db/nurture"),
        ("NURTURE_DATABASE_URL", "sqlite://"),
        ("NURTURE_DATABASE_URL", "sqlite:///:memory:"),
        ("NURTURE_DATABASE_URL", "nurture.db"),
        ("NURTURE_BASE_URL", "mail.example.nl"),
        ("NURTURE_BASE_URL", "https://mail.example.nl/nurture"),
        ("NURTURE_BASE_URL", "https://mail.example.nl\r\nX: y"),
        ("NURTURE_BASE_URL", "https://a@mail.example.nl"),
        ("NURTURE_BASE_URL", "https://user:hunter2@mail.example.nl"),
        ("NURTURE_BASE_URL", "https://mail.example.nl:99999"),
        ("NURTURE_BASE_URL", "https://mail..example.nl"),
        ("NURTURE_BASE_URL", f"https://{'a' * 64}.example.nl"),
        ("NURTURE_BASE_URL", "https://10.0.0.256"),
        ("NURTURE_BASE_URL", "https://[::1::2]"),
        ("NURTURE_SECRET_KEYS", "hunter2"),
        ("NURTURE_SECRET_KEYS", f"{GOOD_KEY},{GOOD_KEY}"),
        ("NURTURE_SECRET_KEYS", ","),
        ("NURTURE_SUPPRESSION_KEY", "hunter2 " * 8),
        ("NURTURE_MAIL_FROM", "Praktijk"),
        ("NURTURE_MAIL_FROM", "=?utf-8?q?a?= <a@b.nl>"),
        ("NURTURE_REPLY_TO", "nobody"),
        ("NURTURE_ALLOWED_ORIGINS", "*"),
        ("NURTURE_ALLOWED_ORIGINS", "https://a.example/pagina"),
        ("NURTURE_OPT_IN_LIMITS", "address=1/w"),
        ("NURTURE_PROOF_OF_WORK", "perhaps"),
        ("NURTURE_OPT_IN_SECRETS", "hunter2"),
        ("NURTURE_RETRIES", "first=5"),
        ("NURTURE_RETRIES", "first=5h"),
        ("NURTURE_TRUSTED_PROXIES", "*"),
        ("NURTURE_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("NURTURE_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("NURTURE_BOUNCE_MAILBOX", "pop3://user:hunter2@host"),
        ("NURTURE_REPLY_MAILBOX", "user:hunter2@host"),
        ("NURTURE_ALERT_TO", "a@b.nl; c@d.nl"),
        ("NURTURE_ALERT_URL", "hooks.example.nl"),
        ("NURTURE_ALERT_URL", "https://hooks..example.nl/hunter2"),
        ("NURTURE_HEARTBEAT_URL", "ftp://host/"),
        ("NURTURE_HEARTBEAT_URL", "http://192.168.1.300/hunter2"),
        ("NURTURE_SELF_TEST", "perhaps"),
        ("NURTURE_ERASE_AFTER_DAYS", "two"),
        ("NURTURE_ERASE_AFTER_DAYS", "0"),
        ("NURTURE_ERASE_AT_LATEST_DAYS", "13"),
    ],
)
def test_a_wrong_value_is_one_plain_sentence_without_secrets(
    surroundings: dict[str, str], name: str, text: str
) -> None:
    (problem,) = problems_of(surroundings | {name: text})
    assert problem.id == "setting-" + name.removeprefix("NURTURE_").lower().replace("_", "-")
    assert problem.message.startswith(f"{name}: ")
    assert "\n" not in problem.message
    assert "hunter2" not in problem.message


def test_production_refuses_everything_unsafe_at_once(surroundings: dict[str, str]) -> None:
    problems = problems_of(surroundings | {"NURTURE_ENV": "production", "NURTURE_DEMO": "1", "NURTURE_ALERT_TO": "x"})
    assert {problem.id for problem in problems} == {
        "setting-demo",
        "setting-base-url",
        "setting-mail-url",
        "setting-mail-from",
        "setting-secret-keys",
        "setting-suppression-key",
        "setting-alert-to",
    }


def test_production_starts_with_safe_settings_and_writes_no_secrets(
    surroundings: dict[str, str], tmp_path: Path
) -> None:
    settings = load_settings(surroundings | SAFE)
    assert check_settings(settings) == []
    assert list((tmp_path / "data").iterdir()) == []


def test_production_refuses_a_file_transport_as_the_fallback(surroundings: dict[str, str]) -> None:
    problems = problems_of(surroundings | SAFE | {"NURTURE_MAIL_FALLBACK_URL": "file:/tmp/x"})
    assert [problem.id for problem in problems] == ["setting-mail-fallback-url"]


def test_production_refuses_the_placeholder_under_another_name_too(surroundings: dict[str, str]) -> None:
    for sender in ("Praktijk Voorbeeld <advies@praktijk.example>", "advies@praktijk.example"):
        problems = problems_of(surroundings | SAFE | {"NURTURE_MAIL_FROM": sender})
        assert [problem.id for problem in problems] == ["setting-mail-from"]


def test_a_key_typed_by_hand_is_a_warning(surroundings: dict[str, str]) -> None:
    settings = load_settings(surroundings | {"NURTURE_SECRET_KEYS": "x" * 43})
    (warning,) = check_settings(settings)
    assert (warning.id, warning.severity) == ("setting-secret-keys", "warning")


def test_secrets_are_made_once_and_kept_for_their_owner_alone(surroundings: dict[str, str], tmp_path: Path) -> None:
    first, second = load_settings(surroundings), load_settings(surroundings)
    assert first.secret_keys == second.secret_keys
    assert first.suppression_key == second.suppression_key
    assert first.suppression_key not in first.secret_keys
    kept = sorted((tmp_path / "data").iterdir())
    assert [path.name for path in kept] == ["secret-key", "suppression-key"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)


def test_the_data_folder_is_made_for_a_first_start_in_production(surroundings: dict[str, str], tmp_path: Path) -> None:
    assert load_settings(surroundings | SAFE).data_dir.is_dir()
    (tmp_path / "file").write_text("")
    assert problems_of(SAFE | {"NURTURE_DATA_DIR": str(tmp_path / "file")})[0].id == "setting-data-dir"


def test_a_secret_that_cannot_be_kept_or_is_damaged_is_told(surroundings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    elsewhere = {"NURTURE_DATABASE_URL": "postgresql+psycopg://db/nurture"}
    assert problems_of({"NURTURE_DATA_DIR": str(tmp_path / "file")} | elsewhere)[0].id == "setting-kept-secret"
    (tmp_path / "data").mkdir()
    (tmp_path / "data/secret-key").write_text("half")
    assert "damaged" in problems_of(surroundings)[0].message


def test_secrets_stay_out_of_the_printed_form(surroundings: dict[str, str]) -> None:
    shown = repr(load_settings(surroundings | SAFE | {"NURTURE_DATABASE_URL": "postgresql+psycopg://a:hunter2@b/c"}))
    assert GOOD_KEY not in shown
    assert GOOD_KEY[::-1] not in shown
    assert "hunter2" not in shown


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = set(re.findall(r"^\| `(NURTURE_[A-Z_]+)", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert documented == set(setting_names())


def test_settings_cannot_be_changed_on_the_way(surroundings: dict[str, str]) -> None:
    settings: Settings = load_settings(surroundings)
    with pytest.raises(ValueError, match=r"frozen"):
        settings.demo = True  # type: ignore[misc] # what the test is about
