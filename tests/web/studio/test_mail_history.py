"""The published versions of a mail: who, when, what differs, and back to one."""

from __future__ import annotations

import pytest

from service.domain.staff import Role
from service.flows.drafts import read_draft
from service.flows.mail_history import difference, versions
from tests.support import drafts, studio
from tests.support.house import House
from tests.support.studio import desk, hire
from tests.web.studio.test_mails import file, mark, publish

pytestmark = pytest.mark.files

MAIL = "/studio/mails/hoe-ging-het"


def shown(old: str, new: str) -> list[str]:
    signs = {"same": "", "ins": "+", "del": "-"}
    return ["|".join(f"{signs[piece.kind]}{piece.text}" for piece in line.pieces) for line in difference(old, new)]


def test_words_that_came_and_went_are_marked_and_far_lines_left_out() -> None:
    assert shown("een twee drie", "een drie vier") == ["een |-twee |drie|+ vier"]
    lines = [str(number) for number in range(20)]
    found = difference("\n".join(lines), "\n".join([*lines[:10], "nieuw", *lines[10:]]))
    assert [line.skipped for line in found] == [8, 0, 0, 0, 0]
    assert difference("gelijk", "gelijk") == ()


def test_a_line_without_an_end_is_compared_as_a_whole() -> None:
    [line] = difference("a " * 9_000, "b " * 9_000)
    assert [piece.kind for piece in line.pieces] == ["del", "ins"]


def test_texts_that_would_take_for_ever_to_compare_are_shown_as_wholly_other() -> None:
    two, three = "a\nb\n" * 20_000, "a\nb\nb\n" * 13_000
    assert {piece.kind for line in difference(f"gelijk\n{two}x", f"gelijk\n{three}y") for piece in line.pieces} == {
        "same",
        "del",
        "ins",
    }
    words = " ".join(map(str, range(370)))
    lines = difference("\n".join([f"{words} x"] * 40), "\n".join([f"{words} y"] * 40))
    assert [len(line.pieces) for line in lines] == [3] * 3 + [2] * 37


def test_what_the_first_start_published_says_so_in_the_language_of_the_page(house: House) -> None:
    text = file(house, "hoe-ging-het").read_text()
    file(house, "hoe-ging-het").write_text(text.replace("We zijn benieuwd", "We zijn erg benieuwd"))
    drafts.publish(house, read_draft(house.services.content_dir), by="first start")
    dutch = desk(house, hire(house, studio.FRANK, Role.MANAGER, "Frank"))
    english = desk(house, hire(house, studio.GIJS, Role.MANAGER, "Gijs", language="en"))
    for page in (f"{MAIL}/history", "/studio/publish/history"):
        assert "eerste start" in dutch.see(page).text, page
        assert "first start" not in dutch.see(page).text, page
        assert "first start" in english.see(page).text, page


def test_each_change_that_was_published_is_a_version_and_an_old_one_becomes_the_draft(house: House) -> None:
    me = hire(house)
    there = desk(house, me)
    before = file(house, "hoe-ging-het").read_text()
    assert "Er is één versie" in there.see(f"{MAIL}/history").text
    file(house, "hoe-ging-het").write_text(before.replace("We zijn benieuwd", "We zijn erg benieuwd"))
    assert "Het concept" in there.see(f"{MAIL}/history").text
    publish(house)
    file(house, "uitnodiging").write_text(file(house, "uitnodiging").read_text() + "\nNog iets.\n")
    publish(house)
    with house.services.database.reading() as session:
        newest, oldest = versions(session, "hoe-ging-het")
        assert len(versions(session, "uitnodiging")) == 2
        assert len(versions(session, "_groet")) == 1
        assert versions(session, "geen") == ()
    page = there.see(f"{MAIL}/history?old={oldest.revision}&new={newest.revision}")
    assert "<ins>erg </ins>" in page.text
    assert "Esra" in studio.words(page)
    drawn = there.see(f"{MAIL}/history/{oldest.revision}")
    assert "We zijn benieuwd" in drawn.text
    assert drawn.headers["content-security-policy"].startswith("sandbox")
    assert there.see(f"{MAIL}/history/999").status_code == 404
    for query in ("old=999", f"old={oldest.revision}&new=998", "old=x", "old=-1", "new=0"):
        assert there.see(f"{MAIL}/history?{query}").status_code == 422, query
    assert there.post(f"{MAIL}/restore", revision="999", mark=mark(there, MAIL)).status_code == 404
    answer = there.post(f"{MAIL}/restore", revision=str(oldest.revision), mark=mark(there, MAIL))
    assert answer.headers["location"] == f"{MAIL}?done=restored"
    assert file(house, "hoe-ging-het").read_text() == before
    windows = ("\ufeff" + before).replace("\n", "\r\n").encode()
    file(house, "hoe-ging-het").write_bytes(windows.replace(b"subject: ", b"subject: Nog eens: ", 1))
    there.post(f"{MAIL}/restore", revision=str(oldest.revision), mark=mark(there, MAIL))
    assert file(house, "hoe-ging-het").read_bytes() == windows, "with the line ends that it had"


def test_what_an_old_version_says_is_shown_as_text(house: House) -> None:
    there = desk(house, hire(house))
    text = file(house, "_groet").read_text()
    file(house, "_groet").write_text(text + "\n<script>alert(1)</script>\n")
    page = there.see("/studio/mails/_groet/history").text
    assert "<script>alert" not in page
    assert "alert" in page
