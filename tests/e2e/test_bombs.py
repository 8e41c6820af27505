"""A mail that would take all time and memory is refused in plain words, and the service goes on (ACCEPTANCE M5)."""

from __future__ import annotations

from pathlib import Path

from tests.support import broken
from tests.support.commands import nurture
from tests.support.folders import content_copy
from tests.support.running import installation

BOMBS = [name for name in broken.FILES if name.startswith(("bom-", "ontsnapping-"))]
WIDE = "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|a|\n" * 60
"""A table of 1,000 columns in a few letters: each row is filled up to its width, and no rule counts that."""


def test_publishing_a_bomb_is_refused_while_the_service_goes_on_sending(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    settings = {"NURTURE_CONTENT_DIR": str(content), "NURTURE_LANGUAGE": "nl"}
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}", **settings) as running:
        process = running.start()
        assert running.opt_in("anna@example.org").status == 202
        running.first_mail("anna@example.org")
        before = running.cli("revisions", "lage-rug").stdout
        assert before
        broken.put(content, *BOMBS)
        refused = running.cli("publish", "--yes")
        assert refused.returncode == 1
        assert [line for line in refused.stderr.splitlines() if "/bom-" in line or "/ontsnapping-" in line] == [
            line
            for line in broken.expected("nl").read_text(encoding="utf-8").splitlines()
            if "/bom-" in line or "/ontsnapping-" in line
        ]
        assert "Traceback" not in refused.stderr
        assert running.cli("revisions", "lage-rug").stdout == before
        assert running.opt_in("bram@example.org").status == 202
        running.first_mail("bram@example.org")
        assert process.poll() is None
        assert "Traceback" not in running.logs()


def test_a_mail_that_no_rule_refuses_and_that_takes_too_much_is_named_by_check(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    mail = (content / "email_templates/niets-te-zien.md").read_text(encoding="utf-8")
    (content / "email_templates/geplakt.md").write_text(mail + "\n" + f"\n{WIDE}" * 6, encoding="utf-8")
    said = nurture("check", "--language", "nl", folder=tmp_path, content_dir=str(content), data_dir=str(tmp_path))
    (told,) = [line for line in said.err.splitlines() if line.startswith("email_templates/geplakt.md: dit bestand")]
    assert told.removeprefix("email_templates/geplakt.md: ") in {
        "dit bestand lezen duurt langer dan 2,5 seconden. Haal de laatste wijziging weg, of maak het korter.",
        "dit bestand lezen kost meer dan 300 MB geheugen. Haal de laatste wijziging weg, of maak het korter.",
    }
    assert said.status == 1
    assert not [line for line in said.err.splitlines() if "niets-te-zien" in line]
    assert "Traceback" not in said.err
