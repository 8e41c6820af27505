"""The examples of docs/opt-in-api.md against a real service, and a client that poses as others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import ROOT
from tests.support.requirements import not_run
from tests.support.running import Running, http, installation, wait_for

SECRET = "a-secret-of-the-website-that-is-long-enough"
PAGE = (ROOT / "docs" / "opt-in-api.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """The first example in this language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, language
    return found[1]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """One that takes two opt-ins an hour from a network, and signed ones."""
    limits = {"NURTURE_OPT_IN_SECRETS": SECRET, "NURTURE_OPT_IN_LIMITS": "network=2/h"}
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}", **limits) as found:
        found.start()
        yield found


def run(running: Running, *command: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "OPT_IN_URL": running.url, "OPT_IN_SECRET": secret}
    return subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)


def need(*names: str) -> None:
    """Leave the test out, with a line at the end, where one of these programs is not on the machine."""
    for name in names:
        if shutil.which(name) is None:
            not_run(f"{name} example", f"no {name} on this machine", required_as=names[0])


def test_the_python_example_works_as_it_stands(running: Running) -> None:
    said = run(running, sys.executable, "-c", example("python"))
    assert (said.returncode, said.stdout) == (0, "202\n"), said.stderr
    assert run(running, sys.executable, "-c", example("python"), secret="x" * 40).returncode == 1
    wait_for(lambda: running.mails("anna@example.org"), "the advice")


def test_the_curl_example_works_as_it_stands(running: Running) -> None:
    need("curl", "bash", "openssl")
    said = run(running, "bash", "-c", example("bash"))
    assert (said.returncode, said.stdout) == (0, '{"status":"accepted"}'), said.stderr
    assert '"code":"unauthorised"' in run(running, "bash", "-c", example("bash"), secret="x" * 40).stdout


def test_the_php_example_works_as_it_stands(running: Running, tmp_path: Path) -> None:
    need("php")
    script = tmp_path / "example.php"
    script.write_text(example("php"), encoding="utf-8")
    said = run(running, "php", str(script))
    assert (said.returncode, said.stdout) == (0, "202"), said.stderr
    assert run(running, "php", str(script), secret="x" * 40).stdout == "401"


def test_nobody_poses_as_another_client(running: Running) -> None:
    # Nobody is a trusted proxy here, not even loopback, which the web server would trust by itself.
    body = {"topic": "lage-rug", "consent_advice": True}
    statuses = [
        http(
            "POST",
            f"{running.url}/api/opt-ins",
            data=body | {"email": f"a{number}@example.org"},
            headers={"X-Forwarded-For": f"198.51.{number}.1"},
        ).status
        for number in range(4)
    ]
    assert statuses == [202, 202, 429, 429]
    assert "198.51." not in running.logs()
