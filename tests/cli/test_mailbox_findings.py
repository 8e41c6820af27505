"""Mailboxes that cannot be read by what is written: told by `nurture check`, and refused at the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.bootstrap import build
from service.errors import ProblemsError
from service.settings import load_settings
from tests.support.commands import nurture
from tests.support.house import ROOT

GOOD = "imaps://bounces%40praktijk.example:geheim@imap.praktijk.example"
WRONG = {
    "bounce_mailbox": "imaps://praktijk:geheim@imap.praktijk.example/?plus=perhaps",
    "reply_mailbox": "imap://a%40praktijk.example:geheim@imap.praktijk.example?tls=none",
}


def test_check_tells_each_mistake_under_its_own_name_and_never_the_password(tmp_path: Path) -> None:
    said = nurture("check", "--json", folder=tmp_path, content_dir=str(ROOT), data_dir=str(tmp_path), **WRONG)
    rows = [row for row in json.loads(said.out) if row["id"].startswith("mailbox-url-")]
    assert said.status == 1
    assert {(row["id"], row["message"].partition(":")[0]) for row in rows} == {
        ("mailbox-url-option", "NURTURE_BOUNCE_MAILBOX"),
        ("mailbox-url-address", "NURTURE_BOUNCE_MAILBOX"),
        ("mailbox-url-tls", "NURTURE_REPLY_MAILBOX"),
    }
    assert "geheim" not in said.out + said.err


def test_the_service_does_not_start_with_a_mailbox_that_cannot_be_read(tmp_path: Path) -> None:
    written = {f"NURTURE_{name.upper()}": url for name, url in WRONG.items()}
    with pytest.raises(ProblemsError) as caught:
        build(load_settings({"NURTURE_DATA_DIR": str(tmp_path), **written}))
    assert len(caught.value.problems) == 3
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("demo", ["0", "1"])
def test_the_demo_reads_no_mailbox(tmp_path: Path, demo: str) -> None:
    services = build(
        load_settings(
            {
                "NURTURE_DATA_DIR": str(tmp_path),
                "NURTURE_DEMO": demo,
                "NURTURE_BOUNCE_MAILBOX": GOOD,
                "NURTURE_REPLY_MAILBOX": GOOD,
            }
        )
    )
    services.database.close()
    assert (services.bounce_mailbox is None, services.reply_mailbox is None) == (demo == "1", demo == "1")
    assert "geheim" not in repr(services)
