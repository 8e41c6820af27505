"""`nurture setup`, answered as a practice would answer it."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.flows import practice_file
from service.flows.content import read_content
from service.settings import Settings, load_settings
from tests.support.commands import Said, nurture
from tests.support.dns_server import DnsServer
from tests.support.house import ROOT
from tests.support.smtp_server import SmtpServer

FACTS = {
    "name": "Praktijk De Rug",
    "address": "Dorpsstraat 1, 1234 AB Dorp",
    "kvk": "12345678",
    "phone": "020 123 45 67",
    "email": "info@derug.nl",
    "staff": "esra@derug.nl, frank@derug.nl",
    "privacy_url": "https://derug.nl/privacy",
    "links.article": "https://derug.nl/artikel",
    "pain_check.price": "€ 100",
    "pain_check.duration": "45 minuten",
    "pain_check.location": "Dorpsstraat 1, Dorp",
}
KEEP = dict.fromkeys(FACTS, "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with content of its own, and a `.env` that says where it is."""
    for name in ("sequences", "email_templates"):
        shutil.copytree(ROOT / name, tmp_path / "content" / name)
    for name in ("practice.yaml", "forms.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / "content" / name)
    (tmp_path / ".env").write_text(
        f"# ours\nNURTURE_CONTENT_DIR={tmp_path / 'content'}\nNURTURE_DATA_DIR={tmp_path / 'data'}\nOTHER='x # y'\n"
        f"NURTURE_MAIL_URL=file:{tmp_path / 'outbox'}\nNURTURE_MAIL_FROM=advies@derug.nl\n"
    )
    return tmp_path


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """A name server that knows the practice."""
    with DnsServer({"derug.nl": ["v=spf1 a -all"]}) as server:
        yield server


def setup(folder: Path, dns: DnsServer, *answers: str, arguments: tuple[str, ...] = ()) -> Said:
    typed = "".join(f"{answer}\n" for answer in answers)
    return nurture("setup", "--dns", dns.address, *arguments, folder=folder, answers=typed)


def answered(facts: dict[str, str], *settings: str, then: tuple[str, ...]) -> list[str]:
    return [*facts.values(), *settings, *then]


def settings(folder: Path) -> Settings:
    text = (folder / ".env").read_text()
    return load_settings(dict(line.replace("'", "").split("=", 1) for line in text.splitlines() if "=" in line))


def test_a_new_practice_is_set_up_from_the_first_question_to_the_first_mail(folder: Path, dns: DnsServer) -> None:
    before = (folder / "content/practice.yaml").read_text()
    answers = answered(
        FACTS, "n", "https://mail.derug.nl", "", "Rug <advies@derug.nl>", then=("y", "y", "esra@derug.nl")
    )
    said = setup(folder, dns, *answers)
    assert said.status == 0, said
    assert "ok       mail:" in said.out
    assert "ok       spf:" in said.out
    assert "sequence lage-rug: new" in said.out
    assert "The advice has left for esra@derug.nl." in said.out
    assert len(list((folder / "outbox").glob("*.eml"))) == 1
    assert "Still to be done in" in said.out
    assert "forms.yaml, lines 34, 37, 40: this text does not name the practice, `Praktijk De Rug`" in said.out
    assert (folder / "content/forms.yaml").read_bytes() == (ROOT / "forms.yaml").read_bytes(), "legal text is people's"
    practice = read_content(folder / "content").practice
    assert practice is not None
    assert not practice.placeholder
    assert (practice.name, practice.kvk) == ("Praktijk De Rug", "12345678")
    assert practice.staff == ("esra@derug.nl", "frank@derug.nl")
    after = (folder / "content/practice.yaml").read_text()
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in after.splitlines() if "#" in line] == comments
    assert settings(folder).base_url == "https://mail.derug.nl"


def test_a_file_written_on_windows_stays_so(folder: Path, dns: DnsServer) -> None:
    file = folder / "content/practice.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    answers = answered(FACTS, "n", "https://mail.derug.nl", "", "Rug <advies@derug.nl>", then=("y", "n", ""))
    setup(folder, dns, *answers)
    assert b"Praktijk De Rug\r\n" in file.read_bytes()
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n")


def test_the_other_lines_of_the_env_file_stay(folder: Path, dns: DnsServer) -> None:
    before = (folder / ".env").read_text().splitlines()
    setup(
        folder, dns, *answered(KEEP, "", "https://mail.derug.nl", "", "De Rug <advies@derug.nl>", then=("y", "n", ""))
    )
    after = (folder / ".env").read_text().splitlines()
    assert after[:-2] == before[:-1]
    assert after[-2:] == ["NURTURE_MAIL_FROM='De Rug <advies@derug.nl>'", "NURTURE_BASE_URL=https://mail.derug.nl"]
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_again_with_nothing_new_changes_nothing(folder: Path, dns: DnsServer) -> None:
    first = setup(folder, dns, arguments=("--yes",))
    assert first.status == 0, first
    files = {file: file.read_bytes() for file in (folder / ".env", folder / "content/practice.yaml")}
    again = setup(folder, dns, arguments=("--yes",))
    assert again.status == 0
    assert "Nothing has changed since it was published." in again.out
    assert "Still to be done" not in again.out
    assert {file: file.read_bytes() for file in files} == files


