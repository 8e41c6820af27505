"""Mail that is signed as it leaves (DKIM): every try alike, and the same mail again where it fails over."""

from __future__ import annotations

import re
from functools import partial

from service.mail.transport import open_transport
from tests.support import acts
from tests.support.dkim_keys import SELECTOR, signer
from tests.support.dkim_verifier import verified
from tests.support.dns_server import DnsServer
from tests.support.house import House
from tests.support.smtp_server import Fault, SmtpServer


def test_advice_and_follow_up_are_signed_and_good_at_the_server(house: House) -> None:
    records = {f"{SELECTOR}._domainkey.praktijk.example": [signer().record]}
    with SmtpServer() as server, DnsServer(records) as dns:
        posting = house.with_changes(open_transport=partial(open_transport, server.url, signer()))
        acts.confirmed(posting, first_name="Zoë", answers={"posture": "hollow"})
        posting.live_through(days=3)
        assert len(server.messages) == 2
        found = verified([each.data for each in server.messages], dns.address)
    assert found == ["praktijk.example pass"] * 2


def test_a_repeat_after_silence_carries_the_same_signature(house: House) -> None:
    with SmtpServer(faults=[Fault(stage="dot", cut=True, times=1)]) as server:
        posting = house.with_changes(open_transport=partial(open_transport, server.url, signer()))
        posting.opt_in()
        posting.send_due()
        posting.clock.advance(minutes=1)
        posting.tick()
        first, second = server.messages
    assert first.data == second.data
    assert len(re.findall(rb"(?im)^dkim-signature:", first.data)) == 1
