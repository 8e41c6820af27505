"""Alerts in the studio: what to do about each, and closing those that told of something that happened."""

from __future__ import annotations

from functools import partial

import pytest
from sqlmodel import Session

from service.domain.staff import Role
from service.flows import alerts
from service.store import events
from tests.support import acts, studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, GIJS, Desk, desk, hire
from tests.support.two_at_once import at_once

PAGE = "/studio/waiting/alerts"


def told(house: House, cause: str) -> str:
    """An alert of this cause. Returns its id."""

    def tell(session: Session) -> None:
        alerts.tell(session, cause, dutch="Er is iets. Kijk met: nurture x", english="something", now=house.clock.now())

    acts.commit(house, tell)
    return str(acts.all_alerts(house)[-1].id)


def manager(house: House) -> Desk:
    return desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))


def test_when_nothing_is_wrong_the_page_says_so(house: House) -> None:
    assert "Alles gaat goed." in studio.words(desk(house, hire(house)).see(PAGE))


def test_what_was_told_to_a_terminal_is_a_sentence_on_a_page(house: House) -> None:
    told(house, "staff-mail-returned")
    english = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs", language="en"))
    for path in (PAGE, "/studio/"):
        assert "Something. " in studio.words(english.see(path)), path


def test_the_page_says_whom_this_installation_tells_of_alerts(house: House) -> None:
    staff, editor = hire(house, FRANK, Role.MANAGER, "Frank"), hire(house)
    nobody = studio.words(desk(house.with_changes(alert_to=(), alert_url=None), staff).see(PAGE))
    assert "NURTURE_ALERT_TO noemt geen adres" in nobody
    assert "mail over" not in nobody
    mailed = house.with_changes(alert_to=("beheer@praktijk.example",), alert_url=None)
    assert "Er gaat een mail over naar wie in NURTURE_ALERT_TO staat. (beheer@praktijk.example)" in studio.words(
        desk(mailed, staff).see(PAGE)
    )
    seen = studio.words(desk(mailed, editor).see(PAGE))
    assert "naar wie in NURTURE_ALERT_TO staat." in seen
    assert "beheer@" not in seen
    posted = studio.words(desk(house.with_changes(alert_to=(), alert_url="https://wacht.example/a"), staff).see(PAGE))
    assert "Het webadres in NURTURE_ALERT_URL hoort het." in posted
    assert "noemt geen adres" not in posted


@pytest.mark.parametrize(
    ("cause", "link"),
    [
        ("message-unknown", "/studio/waiting/mails"),
        ("backlog", "/studio/waiting/mails"),
        ("opt-in-held", "/studio/waiting/mails"),
        ("opt-ins-crowded", "/studio/waiting/mails"),
        ("request-unanswered:7", "/studio/waiting"),
        ("restored", "/studio/#brake"),
    ],
)
def test_what_is_seen_to_in_the_studio_links_to_where_and_names_no_command(house: House, cause: str, link: str) -> None:
    told(house, cause)
    page = manager(house).see(PAGE).text
    assert f'class="button small" href="{link}"' in page
    assert "nurture " not in page
    assert "verdwijnt vanzelf" in page


def test_a_command_of_the_terminal_is_called_by_what_does_the_same_in_the_studio(house: House) -> None:
    with house.services.database.transaction() as session:
        dutch = "De mailbox kan niet worden gelezen. Kijk wat er is met: nurture doctor"
        alerts.tell(session, "mailbox-unreachable", dutch=dutch, english="x", now=house.clock.now())
    page = studio.words(manager(house).see(PAGE))
    assert "Kijk wat er is met: ‘Kijk alles na’ (bij Instellingen, onder Mail versturen)" in page


def test_an_alert_that_happened_is_closed_by_whoever_has_seen_to_it_and_told_again_when_it_comes_back(
    house: House,
) -> None:
    number, here = told(house, "staff-mail-returned"), manager(house)
    answer = here.post(f"{PAGE}/seen", alert=number)
    assert "Gezien." in studio.words(here.see(answer.headers["location"]))
    assert acts.alerts(house) == []
    again = here.post(f"{PAGE}/seen", alert=number)
    assert "Er is niets veranderd" in studio.words(here.see(again.headers["location"]))
    with house.services.database.reading() as session:
        [entry] = events.audit_log(session, limit=9, action="alert seen")
    assert entry.details == {"alert": "staff-mail-returned"}
    told(house, "staff-mail-returned")
    assert acts.alerts(house) == ["staff-mail-returned"]


def test_of_two_who_close_an_alert_at_once_one_is_noted(house: House) -> None:
    number = told(house, "mail-rejected:brevo")
    both = (manager(house), desk(house, hire(house, GIJS, Role.ADMIN)))
    answers = at_once([partial(here.post, f"{PAGE}/seen", alert=number) for here in both])
    assert {each.headers["location"] for each in answers} == {f"{PAGE}?done=seen", f"{PAGE}?done=already"}
    with house.services.database.reading() as session:
        assert len(events.audit_log(session, limit=9, action="alert seen")) == 1


def test_an_alert_about_how_things_stand_cannot_be_closed_by_hand(house: House) -> None:
    number, here = told(house, "message-unknown"), manager(house)
    assert here.post(f"{PAGE}/seen", alert=number).status_code == 409
    assert here.post(f"{PAGE}/seen", alert="999").status_code == 404
    assert here.post(f"{PAGE}/seen", alert="x").status_code == 422
    assert acts.alerts(house) == ["message-unknown"]


def test_an_editor_reads_alerts_and_closes_none(house: House) -> None:
    number = told(house, "staff-mail-returned")
    here = desk(house, hire(house, ESRA, Role.EDITOR))
    assert here.see(PAGE).text.count("<form") == 1, "the one to log out"
    assert here.post(f"{PAGE}/seen", alert=number).status_code == 403
    assert acts.alerts(house) == ["staff-mail-returned"]
