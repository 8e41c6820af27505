"""Commands for those who write the mails, on a copy of the shipped files (ACCEPTANCE P4, S1, S3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from service.store import events
from service.store.tables import AuditEntry
from tests.support import acts
from tests.support.commands import Said, nurture
from tests.support.folders import content_copy
from tests.support.house import House, open_house

KEYS = {"secret_keys": "a-first-key-for-tests-and-nothing-else-0123", "suppression_key": "s" * 43}
STAFF = "praktijk@solidperformance.example"


class Desk:
    """A writer's desk: content to edit, and `nurture` on it."""

    def __init__(self, folder: Path, house: House) -> None:
        self.folder, self.house = folder, house
        self.content = content_copy(folder)

    def nurture(self, *arguments: str, answers: str = "", **settings: str) -> Said:
        """One command, on this content and the house's database."""
        url = self.house.services.database.url.render_as_string(hide_password=False)
        here = {"content_dir": str(self.content), "database_url": url, "mail_url": f"file:{self.folder / 'tests'}"}
        return nurture(*arguments, folder=self.folder, answers=answers, **KEYS | here | settings)

    def edit(self, name: str, old: str, new: str) -> None:
        """Put something else in a file."""
        path = self.content / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def warned(self) -> set[str]:
        """The files that await an approval, as `check --json` has it."""
        rows = json.loads(self.nurture("check", "--json").out)
        return {Path(row["file"]).name for row in rows if row["id"] == "mail.approval"}

    def audited(self) -> list[str]:
        """What was done, oldest first."""
        with self.house.services.database.reading() as session:
            return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


@pytest.fixture
def desk(migrated_database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """With the shipped content published."""
    with open_house(migrated_database_url, tmp_path) as house:
        yield Desk(tmp_path, house)


def test_check_warns_of_each_text_without_an_approval_and_strict_makes_it_an_error(desk: Desk) -> None:
    said = desk.nurture("check")
    assert said.status == 0
    assert re.search(r"^0 errors, \d+ warnings$", said.out, re.MULTILINE)
    warned = desk.warned()
    assert "_veiligheid.md" in warned
    exercises = {path.name for path in (desk.content / "email_templates").glob("_oefening-*.md")}
    assert exercises <= warned
    assert desk.nurture("check", "--strict").status == 1


def test_an_approval_ends_the_warning_until_the_text_changes(desk: Desk) -> None:
    said = desk.nurture("approve", "_veiligheid.md", "--by", "Dr. A. Vermeer")
    assert (said.status, said.out) == (
        0,
        "_veiligheid.md is approved by Dr. A. Vermeer; publish it to let it count.\n",
    )
    text = (desk.content / "email_templates/_veiligheid.md").read_text(encoding="utf-8")
    assert re.search(r"^approved: \{by: Dr\. A\. Vermeer, on: \d{4}-\d\d-\d\d, hash: \w+\}$", text, re.MULTILINE)
    assert "_veiligheid.md" not in desk.warned()
    assert desk.audited()[-1] == "approved"
    desk.edit("email_templates/_veiligheid.md", "112", "112 of je dokter")
    assert "_veiligheid.md" in desk.warned()
    assert "lapsed" in desk.nurture("check").err
    assert desk.nurture("approve", "_bestaat-niet", "--by", "Dr. A. Vermeer").status == 1
    assert desk.nurture("approve", "../practice.yaml", "--by", "Dr. A. Vermeer").status == 1


def test_an_approval_leaves_the_line_ends_as_they_are(desk: Desk) -> None:
    path = desk.content / "email_templates/_veiligheid.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert desk.nurture("approve", "_veiligheid.md", "--by", "Dr. A. Vermeer").status == 0
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")
    assert "_veiligheid.md" not in desk.warned()


def test_a_mail_and_a_file_that_is_no_text_cannot_be_approved(desk: Desk) -> None:
    mail = desk.content / "email_templates/hoe-ging-het.md"
    before = mail.read_text(encoding="utf-8")
    (desk.content / "email_templates/_kapot.md").write_bytes(b"Caf\xe9\n")
    for name, why in (("hoe-ging-het", "is a mail"), ("_kapot", "is no UTF-8")):
        said = desk.nurture("approve", name, "--by", "Dr. A. Vermeer")
        assert (said.status, said.err.count("\n")) == (1, 1)
        assert why in said.err
    assert mail.read_text(encoding="utf-8") == before


def test_exercises_without_the_safety_block_cannot_be_published(desk: Desk) -> None:
    changed = 0
    for path in sorted((desk.content / "email_templates").glob("[a-z]*.md")):
        text = path.read_text(encoding="utf-8")
        if "_oefening" not in text and not path.name.startswith("advies-"):
            continue
        changed += 1
        path.write_text(text.replace('{% include "_veiligheid.md" %}', ""), encoding="utf-8")
        said = desk.nurture("publish", "--yes")
        assert said.status == 1, path.name
        assert f"{path.name}:" in said.err
        path.write_text(text, encoding="utf-8")
    assert changed >= 4
    assert desk.nurture("publish", "--yes").out == "Nothing has changed since it was published.\n"


def test_every_problem_of_every_file_is_told_at_once_with_its_line(desk: Desk) -> None:
    desk.edit("sequences/lage-rug.yaml", "wait: 2 days", "wait: 2 daagjes")
    desk.edit("sequences/uitstraling-been.yaml", "topic: uitstraling-been", "topicc: uitstraling-been")
    desk.edit("practice.yaml", 'kvk: "00000000"', 'kvk: "1"')
    desk.edit("forms.yaml", "button:", "knop:")
    for name in ("hoe-ging-het", "uitnodiging"):
        path = desk.content / f"email_templates/{name}.md"
        path.write_text(path.read_text(encoding="utf-8") + "\n{{ voornaam }}\n{% macro x() %}{% endmacro %}\n")
    rows = [row for row in json.loads(desk.nurture("check", "--json").out) if row["severity"] == "error"]
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)
        assert set(row) == {"id", "severity", "file", "line", "message"}
        assert isinstance(row["line"], int), row
        assert row["line"] > 0
    assert set(by_file) >= {
        "sequences/lage-rug.yaml",
        "sequences/uitstraling-been.yaml",
        "practice.yaml",
        "forms.yaml",
        "email_templates/hoe-ging-het.md",
        "email_templates/uitnodiging.md",
    }
    for name in ("hoe-ging-het", "uitnodiging"):
        assert len(by_file[f"email_templates/{name}.md"]) >= 2
    said = desk.nurture("check")
    assert said.status == 1
    for row in rows:
        assert f"{row['file']}:{row['line']}: {row['message']}" in said.err.splitlines()
    assert "first_name" in said.err, "it says what to write instead"


