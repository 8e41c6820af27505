"""What is done before anything is served, by all processes of an installation that start together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from service.bootstrap import build, dkim_problems, keep_keys
from service.errors import ProblemsError, RefusedError
from service.mail.dkim import SignedTransport
from service.settings import Settings, load_settings, read_settings
from service.store import events
from service.store.db import open_database
from tests.support.dkim_keys import rsa_pem
from tests.support.house import House
from tests.support.safe_settings import SAFE
from tests.support.waiting import wait_until_it_waits


def with_keys(folder: Path, key: str = "s" * 43) -> Settings:
    return load_settings(
        {"NURTURE_SECRET_KEYS": "k" * 43, "NURTURE_SUPPRESSION_KEY": key, "NURTURE_DATA_DIR": str(folder)}
    )


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ({}, False),
        ({"NURTURE_SELF_TEST": "1"}, True),
        ({"NURTURE_SELF_TEST": "1", "NURTURE_DEMO": "1"}, False),
        (SAFE, True),
        (SAFE | {"NURTURE_SELF_TEST": "off"}, False),
    ],
)
def test_our_own_way_out_is_tested_in_production_or_where_that_is_asked_for(
    tmp_path: Path, written: dict[str, str], on: bool
) -> None:
    services = build(load_settings({"NURTURE_DATA_DIR": str(tmp_path / "data"), **written}))
    assert services.self_test is on
    services.database.close()


def test_a_second_way_out_is_opened_where_one_is_set_and_refused_where_it_cannot_work(tmp_path: Path) -> None:
    def settings(second: str) -> Settings:
        return load_settings({"NURTURE_DATA_DIR": str(tmp_path / "data"), "NURTURE_MAIL_FALLBACK_URL": second})

    services = build(settings("smtp://127.0.0.1:2525?tls=none"))
    services.database.close()
    assert services.open_fallback is not None
    assert services.open_fallback().name == "smtp"
    with pytest.raises(ProblemsError) as refused:
        build(settings("smtp://:secret@?"))
    assert all(each.message.startswith("NURTURE_MAIL_FALLBACK_URL: ") for each in refused.value.problems)
    assert "secret" not in str(refused.value)


def keep_two_at_once(house: House, first: Settings, second: Settings) -> BaseException | None:
    """The second begins while the first has not committed. Returns what the second came to, if it failed."""
    wrote, may_commit = threading.Event(), threading.Event()

    def wait(_connection: object) -> None:
        wrote.set()
        assert may_commit.wait(20)

    one, other = (open_database(house.services.database.url.render_as_string(hide_password=False)) for _ in range(2))
    event.listen(one.engine, "commit", wait)
    with ThreadPoolExecutor(2) as pool:
        try:
            early = pool.submit(keep_keys, one, first)
            assert wrote.wait(20)
            late = pool.submit(keep_keys, other, second)
            wait_until_it_waits(house)
        finally:
            may_commit.set()
        early.result(20)
        failed = late.exception(20)
    one.close()
    other.close()
    return failed


def test_two_processes_that_start_on_a_new_database_both_run(house: House, tmp_path: Path) -> None:
    assert keep_two_at_once(house, with_keys(tmp_path), with_keys(tmp_path)) is None
    with house.services.database.reading() as session:
        assert events.fact(session, "keys") is not None


def test_of_two_with_different_keys_the_later_one_is_refused(house: House, tmp_path: Path) -> None:
    failed = keep_two_at_once(house, with_keys(tmp_path), with_keys(tmp_path, "t" * 43))
    assert isinstance(failed, RefusedError)
    assert "NURTURE_SUPPRESSION_KEY" in failed.english


def test_a_signing_key_needs_its_name_and_has_to_be_one() -> None:
    half = {"NURTURE_DKIM_SELECTOR": "nurture"}
    _, problems = read_settings(half)
    assert [(each.id, each.severity) for each in problems] == [("setting-dkim-key", "error")]
    _, problems = read_settings({"NURTURE_DKIM_KEY": rsa_pem()})
    assert [each.id for each in problems] == ["setting-dkim-selector"]
    _, problems = read_settings({"NURTURE_DKIM_KEY": rsa_pem(), "NURTURE_DKIM_SELECTOR": "a_b"})
    assert problems[0].message.startswith("NURTURE_DKIM_SELECTOR: 'a_b' is no selector")
    settings, problems = read_settings(half | {"NURTURE_DKIM_KEY": rsa_pem(1024)})
    assert problems == []
    (problem,) = dkim_problems(settings)
    assert problem.id == "setting-dkim-key"
    assert "1024 bits" in problem.message


def test_a_signing_key_reaches_the_way_out_and_stays_out_of_sight(tmp_path: Path) -> None:
    key = tmp_path / "dkim.pem"
    key.write_text(rsa_pem())
    named = {"NURTURE_DKIM_KEY_FILE": str(key), "NURTURE_DKIM_SELECTOR": "Nurture"}
    settings = load_settings({"NURTURE_DATA_DIR": str(tmp_path / "data")} | named)
    assert settings.dkim_selector == "nurture"
    assert "PRIVATE" not in repr(settings)
    services = build(settings)
    try:
        assert services.dkim is not None
        assert isinstance(services.open_transport(), SignedTransport)
    finally:
        services.database.close()
