"""Mails that wait for a person: why, and what is decided, about all of a kind or about one, by one of two who press."""

from __future__ import annotations

import re
from functools import partial
from typing import Literal

import pytest
from sqlmodel import Session

from service.domain.screening import Held
from service.domain.staff import Role
from service.domain.waiting import Why, choices, choices_for_all, why
from service.flows import alerts, waiting_mails
from service.store import events
from service.store.tables import Message
from service.web.studio.waiting import words
from tests.support import acts, studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, GIJS, Desk, desk, hire
from tests.support.tours.waiting import put
from tests.support.two_at_once import at_once

PAGE = "/studio/waiting/mails"
GROUP, ONE = "/studio/waiting/decide/group", "/studio/waiting/decide/one"
CUT = "onbekend of het aankwam"
Put = Literal["held", "unknown", "failed"]


def manager(house: House, *, admin: bool = False) -> Desk:
    return desk(house, hire(house, GIJS, Role.ADMIN) if admin else hire(house, FRANK, Role.MANAGER, "Frank"))


def opt_ins(house: House, count: int, state: Put = "held", reason: str = Held.TOO_FAST) -> list[int]:
    """Advices that wait. Returns their ids."""
    for at in range(count):
        house.opt_in(f"lead{at}@example.org")
    ids = [house.messages(f"lead{at}@example.org")[0].id for at in range(count)]

    def wait(session: Session) -> None:
        for each in ids:
            put(session, each, state, reason)

    acts.commit(house, wait)
    return ids


def follow_up(house: House, state: Put, reason: str, *, hold: str | None = None) -> int:
    """A follow-up that waits."""
    number = acts.follow_up_due(house).id
    acts.commit(house, put, number, state, reason, hold=hold)
    return number


def row(house: House, number: int) -> Message:
    with house.services.database.reading() as session:
        return session.get_one(Message, number)


def states(house: House, ids: list[int]) -> list[str]:
    return [row(house, each).state for each in ids]


def form(here: Desk, case: Why) -> dict[str, str]:
    """The hidden fields of a group's form, as the page has them."""
    page = here.see(PAGE).text
    hidden = rf'name="why" value="{case}">.*?name="upto" value="(\d+)">.*?name="seen" value="([\d.]+)"'
    found = re.search(hidden, page, re.DOTALL)
    assert found is not None, page
    return {"why": case.value, "upto": found[1], "seen": found[2]}


def single(house: House, case: Why, number: int) -> dict[str, str]:
    return {"why": case.value, "message": str(number), "seen": waiting_mails.mark(row(house, number))}


def follow(here: Desk, path: str, **fields: str) -> str:
    """What the page says that a press leads to."""
    answer = here.post(path, **fields)
    assert answer.status_code == 303, answer.text
    return studio.words(here.see(answer.headers["location"]))


def decisions(house: House) -> list[str]:
    with house.services.database.reading() as session:
        log = events.audit_log(session, limit=500)
        return [each.action for each in log if each.action.startswith("message resolved")]


def test_when_no_mail_waits_the_page_says_so(house: House) -> None:
    assert "Er wacht geen mail op je." in studio.words(desk(house, hire(house)).see(PAGE))


def test_mails_are_told_by_why_they_wait_with_how_many_and_what_happens_at_each_button(house: House) -> None:
    opt_ins(house, 3)
    follow_up(house, "unknown", CUT)
    page = studio.words(manager(house).see(PAGE))
    for owed in (
        "3 heel snelle adviesaanvragen",
        "3 × Je gratis advies: begin vandaag",
        "Verstuur alle 3",
        "Laat alle 3 vervallen",
        "1 vervolgmail is misschien aangekomen",
        "missen is minder erg dan twee keer krijgen",
        "De mail telt als verstuurd.",
    ):
        assert owed in page


def test_all_opt_ins_of_a_kind_are_let_go_and_their_advice_leaves(house: House) -> None:
    ids, here = opt_ins(house, 3), manager(house)
    acts.commit(house, alerts.tell_opt_in_held, Held.TOO_FAST, house.clock.now())
    page = follow(here, GROUP, **form(here, Why.OPT_IN_FAST), choice="resend")
    assert "3 mails gaan weg zodra het mag." in page
    assert acts.alerts(house) == []
    assert house.send_due() == 3
    assert states(house, ids) == ["accepted"] * 3
    assert decisions(house) == ["message resolved as resend"] * 3