def test_problems_are_told_in_the_language_of_the_option_or_of_the_setting(desk: Desk) -> None:
    desk.edit("practice.yaml", "name: Solid", "naam: Solid")
    english, dutch = "unknown key `naam`; did you mean `name`?", "`naam` bestaat hier niet; bedoel je `name`?"
    assert english in desk.nurture("check").err
    for said in (desk.nurture("check", "--language", "nl"), desk.nurture("check", language="nl")):
        assert dutch in said.err
        assert "waarschuwing: " in said.err
        assert re.search(r"^1 fout, \d+ waarschuwingen$", said.out, re.MULTILINE)
    assert english in desk.nurture("check", "--language", "en", language="nl").err, "the option wins"
    rows = json.loads(desk.nurture("check", "--json", language="nl").out)
    assert [row["message"] for row in rows if row["severity"] == "error"] == [dutch]
    assert dutch in desk.nurture("publish", "--yes", "--language", "nl").err
    assert desk.nurture("check", "--language", "fr").status == 2
    assert english in desk.nurture("check").err, "one command leaves no language behind for the next"


def test_a_refusal_is_told_in_dutch_too(desk: Desk) -> None:
    said = desk.nurture("lead", "show", "nobody@example.org", language="nl")
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert said.err != desk.nurture("lead", "show", "nobody@example.org").err


