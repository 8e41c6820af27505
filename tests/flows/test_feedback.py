"""What an event about a mail does to the mail, its lead and her sequences (ACCEPTANCE F2, F3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from service.domain.feedback import FeedbackKind, Tie
from service.domain.lead import SuppressionReason
from service.flows import feedback_alerts, privacy
from service.store import consents, leads, suppressions
from service.store.tables import ErasedToken, FeedbackEvent, Message
from tests.support import acts
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.news import about, comes

ANNA = acts.ANNA
K = FeedbackKind
THREE_STEPS = ({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}, {"key": "c", "wait": "1 day"})


@pytest.fixture
def advised(house: House) -> House:
    """Anna has her advice, and pressed its button; the first follow-up is in the outbox."""
    acts.follow_up_due(house)
    return house


def events(house: House) -> list[FeedbackEvent]:
    with house.services.database.reading() as session:
        return list(session.exec(select(FeedbackEvent)))


def rules(house: House, address: str = ANNA) -> dict[SuppressionReason, object]:
    hmac = house.services.hmac(address)
    with house.services.database.reading() as session:
        return {each.reason: each.until for each in suppressions.of(session, [hmac]).get(hmac, [])}


def consented(house: House) -> bool:
    with house.services.database.reading() as session:
        return bool(consents.active_of_lead(session, house.lead().id))


def noted(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.kind for each in leads.timeline(session, house.lead().id)]


def test_a_delivery_is_told_once_and_nothing_else_changes(advised: House) -> None:
    news = about(acts.advice(advised), K.DELIVERED, at=advised.clock.now())
    left = acts.advice(advised).settled_at
    assert comes(advised, news)
    after = advised.rows()
    assert (acts.advice(advised).state, acts.advice(advised).settled_at) == ("delivered", left)
    advised.clock.advance(hours=1)
    assert not comes(advised, news)
    assert advised.rows() == after
    assert acts.enrolment(advised).state == "active"


def test_a_hard_bounce_ends_the_mails_and_keeps_the_address_back_for_thirty_days(advised: House) -> None:
    at = advised.clock.now() - timedelta(hours=5)
    assert comes(advised, about(acts.advice(advised), K.HARD_BOUNCE, at=at))
    run, advice = acts.enrolment(advised), acts.advice(advised)
    assert (advice.state, advice.reason) == ("bounced", "teruggekomen: het adres bestaat niet")
    assert (run.state, run.end_reason) == ("stopped", "hard_bounce")
    assert rules(advised) == {SuppressionReason.HARD_BOUNCE: at + timedelta(days=30)}
    assert acts.follow_ups(advised)["hoe-ging-het"].state == "cancelled"
    assert not consented(advised)
    assert "hard_bounce" in noted(advised)
    assert advised.live_through(days=20) == 0


def test_a_pause_ends_with_the_run_that_a_bounce_ends(advised: House) -> None:
    assert acts.request_pain_check(advised)
    comes(advised, about(acts.advice(advised), K.HARD_BOUNCE, at=advised.clock.now()))
    run = acts.enrolment(advised)
    assert (run.state, run.pause_reason, run.paused_until) == ("stopped", None, None)
    assert run.anchor <= advised.clock.now()


def test_a_bounce_of_long_ago_does_not_end_what_she_has_had_since(advised: House) -> None:
    advised.clock.advance(days=40)
    comes(advised, about(acts.advice(advised), K.HARD_BOUNCE, at=advised.clock.now() - timedelta(days=31)))
    assert acts.advice(advised).state == "bounced"
    assert (acts.enrolment(advised).state, rules(advised)) == ("active", {})


def test_a_complaint_ends_every_sequence_at_once_and_for_good(advised: House) -> None:
    assert comes(advised, about(acts.advice(advised), K.COMPLAINED))
    run, advice = acts.enrolment(advised), acts.advice(advised)
    assert (advice.state, run.state, run.end_reason) == ("complained", "stopped", "complaint")
    assert rules(advised) == {SuppressionReason.COMPLAINT: None}
    assert acts.follow_ups(advised)["hoe-ging-het"].state == "cancelled"
    assert not consented(advised)
    advised.opt_in()
    assert advised.live_through(days=200) == 0


def test_a_providers_unsubscribe_is_an_unsubscribe(advised: House) -> None:
    assert comes(advised, about(acts.advice(advised), K.UNSUBSCRIBED))
    run = acts.enrolment(advised)
    assert (run.state, run.end_reason) == ("stopped", "by the mail provider")
    assert rules(advised) == {SuppressionReason.UNSUBSCRIBE: None}
    assert not consented(advised)
    assert acts.advice(advised).state == "delivered"  # somebody held it in hand


def test_what_was_refused_for_what_we_are_suppresses_nobody_and_staff_are_told_once(advised: House) -> None:
    advice = acts.advice(advised)
    for _ in range(3):
        assert comes(advised, about(advice, K.REJECTED, diagnostic="550 5.7.1 blocked"))
    assert acts.advice(advised).state == "bounced"
    assert (acts.enrolment(advised).state, rules(advised)) == ("active", {})
    assert acts.alerts(advised) == ["mail-rejected:lettermint"]
    advised.clock.advance(days=8)
    advised.tick(keep_house=True)
    assert acts.alerts(advised) == []


@pytest.mark.parametrize("kind", [K.UNKNOWN, K.DEFERRED, K.ACCEPTED])
def test_what_says_nothing_new_is_kept_and_nothing_is_done(advised: House, kind: FeedbackKind) -> None:
    before = advised.rows()
    assert comes(advised, about(acts.advice(advised), kind, raw_kind="word-of-theirs"))
    assert {name for name, rows in advised.rows().items() if rows != before[name]} == {"feedback_event"}
    assert [(each.kind, each.raw_kind) for each in events(advised)] == [(kind.value, "word-of-theirs")]


def test_news_about_no_mail_of_ours_is_kept_and_nothing_is_done(advised: House) -> None:
    before = advised.rows()
    for tie in (Tie(), Tie(public_id="x" * 22), Tie(provider_id="p"), Tie(message_id="<a@b>"), Tie(lead_public_id="y")):
        assert comes(advised, about(None, K.COMPLAINED, tie=tie))
    assert {name for name, rows in advised.rows().items() if rows != before[name]} == {"feedback_event"}
    assert [each.kind for each in events(advised)] == ["unknown"] * 5


@pytest.mark.parametrize("tied_by", ["provider_id", "message_id", "lead_public_id"])
def test_a_mail_is_also_known_by_the_providers_id_and_by_its_message_id_and_a_lead_by_her_link(
    advised: House, tied_by: str
) -> None:
    advice = acts.advice(advised)
    (attempt,) = acts.attempts(advised, advice)

    def give(session: Session) -> None:
        session.merge(attempt).provider_id = "of-theirs"

    acts.commit(advised, give)
    lead_id = advised.lead().public_id
    given = {"provider_id": "of-theirs", "message_id": advice.message_id, "lead_public_id": lead_id}[tied_by]
    tie = Tie(public_id="somebody-elses", **{tied_by: given})
    assert comes(advised, about(None, K.COMPLAINED, tie=tie))
    assert rules(advised) == {SuppressionReason.COMPLAINT: None}
    assert acts.enrolment(advised).state == "stopped"


def test_three_mails_that_come_back_for_now_within_thirty_days_are_a_mailbox_that_is_gone(house: House) -> None:
    publish(house, with_steps(*THREE_STEPS))
    acts.confirmed(house)
    house.live_through(days=10)
    sent = [each for each in house.messages() if each.state == "accepted"]
    assert len(sent) >= 3
    now = house.clock.now()
    for message, days in ((sent[0], 9), (sent[0], 8), (sent[1], 5)):
        comes(house, about(message, K.SOFT_BOUNCE, at=now - timedelta(days=days)))
    assert rules(house) == {}
    comes(house, about(sent[2], K.SOFT_BOUNCE, at=now - timedelta(days=2)))
    assert rules(house) == {SuppressionReason.HARD_BOUNCE: now + timedelta(days=28)}
    assert not consented(house)


def test_a_bounce_of_before_she_pressed_the_button_says_nothing_about_her_mailbox_now(house: House) -> None:
    house.opt_in()
    house.send_due()
    first, bounced = acts.advice(house), house.clock.now()
    house.clock.advance(days=1)
    acts.confirmed(house)
    assert comes(house, about(first, K.HARD_BOUNCE, at=bounced))
    assert (house.messages()[0].state, rules(house)) == ("bounced", {})
    assert (acts.enrolment(house).state, consented(house)) == ("active", True)
    assert comes(house, about(first, K.UNSUBSCRIBED))
    assert comes(house, about(first, K.HARD_BOUNCE, at=bounced))  # in this order as well
    assert set(rules(house)) == {SuppressionReason.UNSUBSCRIBE}
    assert comes(house, about(first, K.HARD_BOUNCE, at=house.clock.now() + timedelta(minutes=1)))
    assert set(rules(house)) == {SuppressionReason.HARD_BOUNCE, SuppressionReason.UNSUBSCRIBE}


def test_the_words_of_others_are_kept_without_addresses_and_without_what_steers_a_terminal(advised: House) -> None:
    said = "\x1b[2J550 \x9b5.7.1 for \u202eanna@example.org via bounce+anna=example.org see https://x.example/a (x=y)"
    comes(advised, about(acts.advice(advised), K.REJECTED, raw_kind="\x1b]0;Reject/anna@example.org", diagnostic=said))
    (event,) = events(advised)
    assert (event.raw_kind, event.diagnostic) == ("…", "[2J550 5.7.1 for … via … see … (x=y)")


def test_news_of_an_erased_leads_mail_still_keeps_her_address_back(advised: House) -> None:
    advice, lead = acts.advice(advised), advised.lead()
    acts.commit(advised, privacy.erase, advised.services, lead.id, "asked for", advised.clock.now())
    assert comes(advised, about(advice, K.COMPLAINED))
    assert comes(advised, about(None, K.UNSUBSCRIBED, tie=Tie(lead_public_id=lead.public_id)))
    assert comes(advised, about(advice, K.HARD_BOUNCE, at=advised.clock.now()))
    assert set(rules(advised)) == set(SuppressionReason)
    assert comes(advised, about(advice, K.DELIVERED))
    assert all(each.message_id is None for each in events(advised))
    advised.opt_in()
    assert advised.live_through(days=60) == 0


def test_who_asked_again_after_an_erasing_is_meant_by_a_complaint_about_the_mail_of_before(advised: House) -> None:
    advice, lead = acts.advice(advised), advised.lead()
    acts.commit(advised, privacy.erase, advised.services, lead.id, "asked for", advised.clock.now())
    acts.confirmed(advised)
    assert comes(advised, about(advice, K.COMPLAINED))
    assert (acts.enrolment(advised).state, acts.enrolment(advised).end_reason) == ("stopped", "complaint")


def test_an_erasing_takes_the_news_along(advised: House) -> None:
    comes(advised, about(acts.advice(advised), K.DELIVERED))
    acts.commit(advised, privacy.erase, advised.services, advised.lead().id, "asked for", advised.clock.now())
    assert events(advised) == []
    with advised.services.database.reading() as session:
        assert session.exec(select(ErasedToken)).first() is not None


def test_a_mail_to_the_practice_that_comes_back_says_nothing_about_the_lead(advised: House) -> None:
    acts.request_pain_check(advised)
    advised.send_due()
    (to_practice, *_) = [each for each in advised.messages() if each.recipient != ANNA]
    for kind in (K.HARD_BOUNCE, K.COMPLAINED, K.UNSUBSCRIBED, K.SOFT_BOUNCE, K.AWAY):
        assert comes(advised, about(to_practice, kind))
    assert acts.enrolment(advised).state == "active"
    assert (rules(advised), rules(advised, to_practice.recipient)) == ({}, {})
    assert acts.alerts(advised) == ["staff-mail-returned"]
    assert consented(advised)


def test_a_reply_rests_the_mails_and_an_automatic_answer_is_kept(advised: House) -> None:
    comes(advised, about(acts.advice(advised), K.AWAY, source="replies"))
    assert "away" in noted(advised)
    comes(advised, about(acts.advice(advised), K.REPLIED, source="replies", text="Het gaat al beter"))
    assert acts.enrolment(advised).pause_reason == "reply"
    assert "beter" not in str(advised.rows()["feedback_event"])


def test_no_address_and_no_name_is_kept_with_what_the_server_said(advised: House) -> None:
    said = "550 5.1.1 <anna@example.org>: Anna unknown;\r\n see https://x.example/u/abc bounce+anna=example.org@y.nl"
    comes(advised, about(acts.advice(advised), K.SOFT_BOUNCE, diagnostic=said, status="5.1.1"))
    (event,) = events(advised)
    assert event.diagnostic == "550 5.1.1 … … unknown; see … …"
    assert event.status == "5.1.1"
    assert event.key.isalnum()
    assert len(event.key) == 64


def test_it_never_happened_later_than_it_came_nor_before_there_was_such_a_mail(advised: House) -> None:
    now = advised.clock.now()
    for at in (now + timedelta(days=400), now - timedelta(days=4000), None):
        comes(advised, about(acts.advice(advised), K.DELIVERED, at=at))
    assert sorted(each.at for each in events(advised)) == [acts.advice(advised).created_at, now, now]


def test_what_came_back_is_forgotten_after_its_days(advised: House) -> None:
    comes(advised, about(acts.advice(advised), K.DELIVERED))
    comes(advised, about(None, K.UNKNOWN))
    advised.clock.advance(days=89)
    advised.tick(keep_house=True)
    assert len(events(advised)) == 2
    advised.clock.advance(days=2)
    advised.tick(keep_house=True)
    assert events(advised) == []
    assert acts.advice(advised).state == "delivered"


def test_a_weaker_word_never_replaces_a_stronger_one(advised: House) -> None:
    advice = acts.advice(advised)

    def after(kind: FeedbackKind) -> tuple[str, str | None]:
        comes(advised, about(advice, kind))
        message: Message = acts.advice(advised)
        return message.state, (message.reason or "").partition(":")[0] or None

    assert after(K.DELIVERED) == ("delivered", None)
    assert after(K.ACCEPTED) == ("delivered", None)
    assert after(K.SOFT_BOUNCE) == ("bounced", "teruggekomen")
    assert after(K.REJECTED) == ("bounced", "teruggekomen")
    assert after(K.DELIVERED) == ("bounced", "teruggekomen")
    assert after(K.COMPLAINED)[0] == "complained"
    assert after(K.HARD_BOUNCE)[0] == "complained"


def test_an_alert_of_a_clock_that_was_ahead_does_not_hide_news_until_then(house: House) -> None:
    ahead = house.clock.now() + timedelta(days=400)
    acts.commit(house, feedback_alerts.tell_rejected, "brevo", ahead)
    house.tick(keep_house=True)
    assert acts.alerts(house) == []