def test_made_up_facts_stay_marked_until_all_are_replaced(folder: Path, dns: DnsServer) -> None:
    some = FACTS | {"phone": "", "links.article": ""}
    said = setup(folder, dns, *answered(some, "", "", "", "", then=("y", "n", "")))
    assert "Still made up: phone, links.article." in said.out
    practice = read_content(folder / "content").practice
    assert practice is not None
    assert practice.placeholder
    assert practice.kvk == "12345678"


def test_an_answer_that_cannot_be_is_asked_again_with_the_reason(folder: Path, dns: DnsServer) -> None:
    facts = list(FACTS.values())
    typed = [
        *facts[:2],
        "123",
        *facts[2:],
        "n",
        "mail.derug.nl",
        "https://mail.derug.nl",
        "ftp://x",
        "",
        "",
        "y",
        "n",
        "",
    ]
    said = setup(folder, dns, *typed)
    assert '  this cannot be "123"; write eight digits, such as 12345678\n' in said.out
    assert "'mail.derug.nl' is no address of a website" in said.out
    assert "A mail URL cannot start with ftp:" in said.out
    assert settings(folder).base_url == "https://mail.derug.nl"


def test_who_stops_halfway_has_changed_nothing(folder: Path, dns: DnsServer) -> None:
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for end in (3, len(FACTS) + 4):
        said = setup(folder, dns, *answered(FACTS, "n", "https://mail.derug.nl", "", "", then=())[:end])
        assert said.status == 1
        assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_production_gets_its_keys_and_refuses_what_is_unsafe(folder: Path, dns: DnsServer) -> None:
    with SmtpServer() as server:
        settled = ("y", "http://mail.derug.nl", "https://mail.derug.nl", "", server.url, "Rug <advies@derug.nl>")
        said = setup(folder, dns, *answered(FACTS, *settled, then=("y",)), arguments=("--override-by", "Dr. Gijs"))
    assert "links in mails must be https" in said.out
    assert "production needs smtp://" in said.out or "a file transport reaches no lead" in said.out
    found = settings(folder)
    assert found.production
    assert len(found.secret_keys[0]) >= 32
    assert found.secret_keys[0] == (folder / "data/secret-key").read_text().strip()
    assert found.suppression_key not in said.out
    assert found.secret_keys[0] not in said.out


def test_a_password_is_never_shown(folder: Path, dns: DnsServer) -> None:
    text = (folder / ".env").read_text().replace(f"file:{folder / 'outbox'}", "smtp://rug:geheim@127.0.0.1:9?tls=none")
    (folder / ".env").write_text(text)
    said = setup(folder, dns, *answered(KEEP, "", "", "", "", then=("n", "")))
    assert said.status == 1
    assert "error    mail-unreachable" in said.out
    assert "geheim" not in said.out + said.err


def test_what_the_environment_says_is_not_asked(folder: Path, dns: DnsServer) -> None:
    said = nurture(
        *("setup", "--yes", "--dns", dns.address), folder=folder, base_url="https://mail.derug.nl", answers=""
    )
    assert said.status == 0, said
    assert "NURTURE_BASE_URL is set in the environment; change it there." in said.out
    assert "NURTURE_BASE_URL" not in (folder / ".env").read_text()


def test_a_test_opt_in_goes_to_staff_alone(folder: Path, dns: DnsServer) -> None:
    said = setup(folder, dns, arguments=("--yes", "--test-to", "anna@example.org"))
    assert said.status == 1
    assert "anna@example.org is no staff address" in said.err
    assert not list((folder / "outbox").glob("*.eml"))
    staff = "praktijk@solidperformance.example"
    assert setup(folder, dns, arguments=("--yes", "--test-to", staff)).status == 0
    too_soon = setup(folder, dns, arguments=("--yes", "--test-to", staff))
    assert (too_soon.status, "capped" in too_soon.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--test-to", "foo"), "Invalid value for --test-to: that is no e-mail address"),
        (("--dns", "nonsense"), "nonsense is no name server"),
    ],
)
def test_an_option_that_is_wrong_is_told_before_the_first_question(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    said = nurture("setup", *arguments, folder=folder, answers="")
    assert (said.status != 0, said.out, told in said.err) == (True, "", True), said


def test_a_practice_file_that_is_gone_is_one_sentence(folder: Path, dns: DnsServer) -> None:
    (folder / "content/practice.yaml").unlink()
    said = setup(folder, dns)
    assert said.status == 1
    assert said.err.count("\n") == 1
    assert "cannot be read: No such file" in said.err


def test_the_shipped_file_is_written_back_byte_for_byte() -> None:
    text = (ROOT / "practice.yaml").read_text(encoding="utf-8")
    assert practice_file.with_facts(text, practice_file.facts(text)) == text
    assert set(practice_file.MADE_UP) <= set(practice_file.FACTS)