def test_what_was_let_drop_never_leaves(house: House) -> None:
    ids, here = opt_ins(house, 2, reason=Held.HONEYPOT), manager(house)
    assert "2 mails zijn vervallen." in follow(here, GROUP, **form(here, Why.OPT_IN_TRAP), choice="drop")
    assert house.live_through(days=6) == 0
    assert states(house, ids) == ["cancelled"] * 2


def test_a_group_is_done_in_batches_and_all_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_mails, "_BATCH", 2)
    ids, here = opt_ins(house, 5), manager(house)
    assert "5 mails zijn vervallen." in follow(here, GROUP, **form(here, Why.OPT_IN_FAST), choice="drop")
    assert states(house, ids) == ["cancelled"] * 5


def test_what_came_after_the_page_was_opened_still_waits(house: House) -> None:
    ids, here = opt_ins(house, 2), manager(house)
    seen = form(here, Why.OPT_IN_FAST)
    house.opt_in("later@example.org")
    later = house.messages("later@example.org")[0].id
    acts.commit(house, put, later, "held", Held.TOO_FAST)
    assert "2 mails zijn vervallen." in follow(here, GROUP, **seen, choice="drop")
    assert states(house, [*ids, later]) == ["cancelled", "cancelled", "held"]


def test_a_page_that_is_out_of_date_does_nothing_and_says_so(house: House) -> None:
    ids, here = opt_ins(house, 3), manager(house)
    seen = form(here, Why.OPT_IN_FAST)
    follow(
        manager(house, admin=True),
        ONE,
        **single(house, Why.OPT_IN_FAST, ids[0]),
        choice="drop",
    )
    assert "Er is niets gedaan" in follow(here, GROUP, **seen, choice="resend")
    assert states(house, ids) == ["cancelled", "held", "held"]


def test_one_that_came_in_the_place_of_another_was_not_seen(house: House) -> None:
    ids, here = opt_ins(house, 3), manager(house)
    acts.commit(house, put, ids[0], "accepted", None)
    seen, alone = form(here, Why.OPT_IN_FAST), single(house, Why.OPT_IN_FAST, ids[2])
    acts.commit(house, put, ids[1], "cancelled", None)
    acts.commit(house, put, ids[0], "held", Held.TOO_FAST)
    assert "Er is niets gedaan" in follow(here, GROUP, **seen, choice="drop")
    other = alone | {"message": str(ids[0])}  # as where the number of a mail is given out again
    assert "Er is niets gedaan" in follow(here, ONE, **other, choice="drop")
    assert states(house, ids) == ["held", "cancelled", "held"]


@pytest.mark.parametrize("choices_made", [("resend", "resend"), ("resend", "drop")])
def test_of_two_who_decide_about_a_group_at_once_each_mail_is_decided_by_one(
    house: House, monkeypatch: pytest.MonkeyPatch, choices_made: tuple[str, str]
) -> None:
    monkeypatch.setattr(waiting_mails, "_BATCH", 2)
    ids = opt_ins(house, 6)
    both = (manager(house), manager(house, admin=True))
    seen = form(both[0], Why.OPT_IN_FAST)
    answers = at_once(
        [partial(here.post, GROUP, **seen, choice=choice) for here, choice in zip(both, choices_made, strict=True)]
    )
    assert [each.status_code for each in answers] == [303, 303]
    assert len(decisions(house)) == 6
    assert set(states(house, ids)) <= {"due", "cancelled"}
    sent = states(house, ids).count("due")
    assert house.send_due() == sent


def test_a_backlog_is_let_go_once_and_leaves_in_its_window(house: House) -> None:
    number, here = follow_up(house, "held", "achterstand: wacht op akkoord", hold="backlog"), manager(house)
    seen = form(here, Why.BACKLOG)
    assert "De mail gaat weg zodra het mag." in follow(here, GROUP, **seen, choice="resend")
    assert row(house, number).hold == "approved"
    assert "Er is niets gedaan" in follow(here, GROUP, **seen, choice="resend")
    assert house.tick() == 1


def test_dropping_a_backlog_lets_the_sequence_go_on(house: House) -> None:
    number, here = follow_up(house, "held", "achterstand: wacht op akkoord", hold="backlog"), manager(house)
    follow(here, GROUP, **form(here, Why.BACKLOG), choice="drop")
    assert row(house, number).state == "cancelled"
    assert house.live_through(days=10) > 0


