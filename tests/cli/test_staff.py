"""`nurture staff`: the way in to the studio, and the way back in."""

from __future__ import annotations

from pathlib import Path

from service.store import events
from service.store.db import open_database
from tests.support.commands import Said, nurture

ESRA = "esra@praktijk.example"


def staff(folder: Path, *words: str) -> Said:
    settings = {"database_url": f"sqlite:///{folder / 'nurture.db'}", "data_dir": str(folder)}
    return nurture("staff", *words, folder=folder, **settings)


def actions(folder: Path) -> list[tuple[str, str]]:
    database = open_database(f"sqlite:///{folder / 'nurture.db'}")
    try:
        with database.reading() as session:
            return [(each.actor, each.action) for each in reversed(events.audit_log(session, limit=50))]
    finally:
        database.close()


def test_add_prints_a_link_alone_on_its_line_and_nothing_secret_is_kept(tmp_path: Path) -> None:
    said = staff(tmp_path, "add", "Esra@Praktijk.Example", "--name", "Esra", "--role", "manager")
    assert (said.status, said.err) == (0, "")
    [link] = [line for line in said.out.splitlines() if line.startswith("http")]
    assert link.startswith("http://localhost:8000/studio/invitation/")
    token = link.rpartition("/")[2].encode()
    assert not any(token in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "Pass it on yourself" in said.out, "nothing is published, so there is no mail to send it with"
    assert [action for _, action in actions(tmp_path)] == ["staff added"]


def test_list_says_who_there_is_and_who_has_to_accept_yet(tmp_path: Path) -> None:
    assert "nurture staff add" in staff(tmp_path, "list").out
    staff(tmp_path, "add", ESRA, "--name", "Esra")
    told = staff(tmp_path, "list").out
    assert all(each in told for each in (ESRA, "editor", "Esra", "invited until"))
    assert "redacteur" in staff(tmp_path, "list", "--language", "nl").out


def test_reset_gives_another_link_and_remove_leaves_nothing_but_a_name(tmp_path: Path) -> None:
    first = staff(tmp_path, "add", ESRA, "--name", "Esra", "--role", "admin").out
    again = staff(tmp_path, "reset", ESRA)
    assert again.status == 0
    assert "/studio/invitation/" in again.out
    assert first != again.out
    assert staff(tmp_path, "remove", ESRA).status == 0, "also the last admin: the command line is the way back in"
    assert "nurture staff add" in staff(tmp_path, "list").out
    assert staff(tmp_path, "add", ESRA, "--name", "Esra").status == 0
    log = actions(tmp_path)
    assert [action for _, action in log] == ["staff added", "staff reset", "staff removed", "staff added"]
    assert all(actor.startswith("staff:") for actor, _ in log)


def test_what_cannot_be_done_is_told_in_one_sentence(tmp_path: Path) -> None:
    staff(tmp_path, "add", ESRA, "--name", "Esra")
    for words, told in [
        (("add", ESRA, "--name", "Esra"), "somebody with this address already"),
        (("add", "geen adres", "--name", "X"), "no e-mail address"),
        (("add", "x@praktijk.example", "--name", " "), "a name is needed"),
        (("reset", "nobody@example.org"), "nobody of the staff"),
        (("remove", "nobody@example.org"), "nobody of the staff"),
    ]:
        said = staff(tmp_path, *words)
        assert (said.status, said.out) == (1, "")
        assert told in said.err
        assert "nobody@example.org" not in said.err
    assert staff(tmp_path, "add", "x@praktijk.example", "--name", "X", "--role", "baas").status == 2
