"""What staff see of what came back about mails: in plain words, and gone from what waits for them."""

from __future__ import annotations

from service.cli import retention
from service.domain.feedback import FeedbackKind
from service.flows import retention as rules
from service.flows import settling, ticks
from tests.support import acts
from tests.support.news import about, comes
from tests.support.office import Office

K = FeedbackKind


def test_a_lead_shows_what_became_of_her_mails_and_why(office: Office) -> None:
    office.confirmed()
    comes(office.house, about(acts.advice(office.house), K.DELIVERED))
    assert "afgeleverd" in office.nurture("lead", "show", acts.ANNA, "--language", "nl").out
    comes(office.house, about(acts.advice(office.house), K.HARD_BOUNCE))
    shown = office.nurture("lead", "show", acts.ANNA, "--language", "nl").out
    assert "teruggekomen, teruggekomen: het adres bestaat niet" in shown
    assert "gestopt sinds" in shown
    assert "(adres bestaat niet)" in shown
    comes(office.house, about(acts.advice(office.house), K.COMPLAINED))
    shown = office.nurture("lead", "show", acts.ANNA, "--language", "nl").out
    assert "klacht gemeld, door de ontvanger als ongewenst gemeld" in shown
    assert "Krijgt geen mail, voorgoed (als ongewenst gemeld)." in shown


def test_the_figures_tell_deliveries_complaints_and_what_came_back(office: Office) -> None:
    office.confirmed()
    comes(office.house, about(acts.advice(office.house), K.DELIVERED))
    assert "accepted 1, delivered 1" in office.nurture("stats").out
    comes(office.house, about(acts.advice(office.house), K.SOFT_BOUNCE))
    assert "teruggekomen of geweigerd 1" in office.nurture("stats", "--language", "nl").out
    comes(office.house, about(acts.advice(office.house), K.COMPLAINED))
    assert "accepted 1, delivered 1, complaints 1" in office.nurture("stats").out


def test_what_came_back_and_is_over_its_time_is_told_by_name(office: Office) -> None:
    office.house.clock.advance(days=-100)
    comes(office.house, about(None, K.UNKNOWN))
    said = office.nurture("retention", "--dry-run", "--language", "nl").out
    assert "1 berichten over wat er van mails werd" in said


def test_every_rule_of_retention_has_its_words() -> None:
    assert retention._EVENTS.keys() == rules._EVENTS.keys()


def test_what_an_event_told_of_waits_for_nobody_any_more(office: Office) -> None:
    office.confirmed()
    next_at = acts.enrolment(office.house).next_at
    assert next_at is not None
    office.house.clock.moment = next_at
    ticks.plan(office.house.services)
    message = acts.follow_ups(office.house)["hoe-ging-het"]
    office.house.clock.moment = message.due_at
    acts.hand_over(office.house, "lost")
    much_later = message.created_at.replace(year=message.created_at.year + 1)
    acts.commit(office.house, settling.reap, office.house.clock.now(), much_later)
    assert f"{message.id:>8}" in office.nurture("message", "list", "--state", "unknown").out
    comes(office.house, about(message, K.DELIVERED))
    assert "Nothing waits" in office.nurture("message", "list", "--state", "unknown").out
