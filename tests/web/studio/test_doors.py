"""Who may enter where: every door of the studio by every visitor (ACCEPTANCE E4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from service.domain.staff import Least, Role
from service.flows.staff_sessions import Stage
from service.web.app import create_app
from service.web.studio.doors import CODE, LOGIN, Door
from service.web.studio.home import show
from service.web.studio.routes import DOORS
from tests.support import cases, studio
from tests.support.house import House
from tests.support.studio import Desk
from tests.support.website import BROWSER

pytestmark = pytest.mark.files

VISITORS = {
    "anonymous": Least.ANYONE,
    "halfway": Least.CODE,
    "editor": Least.EDITOR,
    "manager": Least.MANAGER,
    "admin": Least.ADMIN,
}


def hired(house: House) -> dict[Role, int]:
    return {
        Role.EDITOR: studio.hire(house, studio.ESRA, Role.EDITOR),
        Role.MANAGER: studio.hire(house, studio.FRANK, Role.MANAGER, "Frank"),
        Role.ADMIN: studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs"),
    }


def visitors(house: House, ids: dict[Role, int]) -> dict[str, Desk]:
    found = {"anonymous": studio.desk(house), "halfway": studio.desk(house, ids[Role.ADMIN], stage="code")}
    return found | {role.value: studio.desk(house, number) for role, number in ids.items()}


def outcome(desk: Desk, door: Door) -> str:
    """What a visit came to: `in`, `login`, `code` or `refused`."""
    path = re.sub(r"{\w+}", "verzonnen", door.path)
    answer = desk.see(path) if door.method == "GET" else desk.post(path)
    going = answer.headers.get("location")
    if answer.status_code == 403:
        return "refused"
    if answer.status_code == 303 and going == LOGIN and "set-cookie" not in answer.headers:
        return "login"
    return "code" if answer.status_code == 303 and going == CODE else "in"


def owed(level: Least, door: Door) -> str:
    if level >= door.least:
        return "code" if level is Least.CODE and (door.method, door.path) == ("GET", LOGIN) else "in"
    return {Least.ANYONE: "login", Least.CODE: "code"}.get(level, "refused")


@pytest.mark.parametrize("migrated_database_url", cases.engines("sqlite"), indirect=True)
def test_every_door_lets_in_those_of_its_role_and_changes_nothing_for_others(house: House) -> None:
    ids = hired(house)
    found: dict[tuple[str, str, str], str] = {}
    there = visitors(house, ids)
    before = house.rows()
    for door in DOORS:
        for name in [name for name, level in VISITORS.items() if level < door.least]:
            found[door.method, door.path, name] = outcome(there[name], door)
    assert house.rows() == before
    for door in DOORS:
        if door.method == "POST":  # a session ends behind some of them
            there = visitors(house, ids)
        for name in [name for name, level in VISITORS.items() if level >= door.least]:
            found[door.method, door.path, name] = outcome(there[name], door)
    expected = {(door.method, door.path, name): owed(level, door) for door in DOORS for name, level in VISITORS.items()}
    assert found == expected


def test_the_application_has_no_route_of_the_studio_that_is_no_door(house: House) -> None:
    routes = [
        (method, each.path)
        for each in iter_route_contexts(create_app(house.services, worker_alive=None).routes)
        if str(each.path).startswith("/studio")
        for method in each.methods or ()
    ]
    assert sorted(routes) == sorted((door.method, door.path) for door in DOORS)


def test_a_door_without_a_role_cannot_be_made() -> None:
    given: dict[str, Any] = {"method": "GET", "path": "/studio/nieuw", "answer": show}
    with pytest.raises(TypeError, match="least"):
        Door(**given)


def test_anyone_may_only_log_in_and_use_an_invitation() -> None:
    assert {door.path for door in DOORS if door.least is Least.ANYONE} == {
        "/studio",
        LOGIN,
        "/studio/invitation/{token}",
    }


def test_a_question_that_a_page_does_not_know_is_refused(house: House) -> None:
    desk = visitors(house, hired(house))["admin"]
    for path in ("/studio/?next=https://kwaad.example", "/studio/audit?sort=actor", "/studio/account?done=x"):
        assert desk.see(path).status_code == 422, path
    for before in ("x", "-1", "1e9", "99999999999999999999", "١"):
        assert desk.see(f"/studio/audit?before={before}").status_code == 422, before


def test_what_is_not_there_is_not_found(house: House) -> None:
    desk = visitors(house, hired(house))["admin"]
    for door in DOORS:
        if "{" in door.path and door.method == "GET":
            assert desk.see(re.sub(r"{\w+}", "verzonnen", door.path)).status_code == 404, door.path


STAGES: tuple[Stage, ...] = ("code", "in")
POSTS = [door for door in DOORS if door.method == "POST" and door.least > Least.ANYONE]


def test_a_form_that_is_not_of_this_session_or_not_of_our_pages_does_nothing(house: House) -> None:
    number = studio.hire(house, studio.GIJS, Role.ADMIN)
    halfway, inside = ([studio.desk(house, number, stage=stage) for _ in range(2)] for stage in STAGES)
    before = house.rows()
    for door in POSTS:
        desk, other = halfway if door.least is Least.CODE else inside
        for name, (fields, headers) in wrong_forms(desk, other).items():
            path = re.sub(r"{\w+}", "verzonnen", door.path)
            answer = desk.client.post(path, data=fields, headers=headers)
            assert answer.status_code == 403, (door.path, name)
    assert house.rows() == before
    for door in POSTS:
        desk = studio.desk(house, number, stage="code" if door.least is Least.CODE else "in")
        assert outcome(desk, door) == "in", door.path


def wrong_forms(desk: Desk, other: Desk) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """By what is wrong with it: the fields, and the headers."""
    mine = {"form_token": desk.form_token}
    return {
        "no token": ({}, studio.OURS),
        "an empty token": ({"form_token": ""}, studio.OURS),
        "of another session": ({"form_token": other.form_token}, studio.OURS),
        "letters of nobody": ({"form_token": "é\ud800".encode("utf-8", "replace").decode()}, studio.OURS),
        "another site": (mine, studio.OURS | {"Origin": "https://kwaad.example"}),
        "a site that looks like ours": (mine, studio.OURS | {"Origin": "https://praktijk.example.kwaad.example"}),
        "without a cause": (mine, studio.OURS | {"Origin": "null"}),
        "by another site": (mine, studio.OURS | {"Sec-Fetch-Site": "cross-site"}),
        "by a neighbour": (mine, studio.OURS | {"Sec-Fetch-Site": "same-site"}),
        "by no page": (mine, {name: text for name, text in studio.OURS.items() if name != "Origin"}),
    }


ODD = ("", "\x00", "x" * 2_000, "١", "-1", "9" * 30, "{{ 7*7 }}", "<script>alert(1)</script>", "\u202e\ufeff")


def test_nothing_that_stands_in_a_form_ends_in_a_fault_of_ours_or_as_script_on_a_page(house: House) -> None:
    number = studio.hire(house, studio.GIJS, Role.ADMIN)
    for door in POSTS:
        for text in ODD:
            desk = studio.desk(house, number, stage="code" if door.least is Least.CODE else "in")
            answer = desk.post(re.sub(r"{\w+}", "verzonnen", door.path), **dict.fromkeys(door.fields, text))
            assert answer.status_code < 500, (door.path, text)
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/studio/login", "/studio/invitation/verzonnen"])
def test_nobody_can_be_logged_in_from_another_site(house: House, path: str) -> None:
    studio.hire(house)
    fields = {"address": studio.ESRA, "password": studio.PASSWORD}
    for headers in ({"Origin": "https://kwaad.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = studio.desk(house).client.post(path, data=fields, headers=BROWSER | headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_whatever_the_studio_answers_is_kept_nowhere_and_says_how_browsers_are_to_treat_it(house: House) -> None:
    number = studio.hire(house)
    there = studio.desk(house, number)
    answers = {
        "a page": there.see("/studio/"),
        "a way on": studio.desk(house).see("/studio/"),
        "refused": there.see("/studio/staff"),
        "not there": studio.desk(house).see("/studio/invitation/verzonnen"),
        "no page": there.see("/studio/geen"),
        "no method": there.client.delete("/studio/", headers=BROWSER),
        "for a program": there.client.get("/studio/staff"),
        "no form": there.client.post("/studio/pause", content=b"{}", headers=studio.OURS),
    }
    for name, answer in answers.items():
        told = answer.headers
        assert told["cache-control"] == "no-store", name
        assert told["cross-origin-opener-policy"] == "same-origin", name
        assert told["strict-transport-security"] == "max-age=31536000", name
        assert "frame-ancestors 'none'" in told["content-security-policy"], name
        assert "script" not in told["content-security-policy"], name
    plain = studio.desk(house.with_changes(base_url="http://localhost:8000")).see("/studio/login")
    assert "strict-transport-security" not in plain.headers
    assert "strict-transport-security" not in there.see("/healthz").headers


def test_an_address_behind_which_there_is_no_page_is_told_in_the_studios_own_look(house: House) -> None:
    there = visitors(house, hired(house))
    for name, desk in there.items():
        for path, status in (("/studio/verzonnen", 404), ("/studio/leads/x/y/z", 404), ("/studio/logout", 405)):
            answer = desk.see(path)
            assert answer.status_code == status, (name, path)
            assert 'href="/studio/"' in answer.text
            assert "vanuit de mail" not in answer.text, "that is for leads"
            assert ("/studio/account" in answer.text) == (name in {"editor", "manager", "admin"}), "their own menu"
    assert there["editor"].see("/studio/logout").headers["allow"] == "POST"
    assert "druk daar op de knop" in there["editor"].see("/studio/logout").text
