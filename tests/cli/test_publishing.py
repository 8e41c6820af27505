"""What staff see before and after they publish, go back, and read the log: on a copy of the shipped files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_content import STAFF, Desk
from tests.support import acts
from tests.support.drafts import publish, with_practice
from tests.support.house import open_house


@pytest.fixture
def desk(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Desk]:
    """With the shipped content published, and Anna under way since just now: commands go by the real clock.

    What is written and read here is tested on both databases beneath the commands.
    """
    shutil.copy(template_file("migrated"), tmp_path / "nurture.db")
    with open_house(f"sqlite:///{tmp_path / 'nurture.db'}", tmp_path) as house:
        house.clock.moment = datetime.now(UTC)
        acts.confirmed(house)
        yield Desk(tmp_path, house)


def later(desk: Desk) -> None:
    """The first follow-up is to come a week later: whatever day it is, a later one."""
    desk.edit("sequences/lage-rug.yaml", "wait: 2 days", "wait: 9 days")


def test_the_plan_is_shown_for_both_choices_in_the_language_asked_for(desk: Desk) -> None:
    later(desk)
    english, dutch = (
        desk.nurture("publish", "--dry-run").out,
        desk.nurture("publish", "--dry-run", "--language", "nl").out,
    )
    assert "sequence lage-rug: changed\n  step `hoe-ging-het`: changed (wait: 2 days -> 9 days)\n" in english
    assert "  1 under way.\n  If they stay on their own revision: nothing changes for anybody.\n" in english
    assert re.search(r"^    `hoe-ging-het`: 1 lead \d+ days later$", english, re.MULTILINE)
    assert re.search(r"^    `hoe-ging-het`: 1 lead \d+ dagen later$", dutch, re.MULTILINE)
    assert "Published." not in english


def test_a_changed_mail_says_that_mails_beside_it_keep_their_text(desk: Desk) -> None:
    desk.edit("email_templates/hoe-ging-het.md", "We zijn benieuwd", "We zijn heel benieuwd")
    shown = desk.nurture("publish", "--dry-run", "--language", "nl").out
    assert shown.startswith("de dienstmails: dezelfde tekst als nu\nreeks lage-rug: veranderd\n")
    assert "stap `hoe-ging-het`: veranderd (nieuwe tekst in hoe-ging-het)" in shown
    desk.edit("email_templates/dienst-verse-link.md", "subject: ", "subject: Hier is ")
    shown = desk.nurture("publish", "--dry-run", "--language", "nl").out
    assert shown.startswith("de dienstmails: veranderd\n  Nieuwe tekst in: dienst-verse-link\n")


def test_with_list_and_json_the_plan_names_leads_by_number_and_holds_no_address(desk: Desk) -> None:
    later(desk)
    listed = desk.nurture("publish", "--dry-run", "--list").out
    assert f"  lead {desk.house.lead().id}, moves:\n    hoe-ging-het: " in listed
    (sequence,) = json.loads(desk.nurture("publish", "--dry-run", "--json").out)["sequences"]
    assert (sequence["name"], sequence["under_way"], sequence["move"]["twice"]) == ("lage-rug", 1, 0)
    assert "@" not in listed + json.dumps(sequence)
    assert desk.nurture("publish", "--json").status == 1


def test_publishing_asks_says_which_choice_it_is_and_tells_what_it_did(desk: Desk) -> None:
    later(desk)
    refused = desk.nurture("publish", answers="n\n")
    assert (refused.status, refused.out.endswith("Leads under way stay on their own revision. [y/N]: ")) == (0, True)
    first = acts.enrolment(desk.house).sequence_revision_id
    done = desk.nurture("publish", "--move-leads", "--language", "nl", answers="y\n")
    assert "Dit publiceren, en wie onderweg is mee laten gaan? [y/N]: " in done.out
    assert done.out.endswith("1 lead gaat mee met de nieuwe versie.\nGepubliceerd.\n")
    assert acts.enrolment(desk.house).sequence_revision_id > first
    assert desk.nurture("publish").out == "Nothing has changed since it was published.\n"


def test_a_key_that_changes_its_mail_is_refused_with_its_line_before_anybody_is_asked(desk: Desk) -> None:
    desk.edit("sequences/lage-rug.yaml", "- key: check\n", "- key: zelfcheck\n")
    lines = (desk.content / "sequences/lage-rug.yaml").read_text(encoding="utf-8").splitlines()
    where = f"sequences/lage-rug.yaml:{lines.index('  - key: zelfcheck') + 1}: "
    said = desk.nurture("publish", "--yes")
    assert said.status == 1
    assert f"{where}step `zelfcheck` sends the mail that was step `check`" in said.err
    assert "Published" not in said.out
    assert f"{where}stap `zelfcheck` verstuurt de mail die eerder stap `check` was" in (
        desk.nurture("publish", "--dry-run", "--language", "nl").err
    )


def test_who_says_yes_to_a_plan_that_somebody_else_overtook_is_told_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(desk)

    def meanwhile(_question: str) -> bool:
        publish(desk.house, with_practice(phone="020 123 45 67"))
        return True

    monkeypatch.setattr("typer.confirm", meanwhile)
    said = desk.nurture("publish", "lage-rug")
    assert (said.status, said.err.splitlines()[-1]) == (
        1,
        "somebody else published meanwhile, so this plan no longer holds; nothing was published, look again",
    )


def test_staff_go_back_to_an_older_revision_and_get_its_files(desk: Desk) -> None:
    later(desk)
    before = (desk.content / "sequences/lage-rug.yaml").read_bytes().replace(b"wait: 9 days", b"wait: 2 days", 1)
    assert desk.nurture("publish", "--yes").status == 0
    dry = desk.nurture("rollback", "lage-rug", "--dry-run")
    assert "  step `hoe-ging-het`: changed (wait: 9 days -> 2 days)\n" in dry.out
    done = desk.nurture("rollback", "lage-rug", "--yes")
    assert done.status == 0
    assert "Your files still hold what was published before" in done.out
    newest, middle, oldest = desk.nurture("revisions", "lage-rug").out.splitlines()
    assert newest.endswith(f"live, the same as {oldest.split()[0]}")
    assert oldest.endswith("1 under way")
    assert "live" not in middle
    folder = desk.folder / "terug"
    assert desk.nurture("revisions", "lage-rug", "--write-files", str(folder)).out.endswith(f"written to {folder}\n")
    assert (folder / "sequences/lage-rug.yaml").read_bytes() == before
    assert desk.nurture("rollback", "lage-rug", "--to", "999").status == 1
    assert desk.nurture("rollback", "nergens").err.startswith("nothing called nergens was ever published")


def test_the_audit_log_tells_who_did_what_and_names_nobody_by_address(desk: Desk) -> None:
    later(desk)
    desk.nurture("publish", "--yes", "--override-by", "Gerda")
    desk.nurture("rollback", "lage-rug", "--yes")
    desk.nurture("approve", "_veiligheid.md", "--by", "Gerda")
    desk.nurture("pause")
    desk.nurture("lead", "export", acts.ANNA)
    desk.nurture("lead", "erase", acts.ANNA, "--yes")
    said = desk.nurture("audit").out
    actions = ["lead erased", "lead exported", "paused", "approved", "rolled back", "published"]
    rows = json.loads(desk.nurture("audit", "--json").out)
    assert [row["action"] for row in rows[:6]] == actions
    assert all(row["actor"].startswith("staff:") for row in rows[:6])
    assert rows[5]["details"]["override_by"] == "Gerda"
    assert "@" not in said + json.dumps(rows).replace(STAFF, "")
    assert len(desk.nurture("audit", "--action", "paused").out.splitlines()) == 1
    assert len(desk.nurture("audit", "--limit", "2").out.splitlines()) == 2


def test_a_publish_warns_of_settings_that_its_mails_go_out_with(desk: Desk) -> None:
    desk.edit("sequences/lage-rug.yaml", "skip_if: {sent: [eerdere-uitnodiging]}", "skip_if: {replied: true}")
    told = desk.nurture("publish", "--dry-run", mail_from="Rugpijn <advies@praktijk.example>")
    assert told.status == 0
    assert "warning: NURTURE_MAIL_FROM: `Rug` names a complaint" in told.err
    assert re.search(r"lage-rug.yaml:\d+: warning: `replied` needs a mailbox", told.err)
    quiet = desk.nurture("publish", "--dry-run", reply_mailbox="imaps://naam:geheim@imap.praktijk.example")
    assert "names a complaint" not in quiet.err
    assert "needs a mailbox" not in quiet.err
