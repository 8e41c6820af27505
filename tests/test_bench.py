"""The benches measure what they say: small runs of each, whose figures nobody looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import advice, send
from tests.support.smtp_server import SmtpServer

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def test_each_of_the_mails_measured_is_one_due_follow_up_of_its_own_lead(
    migrated_database_url: str, tmp_path: Path
) -> None:
    with SmtpServer() as server:
        sent = send.ours(migrated_database_url, tmp_path, mails=200, mail_url=server.url)
    assert sent.mails == len(server.messages) == 200
    assert len({mail.recipients for mail in server.messages}) == 200
    assert {len(mail.data) for mail in server.messages} <= set(range(sent.size - 30, sent.size + 30))


@ON_SQLITE
def test_each_opt_in_is_measured_until_its_own_advice_came(migrated_database_url: str, tmp_path: Path) -> None:
    seen = advice.measure(migrated_database_url, tmp_path, due=300, opt_ins=4, seconds=1)
    assert len(seen.advices) == len(seen.answers) == 4
    assert min(seen.advices) > 0 < min(seen.answers)
    assert 0 <= seen.overtaken_by <= 300
    assert 0 < seen.follow_ups + seen.still_due <= 300