def test_approving_a_backlog_approves_nothing_that_a_restore_holds(house: House) -> None:
    ids = [follow_up(house, "held", "achterstand: wacht op akkoord", hold="backlog")]
    house.opt_in("bram@example.org")
    ids.append(house.messages("bram@example.org")[0].id)
    acts.commit(house, put, ids[1], "held", "teruggezet: misschien al verstuurd", hold="restored")
    gaps = [gap("downtime"), gap("restored")]
    acts.commit(house, events.set_fact, "gap", {"gaps": gaps})
    here = manager(house)
    follow(here, GROUP, **form(here, Why.BACKLOG), choice="resend")
    assert states(house, ids) == ["due", "held"]
    with house.services.database.reading() as session:
        assert events.fact(session, "gap") == {"gaps": [gap("restored")]}


def gap(kind: str) -> dict[str, object]:
    at = "2026-03-01T09:00:00+00:00"
    return {"since": at, "until": at, "kind": kind, "sequence": None, "held": True, "count": None}


@pytest.mark.parametrize(
    ("choice", "state", "told"),
    [
        ("sent", "accepted", "De mail staat op aangekomen."),
        ("resend", "due", "De mail gaat weg zodra het mag."),
        ("drop", "cancelled", "De mail is vervallen."),
    ],
)
def test_one_mail_of_unknown_fate_is_decided_by_one_press_and_a_second_does_nothing(
    house: House, choice: str, state: str, told: str
) -> None:
    number, here = follow_up(house, "unknown", CUT), manager(house)
    case = Why.UNKNOWN_FOLLOW_UP
    fields = single(house, case, number) | {"choice": choice}
    page = here.see(f"{PAGE}/{case}").text
    assert f'name="message" value="{number}">' in page
    assert f'name="seen" value="{fields["seen"]}"' in page
    assert told in follow(here, ONE, **fields)
    assert row(house, number).state == state
    assert "Er is niets gedaan" in follow(here, ONE, **fields)
    assert len(decisions(house)) == 1


def test_a_press_on_a_page_of_before_the_mail_was_tried_again_does_not_send_it_a_third_time(house: House) -> None:
    number, here = follow_up(house, "unknown", CUT), manager(house)
    old = single(house, Why.UNKNOWN_FOLLOW_UP, number)
    follow(here, ONE, **old, choice="resend")
    assert house.tick() == 1

    def cut_again(session: Session) -> None:
        session.get_one(Message, number).state = "unknown"

    acts.commit(house, cut_again)
    assert "Er is niets gedaan" in follow(here, ONE, **old, choice="resend")
    assert row(house, number).state == "unknown"


def test_of_two_who_send_one_mail_again_at_once_it_goes_once(house: House) -> None:
    number = follow_up(house, "unknown", CUT)
    fields = single(house, Why.UNKNOWN_FOLLOW_UP, number) | {"choice": "resend"}
    both = (manager(house), manager(house, admin=True))
    answers = at_once([partial(here.post, ONE, **fields) for here in both])
    assert sorted("changed" in each.headers["location"] for each in answers) == [False, True]
    assert house.tick() == 1
    assert len(decisions(house)) == 1


def test_follow_ups_of_unknown_fate_are_never_sent_again_all_at_once(house: House) -> None:
    number, here = follow_up(house, "unknown", CUT), manager(house)
    seen = form(here, Why.UNKNOWN_FOLLOW_UP)
    assert here.post(GROUP, **seen, choice="resend").status_code == 409
    assert row(house, number).state == "unknown"
    assert "De mail staat op aangekomen." in follow(here, GROUP, **seen, choice="sent")
    assert row(house, number).state == "accepted"


def test_what_was_held_cannot_be_said_to_have_arrived(house: House) -> None:
    [number], here = opt_ins(house, 1), manager(house)
    answer = here.post(ONE, **single(house, Why.OPT_IN_FAST, number), choice="sent")
    assert answer.status_code == 409
    assert here.post(GROUP, **form(here, Why.OPT_IN_FAST), choice="sent").status_code == 409
    assert states(house, [number]) == ["held"]


