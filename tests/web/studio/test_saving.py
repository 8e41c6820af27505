"""Saving a file in the studio: never over what somebody else wrote, and nothing that was typed is ever lost."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from httpx2 import Response

from service.domain.staff import Role
from service.errors import UnavailableError
from service.flows import staff, staff_sessions
from service.flows.content_desk import ContentDesk
from service.store import events
from service.store.db import real_now
from service.web.studio.publishing import saving
from tests.support import saves, studio
from tests.support.house import House
from tests.support.studio import Desk

pytestmark = pytest.mark.files

MAIL, OTHER = "email_templates/uitnodiging.md", "email_templates/laatste-bericht.md"
CONFLICT, DOWNLOAD, DONE = "/studio/publish/conflict", "/studio/publish/download", "/studio/mails/uitnodiging"


@pytest.fixture
def desk(house: House) -> Desk:
    return studio.desk(house, studio.hire(house))


def folder(house: House) -> Path:
    return house.services.content_dir


def save(desk: Desk, changes: dict[str, bytes | None], seen: dict[str, str]) -> Response:
    """As any page of the studio saves: the answer, as the browser of this desk would get it."""
    made = saves.save(desk.house, desk.client.app, desk.token, changes, seen, done=DONE)
    return Response(made.status_code, headers=dict(made.headers), content=bytes(made.body))


def marks(desk: Desk, *files: str) -> dict[str, str]:
    return {file: saves.desk_of(desk.client.app).open(file).mark for file in files}


def held(answer: Response) -> str:
    found = re.search(r'name="held" value="([^"]+)"', answer.text)
    assert found
    return unescape(found[1])


def entries(house: House, action: str = "content saved") -> list[dict[str, object]]:
    with house.services.database.reading() as session:
        return [each.details for each in events.audit_log(session, limit=20, action=action)]


def test_a_save_is_noted_with_what_it_changed(house: House, desk: Desk) -> None:
    was = (folder(house) / MAIL).read_text()
    answer = save(desk, {MAIL: (was + "Tot gauw.\n").encode()}, marks(desk, MAIL))
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    [entry] = entries(house)
    assert entry["files"] == [MAIL]
    assert "+Tot gauw." in str(entry["diff"])
    assert save(desk, {MAIL: (was + "Tot gauw.\n").encode()}, marks(desk, MAIL)).status_code == 303
    assert len(entries(house)) == 1, "nothing changed, so nothing is noted"


def test_a_second_press_on_save_is_no_conflict_and_is_not_noted(house: House, desk: Desk) -> None:
    seen = marks(desk, MAIL, OTHER)
    changes = {MAIL: b"nieuw", OTHER: None}
    for _ in range(2):
        answer = save(desk, changes, seen)
        assert (answer.status_code, answer.headers.get("location")) == (303, DONE)
    assert len(entries(house)) == 1
    (folder(house) / OTHER).write_text("van een ander")
    assert save(desk, changes, seen).status_code == 409, "that is somebody else's"
    assert (folder(house) / OTHER).read_text() == "van een ander"


def test_of_a_large_change_the_log_keeps_a_part_and_says_so(house: House, desk: Desk) -> None:
    save(desk, {MAIL: b"x\0\n" * 20_000}, marks(desk, MAIL))
    [entry] = entries(house)
    assert entry["cut"] is True
    assert len(cast("dict[str, str]", entry["diff"])[MAIL]) == saving.LARGEST_DIFF
    save(desk, {"media/x.png": b"\x89PNG\xff"}, {"media/x.png": ""})
    assert entries(house)[0] == {"files": ["media/x.png"], "diff": {}}


@pytest.mark.parametrize("changes", [{MAIL: b"nieuw", OTHER: None}, {"email_templates/een-nieuwe.md": b"nieuw"}])
def test_what_cannot_be_noted_is_not_saved_either_and_is_saved_and_noted_by_the_next_try(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch, changes: dict[str, bytes | None]
) -> None:
    def files() -> dict[str, bytes | None]:
        return {file: path.read_bytes() if (path := folder(house) / file).exists() else None for file in changes}

    def locked(*_: object, **__: object) -> None:
        raise UnavailableError("the database is locked", "De database is bezet.")

    before = files()
    seen = marks(desk, *changes)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(events, "audit", locked)
        with pytest.raises(UnavailableError):
            save(desk, changes, seen)
    assert files() == before
    assert save(desk, changes, seen).status_code == 303
    assert files() == changes
    assert len(entries(house)) == 1


def conflicting(house: House, desk: Desk) -> Response:
    """Esra changes the first line of the text while somebody else adds a last one."""
    seen = marks(desk, MAIL)
    was = (folder(house) / MAIL).read_text()
    (folder(house) / MAIL).write_text(was + "\nVan een ander: <script>alert(1)</script>\n")
    return save(desk, {MAIL: was.replace("---\n", "---\n# van mij\n", 1).encode()}, seen)


def test_a_file_that_changed_meanwhile_is_shown_beside_what_was_typed_and_nothing_is_written(
    house: House, desk: Desk
) -> None:
    answer = conflicting(house, desk)
    assert answer.status_code == 409
    assert "van mij" in answer.text
    assert "Van een ander" in answer.text
    assert "<script>alert" not in answer.text
    assert "van mij" not in (folder(house) / MAIL).read_text()
    assert entries(house) == []


@pytest.mark.parametrize(
    ("choice", "mine", "theirs"), [("mine", True, False), ("theirs", False, True), ("merged", True, True)]
)
def test_what_is_chosen_is_what_is_saved(house: House, desk: Desk, choice: str, mine: bool, theirs: bool) -> None:
    answer = desk.post(CONFLICT, choice=choice, held=held(conflicting(house, desk)))
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    now = (folder(house) / MAIL).read_text()
    assert ("van mij" in now, "Van een ander" in now) == (mine, theirs)


@pytest.mark.parametrize(
    ("done", "goes_to"),
    [
        ("/studio/sequences/lage-rug?done=removed#stap-x", "/studio/sequences/lage-rug#stap-x"),
        (f"{DONE}?done=saved&tab=source", f"{DONE}?tab=source"),
        ("/studio/settings/practice?saved=yes", "/studio/settings/practice"),
        ("/studio/settings/days?year=2027", "/studio/settings/days?year=2027"),
        ("/studio/publish?done=12", "/studio/publish?done=12"),
    ],
)
def test_who_takes_theirs_does_not_read_that_their_own_was_saved(
    house: House, desk: Desk, done: str, goes_to: str
) -> None:
    seen = marks(desk, MAIL)
    (folder(house) / MAIL).write_text("van een ander")
    page = saves.save(house, desk.client.app, desk.token, {MAIL: b"van mij"}, seen, done=done)
    answer = desk.post(CONFLICT, choice="theirs", held=held(Response(409, content=bytes(page.body))))
    assert (answer.status_code, answer.headers["location"]) == (303, goes_to)
    assert (folder(house) / MAIL).read_text() == "van een ander"


def test_a_file_that_changes_once_more_before_the_choice_is_shown_once_more(house: House, desk: Desk) -> None:
    page = held(conflicting(house, desk))
    (folder(house) / MAIL).write_text("weer anders")
    answer = desk.post(CONFLICT, choice="mine", held=page)
    assert answer.status_code == 409
    assert "weer anders" in studio.words(answer)
    assert (folder(house) / MAIL).read_text() == "weer anders"
    assert desk.post(CONFLICT, choice="mine", held=held(answer)).status_code == 303
    assert "van mij" in (folder(house) / MAIL).read_text()


def test_edits_of_the_same_line_are_not_put_together(house: House, desk: Desk) -> None:
    seen = marks(desk, MAIL)
    was = (folder(house) / MAIL).read_text()
    (folder(house) / MAIL).write_text("A\n" + was)
    answer = save(desk, {MAIL: ("B\n" + was).encode()}, seen)
    assert 'value="mine"' in answer.text
    assert 'value="merged"' not in answer.text


def test_what_a_process_before_this_one_showed_is_put_together_where_it_was_published(house: House, desk: Desk) -> None:
    seen = marks(desk, MAIL)
    was = (folder(house) / MAIL).read_text()
    (folder(house) / MAIL).write_text(was + "\nVan een ander.\n")
    later = studio.desk(house, 1)
    answer = save(later, {MAIL: was.replace("---\n", "---\n# van mij\n", 1).encode()}, seen)
    assert 'value="merged"' in answer.text
    text = save(later, {MAIL: b"van mij"}, {MAIL: "0" * 32}).text
    assert 'value="merged"' not in text, "nobody knows what that began with"


def test_of_several_files_none_is_saved_where_one_changed_and_all_are_after_the_choice(
    house: House, desk: Desk
) -> None:
    seen = marks(desk, MAIL, OTHER)
    (folder(house) / MAIL).write_text("van een ander")
    before = (folder(house) / OTHER).read_bytes()
    answer = save(desk, {MAIL: None, OTHER: b"nieuw"}, seen)
    assert answer.status_code == 409
    assert "intussen veranderd" in studio.words(answer)
    assert (folder(house) / OTHER).read_bytes() == before
    assert desk.post(CONFLICT, choice="mine", held=held(answer)).status_code == 303
    assert not (folder(house) / MAIL).exists()
    assert (folder(house) / OTHER).read_bytes() == b"nieuw"


@pytest.mark.usefixtures("read_only")
def test_where_nothing_can_be_written_each_file_can_be_taken_along_under_its_name(house: House, desk: Desk) -> None:
    data = b"---\r\nsubject: <script>alert(1)</script>\n\xff"
    answer = save(desk, {MAIL: data, OTHER: None}, marks(desk, MAIL, OTHER))
    assert answer.status_code == 409
    for file in (MAIL, OTHER):
        assert file in answer.text
    taken = desk.post(DOWNLOAD, file=MAIL, held=held(answer))
    assert taken.content == data
    assert taken.headers["content-disposition"] == 'attachment; filename="uitnodiging.md"'
    assert taken.headers["content-type"] == "application/octet-stream"
    assert taken.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in taken.headers["content-security-policy"]
    for other in (OTHER, "../x", ""):
        assert desk.post(DOWNLOAD, file=other, held=held(answer)).status_code == 422
    assert desk.post(CONFLICT, choice="mine", held=held(answer)).status_code == 409, "still not writable"


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a mount that is read-only; file modes hold nobody back who is root."""
    monkeypatch.setattr(ContentDesk, "writable", False)


