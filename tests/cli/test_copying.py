"""`nurture copy-database`, as a person gives it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.test_backups import Machine, audited
from tests.support.running import ROOT


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Machine:
    """A machine with a lead, its keys kept in its data folder."""
    machine = Machine(folder=tmp_path, database_url=database_url)
    machine.live()
    return machine


@pytest.fixture
def moved(old: Machine, tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    """The same machine, its settings with the other database, on the other engine."""
    url = f"sqlite:///{tmp_path / 'moved.db'}"
    if old.database_url.startswith("sqlite"):
        url = str(request.getfixturevalue("postgres_url"))
    return Machine(folder=tmp_path, database_url=url)


def test_it_tells_what_arrived_and_the_same_settings_go_on_with_the_copy(old: Machine, moved: Machine) -> None:
    keys = {each.name: each.read_bytes() for each in (old.folder / "data").iterdir() if each.name.endswith("-key")}
    said = old.run("copy-database", "--to", moved.database_url)
    assert (said.status, said.err) == (0, ""), said
    assert "  lead " in said.out
    assert "each table equal on both sides" in said.out
    assert "Receipts: unbroken, 2 of them" in said.out
    assert "This database is closed now" in said.out
    assert "@" not in said.out  # user and password stay in the URL
    assert {name: (old.folder / "data" / name).read_bytes() for name in keys} == keys
    assert moved.run("lead", "show", "anna@example.org").status == 0
    assert moved.run("consent", "verify").status == 0
    assert audited(moved)[-1] == audited(old)[-1] == "database copied"
    refused = old.run("lead", "show", "anna@example.org")
    assert (refused.status, refused.err.count("\n")) == (1, 1), refused
    assert "was copied to" in refused.err


def test_a_relative_path_names_what_the_setting_names_with_the_same_words(old: Machine, tmp_path: Path) -> None:
    there = tmp_path / "copied" / "nurture.db"
    there.parent.mkdir()
    url = f"sqlite:///{os.path.relpath(there, ROOT)}"
    assert old.run("copy-database", "--to", url).status == 0
    copy = Machine(folder=tmp_path, database_url=url)
    assert copy.run("lead", "show", "anna@example.org").status == 0, "an empty database was found there"
    said = old.run("copy-database", "--take-back", "--to", url, "--yes")
    assert (said.status, "which is closed now" in said.out) == (0, True), said
    assert there.exists()


def test_taking_back_asks_for_words_and_holds_all_mail(old: Machine, moved: Machine) -> None:
    assert old.run("copy-database", "--to", moved.database_url).status == 0
    for answers in ("", "yes\n"):
        assert old.run("copy-database", "--take-back", answers=answers).status == 1
    assert "was copied to" in old.run("lead", "show", "anna@example.org").err
    said = old.run("copy-database", "--take-back", answers="take back\n")
    assert said.status == 0, said
    assert "All mail is on hold" in said.out
    assert "who said no" in said.err
    assert old.run("lead", "show", "anna@example.org").status == 0
    assert {"database taken back", "put back"} <= set(audited(old))


def test_taken_back_from_the_copy_it_tells_whose_no_came_along_and_the_copy_is_closed(
    old: Machine, moved: Machine
) -> None:
    assert old.run("copy-database", "--to", moved.database_url).status == 0
    assert moved.run("lead", "stop", "anna@example.org").status == 0
    said = old.run("copy-database", "--take-back", "--to", moved.database_url, answers="take back\n")
    assert said.status == 0, said
    assert "1 addresses that get no mail, 0 erased" in said.out
    assert "suppress" in old.run("lead", "show", "anna@example.org").out.lower()
    assert "was copied to" in moved.run("lead", "show", "anna@example.org").err


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ([], 2, "--to"),
        (["--to", "sqlite:////{folder}/x.db", "--take-back", "--yes"], 1, "another schema"),
        (["--to", "mysql://host/name"], 1, "--to: expected sqlite:///PATH"),
        (["--to", "foo"], 1, "--to: expected sqlite:///PATH"),
        (["--to", "foo", "--take-back", "--yes"], 1, "--to: expected sqlite:///PATH"),
        (["--to", "sqlite://"], 1, "in memory"),
        (["--take-back", "--yes"], 1, "was not copied elsewhere"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(old: Machine, given: list[str], status: int, told: str) -> None:
    said = old.run("copy-database", *(each.format(folder=old.folder) for each in given))
    assert (said.status, told in said.err) == (status, True), said
    assert old.run("lead", "show", "anna@example.org").status == 0


def test_other_keys_than_the_databases_are_refused_before_anything_is_copied(old: Machine, moved: Machine) -> None:
    said = old.run("copy-database", "--to", moved.database_url, suppression_key="another-key-0123456789-0123456789-01")
    assert (said.status, "NURTURE_SUPPRESSION_KEY is not the one" in said.err) == (1, True), said
    assert old.run("copy-database", "--to", moved.database_url).status == 0
