"""What a lead wrote reaches staff, with all they need to answer her, and nothing in it can do harm."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.flows import erase_proof, export, privacy
from service.mail.words import COMPLAINT
from service.store.tables import Lead, Revision
from tests.support import acts
from tests.support.answers import STAFF, comes, comes_untied, desk_mails, out_of_office, reply
from tests.support.house import BASE_URL, House, part, words

HOSTILE = """Hoi <script>alert(1)</script> {{ practice.kvk }} {% if x %}
\x1b[31m\u202e<img src="https://kwaad.example/pixel.gif"> & "aanhaling"
De vervolgmails
---------------
https://kwaad.example/inloggen?a=1
"""


def told(house: House) -> str:
    """The text of the one mail that staff got."""
    house.send_due()
    [mail] = house.mails(STAFF)
    return words(mail)


def test_staff_get_her_words_and_what_they_need_to_answer_at_once(house: House) -> None:
    acts.confirmed(house, first_name="Anna")
    house.live_through(days=2)
    comes(house, reply(text="Het gaat beter.\r\n\r\nMag ik door?\r\nAnna", subject="Re: Hoe ging de eerste stap?"))
    text = told(house)
    for expected in (
        *("Het gaat beter.", "Mag ik door? Anna", "*Onderwerp:* Re: Hoe ging de eerste stap?"),
        *("*Naam:* Anna", "*E-mail:* anna@example.org", "*Gevraagd advies:* Lage rugpijn"),
        "*Binnengekomen:* woensdag 11 maart 2026 10:00",
        "*Antwoord op:* “Hoe ging de eerste stap?” (woensdag 11 maart 10:00)",
        "maandag 9 maart 10:00: Je gratis advies: begin vandaag woensdag 11 maart 10:00: Hoe ging de eerste stap?",
        "maandag 23 maart 08:30: Een check van twee minuten",
        f"{BASE_URL}/studio/leads/{house.lead().id}",
        "staan stil tot woensdag 18 maart 10:00. Daarna gaan ze vanzelf verder.",
        *("nurture lead resume anna@example.org", "nurture lead stop anna@example.org"),
    ):
        assert expected in text


def test_what_is_said_to_come_next_is_what_comes(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=2)
    comes(house, reply())
    assert "maandag 23 maart 08:30: Een check van twee minuten" in told(house)
    house.live_through(days=13)
    assert acts.follow_ups(house)["check"].first_handed_at == datetime(2026, 3, 23, 7, 30, tzinfo=UTC)


def test_each_of_the_staff_gets_one_and_the_same_answer_twice_is_told_once(house: House) -> None:
    acts.confirmed(house)
    for _ in range(2):
        comes(house, reply("a"))
        house.clock.advance(hours=1)
    assert len(desk_mails(house)) == 1
    assert acts.enrolment(house).paused_until == house.clock.now() + timedelta(days=7, hours=-2)
    comes(house, reply("b", text="Nog iets."))
    assert len(desk_mails(house)) == 2


def test_nothing_of_hers_stands_in_the_subject_nor_may_an_answer_go_to_her(house: House) -> None:
    acts.confirmed(house, first_name="Anna")
    comes(house, reply(subject="Mijn rug\r\nBcc: iemand@example.org", text="Mijn rug doet pijn."))
    house.send_due()
    [mail] = house.mails(STAFF)
    assert mail["Subject"] == "Iemand heeft ons geantwoord"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == STAFF
    heads = "\n".join(f"{name}: {value}" for name, value in mail.items())
    assert not COMPLAINT.search(heads)
    assert "example.org" not in heads


def test_hostile_text_is_shown_as_text_in_both_parts(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply(text=HOSTILE, subject="<b>vet</b> https://kwaad.example"))
    house.send_due()
    [mail] = house.mails(STAFF)
    html, plain = part(mail, "html"), part(mail, "plain").replace("\r\n", "\n")
    assert "<script" not in html
    assert "<img" not in html
    assert "kwaad.example" not in html + plain
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ practice.kvk }} {% if x %}" in html
    assert "&lt;b&gt;vet&lt;/b&gt; https[:]//kwaad[.]example" in html
    assert "https[:]//kwaad[.]example/inloggen?a=1" in plain
    assert not any(sign in html + plain for sign in ("\x1b", "\u202e"))
    assert "\n  De vervolgmails\n  -----" in plain, "her lines are set in, so none of them passes for ours"
    assert re.findall('href="([^"]+)"', html) == [f"{BASE_URL}/studio/leads/{house.lead().id}"], "ours alone"


def test_a_text_without_end_is_cut_and_an_empty_one_said_to_be(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply("lang", text="woord " * 3_000))
    comes(house, reply("leeg", text="\u200b\n"))
    house.send_due()
    long, empty = map(words, house.mails(STAFF))
    assert 4_900 < long.count("woord ") * 6 <= 5_100
    assert "De hele mail ligt nog in de mailbox waarin hij aankwam." in long
    assert "In de mail stond geen tekst" in empty


def test_a_command_to_copy_is_safe_in_a_shell(house: House) -> None:
    address = "a|b`reboot`$x@example.org"
    acts.confirmed(house, address)
    comes(house, reply(), address)
    assert "nurture lead stop 'a|b`reboot`$x@example.org'" in told(house)


def test_after_a_stop_staff_read_that_nothing_comes_any_more(house: House) -> None:
    acts.confirmed(house)
    acts.withdraw(house)
    comes(house, reply())
    text = told(house)
    assert "Er gaan geen vervolgmails meer naar deze persoon." in text
    assert "lead resume" not in text
    assert "lead stop" not in text


def test_a_mail_that_nothing_ties_is_told_as_such_and_changes_nothing_else(house: House) -> None:
    acts.confirmed(house)
    before = house.rows()
    comes_untied(house, reply(text="Ben ik het wel?"))
    comes_untied(house, reply(text="Ben ik het wel?"))
    after = house.rows()
    assert {name for name in after if after[name] != before[name]} == {"message", "timeline"}
    [made] = desk_mails(house)
    assert len(after["message"]) == len(before["message"]) + 1
    assert made.recipient == STAFF
    text = told(house)
    assert "Of de lead dit echt schreef, weten we niet" in text
    assert "gaan gewoon door" in text


def test_an_answer_to_a_mail_to_the_practice_is_not_hers_and_cannot_go_round_for_ever(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply())
    house.send_due()
    paused = acts.enrolment(house)
    [desk] = desk_mails(house)
    house.clock.advance(hours=1)
    comes(house, out_of_office("weg"), about=desk)
    assert acts.enrolment(house) == paused
    for number in range(10):
        house.clock.advance(minutes=1)
        comes(house, reply(f"terug-{number}", text="Dag Anna, bel ons maar."), about=desk)
    assert acts.enrolment(house) == paused
    assert len(desk_mails(house)) == 3
    house.send_due()
    assert "de lead heeft het *niet* gekregen" in words(house.mails(STAFF)[-1])


def without_the_mail_for_answers(house: House) -> None:
    with house.services.database.transaction() as session:
        live = session.get_one(Revision, house.services.published.live_service_mails(session))
        known = {name: mail for name, mail in live.compiled.items() if name != "dienst-antwoord"}
        session.add(Revision(**live.model_dump(exclude={"id", "compiled"}), compiled=known))


def test_by_the_mail_for_alerts_too_nobody_takes_for_hers_what_may_be_anybodys(house: House) -> None:
    acts.confirmed(house, first_name="Anna")
    without_the_mail_for_answers(house)
    comes_untied(house, reply(text="Ben ik het wel?"))
    assert "Of dat zo is, weten we niet." in told(house)
    comes(house, replace(reply("b", text="Zie de foto."), more=True, writer="fysio@elders.example"))
    house.send_due()
    text = words(house.mails(STAFF)[-1])
    assert "Die ligt nog in de mailbox" in text
    assert "van een ander adres: fysio@elders.example" in text


def test_before_the_mail_for_it_is_published_the_words_arrive_by_the_mail_for_alerts(house: House) -> None:
    acts.confirmed(house, first_name="Anna")
    without_the_mail_for_answers(house)
    comes(house, reply(text="Het gaat beter.\n\nGroet"))
    text = told(house)
    assert "Anna (anna@example.org) schreef ons een mail." in text
    assert "Het gaat beter. Groet" in text


def test_her_words_arrive_also_where_what_was_sent_cannot_be_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts.confirmed(house)

    def broken(*_: object) -> None:
        raise KeyError("a mail of long ago")

    monkeypatch.setattr("service.flows.outlook.sent", broken)
    comes(house, reply(text="Het gaat beter."))
    text = told(house)
    assert "Het gaat beter." in text
    assert "staan stil tot" in text
    assert "*Antwoord op:* niet bekend" in text


def test_the_mail_is_in_her_export_and_goes_with_her(house: House) -> None:
    wrote = "Sinds de val van de trap gaat het minder goed."
    acts.confirmed(house)
    comes(house, reply(text=f"Dag,\n{wrote}"))
    house.send_due()
    with house.services.database.reading() as session:
        lead = session.get_one(Lead, house.lead().id)
        found = export.export(session, house.services, lead, house.clock.now())
        sought = erase_proof.sought_of(session, lead)
    assert [wrote in mail.text for mail in found.mails if mail.to_practice] == [True]
    assert "answer" in {trace.what for trace in erase_proof.search(house.services, sought, lead_id=lead.id).traces}
    acts.commit(house, privacy.erase, house.services, lead.id, "asked for it", house.clock.now())
    house.services.database.forget_for_good()
    assert erase_proof.search(house.services, sought).traces == ()