def test_what_a_page_holds_is_of_use_to_nobody_else_and_cannot_be_made_up(house: House, desk: Desk) -> None:
    page = held(conflicting(house, desk))
    other = studio.desk(house, studio.hire(house, studio.FRANK, Role.MANAGER))
    before = (folder(house) / MAIL).read_bytes()
    for who, sealed in ((other, page), (desk, page[:-4] + "AAAA"), (desk, ""), (desk, "é"), (desk, "A" * 4_000)):
        assert who.post(CONFLICT, choice="mine", held=sealed).status_code == 422
        assert who.post(DOWNLOAD, file=MAIL, held=sealed).status_code == 422
    assert desk.post(CONFLICT, choice="alles", held=page).status_code == 422
    assert (folder(house) / MAIL).read_bytes() == before


# A session that ended


TYPED = "regel een\r\n<script>alert(1)</script>\r\n</textarea>"


def ended(house: House, desk: Desk) -> None:
    with house.services.database.transaction() as session:
        member = staff_sessions.find(session, desk.token, real_now(session))
        assert member is not None
        staff_sessions.end(session, member)


def test_what_a_page_holds_is_of_no_use_in_a_lower_role_and_still_is_in_a_higher_one(house: House) -> None:
    studio.hire(house, studio.GIJS, Role.ADMIN)
    me = studio.hire(house, studio.FRANK, Role.MANAGER)
    page = held(conflicting(house, studio.desk(house, me)))
    for role, status in ((Role.EDITOR, 422), (Role.ADMIN, 303)):
        with house.services.database.transaction() as session:
            staff.give_role(session, house.services, me, role, actor="test")
        assert studio.desk(house, me).post(CONFLICT, choice="mine", held=page).status_code == status, role