def test_whoever_said_no_meanwhile_gets_nothing_though_staff_send_it(house: House) -> None:
    number, here = follow_up(house, "held", "achterstand: wacht op akkoord", hold="backlog"), manager(house)
    seen = form(here, Why.BACKLOG)
    acts.withdraw(house)
    assert "Er is niets gedaan" in follow(here, GROUP, **seen, choice="resend")
    assert row(house, number).state == "cancelled"
    assert house.live_through(days=30) == 0


def test_an_editor_sees_reasons_and_numbers_and_neither_addresses_nor_buttons(house: House) -> None:
    ids = opt_ins(house, 2)
    acts.commit(house, put, ids[1], "failed", "550 5.1.1 <lead1@example.org> onbekend")
    here = desk(house, hire(house, ESRA, Role.EDITOR))
    for path in (PAGE, f"{PAGE}/{Why.OPT_IN_FAST}"):
        page = here.see(path)
        assert "heel snelle adviesaanvraag" in page.text
        assert "@example.org" not in page.text
        assert page.text.count("<form") == 1, "the one to log out"
    before = house.rows()
    for path in (GROUP, ONE):
        fields = {"why": "opt-in-fast", "message": str(ids[0]), "seen": "held.0", "upto": "99", "choice": "drop"}
        assert here.post(path, **fields).status_code == 403
    assert house.rows() == before


def test_mails_that_failed_lately_stand_below_with_why(house: House) -> None:
    opt_ins(house, 1, "failed", "550 geweigerd")
    page = studio.words(manager(house).see(PAGE))
    assert "Laatst niet bezorgd" in page
    assert "Je gratis advies: begin vandaag lead0@example.org 550 geweigerd" in page
    house.clock.advance(days=15)
    assert "Laatst niet bezorgd" not in studio.words(manager(house, admin=True).see(PAGE))


def test_a_long_group_is_looked_at_a_page_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.web.studio.waiting.mails._A_PAGE", 2)
    ids, here = opt_ins(house, 5), manager(house)
    seen: list[str] = []
    path = f"{PAGE}/{Why.OPT_IN_FAST}"
    while path:
        page = here.see(path).text
        seen += re.findall(r'name="message" value="(\d+)"', page)
        further = re.search(r'href="([^"]+\?after=\d+)"', page)
        path = further[1] if further else ""
    assert seen == [str(each) for each in ids]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PAGE}/verzonnen", 404),
        (f"{PAGE}/other", 200),
        (f"{PAGE}/other?after=x", 422),
        (f"{PAGE}/other?sort=recipient", 422),
        (f"{PAGE}?done=x", 422),
        (f"{PAGE}?done=drop&of=-1", 422),
    ],
)
def test_an_address_that_is_none_of_ours_is_refused(house: House, path: str, status: int) -> None:
    assert manager(house).see(path).status_code == status


def test_a_decision_about_nothing_is_refused(house: House) -> None:
    here = manager(house)
    for fields, status in (
        ({"why": "other", "message": "99", "seen": "held.0", "choice": "drop"}, 404),
        ({"why": "nergens", "message": "99", "seen": "held.0", "choice": "drop"}, 404),
        ({"why": "other", "message": "99", "seen": "held.0", "choice": "burn"}, 422),
        ({"why": "other", "message": "", "seen": "held.0", "choice": "drop"}, 422),
    ):
        assert here.post(ONE, **fields).status_code == status, fields


def test_each_case_has_its_words_in_both_languages_for_all_that_can_be_done() -> None:
    assert set(words.CASES) == set(Why)
    for case in Why:
        assert set(words.CASES[case].means) == set(choices(case))
        assert set(choices_for_all(case)) <= set(choices(case))
        for language in ("nl", "en"):
            assert all(each.button and each.means for each in words.actions(case, language, count=3))


def test_whatever_is_held_or_unknown_belongs_to_a_case_and_nothing_else_does() -> None:
    for kind in ("advice", "follow_up", "service"):
        for state in ("held", "unknown"):
            for hold in (None, "backlog", "restored"):
                for reason in (None, *Held, "iets"):
                    assert why(state=state, kind=kind, hold=hold, reason=reason) in set(Why)
        assert why(state="due", kind=kind, hold="approved", reason=None) is None
    assert why(state="held", kind="follow_up", hold="restored", reason="x") is Why.RESTORED
    assert why(state="held", kind="advice", hold="restored", reason="x") is Why.RESTORED_ASKED
    assert why(state="held", kind="advice", hold="restored", reason=Held.HONEYPOT) is Why.OPT_IN_TRAP
