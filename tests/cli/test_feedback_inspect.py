"""`nurture feedback inspect`: what mails in files are, without settings or a database."""

from __future__ import annotations

import json
from pathlib import Path

from service.mail.inbound.values import InboundKind
from tests.support.commands import nurture
from tests.support.inbound_mails import FOLDER, expected

ONE_OF_EACH = [
    *("hard/postfix-user-unknown", "soft/postfix-full", "policy/spamhaus", "complaint/arf-abuse"),
    *("auto-reply/exchange-nl", "reply/stop-word", "none/postfix-delayed"),
]


def test_json_is_a_list_with_the_kind_recipient_code_and_reason_of_each_file(tmp_path: Path) -> None:
    files = [str(FOLDER / f"{name}.eml") for name in ONE_OF_EACH]
    said = nurture("feedback", "inspect", *files, "--json", folder=tmp_path)
    assert (said.status, said.err) == (0, "")
    rows = json.loads(said.out)
    assert [set(row) for row in rows] == [{"file", "kind", "recipient", "status", "reason"}] * len(files)
    assert [row["file"] for row in rows] == files
    assert [row["kind"] for row in rows] == [name.partition("/")[0] for name in ONE_OF_EACH]
    assert [row["recipient"] for row in rows] == [expected()[name].recipient for name in ONE_OF_EACH]
    assert [row["status"] for row in rows] == [expected()[name].status for name in ONE_OF_EACH]
    assert {row["kind"] for row in rows} == {kind.value for kind in InboundKind}
    assert all(row["reason"] for row in rows)


def test_without_json_it_is_a_table_that_cannot_steer_a_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "mail.eml"
    hostile.write_bytes(b"From: =?utf-8?q?=1B[2J?= <a\x1b[2J@example.nl>\nSubject: x\n\nhoi\n")
    said = nurture("feedback", "inspect", str(hostile), folder=tmp_path)
    assert said.status == 0
    assert [line.split()[0] for line in said.out.splitlines()] == ["kind", "reply"]
    assert "\x1b" not in said.out


def test_every_file_that_cannot_be_read_is_named_and_the_others_are_judged(tmp_path: Path) -> None:
    good = FOLDER / "hard/ziggo.eml"
    for asked in ((), ("--json",)):
        said = nurture("feedback", "inspect", "weg.eml", str(tmp_path), str(good), *asked, folder=tmp_path)
        assert said.status == 1
        assert said.err == f"weg.eml: No such file or directory\n{tmp_path}: Is a directory\n"
        assert "hard" in said.out
    dutch = nurture("feedback", "inspect", "weg.eml", "--language", "nl", folder=tmp_path)
    assert dutch.err == "weg.eml: kan niet gelezen worden (No such file or directory)\n"


def test_an_empty_file_and_noise_are_none(tmp_path: Path) -> None:
    for name, data in (("leeg.eml", b""), ("ruis.eml", bytes(range(256)) * 40)):
        (tmp_path / name).write_bytes(data)
        said = nurture("feedback", "inspect", name, "--json", folder=tmp_path)
        assert [row["kind"] for row in json.loads(said.out)] == ["none"]


def test_it_needs_no_settings_and_no_database_and_leaves_nothing_behind(tmp_path: Path) -> None:
    good = str(FOLDER / "hard/ziggo.eml")
    said = nurture("feedback", "inspect", good, folder=tmp_path, database_url="nonsense", mail_url="nonsense")
    assert (said.status, said.err) == (0, "")
    assert list(tmp_path.iterdir()) == []
    assert nurture("feedback", "inspect", folder=tmp_path).status == 2
