"""What a mail that came in is news of: only what is proved to be about a mail of ours, and never more than it says."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.feedback import Feedback
from service.flows import feedback, mail_news, mailboxes, privacy
from service.flows.mailboxes import take_in
from service.flows.messages import add_service_mail
from service.mail import return_paths
from service.mail.imap_answers import Letter
from service.mail.inbound.classify import judged
from service.mail.inbound.values import Inbound, InboundKind
from service.mail.links import Keyring
from service.store import suppressions
from tests.support import acts
from tests.support.comes_in import (
    BOUNCES,
    advice,
    comes_in,
    letters,
    news,
    reply_address,
    return_path,
    staff_mail,
    with_mailboxes,
)
from tests.support.house import House, link
from tests.support.mails_back import away, complaint, reply, report

OTHERS = Keyring(["a-key-of-somebody-else-and-not-of-ours-012345"])


@pytest.fixture
def house(house: House) -> House:  # the same house, with both mailboxes
    return with_mailboxes(house)


def with_links(mail: str, letter: str, house: House) -> str:
    return link(house.mails(mail)[0], letter)


def test_a_report_is_tied_by_the_return_path_it_came_for(house: House) -> None:
    assert comes_in(house, report(return_path(house, advice(house))))
    assert news(house) == [("bounces", "hard_bounce")]


def test_a_report_is_tied_by_a_return_path_that_a_server_wrote_in_capitals(house: House) -> None:
    assert comes_in(house, report(return_path(house, advice(house)).upper()))
    assert news(house) == [("bounces", "hard_bounce")]


def test_a_report_is_tied_by_the_message_id_of_the_mail_it_returns(house: House) -> None:
    assert comes_in(house, report(BOUNCES.address, message_id=advice(house).message_id))
    assert news(house) == [("bounces", "hard_bounce")]


@pytest.mark.parametrize("letter", ["u", "b", "p"])
def test_a_report_is_tied_by_a_link_of_ours_in_the_mail_it_returns(house: House, letter: str) -> None:
    advice(house)
    assert comes_in(house, complaint(BOUNCES.address, links=with_links(acts.ANNA, letter, house)))
    assert news(house) == [("bounces", "complained")]


@pytest.mark.parametrize(
    "forged",
    ["return path of another key", "return path of no message", "reply address", "message id", "link", "no proof"],
)
def test_a_forged_bounce_complaint_or_answer_changes_nothing(house: House, forged: str) -> None:
    message = advice(house)
    to, message_id, links = BOUNCES.address, "<somebody-elses@mail.example>", ""
    if forged == "return path of another key":
        to = return_path(house, message, OTHERS)
    elif forged == "return path of no message":
        to = return_paths.address_for(BOUNCES, house.services.keyring, "return-path", "A" * 22)
    elif forged == "reply address":
        to = reply_address(house, message)  # of another use: it is no proof for a report
    elif forged == "message id":
        message_id = message.message_id.replace("@", "x@")
    elif forged == "link":
        links = f"https://praktijk.example/u/{OTHERS.sign('u', house.lead().public_id)}"
    before = house.rows()
    for mail in (report(to, message_id=message_id, links=links), complaint(to, message_id=message_id, links=links)):
        assert not comes_in(house, mail)
    if forged != "reply address":
        assert not comes_in(house, away(to))
        assert not comes_in(house, reply(to, sender="stranger@example.org", in_reply_to=message_id))
    assert house.rows() == before


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=48, max_size=48))
def test_no_made_up_token_ties_anything(house: House, token: str) -> None:
    inbound = Inbound(
        kind=InboundKind.HARD, reason="a report", tokens=(token,), came_for=(f"b+{token[:40]}@x.example",)
    )
    with house.services.database.reading() as session:
        assert mail_news.find(session, house.services, inbound) is None


@pytest.mark.parametrize(
    ("status", "action", "text", "kind"),
    [
        ("5.1.1", "failed", "550 5.1.1 no such user", "hard_bounce"),
        ("4.2.2", "failed", "452 4.2.2 mailbox full", "soft_bounce"),
        ("5.7.1", "failed", "550 5.7.1 refused by policy", "rejected"),
        ("4.4.1", "delayed", "connection timed out", "deferred"),
    ],
)
def test_each_verdict_of_a_report_has_its_own_kind(
    house: House, status: str, action: str, text: str, kind: str
) -> None:
    assert comes_in(house, report(return_path(house, advice(house)), status=status, action=action, text=text))
    assert news(house) == [("bounces", kind)]


def test_a_hard_verdict_on_a_forwarders_target_is_never_one_on_whom_we_mailed(house: House) -> None:
    message = advice(house)
    assert comes_in(house, report(return_path(house, message), recipient="anna@elders.example"))
    assert news(house) == [("bounces", "soft_bounce")]


def test_a_hard_verdict_on_the_same_address_in_another_case_stays_one(house: House) -> None:
    assert comes_in(house, report(return_path(house, advice(house)), recipient="Anna@Example.ORG"))
    assert news(house) == [("bounces", "hard_bounce")]


def test_a_hard_verdict_without_a_recipient_is_one_on_whom_we_mailed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = return_path(house, advice(house))
    monkeypatch.setattr(
        mailboxes, "judged", lambda _: Inbound(kind=InboundKind.HARD, reason="a report", came_for=(to,))
    )
    assert comes_in(house, b"")
    assert news(house) == [("bounces", "hard_bounce")]


def test_an_automatic_answer_counts_only_where_its_owner_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    message = advice(house)
    receipt = Inbound(kind=InboundKind.AUTO_REPLY, reason="a receipt", came_for=(return_path(house, message),))
    monkeypatch.setattr(mailboxes, "judged", lambda _: receipt)
    assert not comes_in(house, b"we hebben uw bericht ontvangen")
    monkeypatch.setattr(mailboxes, "judged", lambda _: replace(receipt, away=True))
    assert comes_in(house, b"ik ben afwezig")
    assert news(house) == [("replies", "away")]


def test_an_automatic_answer_is_tied_by_the_return_path_where_such_answers_go(house: House) -> None:
    assert comes_in(house, away(return_path(house, advice(house))))
    assert news(house) == [("replies", "away")]


def test_an_answer_is_tied_by_our_reply_address_or_by_the_message_id_it_answers(house: House) -> None:
    message = advice(house)
    assert comes_in(house, reply(reply_address(house, message)))
    assert comes_in(house, reply("balie@praktijk.example", in_reply_to=message.message_id))
    assert news(house) == [("replies", "replied")] * 2


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("stop", ["unsubscribed"]),
        ("Afmelden\n\nAnna", ["unsubscribed"]),
        (
            "stop\nMijn been is sinds gisteren verlamd en ik weet niet wat ik moet doen.",
            ["unsubscribed", "replied"],
        ),
        ("stop\nBel mij op 0612345678", ["unsubscribed", "replied"]),
    ],
)
def test_a_wish_to_stop_is_one_and_more_words_reach_a_person_too(house: House, text: str, kinds: list[str]) -> None:
    mail = reply(reply_address(house, advice(house)), text)
    assert judged(mail).wants_stop
    assert comes_in(house, mail)
    assert comes_in(house, mail)
    assert [kind for _, kind in news(house)] == kinds


def test_the_words_of_an_answer_go_along_and_those_of_a_report_do_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = advice(house)
    given_on: list[Feedback] = []

    def keep(_session: object, _services: object, each: Feedback, _now: object) -> bool:
        given_on.append(each)
        return True

    monkeypatch.setattr(feedback, "apply", keep)
    comes_in(house, reply(reply_address(house, message), "Het gaat beter."))
    comes_in(house, report(return_path(house, message)))
    answer, bounce = given_on
    assert (answer.subject, answer.text) == ("Re: Je advies", "Het gaat beter.")
    assert (bounce.subject, bounce.text) == ("", "")
    assert "beter" not in repr(answer)
    assert answer.tie.public_id == bounce.tie.public_id == message.public_id
    assert answer.at == house.clock.now()


def test_two_mails_that_share_a_message_id_about_two_leads_both_count(house: House) -> None:
    first, second = advice(house), advice(house, "bram@example.org")
    mail = report("ADDRESS")
    for message in (first, second):
        data = mail.replace(b"ADDRESS", return_path(house, message).encode())
        assert comes_in(house, data.replace(b"anna@example.org", message.recipient.encode()))
    assert news(house) == [("bounces", "hard_bounce")] * 2


def test_of_an_erased_lead_only_a_verdict_on_her_own_address_is_hard(house: House) -> None:
    message = advice(house)
    path = return_path(house, message)
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked", house.clock.now())
    assert comes_in(house, report(path))
    assert comes_in(house, report(path, recipient="somebody@elders.example"))
    assert sorted(kind for _, kind in news(house)) == ["hard_bounce", "soft_bounce"]


def nothing_became_of_the_lead(house: House) -> bool:
    with house.services.database.reading() as session:
        suppressed = suppressions.of(session, [house.services.hmac(acts.ANNA)])
    return not suppressed and [(each.state, each.pause_reason) for each in acts.runs(house)] == [
        ("awaiting_confirmation", None)
    ]


def test_a_mail_to_staff_that_comes_back_says_nothing_of_the_lead_it_is_about(house: House) -> None:
    advice(house)
    message = staff_mail(house)
    assert comes_in(house, report(return_path(house, message), recipient=message.recipient))
    assert not comes_in(house, away(return_path(house, message), sender=message.recipient))
    assert news(house) == [("bounces", "hard_bounce")]
    assert nothing_became_of_the_lead(house)


def test_an_answer_to_a_mail_to_staff_about_a_lead_reaches_staff_and_is_never_hers(house: House) -> None:
    advice(house)
    message = staff_mail(house)
    mail = reply("balie@praktijk.example", "Bel mij even.", sender=message.recipient, in_reply_to=message.message_id)
    assert comes_in(house, mail)
    assert comes_in(house, mail)
    assert len({each.recipient for each in letters(house)}) == len(letters(house)) > 0
    assert news(house) == []
    assert nothing_became_of_the_lead(house)


def test_an_answer_to_a_mail_to_staff_about_nobody_stays_for_a_person(house: House) -> None:
    with house.services.database.transaction() as session:
        message = add_service_mail(
            session,
            house.services,
            cause="test",
            template="dienst-melding",
            recipient="staff@praktijk.example",
            now=house.clock.now(),
            extra={"alert": {"title": "Iets"}},
        )
    assert not comes_in(house, reply("balie@praktijk.example", in_reply_to=message.message_id))


def test_a_mail_that_nothing_ties_from_a_leads_address_reaches_staff_and_changes_nothing(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    mail = reply("balie@praktijk.example", "Mijn been is verlamd.")
    runs = [each.model_dump() for each in acts.runs(house)]
    assert not comes_in(house, mail)
    assert not comes_in(house, mail)
    assert len({each.recipient for each in letters(house)}) == len(letters(house)) > 0
    assert [each.model_dump() for each in acts.runs(house)] == runs
    assert news(house) == []


@pytest.mark.parametrize("case", ["a stranger", "older than the opt-in", "a machine"])
def test_no_other_untied_mail_reaches_staff(house: House, case: str) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    sender = "stranger@example.org" if case == "a stranger" else acts.ANNA
    arrived = datetime(2020, 1, 1, tzinfo=UTC) if case == "older than the opt-in" else house.clock.now()
    mail = away("balie@praktijk.example") if case == "a machine" else reply("balie@praktijk.example", sender=sender)
    assert not comes_in(house, mail, arrived=arrived)
    assert letters(house) == []


def test_of_a_flood_from_a_leads_address_staff_are_told_of_a_few_a_day(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    comes_in(house, reply("balie@praktijk.example", "Bericht"))
    of_one = len(letters(house))
    for number in range(8):
        house.clock.advance(minutes=1)
        comes_in(house, reply("balie@praktijk.example", f"Bericht {number}"))
    assert len(letters(house)) == 5 * of_one
    house.clock.advance(days=1)
    comes_in(house, reply("balie@praktijk.example", "Nog een bericht"))
    assert len(letters(house)) == 6 * of_one


def test_our_own_mails_in_a_mailbox_that_is_staffs_too_mean_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misled(data: bytes) -> Inbound:  # at worst, for each of them holds links of ours
        return replace(judged(data), kind=InboundKind.REPLY, wants_stop=True)

    monkeypatch.setattr(mailboxes, "judged", misled)
    advice(house)
    acts.request_pain_check(house)
    house.send_due()
    before = house.rows()
    sent = [file.read_bytes() for file in house.outbox.glob("*.eml")]
    assert len(sent) > 2
    for mail in sent:
        assert not comes_in(house, mail)
        assert not comes_in(house, mail.replace(b"Message-ID: <", b"Message-ID: <given-by-a-provider-"))
    assert house.rows() == before


@pytest.mark.parametrize("name", ["Message-ID", "References", "In-Reply-To", "From", "Delivered-To", "Subject", "Date"])
def test_a_hostile_header_stops_nothing(house: House, name: str) -> None:
    message = advice(house)
    for value in (
        b"<a\0b@c.example>",
        b"\xff\xfe<\xed\xa0\x80@c>",
        b"=?utf-8?q?a=00b=ED=A0=80?= <a@b.example>",
        b"<" * 9000,
    ):
        mail = reply(reply_address(house, message)).replace(b"MIME-Version", name.encode() + b": " + value + b"\r\nX-V")
        take_in(house.services, Letter(uid=1, arrived=house.clock.now(), data=mail), house.clock.now())
        first = name.encode() + b": " + value + b"\r\n" + reply(reply_address(house, message))
        take_in(house.services, Letter(uid=1, arrived=house.clock.now(), data=first), house.clock.now())
    assert {kind for _, kind in news(house)} == {"replied"}


def test_a_moment_that_the_server_does_not_tell_is_the_mails_own(house: House) -> None:
    message = advice(house)
    said = house.clock.now() - timedelta(hours=3)
    inbound = Inbound(kind=InboundKind.SOFT, reason="a report", came_for=(return_path(house, message),), at=said)
    with house.services.database.reading() as session:
        tied = mail_news.find(session, house.services, inbound)
    assert tied is not None
    assert [
        each.at for each in mail_news.of(house.services, inbound, tied, Letter(uid=1, arrived=None, data=b"x"))
    ] == [said]
