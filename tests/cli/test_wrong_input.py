"""Whatever a user gets wrong: one plain sentence for each thing, where it is, exit 1, and never a traceback."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from service.store.schema import newest
from tests.support.commands import Said, nurture
from tests.support.folders import content_copy


class Broken:
    """An installation whose content is a copy to break, and whose settings are to be got wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = content_copy(folder)
        self.settings = {
            "database_url": f"sqlite:///{folder}/nurture.db",
            "data_dir": str(folder / "data"),
            "mail_url": f"file:{folder}/outbox",
            "content_dir": str(self.content),
        }

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Change one file of the content."""
        path = self.content / file
        path.write_text(change(path.read_text()))

    def run(self, *command: str) -> Said:
        """One command, in this process: an error that nobody foresaw would fail the test."""
        return nurture(*command, folder=self.folder, **self.settings)

    def refused(self, *command: str) -> str:
        """What a command says that must end in exit 1."""
        said = self.run(*command)
        assert said.status == 1, said
        return said.err


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    return Broken(tmp_path)


def test_a_wrong_yaml_names_file_line_and_what_to_write(broken: Broken) -> None:
    broken.edit("sequences/lage-rug.yaml", lambda text: text.replace("wait: 2 days", "wait: 2 daagjes"))
    said = broken.refused("check")
    line = next(line for line in said.splitlines() if "daagjes" in line)
    assert line.startswith("sequences/lage-rug.yaml:")
    assert line.split(":")[1].isdigit()
    assert "daagjes" in broken.refused("publish", "--yes")
    assert "daagjes" in broken.refused("serve")


def test_a_wrong_template_names_file_line_and_the_word(broken: Broken) -> None:
    broken.edit("email_templates/hoe-ging-het.md", lambda text: text + "\n{{ voornaam }}\n")
    line = next(line for line in broken.refused("check").splitlines() if "voornaam" in line)
    assert line.startswith("email_templates/hoe-ging-het.md:")
    assert line.split(":")[1].isdigit()


def test_all_problems_come_at_once(broken: Broken) -> None:
    broken.edit("sequences/lage-rug.yaml", lambda text: text.replace("wait: 2 days", "wait: 2 daagjes"))
    broken.edit("email_templates/hoe-ging-het.md", lambda text: text + "\n{{ voornaam }}\n")
    broken.settings["base_url"] = "nergens"
    said = broken.refused("check")
    assert all(word in said for word in ("daagjes", "voornaam", "NURTURE_BASE_URL"))


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("database_url", "mysql://somewhere/else", "postgresql+psycopg"),
        ("database_url", "postgresql+psycopg://nobody@127.0.0.1:1/none", "cannot be used just now"),
        ("database_url", "postgresql+psycopg://nobody@127.0.0.1:1/none?pgbouncer=true", "pgbouncer"),
        ("database_url", "postgresql+psycopg://nobody@db..example.nl/none", "host name"),
        ("database_url", "sqlite:////nowhere/at/all/nurture.db", "open"),
        ("mail_url", "smpt://mail.example.nl", "smtp"),
        ("mail_url", "smtp://mail.example.nl:25?tls=none", "tls=none"),
        ("opt_in_limits", "address=lots", "3/30d"),
        ("send_limits", "all=60", "3/30d"),
        ("send_limits", "warm_up=slowly", "warm_up=50"),
        ("content_dir", "/nowhere/at/all", "NURTURE_CONTENT_DIR"),
    ],
)
def test_a_wrong_setting_is_one_plain_sentence(broken: Broken, name: str, value: str, word: str) -> None:
    broken.settings[name] = value
    said = broken.refused("serve")
    assert word in said
    assert len(said.strip().splitlines()) <= 3


WRONG = {
    "NURTURE_BASE_URL": "nergens",
    "NURTURE_MAIL_URL": "smpt://mail.example.nl",
    "NURTURE_MAIL_FALLBACK_URL": "smtp://mail.example.nl:0",
    "NURTURE_BOUNCE_MAILBOX": "imaps://imap.example.nl",
    "NURTURE_DATABASE_URL": "postgresql+psycopg://nobody@db..example.nl/none",
}


@pytest.mark.parametrize("command", [("serve",), ("check",), ("doctor",), ("restore", "backup.zip")])
def test_every_wrong_setting_is_told_at_once_with_its_file_and_line(broken: Broken, command: tuple[str, ...]) -> None:
    assert broken.run("publish", "--yes").status == 0
    assert broken.run("backup", "backup.zip").status == 0
    (broken.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in WRONG.items()))
    for name in ("database_url", "mail_url"):
        del broken.settings[name]
    said = broken.run(*command)
    assert said.status == 1
    told = said.out + said.err
    for line, name in enumerate(WRONG, start=1):
        assert told.count(f".env:{line}: {name}: ") == 1, told


def test_what_is_told_of_a_setting_is_told_once(broken: Broken) -> None:
    broken.settings["env"] = "production"
    said = broken.refused("check")
    assert said.count("NURTURE_MAIL_URL: ") == 1, said


def test_a_warning_about_a_setting_names_its_file_and_line(broken: Broken) -> None:
    (broken.folder / ".env").write_text(
        "\nNURTURE_MAIL_FROM=Rugpraktijk <advies@example.nl>\nNURTURE_OPT_IN_SECRETS=" + "x" * 40
    )
    said = broken.run("check")
    assert ".env:2: warning: NURTURE_MAIL_FROM: " in said.err
    assert ".env:3: warning: NURTURE_OPT_IN_SECRETS: " in said.err


def test_a_mail_server_that_is_not_there_is_told_plainly(broken: Broken) -> None:
    broken.settings["mail_url"] = "smtp://127.0.0.1:1?tls=none"
    done = broken.run("send-test", "advies-lage-rug", "--to", "praktijk@solidperformance.example")
    assert done.status == 1
    assert "down" in done.out


def test_a_busy_port_is_told_before_anything_starts(broken: Broken) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in broken.refused("serve", "--port", str(port))


def test_a_key_that_is_gone_stops_the_start(broken: Broken) -> None:
    broken.settings |= {
        "secret_keys": "een-lange-sleutel-die-niemand-raadt-123456789",
        "suppression_key": "y" * 43,
    }
    assert broken.run("publish", "--yes").status == 0
    broken.settings["secret_keys"] = "een-heel-andere-sleutel-die-niemand-raadt-99"
    assert "NURTURE_SECRET_KEYS" in broken.refused("serve")
    broken.settings["suppression_key"] = "z" * 43
    assert "NURTURE_SUPPRESSION_KEY" in broken.refused("publish", "--yes")


def test_what_keeps_a_command_from_the_database_is_told_in_dutch_too(broken: Broken) -> None:
    broken.settings["language"] = "nl"
    assert broken.refused("snippets") == "er is nog niets gepubliceerd; draai: nurture publish\n"
    broken.settings["suppression_key"] = "z" * 43
    assert "zet de oude sleutel terug" in broken.refused("stats")
    (broken.folder / "nurture.db").write_bytes(b"no database" * 500)
    assert "zet een back-up terug: nurture restore BESTAND" in broken.refused("stats")
    broken.settings["database_url"] = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    assert "te gebruiken (connection failed: " in broken.refused("stats")
    assert "te gebruiken (connection failed: " in broken.run("doctor", "--dns", "127.0.0.1:9").out


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "lage-rug", "--confirm-after", "²d"),
        ("simulate", "lage-rug", "--confirm-after", "9999999d"),
        ("simulate", "lage-rug", "--opt-in-at", "0001-01-01T00:00+05:00"),
        ("simulate", "lage-rug", "--opt-in-at", "9999-12-31T23:59"),
        ("stats", "--since", "0202-07-01"),
        ("audit", "--action", "\udcff"),
        ("revisions", "\udcff"),
        ("approve", "_" + "a" * 300, "--by", "Vera"),
        ("serve", "--host", "mail..example.nl"),
    ],
)
def test_what_cannot_be_is_one_sentence(broken: Broken, command: tuple[str, ...]) -> None:
    assert broken.run("publish", "--yes").status == 0
    assert len(broken.refused(*command).strip().splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("message", "resolve", "99999999999999999999", "--as", "drop"),
        ("request", "close", "99999999999999999999", "--as", "booked"),
        ("audit", "--limit", "99999999999999999999"),
    ],
)
def test_a_number_that_no_row_can_have_is_wrong_usage(broken: Broken, command: tuple[str, ...]) -> None:
    assert broken.run(*command).status == 2


def test_a_folder_that_cannot_be_written_to_is_told(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/content/.practice.yaml-x")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    said = nurture("setup", folder=broken.folder, answers="Een andere naam" + "\n" * 30, **broken.settings)
    assert (said.status, said.err) == (1, "/content/.practice.yaml-x cannot be used: Permission denied\n")


@pytest.mark.parametrize("command", [("publish",), ("new", "topic", "nek", "--from", "lage-rug")])
def test_a_question_that_nobody_can_answer_is_told_as_such(broken: Broken, command: tuple[str, ...]) -> None:
    """Under cron, and in a container that was given no terminal."""
    assert broken.refused(*command).endswith(
        "\nnobody is here to answer: give --yes, or what is asked as an option (--help names them)\n"
    )
    said = nurture(*command, folder=broken.folder, **broken.settings | {"language": "nl"})
    assert "\ner is hier niemand om te antwoorden: geef --yes" in said.err


def test_the_version_is_told_with_its_schema(broken: Broken) -> None:
    said = broken.run("--version")
    assert (said.status, said.out) == (0, f"nurture {version('nurture')}, schema {newest()}\n")


def test_wrong_usage_is_exit_2(broken: Broken) -> None:
    assert broken.run("simulate").status == 2
    assert broken.run("no-such-command").status == 2


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ("staff", "add", "x@praktijk.example", "--name", "X", "--role", "baas"),
            "Invalid value for '--role': 'baas' is not one of 'editor', 'manager', 'admin'.",
        ),
        (("request", "close", "1", "--as", "foo"), "Invalid value for '--as': 'foo' is not one of 'booked', "),
        (("check", "--language", "fr"), "Invalid value for '--language': 'fr' is not one of 'nl', 'en'."),
    ],
)
def test_a_choice_that_there_is_not_is_told_in_plain_words(broken: Broken, command: tuple[str, ...], told: str) -> None:
    said = broken.run(*command)
    assert (said.status, told in said.err) == (2, True), said.err
