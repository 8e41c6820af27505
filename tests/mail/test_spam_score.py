"""No spam filter should mind a mail of ours: SpamAssassin gives every shipped one less than 1.0, unsigned."""

from __future__ import annotations

from email.utils import format_datetime

from service.domain.clock import RealClock
from tests.support.shipped_mails import composed_mails
from tests.support.spam_score import scores, table

MOST = 1.0
# As servers write it in front: ours handed it to the practice's mail server, and that one to the reader's.
RECEIVED = (
    "Received: from mail.praktijk.example (mail.praktijk.example [93.184.216.34])\r\n"
    "\tby mx.example.org (Postfix) with ESMTPS id 4XYZ; {date}\r\n"
    "Received: from nurture.praktijk.example (nurture.praktijk.example [93.184.216.35])\r\n"
    "\tby mail.praktijk.example (Postfix) with ESMTPSA id 4XYA; {date}\r\n"
)


def test_every_shipped_mail_scores_below_one_as_it_leaves_and_where_it_arrives() -> None:
    now = RealClock().now()
    received = RECEIVED.format(date=format_datetime(now)).encode()
    mails = composed_mails(now=now)
    nameless = {name for name in mails if name.endswith(" nameless")}
    left = {name: data for name, data in mails.items() if name not in nameless}  # a quarter of a second each
    some = ("advies-lage-rug-hollow nameless", "hoe-ging-het nameless", "dienst-ontvangst", "dienst-aanvraag")
    found = scores(left | {f"{name}, arrived": received + mails[name] for name in some})
    assert len(found) > 20
    assert max(score.points for score in found.values()) < MOST, f"\n{table(found)}"


def test_the_filter_is_awake() -> None:
    """A mail of the kind it is there for, and the text that every filter knows (GTUBE)."""
    spam = (
        b"From: a@b.example\r\nTo: a@b.example\r\nSubject: YOU WON $$$ MILLION VIAGRA\r\n"
        b"Content-Type: text/html\r\n\r\n<b>CLICK HERE now, no prescription, act now!!!</b>\r\n"
    )
    known = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    found = scores({"spam": spam, "known": spam.replace(b"CLICK HERE", known)})
    assert found["spam"].points > MOST, table(found)
    assert found["known"].points > 500, table(found)
