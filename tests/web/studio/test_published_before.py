"""What was published before, and going back to it: byte for byte, as the plan said, and the files along with it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from httpx2 import Response

from service.domain.staff import Role
from service.flows import publish_plan, revisions
from service.store import events, sequences
from service.store.tables import Revision
from tests.support import acts, studio
from tests.support.house import House
from tests.support.studio import Desk

pytestmark = pytest.mark.files

PATH, HISTORY = "/studio/publish", "/studio/publish/history"
SEQUENCE = "sequences/lage-rug.yaml"


@pytest.fixture
def frank(house: House) -> Desk:
    return studio.desk(house, studio.hire(house, studio.FRANK, Role.MANAGER, "Frank"))


def rows(house: House, name: str = "lage-rug") -> list[Revision]:
    with house.services.database.reading() as session:
        return list(sequences.revisions_of(session, name))


def seen(page: Response) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found
    return found[1]


def published(house: House, frank: Desk) -> tuple[int, int]:
    """The first revision of lage-rug, and a second that Frank made, with another wait and another comment."""
    path = house.services.content_dir / SEQUENCE
    path.write_bytes(path.read_bytes().replace(b"wait: 4 days", b"wait: 6 days  # <b>later</b>", 1))
    assert frank.post(PATH, seen=seen(frank.see(PATH)), override="yes").status_code == 303
    newest, first = rows(house)
    return first.id, newest.id


def back(number: int) -> str:
    return f"{HISTORY}/lage-rug/{number}/back"


def test_each_version_tells_who_made_it_when_what_it_changed_and_over_which_warnings(house: House, frank: Desk) -> None:
    first, second = published(house, frank)
    page = studio.words(frank.see(HISTORY))
    assert f"Versie {second}" in page
    assert f"Versie {first}" in page
    one = studio.words(frank.see(f"{HISTORY}/lage-rug/{second}"))
    for told in ("Frank", "wait: 6 days", "Over waarschuwingen heen", "mail.approval", "Deze staat nu live"):
        assert told in one
    assert "Dit was de eerste versie" in studio.words(frank.see(f"{HISTORY}/lage-rug/{first}"))
    assert frank.see(f"{HISTORY}/lage-rug").status_code == 200


def test_going_back_shows_its_plan_and_restores_byte_for_byte_with_the_files(house: House, frank: Desk) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    old_file = (house.services.content_dir / SEQUENCE).read_bytes()
    first, _ = published(house, frank)
    page = frank.see(back(first))
    with house.services.database.reading() as session:
        older = revisions.as_draft(sequences.by_id(session, first))
        [told] = publish_plan.plan(session, house.services, older, house.clock.now()).sequences
    assert f"{told.stay.unchanged} merkt niets" in studio.words(page)
    assert "wait: 6 days -> 4 days" in unescape(studio.words(page))
    assert "Zet ook het bestand terug: sequences/lage-rug.yaml" in studio.words(page)
    answer = frank.post(back(first), seen=seen(page), files="yes", move="move")
    assert answer.status_code == 303
    newest, _, oldest = rows(house)
    assert answer.headers["location"] == f"{PATH}?done={newest.id}"
    for name in ("hash", "document", "compiled", "source"):
        assert getattr(newest, name) == getattr(oldest, name)
    assert (house.services.content_dir / SEQUENCE).read_bytes() == old_file
    after = studio.words(frank.see(answer.headers["location"]))
    assert f"weer zoals in versie {first}" in after
    assert "Er is niets te publiceren" in after
    with house.services.database.reading() as session:
        [entry] = events.audit_log(session, limit=5, action="rolled back")
        [saved] = events.audit_log(session, limit=5, action="content saved")
    assert (entry.actor, entry.details["back_to"]) == ("studio:1", first)
    assert saved.details["files"] == [SEQUENCE]
    assert f"terug naar versie {first}" in studio.words(frank.see(f"{HISTORY}/lage-rug"))


def test_line_ends_of_windows_stay_and_files_that_say_the_same_are_not_told_as_newer(house: House, frank: Desk) -> None:
    for path in [*(house.services.content_dir / "email_templates").glob("*.md"), house.services.content_dir / SEQUENCE]:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    before = (house.services.content_dir / SEQUENCE).read_bytes()
    first, _ = published(house, frank)
    page = frank.see(back(first))
    assert "sequences/lage-rug.yaml" in studio.words(page)
    assert "email_templates/" not in studio.words(page)
    assert frank.post(back(first), seen=seen(page), files="yes").status_code == 303
    assert (house.services.content_dir / SEQUENCE).read_bytes() == before


def test_without_the_files_they_stay_and_the_page_of_publishing_shows_what_would_come_back(
    house: House, frank: Desk
) -> None:
    first, _ = published(house, frank)
    frank.post(back(first), seen=seen(frank.see(back(first))))
    assert "wait: 6 days" in (house.services.content_dir / SEQUENCE).read_text()
    assert "wait: 6 days" in studio.words(frank.see(PATH))


def test_mails_of_other_sequences_stay_as_they_are_when_one_goes_back(house: House, frank: Desk) -> None:
    mails = house.services.content_dir / "email_templates"
    other, own, shared = (mails / f"{name}.md" for name in ("check-uitstraling-been", "check-lage-rug", "_groet"))
    before = {path: path.read_text() for path in (other, own, shared)}
    for path, text in before.items():
        path.write_text(f"{text}\nNieuw van deze maand.\n")
    first, _ = published(house, frank)
    page = frank.see(back(first))
    assert "check-uitstraling-been.md" not in page.text
    assert frank.post(back(first), seen=seen(page), files="yes").status_code == 303
    assert [path.read_text() == text for path, text in before.items()] == [False, True, True]


def test_a_file_that_changed_since_the_plan_was_shown_is_not_written_over(house: House, frank: Desk) -> None:
    first, _ = published(house, frank)
    mark = seen(frank.see(back(first)))
    path = house.services.content_dir / SEQUENCE
    path.write_text(path.read_text() + "# van een ander\n")
    answer = frank.post(back(first), seen=mark, files="yes")
    assert answer.status_code == 409
    assert len(rows(house)) == 2
    assert "van een ander" in path.read_text()


def test_nothing_is_put_back_but_what_the_page_showed_and_nothing_twice(house: House, frank: Desk) -> None:
    first, second = published(house, frank)
    mark = seen(frank.see(back(first)))
    assert frank.post(back(first), seen="x").status_code == 409
    assert frank.post(back(first), seen=mark, move="x").status_code == 422
    assert frank.post(back(first), seen=mark).status_code == 303
    assert frank.post(back(first), seen=mark).status_code == 409, "it is live already"
    assert frank.see(back(first)).status_code == 409
    assert len(rows(house)) == 3
    assert frank.post(back(second), seen=mark).status_code == 409


@pytest.mark.parametrize(
    "path", ["/bestaat-niet", "/lage-rug/999999", "/lage-rug/x", "/lage-rug/x/back", "/practice/1/back", "/x/1"]
)
def test_what_was_never_published_is_not_there(house: House, frank: Desk, path: str) -> None:
    assert frank.see(HISTORY + path).status_code == 404


def test_an_editor_may_look_and_not_go_back(house: House, frank: Desk) -> None:
    first, _ = published(house, frank)
    esra = studio.desk(house, studio.hire(house))
    page = esra.see(back(first))
    assert "Een manager kan deze versie terugzetten" in page.text
    assert esra.post(back(first), seen="x").status_code == 403
