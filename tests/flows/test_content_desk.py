"""The content folder under the studio: saved whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import base64
import errno
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.errors import NotFoundError, UnavailableError
from service.flows import content_desk, content_journal
from service.flows.content_desk import (
    NEW,
    Change,
    ChangedMeanwhileError,
    ContentDesk,
    NotWritableError,
    UnreadableError,
)
from service.flows.drafts import Draft, Lend, read_draft
from service.flows.kept_mails import KeptMails
from service.flows.whole_files import replace_file
from tests.support.folders import content_copy
from tests.support.house import ROOT

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


def test_a_folder_that_is_not_there_or_comes_back_is_a_draft_and_no_end(folder: Path, desk: ContentDesk) -> None:
    folder.rename(folder.with_name("weg"))
    nothing = desk.draft()
    assert [each.id for each in nothing.errors] == ["content-folder"]
    assert (nothing.parts, nothing.content.practice) == ((), None)
    folder.with_name("weg").rename(folder)
    assert desk.draft().content.practice is not None
    (folder / "practice.yaml").unlink()
    (folder / "practice.yaml").mkdir()
    assert any(each.file == "practice.yaml" for each in desk.draft().errors)


def test_saving_waits_for_nobody_who_compiles_and_who_needs_the_same_draft_gets_the_one_that_is_made(
    folder: Path, desk: ContentDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling, go_on, made = threading.Event(), threading.Event(), []

    def slow(where: Path, kept: KeptMails, lend: Lend) -> Draft:
        compiling.set()
        assert go_on.wait(30)
        made.append(where)
        return read_draft(where, kept, lend)

    monkeypatch.setattr(content_desk, "read_draft", slow)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(desk.draft) for _ in range(3)]
        assert compiling.wait(30)
        seen = desk.open(MAIL)
        desk.save({"sequences/nieuw.yaml": Change(data=b"title: Nieuw\n", seen=NEW)})
        assert desk.open("sequences/nieuw.yaml").data == b"title: Nieuw\n"
        desk.save({"sequences/nieuw.yaml": Change(data=None, seen=desk.open("sequences/nieuw.yaml").mark)})
        go_on.set()
        found = {id(each.result()) for each in waiting}
    assert desk.open(MAIL) == seen
    assert len(made) <= 2, "one for all that waited, and one more where the save came in between"
    assert len(found) <= 2


def test_who_waits_too_long_for_a_draft_is_told_so(desk: ContentDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_desk, "_LONGEST_WAIT", 0.01)
    desk._drafting.acquire()
    with pytest.raises(UnavailableError):
        desk.draft()
    desk._drafting.release()
    assert desk.draft().parts


KILLED = """
import os, sys
from pathlib import Path
from service.flows import content_journal
from service.flows.content_desk import NEW, Change, ContentDesk
from service.flows.whole_files import replace_file
left = int(sys.argv[2])
def replace(path, data, **more):
    global left
    if not left:
        os.kill(os.getpid(), 9)
    left -= 1
    replace_file(path, data, **more)
content_journal.replace_file = replace
desk = ContentDesk(Path(sys.argv[1]))
mail, gone = (desk.open(f"email_templates/{name}.md") for name in ("uitnodiging", "laatste-bericht"))
desk.save({
    mail.file: Change(data=b"nieuw", seen=mail.mark),
    gone.file: Change(data=None, seen=gone.mark),
    "sequences/nieuw.yaml": Change(data=b"title: Nieuw", seen=NEW),
})
"""


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_process_that_is_killed_while_it_saves_several_files_leaves_all_of_it_or_nothing(
    folder: Path, writes: int
) -> None:
    before = files(folder)
    command = [sys.executable, "-c", KILLED, str(folder), str(writes)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    desk = ContentDesk(folder)
    desk.open("practice.yaml")
    if not writes:  # before it was all kept
        assert files(folder) == before
        return
    assert (folder / MAIL).read_bytes() == b"nieuw"
    assert not (folder / "email_templates" / "laatste-bericht.md").exists()
    assert (folder / "sequences" / "nieuw.yaml").read_bytes() == b"title: Nieuw"
    assert [each.name for each in folder.glob(".studio-*")] == [".studio-lock"]


def test_whoever_reads_the_folder_without_the_studio_gets_no_half_of_a_save_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), "1"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9

    def full(*_: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(content_journal, "replace_file", full)
        told = content_desk.unreadable(ContentDesk(folder).draft())
        assert "No space left" in told[0].message
        for reading in (lambda: read_draft(folder), lambda: ContentDesk(folder).open(MAIL)):
            with pytest.raises(UnavailableError, match=r"half saved.*No space left"):
                reading()
    assert read_draft(folder).content.templates["uitnodiging.md"] == "nieuw"


def test_a_folder_by_the_name_of_a_file_is_told_as_such(folder: Path, desk: ContentDesk) -> None:
    (folder / "practice.yaml").unlink()
    (folder / "practice.yaml").mkdir()
    with pytest.raises(UnreadableError, match=r"practice\.yaml cannot be read: Is a directory"):
        desk.open("practice.yaml")


def test_what_was_edited_by_hand_since_stays_and_what_it_was_to_become_is_kept_beside(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), "1"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    (folder / MAIL).write_text("met de hand")
    assert ContentDesk(folder).open(MAIL).text == "met de hand"
    assert (folder / "sequences" / "nieuw.yaml").exists()
    [left] = folder.glob(".studio-left-*")
    assert base64.b64encode(b"nieuw").decode() in left.read_text()
    assert ContentDesk(folder).open(MAIL).text == "met de hand", "once, and then no more"


def test_a_journal_that_is_none_of_ours_stops_nobody(folder: Path, desk: ContentDesk) -> None:
    for text in ("{", "[1]", '[{"file": "../x", "data": null, "before": null}]'):
        (folder / ".studio-journal").write_text(text)
        desk.save({MAIL: Change(data=text.encode(), seen=desk.open(MAIL).mark)})
        assert desk.open(MAIL).text == text


def test_where_the_disk_is_full_half_way_everything_is_as_it_was(
    folder: Path, desk: ContentDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(folder)
    other = "email_templates/laatste-bericht.md"

    def full(path: Path, data: bytes, **more: Any) -> None:
        if path.name == "laatste-bericht.md":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, data, **more)

    monkeypatch.setattr(content_journal, "replace_file", full)
    changes = {file: Change(data=b"x", seen=desk.open(file).mark) for file in (MAIL, other)}
    with pytest.raises(NotWritableError):
        desk.save(changes)
    assert files(folder) == before
    assert not (folder / ".studio-journal").exists()


def test_what_was_read_before_is_known_by_its_mark(folder: Path, desk: ContentDesk) -> None:
    seen = desk.open(MAIL)
    (folder / MAIL).write_text("van een ander")
    assert desk.known(seen.mark) == seen.data
    assert desk.known("0" * 32) is None
