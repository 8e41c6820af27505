"""Where mail about our mails comes back to: the return path at the server, and Reply-To in what leads get."""

from __future__ import annotations

from email.utils import parseaddr
from functools import partial

import pytest

from service.flows.building import build
from service.flows.messages import add_fresh_link
from service.mail import return_paths
from service.mail.links import Keyring
from service.mail.mailbox_url import MailboxUrl
from service.mail.transport import open_transport
from tests.support import acts
from tests.support.house import SECRET_KEY, House
from tests.support.smtp_server import Fault, SmtpServer

BOUNCES = MailboxUrl(host="h", port=993, user="u", address="bounces@terug.example")
REPLIES = MailboxUrl(host="h", port=993, user="v", address="antwoord@praktijk.example")


def posted(house: House, server: SmtpServer, **changes: object) -> House:
    return house.with_changes(
        open_transport=partial(open_transport, server.url), bounce_mailbox=BOUNCES, reply_mailbox=REPLIES, **changes
    )


def test_each_mail_has_a_return_path_of_its_own_that_names_it(house: House) -> None:
    with SmtpServer() as server:
        sent = posted(house, server)
        sent.opt_in()
        sent.opt_in("bram@example.org")
        sent.send_due()
        paths = {each.recipients[0]: each.sender for each in server.messages}
    for address, path in paths.items():
        assert path.startswith("bounces+")
        assert path.endswith("@terug.example")
        assert return_paths.read(sent.services.keyring, path, ["return-path"]) == acts.advice(sent, address).public_id
    assert len(set(paths.values())) == 2


def test_a_repeat_has_the_same_bytes_and_the_same_return_path(house: House) -> None:
    with SmtpServer(faults=[Fault(stage="dot", cut=True, times=1)]) as server:  # it was taken, and nobody was told
        sent = posted(house, server)
        sent.opt_in()
        sent.send_due()
        first, second = server.messages
    assert (first.data, first.sender) == (second.data, second.sender)


def test_after_a_rotation_the_bytes_stay_and_old_and_new_return_paths_name_the_same_mail(house: House) -> None:
    newer = Keyring(["a-newer-key-for-tests-and-nothing-else-4567", SECRET_KEY])
    before = house.with_changes(bounce_mailbox=BOUNCES)
    after = before.with_changes(keyring=newer)
    before.opt_in()
    message = acts.advice(before)
    with before.services.database.reading() as session:
        old, new = (build(session, each.services, message, house.clock.now()) for each in (before, after))
    assert old.data == new.data
    assert old.sender != new.sender
    assert {return_paths.read(newer, each.sender, ["return-path"]) for each in (old, new)} == {message.public_id}


def test_a_server_without_a_plus_gets_the_plain_address(house: House) -> None:
    plain = MailboxUrl(host="h", port=993, user="u", address="bounces@terug.example", plus=False)
    with SmtpServer() as server:
        sent = posted(house, server).with_changes(bounce_mailbox=plain)
        sent.opt_in()
        sent.send_due()
        assert [each.sender for each in server.messages] == ["bounces@terug.example"]


def test_without_a_mailbox_for_bounces_they_go_to_the_sender(house: House) -> None:
    with SmtpServer() as server:
        sent = posted(house, server).with_changes(bounce_mailbox=None)
        sent.opt_in()
        sent.send_due()
        assert [each.sender for each in server.messages] == ["advies@praktijk.example"]


def answers_to(house: House, address: str) -> list[str]:
    return [str(each["Reply-To"]) for each in house.mails(address)]


def test_answers_of_leads_go_to_an_address_that_names_the_mail(house: House) -> None:
    house = house.with_changes(reply_mailbox=REPLIES)
    acts.follow_up_due(house)
    house.send_due()
    with house.services.database.transaction() as session:
        add_fresh_link(session, house.services, house.lead(), house.clock.now())
    house.send_due()
    found = [parseaddr(each) for each in answers_to(house, acts.ANNA)]
    assert [name for name, _ in found] == ["Solid Performance"] * 3
    read = [return_paths.read(house.services.keyring, address, ["reply-to"]) for _, address in found]
    assert read == [each.public_id for each in house.messages()]


def test_mails_to_staff_ask_for_no_answer_there(house: House) -> None:
    house = house.with_changes(reply_mailbox=REPLIES)
    acts.confirmed(house)
    acts.request_pain_check(house)
    house.send_due()
    staff = [each for each in house.messages() if each.kind == "service" and each.recipient != acts.ANNA]
    assert staff
    assert {each.reply_to for each in staff} == {None}


def test_an_address_for_answers_of_the_practices_own_wins(house: House) -> None:
    house = house.with_changes(reply_mailbox=REPLIES, reply_to="balie@praktijk.example")
    house.opt_in()
    house.send_due()
    assert answers_to(house, acts.ANNA) == ["balie@praktijk.example"]


@pytest.mark.parametrize("plus", [True, False])
def test_answers_go_to_the_plain_address_where_the_server_knows_no_plus(house: House, plus: bool) -> None:
    box = MailboxUrl(host="h", port=993, user="v", address="antwoord@praktijk.example", plus=plus)
    house = house.with_changes(reply_mailbox=box)
    house.opt_in()
    assert ("+" in (acts.advice(house).reply_to or "")) == plus
