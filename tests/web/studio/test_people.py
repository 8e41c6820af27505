"""Staff as admins manage it, and what the audit log says of it."""

from __future__ import annotations

import re

import pytest

from service.domain.staff import Role
from service.flows import staff
from service.store import events
from service.store.db import real_now
from tests.support import studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, GIJS, OURS, desk, hire, person

pytestmark = pytest.mark.files

NOVA = {"name": "Nova", "address": "Nova@Praktijk.Example", "role": "manager", "language": "en"}


def actions(house: House) -> list[tuple[str, str]]:
    with house.services.database.reading() as session:
        return [
            (each.actor, each.action)
            for each in reversed(events.audit_log(session, limit=100))
            if "staff" in each.action
        ]


def test_an_admin_invites_somebody_and_sees_the_link_once(house: House) -> None:
    number = hire(house, GIJS, Role.ADMIN, "Gijs")
    here = desk(house, number)
    answer = here.post("/studio/staff", **NOVA)
    assert answer.status_code == 200
    link = re.search(r"https://praktijk\.example(/studio/invitation/[\w-]{43})<", answer.text)
    assert link
    assert link[1] not in here.see("/studio/staff").text
    assert "Uitgenodigd, tot" in here.see("/studio/staff").text
    page = desk(house).see(link[1])
    assert page.status_code == 200
    assert actions(house) == [(f"studio:{number}", "staff added")]
    with house.services.database.reading() as session:
        found = next(each for each in staff.everybody(session, real_now(session)) if each.name == "Nova")
    assert (found.address, found.role, found.language) == ("nova@praktijk.example", Role.MANAGER, "en")


def test_pressing_invite_twice_does_not_lose_the_link_that_is_shown_once(house: House) -> None:
    here = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    fields = NOVA | {"form_token": here.form_token}
    pages = [here.client.post("/studio/staff", headers=OURS, data=fields) for _ in range(2)]
    links = [re.findall(r"/studio/invitation/[\w-]{43}", page.text) for page in pages]
    assert [page.status_code for page in pages] == [200, 200]
    assert links[0] == links[1]
    assert len(links[1]) == 1
    assert [action for _, action in actions(house)] == ["staff added"]


def test_whatever_somebody_is_called_runs_nothing(house: House) -> None:
    payload = "<img src=x onerror=alert(1)>\"'{{ 7*7 }}"
    here = desk(house, hire(house, GIJS, Role.ADMIN, payload))
    assert here.post("/studio/staff", **NOVA | {"name": payload}).status_code == 200
    token = studio.invited(house, "tess@praktijk.example")
    for path in ("/studio/", "/studio/staff", "/studio/audit", "/studio/account", f"/studio/invitation/{token}"):
        page = here.see(path).text
        assert "<img" not in page
    assert "&lt;img src=x" in here.see("/studio/staff").text


def test_what_cannot_be_taken_is_told_with_what_was_typed(house: House) -> None:
    here = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    wrong = [{"address": "geen adres"}, {"name": " "}, {"role": "baas"}, {"address": GIJS}]
    for fields in wrong:
        answer = here.post("/studio/staff", **NOVA | fields)
        assert answer.status_code == 422, fields
        assert 'role="alert"' in answer.text
        assert 'value="Nova"' in answer.text or "name" in fields
    assert actions(house) == []