def test_a_stranger_sends_no_more_than_a_text_where_staff_send_what_a_page_holds(house: House, desk: Desk) -> None:
    large = "x" * 2_000_000
    assert studio.desk(house).post(CONFLICT, held=large).status_code == 413
    assert desk.post(CONFLICT, held=large).status_code == 422


def test_what_was_typed_in_a_session_that_ended_is_shown_back_and_can_be_sent_once_more(
    house: House, desk: Desk
) -> None:
    page = held(conflicting(house, desk))
    ended(house, desk)
    answer = desk.post(CONFLICT, choice="mine", held=page)
    assert answer.status_code == 403
    assert "Je bent uitgelogd" in answer.text
    assert page in unescape(answer.text)
    again = studio.desk(house, 1)
    fields = {"choice": "mine", "held": page, "form_token": "van een vorige keer"}
    second = again.client.post(CONFLICT, headers=studio.OURS, data=fields)
    assert second.status_code == 403
    assert "opnieuw ingelogd" in second.text
    assert again.form_token in second.text
    assert again.post(CONFLICT, choice="mine", held=page).status_code == 303
    assert "van mij" in (folder(house) / MAIL).read_text()


def test_text_that_is_shown_back_runs_nothing_and_keeps_its_first_line(house: House, desk: Desk) -> None:
    ended(house, desk)
    answer = desk.post(CONFLICT, choice="mine", held="\r\n" + TYPED)
    assert "<script>alert" not in answer.text
    assert answer.text.count("</textarea>") == 1
    shown = re.search(r"<textarea[^>]*>\n(.*)</textarea>", answer.text, re.DOTALL)
    assert shown
    assert unescape(shown[1]).split() == TYPED.split()


def test_nothing_is_shown_back_of_a_password_of_another_site_or_to_a_program(house: House, desk: Desk) -> None:
    ended(house, desk)
    secret = desk.post("/studio/account/password", current="een zin\nmeer", password="x" * 600, again="x" * 600)
    foreign = desk.client.post(
        CONFLICT, data={"held": TYPED}, headers=studio.OURS | {"Origin": "https://kwaad.example"}
    )
    program = desk.client.post(CONFLICT, data={"held": TYPED}, headers={"Origin": studio.OURS["Origin"]})
    for answer in (secret, foreign, program):
        assert answer.status_code == 303
        assert answer.headers["location"] == "/studio/login"