def test_simulate_prints_each_mail_with_its_date_and_reason_and_moves_no_data(desk: Desk) -> None:
    desk.nurture("resume")  # the first command on a database notes the keys it was given
    before = desk.house.rows()
    moment = ("--opt-in-at", "2026-12-21T10:00")
    rows = json.loads(desk.nurture("simulate", "lage-rug", *moment, "--json").out)
    assert [set(row) for row in rows] == [{"step", "template", "at", "reason"}] * len(rows)
    assert datetime.fromisoformat(rows[0]["at"]) == datetime(2026, 12, 21, 9, 0, tzinfo=UTC)
    assert [row["step"] for row in rows if row["at"] is None] == ["eerdere-uitnodiging"]
    days = [row["at"][:10] for row in rows if row["at"]]
    assert days == sorted(days)
    assert len(days) == 8
    assert not {"2026-12-25", "2026-12-26", "2027-01-01"} & set(days), "holidays"
    text = desk.nurture("simulate", "lage-rug", *moment).out
    assert len(text.splitlines()) == len(rows)
    assert "Monday 21 December 2026 10:00" in text
    live = json.loads(desk.nurture("simulate", "lage-rug", *moment, "--live", "--json").out)
    assert live == rows
    booked = json.loads(desk.nurture("simulate", "lage-rug", *moment, "--event", "booked@+9d", "--json").out)
    assert len([row for row in booked if row["at"]]) < 8
    same = json.loads(desk.nurture("simulate", "lage-rug", *moment, "--answer", "helped=same", "--json").out)
    assert next(row for row in same if row["step"] == "eerdere-uitnodiging")["at"]
    never = json.loads(desk.nurture("simulate", "lage-rug", *moment, "--confirm-after", "never", "--json").out)
    assert len([row for row in never if row["at"]]) == 1
    assert desk.house.rows() == before


@pytest.mark.parametrize(
    "wrong",
    [
        ("nergens",),
        ("lage-rug", "--opt-in-at", "gisteren"),
        ("lage-rug", "--confirm-after", "snel"),
        ("lage-rug", "--answer", "posture"),
        ("lage-rug", "--event", "booked"),
    ],
)
def test_a_question_that_cannot_be_simulated_is_one_sentence(desk: Desk, wrong: tuple[str, ...]) -> None:
    said = desk.nurture("simulate", *wrong)
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)


def test_a_preview_is_the_mail_as_a_lead_would_get_it(desk: Desk) -> None:
    said = desk.nurture("preview", "advies-lage-rug", "--answer", "posture=hollow")
    assert said.out.startswith("Subject: Je gratis advies: begin vandaag\n")
    assert "{{" not in said.out
    assert desk.nurture("preview", "bestaat-niet").status == 1


def test_test_mail_goes_to_staff_alone(desk: Desk) -> None:
    for command in (["preview", "advies-lage-rug"], ["send-test", "advies-lage-rug", "--to", STAFF]):
        wrong = desk.nurture(*command, "--answer", "posture=holow")
        assert (wrong.status, wrong.out) == (1, "")
        assert "posture has no answer 'holow'; did you mean `hollow`?" in wrong.err
    refused = desk.nurture("send-test", "advies-lage-rug", "--to", "anna@example.org")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert not list((desk.folder / "tests").glob("*.eml"))
    said = desk.nurture("send-test", "advies-lage-rug", "--to", STAFF)
    assert (said.status, said.out) == (0, f"advies-lage-rug to {STAFF}: accepted (written)\n")
    (file,) = (desk.folder / "tests").glob("*.eml")
    assert f"To: {STAFF}\r\n".encode() in file.read_bytes()
    assert not desk.house.messages()


def test_resume_with_nothing_paused_says_so_and_leaves_no_trace(desk: Desk) -> None:
    assert desk.nurture("resume").out == "Nothing was paused.\n"
    assert desk.nurture("resume", language="nl").out == "Er stond niets stil.\n"
    assert set(desk.audited()) == {"published"}
    desk.nurture("pause")
    assert desk.nurture("resume", "lage-rug").out == "lage-rug was not paused by itself.\n", "all follow-ups still are"
    assert desk.audited()[-2:] == ["published", "paused"]


def test_the_brake_holds_follow_ups_and_lets_them_go(desk: Desk) -> None:
    acts.confirmed(desk.house)
    assert "all follow-ups" in desk.nurture("pause").out
    desk.house.live_through(days=2)
    assert acts.follow_ups(desk.house) == {}, "nothing is planned meanwhile, so nothing piles up in the outbox"
    resumed = desk.nurture("resume")
    assert (resumed.status, resumed.out) == (0, "Mail goes out again.\n"), "one mail late is no backlog"
    assert desk.house.tick() == 1
    assert "lage-rug" in desk.nurture("pause", "lage-rug").out
    assert desk.nurture("pause", "nergens").status == 1
    assert "all mail" in desk.nurture("pause", "--all-mail").out
    desk.house.opt_in("bram@example.org")
    assert desk.house.send_due() == 0
    assert desk.nurture("resume").status == 0
    with desk.house.services.database.reading() as session:
        assert not (events.fact(session, "brake") or {}).get("all_mail")
    assert desk.house.send_due() == 1