def test_each_change_is_made_and_kept_in_the_audit_log_by_number(house: House) -> None:
    admin, number = hire(house, GIJS, Role.ADMIN, "Gijs"), hire(house)
    here, theirs = desk(house, admin), desk(house, number)
    assert here.post("/studio/staff/change", staff=str(number), action="role", role="manager").status_code == 303
    assert person(house, number).role == "manager"
    assert not theirs.is_in()
    assert here.post("/studio/staff/change", staff=str(number), action="disable").status_code == 303
    assert desk(house).log_in(ESRA).status_code == 422
    assert "Geblokkeerd" in here.see("/studio/staff").text
    assert here.post("/studio/staff/change", staff=str(number), action="enable").status_code == 303
    assert desk(house).log_in(ESRA).status_code == 303
    assert "/studio/invitation/" in here.post("/studio/staff/change", staff=str(number), action="reset").text
    assert person(house, number).password_hash is None
    assert here.post("/studio/staff/change", staff=str(number), action="remove").status_code == 303
    assert (person(house, number).address, person(house, number).name) == (None, "Esra")
    assert "Esra" not in here.see("/studio/staff").text
    assert [action for _, action in actions(house)] == [
        "staff role changed",
        "staff disabled",
        "staff enabled",
        "staff logged in",
        "staff reset",
        "staff removed",
    ]
    assert {actor for actor, action in actions(house) if "logged" not in action} == {f"studio:{admin}"}
    with house.services.database.reading() as session:
        kept = repr([each.details for each in events.audit_log(session, limit=100)])
    assert not any(each in kept for each in (ESRA, "Esra", GIJS))
    log = studio.words(here.see("/studio/audit"))
    assert "Gijs medewerker geblokkeerd medewerker: Esra" in log
    assert "Gijs medewerker: andere rol medewerker: Esra, eerst: redacteur, daarna: manager" in log
    assert "Esra ingelogd" in log, "whoever was removed is still named"


def test_who_was_removed_may_be_invited_again_as_somebody_new(house: House) -> None:
    here = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    number = hire(house)
    here.post("/studio/staff/change", staff=str(number), action="remove")
    assert here.post("/studio/staff", **NOVA | {"address": ESRA}).status_code == 200
    assert here.post("/studio/staff/change", staff=str(number), action="enable").status_code == 422


def test_whoever_is_locked_out_gets_no_link_that_would_not_work(house: House) -> None:
    here = desk(house, hire(house, GIJS, Role.ADMIN, "Gijs"))
    number = hire(house)
    here.post("/studio/staff/change", staff=str(number), action="disable")
    before = house.rows()
    assert "Nieuwe uitnodiging" not in here.see("/studio/staff").text
    answer = here.post("/studio/staff/change", staff=str(number), action="reset")
    assert answer.status_code == 422
    assert "Diegene is geblokkeerd" in answer.text
    assert house.rows() == before


def test_nobody_changes_their_own_access_and_an_admin_is_always_left(house: House) -> None:
    admin, other = hire(house, GIJS, Role.ADMIN, "Gijs"), hire(house, FRANK, Role.ADMIN, "Frank")
    here, franks = desk(house, admin), desk(house, other)
    for action in ("role", "disable", "remove", "reset"):
        assert here.post("/studio/staff/change", staff=str(admin), action=action, role="editor").status_code == 422
    assert here.is_in()
    with house.services.database.transaction() as session:
        staff.give_role(session, house.services, other, Role.EDITOR, actor="test")
    assert franks.post("/studio/staff/change", staff=str(admin), action="disable").status_code == 303
    assert person(house, admin).disabled_at is None
    for action in ("dance", ""):
        assert here.post("/studio/staff/change", staff=str(other), action=action).status_code == 422
    for number in ("", "x", "-1", "99999999999999"):
        assert here.post("/studio/staff/change", staff=number, action="disable").status_code == 422


def test_the_audit_log_is_shown_a_page_at_a_time_to_its_end(house: House) -> None:
    here = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    with house.services.database.transaction() as session:
        for at in range(120):
            events.audit(session, "staff:iemand", f"daad {at}", house.clock.now(), lead=at)
    found: list[str] = []
    path: str | None = "/studio/audit"
    while path:
        page = here.see(path).text
        found += re.findall(r"<strong>daad (\d+)</strong>", page)
        older = re.search(r'href="(/studio/audit\?before=\d+)"', page)
        path = older[1] if older else None
    assert found == [str(at) for at in reversed(range(120))]
