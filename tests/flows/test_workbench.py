"""The writer's workbench: what each look at the folder finds, whatever an editor was doing to it."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.flows.workbench import Workbench, saves
from tests.support import compiling
from tests.support.folders import content_copy
from tests.support.house import open_house

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIL = "email_templates/hoe-ging-het.md"


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Set by the test, or after a minute in which nothing was noticed."""
    event = threading.Event()
    late = threading.Timer(60, event.set)
    late.start()
    yield event
    late.cancel()
    event.set()


def test_a_look_tells_what_changed_keeps_what_broke_and_drops_what_is_gone(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    path = content / MAIL
    good = path.read_text(encoding="utf-8")
    with open_house(f"sqlite:///{tmp_path}/nurture.db", tmp_path, published=False, content_dir=content) as house:
        bench = Workbench(house.services, {"posture": "hollow"})
        assert bench.look(NOW)
        first = bench.seen
        assert [each for each in first.problems if each.severity == "error"] == [], (
            "every shipped mail can be filled in"
        )
        assert set(first.changed) == set(first.mails)
        assert not bench.look(NOW), "nothing was saved"
        assert bench.seen is first

        path.write_text(good.replace("Hoe ging de eerste stap?", "Hoe was de eerste stap?"), encoding="utf-8")
        assert bench.look(NOW)
        assert (bench.seen.number, bench.seen.changed, bench.seen.new) == (2, ("hoe-ging-het",), ())
        assert bench.seen.mails["hoe-ging-het"].rendered.subject == "Hoe was de eerste stap?"
        assert bench.seen.mails["uitnodiging"] is first.mails["uitnodiging"], "only what changed is made anew"

        path.write_text(good[:150], encoding="utf-8")  # half written
        assert bench.look(NOW)
        assert bench.seen.broken == {"hoe-ging-het"}
        assert bench.seen.mails["hoe-ging-het"].rendered.subject == "Hoe was de eerste stap?"
        assert [each.file for each in bench.seen.new] == [MAIL]

        path.unlink()
        assert bench.look(NOW)
        assert bench.seen.gone == ("hoe-ging-het",)
        assert "hoe-ging-het" not in bench.seen.mails
        assert {each.id for each in bench.seen.new} == {"step-unknown-template"}

        path.write_text(good, encoding="utf-8")
        (content / "practice.yaml").write_bytes(b"name: \xff")
        assert bench.look(NOW)
        assert {each.file for each in bench.seen.new} == {"practice.yaml"}
        assert bench.seen.broken == set(bench.seen.mails)

        shutil.rmtree(content)
        assert bench.look(NOW)
        assert [each.id for each in bench.seen.problems] == ["content-folder"]
        assert bench.seen.mails


def _by_rename(content: Path) -> None:
    new = content / "email_templates/.hoe-ging-het.md.new"
    shutil.copy(content / MAIL, new)
    new.replace(content / MAIL)


def _folder_away(content: Path) -> None:
    (content / "sequences").rename(content / "weg")


SAVES: dict[str, Callable[[Path], object]] = {
    "in place": lambda content: (content / MAIL).write_text("x"),
    "by rename": _by_rename,
    "deleted": lambda content: (content / "email_templates/layouts/standaard.mjml").unlink(),
    "beside the folders": lambda content: (content / "practice.yaml").write_text("x"),
    "a folder gone": _folder_away,
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES.keys())
def test_each_way_of_saving_is_noticed(tmp_path: Path, stop: threading.Event, save: Callable[[Path], object]) -> None:
    content = content_copy(tmp_path)
    noticed = saves(content, stop)
    next(noticed)
    save(content)
    next(noticed)
    stop.set()
    assert list(noticed) == []


def test_what_is_no_content_is_not_noticed(tmp_path: Path, stop: threading.Event) -> None:
    content = content_copy(tmp_path)
    (content / "data").mkdir()
    noticed = saves(content, stop)
    next(noticed)
    (content / "data/nurture.db").write_text("x")
    (content / ".env").write_text("x")
    threading.Timer(2, stop.set).start()
    assert list(noticed) == []


def test_a_content_folder_that_comes_later_is_waited_for(tmp_path: Path, stop: threading.Event) -> None:
    noticed = saves(tmp_path / "content", stop)
    next(noticed)
    content_copy(tmp_path)
    next(noticed)
    stop.set()
    assert list(noticed) == []


def test_a_look_for_which_no_process_starts_is_told_and_the_next_one_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = content_copy(tmp_path)
    with open_house(f"sqlite:///{tmp_path}/nurture.db", tmp_path, published=False, content_dir=content) as house:
        bench = Workbench(house.services, {})
        with monkeypatch.context() as without:
            without.setattr(sys, "executable", "/nowhere/python")
            compiling.forget(without)
            assert bench.look(NOW)
        assert [each.id for each in bench.seen.problems] == ["content-unreadable"]
        assert bench.look(NOW)
        assert "hoe-ging-het" in bench.seen.mails
