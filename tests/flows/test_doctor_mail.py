"""The ways out of mail and the ways back, as doctor sees them. Nothing is ever sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from service.flows import doctor_mail
from service.flows.doctor_mail import Box, Way
from service.flows.finding import Finding
from service.mail.mail_url import MailUrl, parse_mail_url
from service.mail.transport import open_transport
from tests.support.certificates import make_certificates
from tests.support.smtp_server import Fault, SmtpServer

FALLBACK = "NURTURE_MAIL_FALLBACK_URL"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:terug"


def way(url: str, setting: str = "NURTURE_MAIL_URL") -> Way:
    parsed, problems = parse_mail_url(url)
    assert isinstance(parsed, MailUrl), problems
    return Way(setting=setting, url=parsed, open=partial(open_transport, url))


def by_id(found: Iterator[Finding]) -> dict[str, Finding]:
    return {each.id: each for each in found}


def back(
    *ways: Way,
    boxes: tuple[Box, ...] = (),
    secrets: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    bounces_read: bool = False,
    production: bool = True,
) -> dict[str, Finding]:
    found = doctor_mail.ways_back(
        ways, boxes, webhook_secrets=secrets, bounces_read=bounces_read, production=production
    )
    return by_id(found)


def test_a_mail_server_that_turns_us_away_is_an_error() -> None:
    with SmtpServer(faults=[Fault(stage="greeting", reply="554 5.7.1 not you", cut=True)]) as server:
        found = by_id(doctor_mail.ways_out([way(server.url)]))
    assert found["mail-unreachable"].level == "error"
    assert "not you" in found["mail-unreachable"].text


def test_a_mail_server_that_says_nothing_is_given_up_and_the_fallback_looked_at_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor_mail, "_MAIL_SECONDS", 0.3)
    with SmtpServer(faults=[Fault(stage="greeting", delay=30)]) as silent, SmtpServer() as well:
        found = by_id(doctor_mail.ways_out([way(silent.url), way(well.url, FALLBACK)]))
        assert "MAIL" not in well.commands
    assert "did not answer within 0.3 seconds" in found["mail-unreachable"].text
    assert found["mail-fallback"].level == "ok"


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize(
    ("days", "expected", "told"),
    [
        (60, "mail-certificate", "nog 59 dagen geldig"),
        (3, "mail-certificate-ends", "verloopt over 2 dagen"),
        (2, "mail-certificate-ends", "verloopt over 1 dag."),
        (1, "mail-certificate-ends", "verloopt binnen een dag"),
    ],
)
def test_how_long_the_certificate_of_the_mail_server_is_good_is_told(
    tmp_path: Path, implicit: bool, days: int, expected: str, told: str
) -> None:
    certificates = make_certificates(tmp_path, days=days)
    with SmtpServer(certificates=certificates, implicit_tls=implicit) as server:
        found = by_id(doctor_mail.ways_out([way(server.url)]))
    assert set(found) == {"mail", expected}
    assert told in found[expected].dutch


def test_a_mail_server_whose_certificate_has_ended_cannot_be_used(tmp_path: Path) -> None:
    with SmtpServer(certificates=make_certificates(tmp_path, days=-1)) as server:
        found = by_id(doctor_mail.ways_out([way(server.url)]))
    assert set(found) == {"mail-unreachable"}
    assert "certificate" in found["mail-unreachable"].text


@pytest.mark.parametrize(("production", "level"), [(True, "error"), (False, "warning")])
def test_a_provider_whose_events_nobody_can_verify_is_told(production: bool, level: str) -> None:
    ways = (way("postmark://TOKEN@default"), way("ses://KEY:SECRET@eu-west-1", FALLBACK))
    found = back(*ways, secrets={"ses": (TOPIC,)}, production=production)
    assert found["webhook-secret-missing"].level == level
    assert "NURTURE_WEBHOOK_SECRETS_POSTMARK" in found["webhook-secret-missing"].text
    assert "ses" in found["webhook-secret"].text
    assert "bounces-unread" not in found, "their bounces come as events"


@pytest.mark.parametrize(
    ("url", "right", "wrong"),
    [
        ("lettermint://TOKEN@default", "whsec_abc", "abc"),
        ("resend://KEY@default", "whsec_YWJj", "re_abc"),
        ("ses://KEY:SECRET@eu-west-1", TOPIC, "terug"),
    ],
)
def test_a_webhook_secret_of_another_form_is_not_called_good(url: str, right: str, wrong: str) -> None:
    provider = url.partition(":")[0]
    assert "webhook-secret" in back(way(url), secrets={provider: (right,)})
    found = back(way(url), secrets={provider: (right, wrong)})["webhook-secret-form"]
    assert found.level == "warning"
    assert wrong not in found.text + found.dutch, "a secret is never shown"


def test_bounces_of_mail_by_smtp_need_a_mailbox_that_is_read() -> None:
    smtp = way("smtp://127.0.0.1:25?tls=none")
    assert back(smtp)["bounces-unread"].level == "warning"
    assert back(smtp, bounces_read=True) == {}


def test_a_mailbox_that_cannot_be_opened_is_an_error_and_hides_no_other() -> None:
    boxes = (
        Box(setting="NURTURE_BOUNCE_MAILBOX", check=lambda: "the log-in was refused"),
        Box(setting="NURTURE_REPLY_MAILBOX", check=lambda: None),
    )
    found = back(boxes=boxes)
    assert found["bounce-mailbox-unreachable"].level == "error"
    assert "The log-in was refused." in found["bounce-mailbox-unreachable"].text
    assert found["reply-mailbox"].level == "ok"
