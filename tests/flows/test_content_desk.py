"""The content folder under the studio: saved whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from service.errors import NotFoundError
from service.flows.content_desk import NEW, Change, ChangedMeanwhileError, ContentDesk, NotWritableError
from tests.support.folders import content_copy

MAIL = "email_templates/uitnodiging.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return content_copy(tmp_path)


@pytest.fixture
def desk(folder: Path) -> ContentDesk:
    return ContentDesk(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.name[0] != "."}


def test_what_is_saved_is_the_file_byte_for_byte(folder: Path, desk: ContentDesk) -> None:
    seen = desk.open(MAIL)
    desk.save({MAIL: Change(data=seen.data + b"\r\nMeer.\n", seen=seen.mark)})
    assert (folder / MAIL).read_bytes() == seen.data + b"\r\nMeer.\n"
    desk.save({MAIL: Change(data=None, seen=desk.open(MAIL).mark)})
    assert not (folder / MAIL).exists()
    assert desk.open(MAIL).mark == NEW


def test_over_what_changed_meanwhile_nothing_is_written(folder: Path, desk: ContentDesk) -> None:
    forms, mail = desk.open("forms.yaml"), desk.open(MAIL)
    (folder / MAIL).write_text("van een ander")
    before = files(folder)
    mine = {"forms.yaml": Change(data=b"x", seen=forms.mark), MAIL: Change(data=b"y", seen=mail.mark)}
    with pytest.raises(ChangedMeanwhileError) as refused:
        desk.save(mine)
    assert refused.value.files == (MAIL,)
    assert files(folder) == before
    with pytest.raises(ChangedMeanwhileError):
        desk.save({"sequences/nieuw.yaml": Change(data=b"x", seen="0" * 32)})  # it was there once, and is gone
    with pytest.raises(ChangedMeanwhileError):
        desk.save({MAIL: Change(data=b"x", seen=NEW)})  # it was not there, and is now


def test_of_many_who_save_over_the_same_state_one_does(folder: Path) -> None:
    desks = [ContentDesk(folder) for _ in range(4)]
    seen = desks[0].open(MAIL).mark
    refused: list[ChangedMeanwhileError] = []

    def save(desk: ContentDesk, number: int) -> None:
        try:
            desk.save({MAIL: Change(data=str(number).encode(), seen=seen)})
        except ChangedMeanwhileError as error:
            refused.append(error)

    threads = [threading.Thread(target=save, args=(desks[number % 4], number)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 15


@pytest.mark.parametrize(
    "name",
    ["../elders.md", "/etc/passwd", "email_templates/../practice.yaml", "service/app.py", "email_templates/.x.md", ""],
)
def test_only_files_of_the_content_are_opened_and_saved(desk: ContentDesk, name: str) -> None:
    with pytest.raises(NotFoundError):
        desk.open(name)
    with pytest.raises(NotFoundError):
        desk.save({name: Change(data=b"x", seen=NEW)})


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, desk: ContentDesk, tmp_path: Path) -> None:
    (tmp_path / "elders.md").write_text("niet van ons")
    (folder / "email_templates" / "elders.md").symlink_to(tmp_path / "elders.md")
    with pytest.raises(NotFoundError):
        desk.open("email_templates/elders.md")


def test_the_draft_is_read_anew_where_a_file_changed_and_only_then(folder: Path, desk: ContentDesk) -> None:
    first = desk.draft()
    assert desk.draft() is first
    (folder / "email_templates" / "nieuw.md").write_text("---\nsubject: Hoi\n---\nHallo\n")
    assert desk.draft() is not first
    assert "nieuw.md" in desk.draft().content.templates


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a mount that is read-only; file modes hold nobody back who is root."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)


@pytest.mark.usefixtures("read_only")
def test_where_the_folder_cannot_be_written_in_that_is_said_and_nothing_done(folder: Path, desk: ContentDesk) -> None:
    before = files(folder)
    with pytest.raises(NotWritableError):
        desk.save({MAIL: Change(data=b"x", seen=desk.open(MAIL).mark)})
    assert files(folder) == before
