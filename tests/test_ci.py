"""The checks of `.ci/`: what they let through, and what they find."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOST = "https://packages.example"


def run(script: str, *arguments: str | Path, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / script), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False)


def test_our_own_lock_files_tell_nothing() -> None:
    assert run("check_locks.py").returncode == 0


def test_names_versions_markers_and_hashes_may_stand_in_a_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        "psycopg[binary]==3.3.9 ; python_version >= '3.11' \\\n    --hash=sha256:ab\n    # via -r requirements.in\n"
    )
    (tmp_path / "package-lock.json").write_text(
        '{"packages": {"node_modules/@codemirror/view": {"version": "6.1.0",\n"integrity": "sha512-a+b//c=="}}}\n'
    )
    found = run("check_locks.py", lock, tmp_path / "package-lock.json")
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize(
    "line",
    [
        f"--index-url {HOST}/simple",
        f"--extra-index-url={HOST}/simple",
        "-i mirror",
        "-f ./wheels",
        "--trusted-host packages.example",
        f"nurture @ {HOST}/nurture.whl",
        "nurture @ ./nurture.whl",
        "-e ./nurture",
        "git+ssh://packages.example/nurture",
        f"# from {HOST}",
        f'    "resolved": "{HOST}/view-6.1.0.tgz",',
        f'source = {{ registry = "{HOST}" }}',
        "  tarball: view-6.1.0.tgz",
        '    "resolved": "file:../view",',
    ],
)
def test_a_line_that_tells_an_origin_is_found_with_its_number(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(f"good==1.0\n{line}\n")
    found = run("check_locks.py", lock)
    assert found.returncode == 1
    assert found.stderr.startswith(f"{lock}:2: ")
    assert found.stderr.count("\n") == 1


def test_a_repository_without_lock_files_is_a_fault(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    found = run("check_locks.py", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (1, "no lock file found\n")


@pytest.mark.postgres
def test_a_command_gets_an_empty_database_and_gives_its_status(postgres_url: str) -> None:
    done = run("with_postgres.py", "sh", "-c", "echo $ACCEPTANCE_DATABASE_URL; exit 7")
    assert done.returncode == 7
    assert done.stdout.startswith("postgresql+psycopg://")


def test_migrations_and_tables_agree() -> None:
    done = run("check_migrations.py")
    assert done.returncode == 0, done.stderr
    assert "migrations and tables agree on SQLite" in done.stdout


def test_the_whole_run_requires_every_group_that_a_program_of_the_machine_is_needed_for() -> None:
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    named = {word for text in tests for word in re.findall(r'required_as="(\w+)"', text)}
    run_text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    required = re.findall(r"NURTURE_TEST_REQUIRE=(\S+)", run_text)[0].split(",")
    elsewhere = {"bundle", "acceptance"}  # a package registry, and scripts that have been run before
    assert named - elsewhere <= set(required)


def test_the_whole_run_needs_no_input_and_is_a_sound_script() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], check=True)


@pytest.mark.parametrize(("steps", "status"), [("true false true", 1), ("true true true", 0)])
def test_a_step_that_fails_beside_others_is_shown_and_fails_the_run(steps: str, status: int) -> None:
    script = (ROOT / ".ci/run").read_text()
    parts = script[script.index("say() {") : script.index("install_packages() {")]
    parts += script[script.index("started=()") : script.index("start_acceptance() {")]
    begin = "".join(f'beside "step {step}" sh -c "echo {step} ran; {step}"\n' for step in steps.split())
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{parts}\n{begin}joined\n"], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    shown = [line for line in done.stdout.splitlines() if line.endswith(" ran")]
    assert sorted(shown) == sorted(f"{step} ran" for step in steps.split()), "to the last"
    assert ("failed with 1: step false" in done.stdout) == bool(status)
    assert done.stdout.endswith("failed, as said above: step false\n") == bool(status)
