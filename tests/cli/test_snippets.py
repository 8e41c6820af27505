"""`nurture snippets`: for every form or one, in words or for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.running import Running, installation


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("snippets")
    with installation(folder, f"sqlite:///{folder / 'nurture.db'}") as started:
        assert started.cli("migrate").returncode == 0
        assert started.cli("publish", "--yes").returncode == 0
        yield started


def test_it_writes_out_each_way_with_our_own_address(running: Running) -> None:
    said = running.cli("snippets")
    assert said.returncode == 0, said.stderr
    assert f'<script src="{running.url}/embed.js" data-form="lage-rug" async></script>' in said.stdout
    assert f'<iframe src="{running.url}/forms/lage-rug?embed=1"' in said.stdout
    assert f'<form method="post" action="{running.url}/api/opt-ins">' in said.stdout
    assert "<!-- lage-rug: Een knop die het opent -->" in running.cli("snippets", "--language", "nl").stdout


def test_json_is_the_same_for_programs(running: Running) -> None:
    (found,) = json.loads(running.cli("snippets", "lage-rug", "--page", "https://www.example.nl/rug", "--json").stdout)
    assert found.keys() == {"form", "consent_version", "script", "button", "iframe", "link", "plain"}
    assert 'value="https://www.example.nl/rug"' in found["plain"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["elders"], "no form elders is published; there is: lage-rug"),
        (["--page", "www.example.nl/rug"], "--page: 'www.example.nl/rug' is no web address"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(running: Running, arguments: list[str], sentence: str) -> None:
    said = running.cli("snippets", *arguments)
    assert said.returncode == 1
    assert said.stderr.startswith(sentence)
    assert said.stdout == ""
